#include "bench/program/clock_command.hpp"

#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "bench/clock/clock_ranks.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/clock_record.hpp"
#include "bench/program/clock_table.hpp"
#include "bench/program/tuning.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::Machine;

ClockOptions disturbances(const ClockFlags& flags, const Machine& machine) {
  ClockOptions all;
  all.seed = flags.seed;
  if (!flags.noise.empty()) all.noise = Noise::parse(flags.noise);
  if (!flags.skew.empty()) all.skew = Noise::parse(flags.skew);
  for (const std::string& text : flags.slow) all.slow.push_back(parse_slow(text, machine));
  for (const std::string& text : flags.degrade)
    all.degraded.push_back(parse_degraded(text, machine));
  std::vector<std::string> ports;
  for (const std::string& text : flags.fail)
    if (text.find_first_of("+-") < text.find('@'))
      all.failed.push_back(parse_failed_link(text, machine));
    else
      ports.push_back(text);
  for (const DegradedLinks& shared : parse_failed_ports(ports, machine))
    all.degraded.push_back(shared);
  return all;
}

void print_heading(const PredictRequest& request, const ClockFlags& flags, const Machine& machine) {
  if (request.style == TableStyle::csv) return print_clock_header(TableStyle::csv);
  fmt::print("# {} over {} chips of {} ({}), a clock for each chip, seed {}\n",
             kernels::info(request.collective).name,
             machine.chips(),
             machine.name,
             machine.chip.title,
             flags.seed);
  if (!flags.noise.empty()) fmt::print("# noise on every step: {}\n", flags.noise);
  if (!flags.skew.empty()) fmt::print("# start skew: {}\n", flags.skew);
  for (const std::string& text : flags.slow) fmt::print("# slow chip: {}\n", text);
  for (const std::string& text : flags.degrade) fmt::print("# degraded links: {}\n", text);
  for (const std::string& text : flags.fail) fmt::print("# failed: {}\n", text);
  print_clock_header(TableStyle::text);
}

void check(const PredictRequest& request, const ClockFlags& flags) {
  const PredictFlags& predict = request.flags;
  if (predict.links || predict.explain || !predict.save_tuning.empty() || predict.imbalance != 1)
    topology::usage_error(
        "--links, --explain, --save-tuning and --imbalance need --reader predict");
  if (flags.per_chip && predict.output.empty())
    topology::usage_error("--per-chip goes into a results file: add -O FILE");
  if (flags.scaling && flags.faulty())
    topology::usage_error(
        "--scaling changes the number of chips: it goes with --noise and --skew, not with single "
        "chips or links");
}

/// What auto would choose if clocks could run all schedules: what `--reader predict` shows.
void print_left_out(const PredictRequest& request, const ClockRow& row, const Machine& machine) {
  if (request.algorithm != "auto" || request.style != TableStyle::text) return;
  const topology::Bytes size(static_cast<double>(row.row.bytes));
  const Prediction best = predict_best(request.collective, machine, size);
  if (best.algorithm == row.row.prediction.algorithm) return;
  fmt::print("# auto: the fastest that clocks can run; {} is predicted at {}, but {}\n",
             best.algorithm,
             topology::format(best.time),
             clock_complaint(kernels::build(request.collective, machine, best.algorithm)));
}

/// What is asked for, understood.
struct ClockJob {
  const PredictRequest& request;
  const ClockFlags& flags;
  const Machine& machine;
  ClockOptions disturbed;
  AlgorithmChoice algorithm;
};

/// All points, into the record of the rank that has one. @return the last
ClockRow run_points(const ClockJob& job, const MpiSession& mpi, ClockRecord* record) {
  const PredictRequest& request = job.request;
  ClockRanks ranks(job.machine, mpi.rank(), mpi.size());
  std::optional<ClockRow> last;
  for (const std::int64_t bytes : request.sizes) {
    ClockRow row = clock_point(request.collective,
                               bytes,
                               request.options,
                               job.algorithm.at(bytes),
                               job.machine,
                               job.disturbed,
                               ranks);
    if (mpi.rank() == 0) {
      if (!last) print_heading(request, job.flags, job.machine);
      print_clock(row, request.style);
      print_left_out(request, row, job.machine);
      std::fflush(stdout);
    }
    if (record != nullptr) record->append(row);
    last = std::move(row);
  }
  return *last;
}

std::vector<ScalingPoint> scale(const ClockJob& job, const ClockRow& row, const MpiSession& mpi) {
  const auto build = [&](const Machine& part) {
    return kernels::build(job.request.collective, part, row.row.prediction.algorithm);
  };
  const topology::Bytes size(static_cast<double>(row.row.bytes));
  return clock_scaling(
      build, job.machine, size, job.disturbed, job.request.options.samples, mpi.rank(), mpi.size());
}

}  // namespace

void clock_table(const PredictRequest& request, const ClockFlags& flags, const Machine& machine) {
  check(request, flags);
  for (const std::int64_t bytes : request.sizes)  // complain about any before the first runs
    static_cast<void>(point(request.collective, bytes, request.options, machine.chips()));
  const ClockJob job{request,
                     flags,
                     machine,
                     disturbances(flags, machine),
                     AlgorithmChoice(request.algorithm, request.collective, machine)};
  const MpiSession mpi;
  const bool speak = mpi.rank() == 0;
  static_cast<void>(ClockRanks(machine, mpi.rank(), mpi.size()));  // more ranks than units?
  std::optional<ClockRecord> record;
  if (speak && !request.flags.output.empty()) record.emplace(request, flags, machine);
  const ClockRow last = run_points(job, mpi, record ? &*record : nullptr);
  if (flags.scaling) {
    const auto points = scale(job, last, mpi);
    if (speak) print_scaling(points, request.style);
    if (record) record->append(points, last);
  }
  if (record) record->complete();
  if (speak && request.style == TableStyle::text && flags.disturbed()) {
    print_latest(last, machine);
    print_critical_path(last, machine, job.disturbed);
  }
  MpiSession::wait_idle();
}

}  // namespace bench
