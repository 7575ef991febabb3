#include "bench/program/measure_command.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/exchange/program_source.hpp"
#include "bench/executor/fit.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/executor/program_execution.hpp"
#include "bench/program/demands.hpp"
#include "bench/program/measured_host.hpp"
#include "bench/program/measured_record.hpp"
#include "bench/program/measured_table.hpp"
#include "bench/program/nccl_json.hpp"
#include "bench/program/recorded_command.hpp"
#include "bench/program/surroundings.hpp"
#include "bench/program/tuning.hpp"
#include "bench/record/provenance.hpp"
#include "bench/record/rank_samples.hpp"
#include "bench/record/result_file.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"
#include "topology/machine.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using kernels::Collective;

std::string lowering_text(const std::vector<Way>& ways) {
  const Lowering first = ways.front().lowering;
  const bool several = ways.size() > 1;
  switch (first) {
    case Lowering::symmetric:
      return "in symmetric buffers of shared memory";
    case Lowering::host:
      return several ? "through shared memory or by messages" : "through shared memory";
    case Lowering::mixed:
      return std::string("through shared memory on each host and by messages between hosts") +
             (several ? ", or by messages alone" : "");
    default:
      return "by MPI messages";
  }
}

void check_program(const MeasureRequest& request, const CollectiveRow& row) {
  const kernels::Program& program = program_named(request.algorithm, request.collective);
  if (program.ranks != row.ranks)
    topology::usage_error(fmt::format(
        "'{}' is for {} ranks, not for {}", request.algorithm, program.ranks, row.ranks));
  static_cast<void>(whole_elements(program, row.count));
}

/// What is measured in turns with ours.
std::optional<Lowering> beside(const MeasureFlags& flags) {
  if (flags.against_mpi) return Lowering::library;
  if (flags.against_copy) return Lowering::copy;
  return {};
}

const char* meaning_of_last_columns(const MeasureFlags& flags) {
  if (flags.against_mpi)
    return "ratio = MPI's time / ours, sample by sample, its median and 95 % interval";
  if (flags.against_copy)
    return "copy = every rank's input copied to its output around the caches; ratio = its time / "
           "ours, the share of what memory allows";
  return "%model = model / the faster placement";
}

/// A copy moves as much as these two, and is not kept.
void check_copy(const MeasureRequest& request) {
  if (!request.flags.against_copy) return;
  if (request.flags.against_mpi || !request.flags.output.empty() ||
      request.style != TableStyle::text || !request.nccl_json.empty())
    topology::usage_error(
        "--against-copy is for the table alone: leave out --against-mpi, --output and other forms "
        "of output");
  if (request.collective != Collective::all_reduce && request.collective != Collective::all_to_all)
    topology::usage_error(
        "--against-copy: a copy reads and writes as much as all_reduce and all_to_all must, not " +
        std::string(kernels::info(request.collective).name));
}

/// Complains about any size before the first is measured.
void check(const MeasureRequest& request, const Demands& demands, int ranks) {
  const kernels::CollectiveInfo& what = kernels::info(request.collective);
  if (request.collective == Collective::barrier)
    topology::usage_error(
        fmt::format("{} is predicted, not measured yet: add --system NAME", what.name));
  if (ranks < 2)
    topology::usage_error(
        "measuring a collective takes at least two ranks: mpirun -np 2 rainier collective …, or "
        "predict one with --system NAME (rainier systems lists them)");
  check_copy(request);
  bool concerned = false;
  for (const std::int64_t bytes : request.sizes) {
    const CollectiveRow row = point(request.collective, bytes, request.options, ranks);
    concerned = concerned || demands.concern(row.bytes);
    if (is_program(request.algorithm)) check_program(request, row);
    if (request.flags.against_mpi && !library_can({row.count, row.type, request.options.op}))
      topology::usage_error("--against-mpi: MPI has no bf16, and counts up to 2^31 elements");
  }
  if (!concerned)  // the demands would be met by nothing
    topology::usage_error(fmt::format("--size-range {}: none of the sizes from -b to -e is in it",
                                      request.flags.demands.size_range));
}

