#include "bench/program/dry_run.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/executor/ranks.hpp"
#include "bench/program/measured_record.hpp"
#include "bench/program/run_plan.hpp"
#include "bench/record/expected_size.hpp"
#include "bench/record/rank_samples.hpp"
#include "bench/suites/host_roofs.hpp"
#include "bench/suites/matmul_cases.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using kernels::Collective;

constexpr double gigabyte = 1e9;

void dry_line(const char* what, const std::string& text) {
  fmt::print("{:<12} {}\n", what, text);
}

void dry_heading(const std::string& of) {
  fmt::print("# dry run of {}: nothing is measured, predicted or written\n", of);
}

/// Where a run writes, and whether it would be refused.
void dry_output(const std::string& path, bool force, std::span<const ExpectedTable> tables) {
  if (path.empty()) return dry_line("output", "none (-O FILE keeps it)");
  constexpr double inputs = 32e3;  // system and chip files, the run file
  const bool there = std::filesystem::exists(path);
  dry_line("output",
           fmt::format("{}, about {:.1f} MB{}",
                       path,
                       expected_size(tables, inputs) / 1e6,
                       !there  ? ""
                       : force ? "; it exists and would be overwritten"
                               : "; it exists: the run would be refused without --force"));
}

void dry_ranks(const std::string& output, RankSamples::Extent extent, int ranks) {
  dry_line("per rank",
           fmt::format("{}, {:.3g} MB",
                       RankSamples::beside(output).string(),
                       RankSamples::size(extent, ranks) / 1e6));
}

std::string size_list(const std::vector<std::int64_t>& sizes) {
  if (sizes.size() == 1) return fmt::format("{} B", sizes.front());
  return fmt::format("{} from {} to {} B", sizes.size(), sizes.front(), sizes.back());
}

// --- measured collectives ---

/// Ranks of a job and of this host, and how fast one of them goes through memory.
struct DryHost {
  int ranks = 1;
  int here = 1;
  double rate = 0;  ///< bytes a second
};

/// Collective where there is a launcher.
DryHost look_at_host(const MpiSession& mpi) {
  DryHost host{mpi.size(), launched_rank() < 0 ? 1 : on_this_host().size, 0};
  constexpr int enough = 3;  // for a time in whole seconds
  if (mpi.rank() == 0) host.rate = probe_memory(kernels::Stream::triad, 1, enough).rate().value();
  return host;
}

struct DryMeasurement {
  std::vector<Collective> collectives;
  std::vector<std::int64_t> sizes;
  MeasureOptions options;
  bool against_mpi = false;
};

/// Both placements of every size: the check, warm-ups, a trial and the samples, of which short ones
/// are batches. An operation is taken to touch its vector six times (two copies and a sum, read and
/// written) at the memory's rate, and to begin with two microseconds.
double seconds_of(const DryMeasurement& what, const DryHost& host) {
  constexpr double touches = 6;
  constexpr double start = 2e-6;
  constexpr double fits = 3;            // of shared memory and of messages
  constexpr double trial_samples = 20;  // of up to four ways, to choose one
  double seconds = fits;
  for (const std::int64_t bytes : what.sizes) {
    const double once = start + touches * static_cast<double>(bytes) / host.rate;
    const double sample = std::max(once, shortest_sample);
    const double checks = what.options.check ? 2 * once : 0;
    const double operations =
        (what.against_mpi ? 2 : 1) *
        (checks + (what.options.warmup + 1) * once + what.options.samples * sample);
    seconds +=
        2 * static_cast<double>(what.collectives.size()) * (operations + trial_samples * sample);
  }
  return seconds;
}

BufferMemory memory_of(std::int64_t largest, const DryHost& host) {
  return buffer_memory(vectors_of_a_rank * static_cast<double>(largest), host.here);
}

