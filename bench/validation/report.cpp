#include "bench/validation/report.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/executor/statistics.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;
using Set = std::vector<const Comparison*>;
using Sets = std::map<std::string, Set>;

bool is_compared(const Comparison& comparison) {
  const double measured = comparison.measured.value();
  return comparison.predicted && std::isfinite(measured) && measured > 0;
}

double distance(const Comparison* comparison) {
  return std::abs(comparison->error());
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Sets grouped(const std::vector<Comparison>& comparisons,
             const std::function<std::string(const Comparison&)>& key) {
  Sets groups;
  for (const Comparison& comparison : comparisons) groups[key(comparison)].push_back(&comparison);
  return groups;
}

std::string counts_in_words(const std::map<std::string, std::size_t>& qualities) {
  std::string text;
  for (const auto& [quality, rows] : qualities)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", quality, rows);
  return text;
}

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100 * share) : "-";
}

std::string signed_percent(const Comparison& comparison) {
  return is_compared(comparison) ? fmt::format("{:+.1f} %", 100 * comparison.error()) : "-";
}

std::string microseconds(topology::Seconds time) {
  return std::isfinite(time.value()) ? fmt::format("{:.5g}", 1e6 * time.value()) : "-";
}

void print_groups(const char* title, const Sets& groups) {
  fmt::print("{:<24} {:>5} {:>9}  {:<18} {:>8} {:>8} {:>8}  {}\n",
             title,
             "rows",
             "compared",
             "quality",
             "median",
             "mean",
             "p90",
             "worst");
  for (const auto& [name, group] : groups) {
    const ErrorSummary s = summary(group);
    fmt::print("{:<24} {:>5} {:>9}  {:<18} {:>8} {:>8} {:>8}",
               name,
               s.rows,
               s.compared,
               counts_in_words(s.qualities),
               percent(s.median),
               percent(s.mean),
               percent(s.p90));
    if (s.worst != nullptr)
      fmt::print("  {} {}; {}; {}",
                 signed_percent(*s.worst),
                 s.worst->id,
                 s.worst->subject,
                 s.worst->reason);
    fmt::print("\n");
  }
}

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

}  // namespace

ErrorSummary summary(const std::vector<const Comparison*>& comparisons) {
  ErrorSummary s;
  std::vector<double> errors;
  for (const Comparison* comparison : comparisons) {
    ++s.rows;
    ++s.qualities[comparison->quality];
    if (!is_compared(*comparison)) continue;
    errors.push_back(distance(comparison));
    if (s.worst == nullptr || errors.back() > distance(s.worst)) s.worst = comparison;
  }
  s.compared = errors.size();
  s.median = median(errors);
  s.mean = mean(errors);
  s.p90 = quantile(errors, 0.9);
  return s;
}

void print_report(const std::vector<Comparison>& comparisons) {
  fmt::print("|predicted / measured - 1| of the rows with both times\n\n");
  print_groups("set", grouped(comparisons, [](const Comparison& c) { return c.set; }));
  fmt::print("\n");
  Sets qualities = grouped(comparisons, [](const Comparison& c) { return c.quality; });
  Set& all = qualities["all"];
  for (const Comparison& comparison : comparisons) all.push_back(&comparison);
  print_groups("quality", qualities);
  const char* heading = "\nNot compared\n";
  for (const Comparison& comparison : comparisons) {
    if (is_compared(comparison)) continue;
    fmt::print("{}  {}; {}: {}\n",
               heading,
               comparison.id,
               comparison.subject,
               comparison.predicted ? "no time is published" : comparison.reason);
    heading = "";
  }
}

void print_rows(const std::vector<Comparison>& comparisons) {
  fmt::print("{:<30} {:>1} {:>11} {:>11} {:>9}  {}\n",
             "row",
             "q",
             "measured/us",
             "model/us",
             "error",
             "what; where the time goes, or why nothing is predicted");
  for (const Comparison& c : comparisons)
    fmt::print("{:<30} {:>1} {:>11} {:>11} {:>9}  {}; {}\n",
               c.id,
               c.quality,
               microseconds(c.measured),
               c.predicted ? microseconds(*c.predicted) : "-",
               signed_percent(c),
               c.subject,
               c.reason);
}

std::string json(const std::vector<Comparison>& comparisons) {
  Json rows = Json::array();
  for (const Comparison& c : comparisons)
    rows.push_back({{"id", c.id},
                    {"set", c.set},
                    {"quality", c.quality},
                    {"measured", number_or_null(c.measured.value())},
                    {"predicted", c.predicted ? Json(c.predicted->value()) : Json(nullptr)},
                    {"error", is_compared(c) ? Json(c.error()) : Json(nullptr)},
                    {"reason", c.reason}});
  return rows.dump(1);
}

}  // namespace bench