/// A program of others is carried out by messages.
std::vector<Lowering> lowerings_of(const MeasureRequest& request) {
  const std::string& asked = request.flags.lowering;
  if (!is_program(request.algorithm)) return lowerings(asked);
  if ((asked != "auto" && asked != "messages") || request.flags.buffers == "symmetric")
    topology::usage_error(request.algorithm + " is carried out by messages: --lowering messages");
  return {Lowering::messages};
}

/// The models that stand beside the measurements: a file for the first of the lowerings, or fits of
/// this job.
std::vector<Way> ways_of(const MeasureRequest& request, int ranks) {
  const std::vector<Lowering> possible = lowerings_of(request);
  if (request.flags.machine.empty() && request.flags.buffers == "private")
    return fit_ways(possible);
  if (request.flags.machine.empty()) return fit_ways({possible.front()});
  topology::Machine machine = topology::load_system(request.flags.machine, request.overrides);
  if (machine.chips() != ranks) machine = topology::slice(machine, ranks);
  return {{possible.front(), std::move(machine)}};
}

/// Sizes that powers of two do not show: cliffs at tails, and between switch points.
std::vector<std::int64_t> with_odd_sizes(const MeasureRequest& request) {
  const auto element = static_cast<std::int64_t>(topology::size_of(request.options.type).value());
  std::vector<std::int64_t> all;
  for (const std::int64_t bytes : request.sizes)
    for (const std::int64_t size :
         {bytes - element, bytes, bytes + element, bytes / 2 * 3 / element * element})
      if (size >= request.sizes.front()) all.push_back(size);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// With symmetric buffers there is one way.
void choose_symmetric(MeasureRequest& request, Way& way) {
  if (request.flags.buffers != "symmetric") return;
  if (way.lowering != Lowering::host)
    topology::usage_error("--buffers symmetric: all ranks on one host, --lowering host or auto");
  request.options.symmetric = true;
  way.lowering = Lowering::symmetric;
  if (request.algorithm == "auto") request.algorithm = "direct";
  if (request.algorithm.rfind("direct", 0) != 0 || kernels::info(request.collective).rooted())
    topology::usage_error("symmetric buffers are for --algorithm direct and without a root");
}

void print_banner(const MeasureRequest& request, int ranks, const std::vector<Way>& ways) {
  const char* collective = kernels::info(request.collective).name;
  fmt::print(
      "# {} over {} ranks, measured {}; {} samples after {} warm-ups, median of the slowest "
      "rank's time{}\n",
      collective,
      ranks,
      lowering_text(ways),
      request.options.samples,
      request.options.warmup,
      request.options.start == Start::window ? " from a common start" : "");
  for (const Way& way : ways)
    fmt::print(
        "# model{}: {}: {}\n",
        ways.size() == 1 ? "" : std::string(" of ") + medium(way.lowering),
        request.flags.machine.empty() ? "fitted to this job just now" : request.flags.machine,
        describe(way.model));
  fmt::print("# GB/s = 10^9 B/s; busbw = algbw x {:.6g}; {}\n",
             kernels::busbw_factor(request.collective, ranks),
             meaning_of_last_columns(request.flags));
}

/// The file that results grow in, on rank 0 where one is asked for.
std::optional<ResultFile> begin_results(const MeasureRequest& request, const MpiSession& mpi) {
  const MeasureFlags& flags = request.flags;
  if (flags.output.empty() || mpi.rank() != 0) return std::nullopt;
  if (flags.per_rank && !flags.force) RankSamples::expect_free(flags.output);
  ResultFile file = ResultFile::create(flags.output, result_options(flags.force));
  const auto points = static_cast<std::int64_t>(request.sizes.size());
  const nlohmann::json plan{
      {measured_collective.group, points * MeasuredRecord::rows(flags.against_mpi)}};
  file.text("inputs/plan.json", plan.dump(2) + "\n");
  record_measuring_host(file);
  return file;
}

/// All points, printed and kept one by one.
std::vector<CollectiveRow> measure_all(const MeasureRequest& request,
                                       const std::vector<Way>& ways,
                                       Demands& demands,
                                       Surroundings& surroundings,
                                       ResultFile* file,
                                       bool speaks) {
  // A tuning table is of the number of ranks, which all ways have.
  const AlgorithmChoice algorithm(request.algorithm, request.collective, ways.front().model);
  MeasuredTable table(request.style, beside(request.flags), speaks);
  MeasuredRecord record(file,
                        request.flags.per_rank ? request.flags.output : "",
                        {static_cast<std::int64_t>(request.sizes.size()),
                         request.flags.against_mpi,
                         request.options.samples});
  std::vector<CollectiveRow> rows;
  for (const std::int64_t bytes : request.sizes) {
    const std::string& text = algorithm.at(bytes);
    const auto [way, name] = fastest(ways, request.collective, bytes, request.options, text);
    rows.push_back(measure_point(request.collective, bytes, request.options, name, *way));
    rows.back().core_to_core = surroundings.around_point();
    table.add(rows.back());
    record.add(rows.back());
    demands.check(rows.back());
  }
  record.complete();
  table.end();
  return rows;
}

void write_json(const MeasureRequest& request,
                int ranks,
                const std::string& start,
                const std::vector<CollectiveRow>& rows) {
  if (request.nccl_json.empty()) return;
  write_nccl_json(request.nccl_json,
                  {request.collective,
                   ranks,
                   false,
                   request.options,
                   start,
                   iso_time(std::chrono::system_clock::now()),
                   rows});
}

/// What surrounds the points: models before, who else was there after.
std::vector<CollectiveRow> measure_on(ResultFile* file,
                                      MeasureRequest& request,
                                      const MpiSession& mpi,
                                      Demands& demands) {
  std::vector<Way> ways = ways_of(request, mpi.size());
  choose_symmetric(request, ways.front());
  if (const auto other = beside(request.flags)) request.options.lowerings = {*other};
  const bool speaks = mpi.rank() == 0 && request.style == TableStyle::text;
  if (speaks) print_banner(request, mpi.size(), ways);
  if (file != nullptr) record_models(*file, ways);
  Surroundings surroundings;
  std::vector<CollectiveRow> rows =
      measure_all(request, ways, demands, surroundings, file, mpi.rank() == 0);
  const Surroundings::Seen seen = surroundings.end();
  if (speaks) fmt::print("{}", seen.text());
  if (file != nullptr) {
    seen.record(*file);
    record_end(*file);
  }
  return rows;
}

}  // namespace

void measure_table(MeasureRequest request) {
  Demands demands(request.flags.demands);
  request.options.start = parse_start(request.flags.start);
  if (request.flags.odd) request.sizes = with_odd_sizes(request);
  const MpiSession mpi;
  check(request, demands, mpi.size());
  std::optional<ResultFile> file = begin_results(request, mpi);
  const std::string start = iso_time(std::chrono::system_clock::now());
  std::vector<CollectiveRow> rows;
  try {
    rows = measure_on(file ? &*file : nullptr, request, mpi, demands);
  } catch (const std::exception& error) {
    if (file) file->try_to_fail(error.what());
    throw;
  }
  if (file) {
    file->complete();
    fmt::print(stderr, "results: {}\n", request.flags.output);
  }
  if (mpi.rank() == 0) write_json(request, mpi.size(), start, rows);
  const std::int64_t wrong = std::accumulate(
      rows.begin(), rows.end(), std::int64_t{0}, [](std::int64_t sum, const CollectiveRow& row) {
        return sum + row.wrong();
      });
  MpiSession::end();
  if (wrong > 0)
    throw topology::Error(topology::ErrorKind::verdict,
                          fmt::format("{} elements are wrong", wrong));
  demands.judge();
}

}  // namespace bench