void print_memory_of(const DryMeasurement& what, const DryHost& host) {
  const BufferMemory memory = memory_of(what.sizes.back(), host);
  dry_line("memory",
           fmt::format("{:.3g} GB a rank ({} vectors), {:.3g} of this host's {:.3g} GB: {}",
                       memory.needed / host.here / gigabyte,
                       vectors_of_a_rank,
                       memory.needed / gigabyte,
                       memory.of_host / gigabyte,
                       memory.fits() ? "fits" : "too much, choose a smaller -e"));
}

/// All ranks are through and know it: what the run itself would refuse.
void expect_fit(std::int64_t largest, const DryHost& host) {
  if (const BufferMemory memory = memory_of(largest, host); host.ranks > 1 && !memory.fits())
    memory.refuse();
}

void print_measurement(const DryMeasurement& what, const DryHost& host) {
  dry_line("ranks",
           host.ranks > 1 ? fmt::format("{}, {} on this host", host.ranks, host.here)
                          : std::string("1: collectives take two, start with mpirun -np 2 …"));
  dry_line("sizes", size_list(what.sizes));
  dry_line("points",
           fmt::format("{} of {} collective{}, in place and out of place, {} samples after {} "
                       "warm-ups{}",
                       what.collectives.size() * what.sizes.size(),
                       what.collectives.size(),
                       what.collectives.size() == 1 ? "" : "s",
                       what.options.samples,
                       what.options.warmup,
                       what.against_mpi ? ", MPI's own beside each" : ""));
  print_memory_of(what, host);
  dry_line("time",
           fmt::format(
               "about {:.0f} s: 6 touches of each vector at {}, probed just now, and nothing else "
               "running; no model",
               seconds_of(what, host),
               topology::format(topology::BytesPerSecond(host.rate))));
}

// --- run files ---

/// Of a collective over all levels: both ways of a ring, one of others.
std::int64_t link_classes_of(const topology::Machine& machine) {
  std::int64_t classes = machine.chip.memory_bandwidth ? 1 : 0;
  for (const topology::Level& level : machine.levels)
    classes += level.shape == topology::LevelShape::ring ? 2 : 1;
  return classes;
}

std::int64_t link_classes_of(const ModelledCollectives& what) {
  std::int64_t rows = 0;
  for (const topology::Machine& system : what.systems)
    for (const std::int64_t chips : what.chips) {
      ModelledCollectives part = what;
      part.systems = {topology::slice(system, chips)};
      part.chips = {chips};
      rows += modelled_points_of(part) * link_classes_of(part.systems.front());
    }
  return rows;
}

std::vector<ExpectedTable> tables_of(const RunFile& run, int ranks) {
  std::vector<ExpectedTable> tables;
  if (const auto& what = run.modelled_collectives) {
    tables.push_back({&systems_figures, 64 * static_cast<std::int64_t>(what->systems.size())});
    tables.push_back({&modelled_collective, modelled_points_of(*what)});
    tables.push_back({&modelled_link_class, link_classes_of(*what)});
  }
  if (const auto& what = run.modelled_matmuls)
    tables.push_back(
        {&modelled_matmul,
         static_cast<std::int64_t>(what->chips.size() * what->types.size() * what->shapes.size())});
  if (const auto& what = run.measured_collectives; what && ranks > 1)
    tables.push_back({&measured_collective, points_of(*what) * rows_of(*what), what->samples});
  if (const auto& what = run.measured_matmuls)
    tables.push_back(
        {&measured_matmul, static_cast<std::int64_t>(cases_of(*what).size()), what->repetitions});
  return tables;
}

void print_matmuls(const MeasuredMatmuls& what) {
  constexpr double least = 0.05;  // a repetition
  const std::size_t benchmarks = cases_of(what).size();
  dry_line("matmuls",
           fmt::format("{} benchmarks of {} repetitions, {:.0f} s at least",
                       benchmarks,
                       what.repetitions,
                       least * static_cast<double>(benchmarks) * what.repetitions));
}

}  // namespace

