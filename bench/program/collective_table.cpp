#include "bench/program/collective_table.hpp"

#include <array>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "bench/executor/statistics.hpp"

namespace bench {
namespace {

constexpr double micro = 1e6;

std::string wrong(const Measurement& m) {
  return m.wrong < 0 ? std::string("N/A") : fmt::format("{}", m.wrong);
}

/// nccl-tests' way: enough digits for short times, no noise in long ones.
std::string time_us(double seconds) {
  const double us = seconds * micro;
  return us < 99.995    ? fmt::format("{:.2f}", us)
         : us < 9999.95 ? fmt::format("{:.1f}", us)
                        : fmt::format("{:.0f}", us);
}

/// Bandwidths span 1e-6 to 1e3 GB/s here: two decimals, or three significant digits.
std::string gbps(double value) {
  return value >= 0.0995 ? fmt::format("{:.2f}", value) : fmt::format("{:.2g}", value);
}

void print_placement(const CollectiveRow& row, const Measurement& m) {
  const double t = m.median();
  fmt::print(" {:>8} {:>7} {:>7} {:>6}",
             time_us(t),
             gbps(row.algbw(t) / 1e9),
             gbps(row.busbw(t) / 1e9),
             wrong(m));
}

/// Of one column: its width, name and unit.
struct Heading {
  int width;
  const char* name;
  const char* unit = "";
};

using Headings = std::vector<Heading>;

const Headings point_headings{
    {12, "size", "(B)"}, {13, "count", "(elements)"}, {6, "type"}, {6, "redop"}};

const Headings placement_headings{
    {8, "time", "(us)"}, {7, "algbw", "(GB/s)"}, {7, "busbw", "(GB/s)"}, {6, "#wrong"}};

Headings comparison_headings(const char* theirs) {
  return {{8, "time", "(us)"},
          {7, "busbw", "(GB/s)"},
          {6, "#wrong"},
          {8, theirs, "(us)"},
          {6, "ratio"},
          {13, "95 %"},
          {6, ""}};
}

const Headings measured_end{
    {8, "model", "(us)"}, {7, "%model"}, {8, "bound", "(us)"}, {10, "algorithm"}};

const Headings compared_end{{8, "bound", "(us)"}, {10, "algorithm"}};

const Headings predicted_end{{10, "time", "(us)"},
                             {8, "algbw", "(GB/s)"},
                             {8, "busbw", "(GB/s)"},
                             {10, "bound", "(us)"},
                             {7, "%bound"},
                             {17, "bottleneck", "(link)"},
                             {10, "latency", "(us)"},
                             {8, "rounds"},
                             {10, "algorithm"}};

/// A comment line: its '#' takes the place of the first blank.
void print_line(std::span<const Heading> headings, const char* Heading::*what = &Heading::name) {
  std::string line;
  for (const Heading& heading : headings)
    line += fmt::format("{}{:>{}}", line.empty() ? "" : " ", heading.*what, heading.width);
  line.front() = '#';
  fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
}

void print_headings(std::initializer_list<const Headings*> groups) {
  Headings all;
  for (const Headings* group : groups) all.insert(all.end(), group->begin(), group->end());
  print_line(all);
  print_line(all, &Heading::unit);
}

void print_head(const CollectiveRow& row) {
  fmt::print("{:>12} {:>13} {:>6} {:>6}", row.bytes, row.count, topology::name(row.type), row.op);
}

}  // namespace

namespace {

/// Recipes for OSU's benchmarks look for the line with the columns.
void print_osu_header() {
  fmt::print("# rainier, in the format of OSU's micro-benchmarks\n{:<10}{:>18}\n",
             "# Size",
             "Avg Latency(us)");
}

void print_osu(const CollectiveRow& row, double seconds) {
  fmt::print("{:<10}{:>18.2f}\n", row.bytes, seconds * micro);
}

}  // namespace

void print_measured_header(TableStyle style) {
  if (style == TableStyle::none) return;
  if (style == TableStyle::osu) return print_osu_header();
  if (style == TableStyle::csv) {
    fmt::print(
        "collective,ranks,size,count,type,redop,in_place,time,algbw,busbw,wrong,model,bound,"
        "algorithm\n");
    return;
  }
  constexpr std::array above{Heading{79, "out of place  "}, Heading{32, "in place  "}};
  print_line(above);
  print_headings({&point_headings, &placement_headings, &placement_headings, &measured_end});
}

namespace {

void print_csv(const CollectiveRow& row,
               bool in_place,
               const Measurement& m,
               const std::string& algorithm) {
  const double t = m.median();
  fmt::print("{},{},{},{},{},{},{},{:.9g},{:.9g},{:.9g},{},{:.9g},{:.9g},\"{}\"\n",
             kernels::info(row.collective).name,
             row.ranks,
             row.bytes,
             row.count,
             topology::name(row.type),
             row.op,
             in_place ? 1 : 0,
             t,
             row.algbw(t),
             row.busbw(t),
             m.wrong,
             row.prediction.time.value(),
             row.prediction.bound.time().value(),
             algorithm);
}

}  // namespace

void print_measured(const CollectiveRow& row, TableStyle style) {
  if (style == TableStyle::none) return;
  if (style == TableStyle::osu) return print_osu(row, row.out_of_place.median());
  const Prediction& p = row.prediction;
  if (style == TableStyle::csv) {
    for (const bool in_place : {false, true})
      print_csv(row, in_place, in_place ? row.in_place : row.out_of_place, p.algorithm);
    if (row.beside_out_of_place.seconds.empty()) return;
    for (const bool in_place : {false, true})
      print_csv(row, in_place, in_place ? row.beside_in_place : row.beside_out_of_place, "MPI");
    return;
  }
  print_head(row);
  print_placement(row, row.out_of_place);
  print_placement(row, row.in_place);
  fmt::print(" {:>8} {:>6.1f}% {:>8}  {}\n",
             time_us(p.time.value()),
             100 * p.time.value() / row.faster_placement(),
             time_us(p.bound.time().value()),
             row.how());
}

namespace {

/// How many times as fast as what stands beside it, sample by sample, and whether that is sure.
void print_comparison(const CollectiveRow& row,
                      const Measurement& ours,
                      const Measurement& theirs) {
  const double t = ours.median();
  const auto each = ratios(theirs.seconds, ours.seconds);
  const Interval interval = median_interval(each);
  const char* verdict = interval.holds(1) ? "tie" : interval.low > 1 ? "faster" : "slower";
  fmt::print(" {:>8} {:>7} {:>6} {:>8} {:>6.2f} {:>13} {:>6}",
             time_us(t),
             gbps(row.busbw(t) / 1e9),
             wrong(ours),
             time_us(theirs.median()),
             median(each),
             fmt::format("{:.2f} to {:.2f}", interval.low, interval.high),
             verdict);
}

}  // namespace

void print_compared_header(const char* theirs) {
  constexpr std::array above{Heading{110, "out of place  "}, Heading{61, "in place  "}};
  print_line(above);
  const Headings comparison = comparison_headings(theirs);
  print_headings({&point_headings, &comparison, &comparison, &compared_end});
}

void print_compared(const CollectiveRow& row) {
  print_head(row);
  print_comparison(row, row.out_of_place, row.beside_out_of_place);
  print_comparison(row, row.in_place, row.beside_in_place);
  fmt::print(" {:>8}  {}\n", time_us(row.prediction.bound.time().value()), row.how());
}

void print_predicted_header(TableStyle style) {
  if (style == TableStyle::none) return;
  if (style == TableStyle::osu) return print_osu_header();
  if (style == TableStyle::csv) {
    fmt::print(
        "collective,chips,size,count,type,redop,time,algbw,busbw,bound,bound_by,bottleneck,"
        "latency,rounds,classes,algorithm\n");
    return;
  }
  print_headings({&point_headings, &predicted_end});
}

void print_predicted(const CollectiveRow& row, TableStyle style) {
  const Prediction& p = row.prediction;
  const double t = p.time.value();
  if (style == TableStyle::none) return;
  if (style == TableStyle::osu) return print_osu(row, t);
  if (style == TableStyle::csv) {
    fmt::print("{},{},{},{},{},{},{:.9g},{:.9g},{:.9g},{:.9g},\"{}\",\"{}\",{:.9g},{},{},\"{}\"\n",
               kernels::info(row.collective).name,
               row.ranks,
               row.bytes,
               row.count,
               topology::name(row.type),
               row.op,
               t,
               row.algbw(t),
               row.busbw(t),
               p.bound.time().value(),
               p.bound.binding(),
               p.bottleneck_name(),
               p.latency.value(),
               p.rounds,
               p.classes,
               p.algorithm);
    return;
  }
  print_head(row);
  fmt::print(" {:>10} {:>8} {:>8} {:>10} {:>6.1f}% {:>17} {:>10} {:>8}  {}\n",
             time_us(t),
             gbps(row.algbw(t) / 1e9),
             gbps(row.busbw(t) / 1e9),
             time_us(p.bound.time().value()),
             100 * p.fraction_of_bound(),
             p.bottleneck_name(),
             time_us(p.latency.value()),
             p.rounds,
             p.algorithm);
}

}  // namespace bench
