#include "bench/program/run_measured.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "bench/exchange/program_source.hpp"
#include "bench/executor/affinity.hpp"
#include "bench/executor/fit.hpp"
#include "bench/executor/program_execution.hpp"
#include "bench/program/collective_table.hpp"
#include "bench/program/measured_record.hpp"
#include "bench/program/rows.hpp"
#include "bench/program/run_plan.hpp"
#include "bench/program/surroundings.hpp"
#include "bench/suites/host_roofs.hpp"
#include "bench/suites/matmul_cases.hpp"
#include "bench/suites/matmul_rounds.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using kernels::Collective;

void print_models(const std::vector<Way>& ways) {
  for (const Way& way : ways)
    fmt::print("# this machine by {}, fitted: {}\n", medium(way.lowering), describe(way.model));
}

void print_header(const MeasuredCollectives& what) {
  if (what.against_mpi)
    print_compared_header(name(Lowering::library));
  else
    print_measured_header(TableStyle::text);
}

void print(const MeasuredCollectives& what, const CollectiveRow& row) {
  if (what.against_mpi)
    print_compared(row);
  else
    print_measured(row, TableStyle::text);
  std::fflush(stdout);
}

MeasureOptions measure_options(const MeasuredCollectives& what) {
  MeasureOptions options;
  options.type = what.type;
  options.op = what.op;
  options.warmup = what.warmup;
  options.samples = what.samples;
  if (what.against_mpi) options.lowerings = {Lowering::library};  // beside ours
  return options;
}

/// Of one collective, every size but the first `finished`, which it counts down.
/// @return wrong elements
std::int64_t measure_sizes(MeasuredRecord& record,
                           Surroundings& surroundings,
                           const MeasuredCollectives& what,
                           Collective collective,
                           const std::vector<Way>& ways,
                           std::int64_t& finished,
                           bool speaks) {
  const MeasureOptions options = measure_options(what);
  std::int64_t wrong = 0;
  for (const std::int64_t bytes : what.sizes) {
    if (finished > 0) {
      --finished;
      record.skip();
      continue;
    }
    const auto [way, name] = fastest(ways, collective, bytes, options, what.algorithm);
    CollectiveRow row = measure_point(collective, bytes, options, name, *way);
    row.core_to_core = surroundings.around_point();
    wrong += row.wrong();
    if (speaks) print(what, row);
    record.add(row);
  }
  return wrong;
}

/// A program of others is for so many ranks, and carried out by messages.
void expect_program_runs(const MeasuredCollectives& what, int ranks) {
  for (const Collective collective : what.collectives) {
    const kernels::Program& program = program_named(what.algorithm, collective);
    if (program.ranks != ranks)
      topology::usage_error(
          fmt::format("'{}' is for {} ranks, not for {}", what.algorithm, program.ranks, ranks));
    for (const std::int64_t bytes : what.sizes)
      static_cast<void>(whole_elements(program, elements(collective, bytes, what.type, ranks)));
  }
}

/// Ranks other than 0 have no file.
void measure_collectives(ResultFile* file,
                         const std::string& output,
                         const MeasuredCollectives& what,
                         const MpiSession& mpi) {
  if (mpi.size() < 2) {
    fmt::print("measured no collectives: 1 rank; start with mpirun -np 2 or more\n");
    return;
  }
  MeasuredRecord record(
      file, what.per_rank ? output : "", {points_of(what), what.against_mpi, what.samples});
  std::int64_t finished = record.finished();
  if (finished == points_of(what)) {
    while (finished-- > 0) record.skip();
    return record.complete();
  }
  Surroundings surroundings;
  if (is_program(what.algorithm)) expect_program_runs(what, mpi.size());
  const std::vector<Way> ways =
      fit_ways(is_program(what.algorithm) ? std::vector{Lowering::messages} : lowerings("auto"));
  if (file != nullptr) {
    record_models(*file, ways);
    print_models(ways);
  }
  std::int64_t wrong = 0;
  for (const Collective collective : what.collectives) {
    if (file != nullptr) {
      fmt::print("# {} over {} ranks\n", kernels::info(collective).name, mpi.size());
      print_header(what);
    }
    wrong += measure_sizes(record, surroundings, what, collective, ways, finished, file != nullptr);
  }
  record.complete();
  const Surroundings::Seen seen = surroundings.end();
  if (file != nullptr) {
    seen.record(*file);
    fmt::print("{}", seen.text());
  }
  if (wrong > 0)
    throw topology::Error(topology::ErrorKind::verdict,
                          fmt::format("{} elements are wrong", wrong));
}

std::string counted(int threads) {
  return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

void record_memory(Table& table, int threads) {
  std::optional<MemoryProbe> probe;  // one: its pages take as long to get as a roof to measure
  for (const kernels::Stream stream : {kernels::Stream::read, kernels::Stream::triad}) {
    if (table.skip(1)) continue;
    if (!probe) probe.emplace(threads);
    const MemoryRoof roof = probe->probe(stream);
    fmt::print(
        "# {}: memory, {}: {}\n", counted(threads), name(stream), topology::format(roof.rate()));
    table.append(memory_row(roof), roof.seconds);
  }
}

void record_compute(Table& table, const std::vector<topology::DataType>& types, int threads) {
  for (const topology::DataType type : types) {
    if (table.skip(1)) continue;
    const ComputeRoof roof = probe_compute(type, threads);
    fmt::print("# {}: {} multiply-adds: {}\n",
               counted(threads),
               topology::name(type),
               topology::format(roof.rate()));
    table.append(compute_row(roof), roof.seconds);
  }
}

/// On one thread and on all.
void record_roofs(ResultFile& file, const std::vector<topology::DataType>& types, int threads) {
  Table memory = file.table(measured_memory);
  Table compute = file.table(measured_compute);
  for (const int some : std::set<int>{1, threads}) {
    record_memory(memory, some);
    record_compute(compute, types, some);
  }
}

/// On rank 0, with the cores of its host, while the others wait. @return whether one was left to
/// measure
bool measure_matmuls(ResultFile* file, const MeasuredMatmuls& what) {
  const int threads = lend_cores_to_rank_0();
  if (file == nullptr) return false;
  fmt::print("# matmul on rank 0 with {}\n", counted(threads));
  record_roofs(*file, what.types, threads);
  Table table = file->table(measured_matmul);
  const std::int64_t finished = table.finished();
  (void)table.skip(finished);
  const std::vector<MatmulCase> cases = cases_of(what);
  const auto left = std::span(cases).subspan(static_cast<std::size_t>(finished));
  if (left.empty()) return false;
  run_matmuls(table, left, {threads, what.repetitions});
  return true;
}

}  // namespace

void measure_run(ResultFile* file,
                 const std::string& output,
                 const RunFile& run,
                 const MpiSession& mpi) {
  if (run.measured_collectives) measure_collectives(file, output, *run.measured_collectives, mpi);
  const CpuWatch watch;
  const bool multiplied = run.measured_matmuls && measure_matmuls(file, *run.measured_matmuls);
  MpiSession::wait_idle();
  const CpuShare cpu = watch.share();
  if (!multiplied) return;  // an earlier part of the run has said it, or there was nothing to say
  record_shares(*file, measured_matmul.group, cpu);
  fmt::print("# {}\n", text_of_shares(cpu));
}

}  // namespace bench