void dry_measure(const MeasureRequest& request) {
  const MpiSession mpi;
  for (const std::int64_t bytes : request.sizes)
    static_cast<void>(elements(request.collective, bytes, request.options.type, mpi.size()));
  const DryHost host = look_at_host(mpi);
  if (mpi.rank() == 0) {
    dry_heading(fmt::format("rainier collective {}", kernels::info(request.collective).name));
    print_measurement(
        {{request.collective}, request.sizes, request.options, request.flags.against_mpi}, host);
    const std::int64_t rows = static_cast<std::int64_t>(request.sizes.size()) *
                              MeasuredRecord::rows(request.flags.against_mpi);
    const std::vector<ExpectedTable> tables{{&measured_collective, rows, request.options.samples}};
    dry_output(request.flags.output, request.flags.force, tables);
    if (request.flags.per_rank)
      dry_ranks(request.flags.output, {rows, request.options.samples}, host.ranks);
  }
  MpiSession::wait_idle();
  expect_fit(request.sizes.back(), host);
}

void dry_predict(const PredictRequest& request, const topology::Machine& machine) {
  const auto points = static_cast<std::int64_t>(request.sizes.size());
  dry_heading(fmt::format("rainier collective {}", kernels::info(request.collective).name));
  dry_line("chips", fmt::format("{} of {}", machine.chips(), machine.name));
  dry_line("sizes", size_list(request.sizes));
  const std::size_t each =
      request.algorithm == "auto" ? kernels::candidates(request.collective, machine).size() : 1;
  dry_line("predictions",
           fmt::format("{}: {} sizes of {} algorithm{}; modelled, nothing is measured",
                       request.sizes.size() * each,
                       request.sizes.size(),
                       each,
                       each == 1 ? "" : "s"));
  const std::vector<ExpectedTable> tables{
      {&systems_figures, 64, 0},
      {&modelled_collective, points, 0},
      {&modelled_link_class, points * link_classes_of(machine), 0}};
  dry_output(request.flags.output, request.flags.force, tables);
}

void dry_run_file(const RunFile& run, const std::string& output, bool force) {
  const MpiSession mpi;
  const DryHost host = look_at_host(mpi);
  if (mpi.rank() == 0) {
    dry_heading("rainier run: " + run.title);
    if (const auto& what = run.measured_collectives) {
      MeasureOptions options;
      options.warmup = what->warmup;
      options.samples = what->samples;
      print_measurement({what->collectives, what->sizes, options, what->against_mpi}, host);
    }
    if (run.measured_matmuls) print_matmuls(*run.measured_matmuls);
    if (run.modelled_collectives)
      dry_line("predictions",
               fmt::format("{} collectives on {} systems",
                           modelled_points_of(*run.modelled_collectives),
                           run.modelled_collectives->systems.size()));
    dry_output(output, force, tables_of(run, mpi.size()));
    if (const auto& what = run.measured_collectives; what && what->per_rank && host.ranks > 1)
      dry_ranks(output, {points_of(*what) * rows_of(*what), what->samples}, host.ranks);
  }
  MpiSession::wait_idle();
  if (run.measured_collectives) expect_fit(run.measured_collectives->sizes.back(), host);
}

void dry_search(const Job& job,
                const kernels::PlanSpace& space,
                std::int64_t keep,
                const std::string& output) {
  const std::int64_t chips = job.machine.chips();
  const auto shapes = kernels::shapes(space, job.model, job.plan, chips);
  std::size_t plans = 0;
  for (const kernels::Plan& shape : shapes)
    plans += kernels::spreads(space, job.model, shape, chips).size();
  dry_heading(fmt::format("rainier train {} --plan auto", job.model.name));
  dry_line("chips", fmt::format("{} of {}", chips, job.machine.name));
  dry_line("plans",
           fmt::format("{} of {} shapes, each bounded from below; some of them predicted",
                       plans,
                       shapes.size()));
  const std::vector<ExpectedTable> tables{{&systems_figures, 64, 0},
                                          {&modelled_training, keep + 7, 0},
                                          {&modelled_exposed, 8 * (keep + 7), 0},
                                          {&modelled_plan, keep + 7, 0}};
  dry_output(output, false, tables);
}

}  // namespace bench
