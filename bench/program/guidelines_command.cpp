// rainier guidelines: is a collective slower than others that could stand in for it? (Hunold,
// Carpen-Amarie: Autotuning MPI collectives using performance guidelines, HPC Asia 2018.)
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/executor/statistics.hpp"
#include "bench/program/collective_row.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/sweep.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;

/// The left one should take no longer than those on the right together, for the same full vector.
struct Guideline {
  Collective what;
  std::array<Collective, 2> instead;
  std::size_t parts;  ///< of `instead`
};

constexpr std::array guidelines{
    Guideline{Collective::all_reduce, {Collective::reduce_scatter, Collective::all_gather}, 2},
    Guideline{Collective::all_reduce, {Collective::reduce, Collective::broadcast}, 2},
    Guideline{Collective::reduce_scatter, {Collective::all_reduce}, 1},
    Guideline{Collective::reduce_scatter, {Collective::reduce, Collective::scatter}, 2},
    Guideline{Collective::all_gather, {Collective::gather, Collective::broadcast}, 2},
    Guideline{Collective::broadcast, {Collective::scatter, Collective::all_gather}, 2},
    Guideline{Collective::reduce, {Collective::all_reduce}, 1},
    Guideline{Collective::gather, {Collective::all_gather}, 1},
    Guideline{Collective::scatter, {Collective::broadcast}, 1},
};

constexpr std::array measured{Collective::all_reduce,
                              Collective::reduce_scatter,
                              Collective::all_gather,
                              Collective::broadcast,
                              Collective::reduce,
                              Collective::gather,
                              Collective::scatter};

/// Times of one way to carry collectives out, by collective, for one size.
using Times = std::map<Collective, Measurement>;

struct GuidelinesOptions {
  Sweep sweep{"1K", "16M", 16, ""};
  MeasureOptions measure;
};

/// A median, and the ends of its interval.
struct Estimate {
  double median = 0;
  Interval interval;
};

Estimate estimate(const Times& times, const std::array<Collective, 2>& of, std::size_t parts) {
  Estimate sum;
  for (std::size_t i = 0; i < parts; ++i) {
    const Measurement& m = times.at(of.at(i));
    const Interval interval = median_interval(m.seconds);
    sum.median += m.median();
    sum.interval.low += interval.low;
    sum.interval.high += interval.high;
  }
  return sum;
}

/// Prints where one is broken. @return how often
int check(const Times& times, std::int64_t bytes, const char* who) {
  int broken = 0;
  for (const Guideline& g : guidelines) {
    const Estimate what = estimate(times, {g.what}, 1);
    const Estimate instead = estimate(times, g.instead, g.parts);
    if (what.interval.low <= instead.interval.high) continue;
    ++broken;
    std::string names = kernels::info(g.instead[0]).name;
    if (g.parts == 2) names += std::string(" + ") + kernels::info(g.instead[1]).name;
    fmt::print("{:>12}  {:<8}  {} {:.2f} us > {} {:.2f} us\n",
               bytes,
               who,
               kernels::info(g.what).name,
               what.median * 1e6,
               names,
               instead.median * 1e6);
  }
  return broken;
}

/// A larger vector should take no less time.
int check_monotone(const Times& times, const Times& smaller, std::int64_t bytes, const char* who) {
  int broken = 0;
  for (const auto& [collective, m] : times) {
    const Measurement& before = smaller.at(collective);
    if (median_interval(m.seconds).high >= median_interval(before.seconds).low) continue;
    ++broken;
    fmt::print("{:>12}  {:<8}  {} {:.2f} us < {:.2f} us of the size before\n",
               bytes,
               who,
               kernels::info(collective).name,
               m.median() * 1e6,
               before.median() * 1e6);
  }
  return broken;
}

/// Ours and the library's times of all collectives.
std::pair<Times, Times> measure(std::int64_t bytes,
                                const GuidelinesOptions& options,
                                const std::vector<Way>& ways) {
  std::pair<Times, Times> times;
  for (const Collective collective : measured) {
    const auto [way, name] = fastest(ways, collective, bytes, options.measure, "auto");
    const CollectiveRow row = measure_point(collective, bytes, options.measure, name, *way);
    if (row.wrong() > 0)
      throw topology::Error(topology::ErrorKind::verdict,
                            fmt::format("{} of {} B: {} elements are wrong",
                                        kernels::info(collective).name,
                                        bytes,
                                        row.wrong()));
    times.first[collective] = row.out_of_place;
    times.second[collective] = row.beside_out_of_place;
  }
  return times;
}

void print_heading(int ranks) {
  fmt::print(
      "# guidelines over {} ranks: a collective should take no longer than others that do the "
      "same, "
      "nor a larger vector less\n"
      "# broken where the 95 % intervals of the medians do not touch; out of place\n"
      "#{:>11}  {:<8}  {}\n",
      ranks,
      "size (B)",
      "who",
      "broken");
}

/// What was broken so far, by whom; rank 0 prints.
class Tally {
 public:
  void add(std::int64_t bytes, std::pair<Times, Times> now) {
    ours_ += check(now.first, bytes, "rainier");
    library_ += check(now.second, bytes, "MPI");
    if (sizes_++ > 0) {
      ours_ += check_monotone(now.first, before_.first, bytes, "rainier");
      library_ += check_monotone(now.second, before_.second, bytes, "MPI");
    }
    before_ = std::move(now);
    std::fflush(stdout);
  }

  void end() const {
    fmt::print("# of {} checks each: rainier breaks {}, MPI {}\n",
               sizes_ * guidelines.size() + (sizes_ - 1) * measured.size(),
               ours_,
               library_);
  }

 private:
  std::pair<Times, Times> before_;
  std::size_t sizes_ = 0;
  int ours_ = 0;
  int library_ = 0;
};

void run(GuidelinesOptions options) {
  const auto sizes = options.sweep.sizes();
  const MpiSession mpi;
  if (mpi.size() < 2)
    topology::usage_error("guidelines are measured: mpirun -np 2 rainier guidelines, or more");
  for (const std::int64_t bytes : sizes)  // complain about any of them before the first runs
    static_cast<void>(point(Collective::all_gather, bytes, options.measure, mpi.size()));
  options.measure.lowerings = {Lowering::library};  // beside ours
  const std::vector<Way> ways = fit_ways(lowerings("auto"));
  const bool speaks = mpi.rank() == 0;
  if (speaks) print_heading(mpi.size());
  Tally tally;
  for (const std::int64_t bytes : sizes) {
    auto times = measure(bytes, options, ways);
    if (speaks) tally.add(bytes, std::move(times));
  }
  if (speaks) tally.end();
}

}  // namespace

void add_guidelines(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<GuidelinesOptions>();
  CLI::App* command = app.add_subcommand(
      "guidelines", "Collectives slower than others that could stand in for them, ours and MPI's");
  command->add_option("-b,--minbytes", options->sweep.begin, "smallest size, K M G = 1024^n");
  command->add_option("-e,--maxbytes", options->sweep.end, "largest size");
  command->add_option("-f,--stepfactor", options->sweep.factor, "factor between sizes");
  command->add_option("-n,--iters", options->measure.samples, "samples per size")
      ->check(whole(1, 1000000));
  command->footer(
      "mpirun -np 2 rainier guidelines\n"
      "mpirun -np 2 rainier guidelines -b 1M -e 1M -n 50");
  command->callback([options, &chosen] { chosen = [options] { run(*options); }; });
}

}  // namespace bench
