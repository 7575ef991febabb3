// rainier run: the main job. Everything that a run file asks for, into one results file.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "bench/executor/affinity.hpp"
#include "bench/executor/fit.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/collective_table.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/measured_host.hpp"
#include "bench/program/modelled_tables.hpp"
#include "bench/program/rows.hpp"
#include "bench/program/run_file.hpp"
#include "bench/program/surroundings.hpp"
#include "bench/record/result_file.hpp"
#include "bench/suites/host_roofs.hpp"
#include "bench/suites/matmul_cases.hpp"
#include "bench/suites/table_reporter.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using kernels::Collective;

struct RunOptions {
  std::string file;
  std::string output;
  bool force = false;
};

void record_systems(ResultFile& file, const RunFile& run) {
  Table table = file.table(systems_figures);
  std::set<std::string> chips;
  if (run.modelled_collectives)
    for (const topology::Machine& system : run.modelled_collectives->systems) {
      table.append_all(figure_rows(system));
      chips.insert(system.chip.name);
      record_inputs(file, system.name, system.name);
    }
  if (!run.modelled_matmuls) return;
  for (const topology::Chip& chip : run.modelled_matmuls->chips) {
    if (!chips.insert(chip.name).second) continue;
    topology::Machine alone;
    alone.chip = chip;
    table.append_all(figure_rows(alone));
  }
}

/// Fewer elements than chips: there is no such collective; the caller counts it.
bool too_small(const ModelledCollectives& what, Collective collective, double bytes, double chips) {
  return kernels::info(collective).chunked_ends &&
         bytes < topology::size_of(what.type).value() * chips;
}

/// Appends the points of one collective on one group. @return how many were left out
std::int64_t model_sizes(std::vector<CollectiveRow>& rows,
                         const ModelledCollectives& what,
                         Collective collective,
                         const topology::Machine& group) {
  MeasureOptions options;
  options.type = what.type;
  // An algorithm that is named is one of reductions.
  const bool fixed = collective == Collective::all_to_all;
  std::int64_t left_out = 0;
  for (const std::int64_t bytes : what.sizes) {
    if (too_small(what, collective, static_cast<double>(bytes), static_cast<double>(group.chips())))
      ++left_out;
    else
      rows.push_back(
          predict_point(collective, bytes, options, fixed ? "auto" : what.algorithm, group));
  }
  return left_out;
}

void model_collectives(ResultFile& file, const ModelledCollectives& what) {
  ModelledTables tables(file, what.links);
  std::int64_t left_out = 0;
  for (const topology::Machine& system : what.systems) {
    std::size_t points = 0;
    for (const std::int64_t chips : what.chips) {
      const topology::Machine group = topology::slice(system, chips);
      std::vector<CollectiveRow> rows;
      for (const Collective collective : what.collectives)
        left_out += model_sizes(rows, what, collective, group);
      tables.append(rows, group);
      points += rows.size();
    }
    fmt::print("modelled {} collectives on up to {} chips of {}\n",
               points,
               *std::max_element(what.chips.begin(), what.chips.end()),
               system.name);
  }
  file.attribute(modelled_collective.group, "points_left_out", left_out);
  file.attribute(modelled_collective.group,
                 "points_left_out_reason",
                 std::string("fewer elements than chips"));
  if (left_out > 0) fmt::print("left out {} points with fewer elements than chips\n", left_out);
}

void model_matmuls(ResultFile& file, const ModelledMatmuls& what) {
  Table table = file.table(modelled_matmul);
  std::vector<Table::Row> rows;
  for (const topology::Chip& chip : what.chips)
    for (const topology::DataType type : what.types)
      for (const Shape& shape : what.shapes) rows.push_back(modelled_row(chip, shape, type));
  table.append_all(rows);
  fmt::print("modelled {} matmuls on {} chips\n", rows.size(), what.chips.size());
}

/// What stands beside the measurements.
void record_models(ResultFile& file, const std::vector<Way>& ways) {
  for (const Way& way : ways) {
    file.text(fmt::format("inputs/host_{}.toml", name(way.lowering)), topology::to_toml(way.model));
    fmt::print("# this machine by {}, fitted: {}\n", medium(way.lowering), describe(way.model));
  }
}

void print_header(const MeasuredCollectives& what) {
  if (what.against_mpi)
    print_compared_header();
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

void record(Table& table, const CollectiveRow& row) {
  table.append(measured_row(row, false, false), row.out_of_place.seconds);
  table.append(measured_row(row, true, false), row.in_place.seconds);
  if (row.library_in_place.seconds.empty()) return;
  table.append(measured_row(row, false, true), row.library_out_of_place.seconds);
  table.append(measured_row(row, true, true), row.library_in_place.seconds);
}

/// Ranks other than 0 have no file.
void measure_collectives(ResultFile* file, const MeasuredCollectives& what, const MpiSession& mpi) {
  if (mpi.size() < 2) {
    fmt::print("measured no collectives: 1 rank; start with mpirun -np 2 or more\n");
    return;
  }
  const Surroundings surroundings;
  const std::vector<Way> ways = fit_ways(lowerings("auto"));
  std::optional<Table> table;
  if (file != nullptr) {
    table.emplace(file->table(measured_collective));
    record_models(*file, ways);
  }
  MeasureOptions options;
  options.type = what.type;
  options.op = what.op;
  options.warmup = what.warmup;
  options.samples = what.samples;
  if (what.against_mpi) options.lowerings = {Lowering::library};  // beside ours
  std::int64_t wrong = 0;
  for (const Collective collective : what.collectives) {
    if (table) {
      fmt::print("# {} over {} ranks\n", kernels::info(collective).name, mpi.size());
      print_header(what);
    }
    for (const std::int64_t bytes : what.sizes) {
      const Way& way = faster_way(ways, collective, bytes, options, what.algorithm);
      CollectiveRow row = measure_point(collective, bytes, options, what.algorithm, way);
      wrong += row.wrong();
      if (!table) continue;
      print(what, row);
      record(*table, row);
    }
  }
  const Surroundings::Seen seen = surroundings.end();
  if (file != nullptr) {
    seen.record(*file);
    fmt::print("{}", seen.text());
  }
  if (wrong > 0)
    throw topology::Error(topology::ErrorKind::verdict,
                          fmt::format("{} elements are wrong", wrong));
}

/// On one thread and on all.
void record_roofs(ResultFile& file, const std::vector<topology::DataType>& types, int threads) {
  Table memory = file.table(measured_memory);
  Table compute = file.table(measured_compute);
  for (const int some : std::set<int>{1, threads}) {
    for (const kernels::Stream stream : {kernels::Stream::read, kernels::Stream::triad}) {
      const MemoryRoof roof = probe_memory(stream, some);
      fmt::print("# {} thread{}: memory, {}: {}\n",
                 some,
                 some == 1 ? "" : "s",
                 name(stream),
                 topology::format(roof.rate()));
      memory.append(memory_row(roof), roof.seconds);
    }
    for (const topology::DataType type : types) {
      const ComputeRoof roof = probe_compute(type, some);
      fmt::print("# {} thread{}: {} multiply-adds: {}\n",
                 some,
                 some == 1 ? "" : "s",
                 topology::name(type),
                 topology::format(roof.rate()));
      compute.append(compute_row(roof), roof.seconds);
    }
  }
}

/// On rank 0, with the cores of its host, while the others wait.
void measure_matmuls(ResultFile* file, const MeasuredMatmuls& what) {
  const int threads = lend_cores_to_rank_0();
  if (file == nullptr) return;
  std::vector<kernels::Gemm> shapes;
  for (const topology::DataType type : what.types)
    for (const Shape& shape : what.shapes) shapes.push_back(shape.gemm(type));
  fmt::print("# matmul on rank 0 with {} thread{}\n", threads, threads == 1 ? "" : "s");
  record_roofs(*file, what.types, threads);
  Table table = file->table(measured_matmul);
  TableReporter reporter(table, threads);
  register_matmul(shapes, threads);
  run_registered(reporter, what.repetitions);
}

void run_on(ResultFile* file, const RunFile& run, const MpiSession& mpi) {
  if (file != nullptr) {
    if (run.measures()) record_measuring_host(*file);
    file->text("inputs/run.toml", run.text);
    file->attribute("/", "title", run.title);
    record_systems(*file, run);
    if (run.modelled_collectives) model_collectives(*file, *run.modelled_collectives);
    if (run.modelled_matmuls) model_matmuls(*file, *run.modelled_matmuls);
  }
  if (run.measured_collectives) measure_collectives(file, *run.measured_collectives, mpi);
  if (run.measured_matmuls) measure_matmuls(file, *run.measured_matmuls);
  MpiSession::wait_idle();
  if (file != nullptr && run.measures()) record_end(*file);
}

void run_all(const RunOptions& options) {
  const RunFile run = load_run_file(options.file);
  const MpiSession mpi;
  std::optional<ResultFile> file;
  if (mpi.rank() == 0)
    file.emplace(ResultFile::create(options.output,
                                    {options.force, fmt::format("rainier {}", RAINIER_VERSION)}));
  try {
    run_on(file ? &*file : nullptr, run, mpi);
  } catch (const std::exception& error) {
    if (file) file->try_to_fail(error.what());
    throw;
  }
  if (!file) return;
  file->complete();
  fmt::print("results: {}\n", options.output);
}

std::string default_output(const std::string& file) {
  std::string stem = file.substr(file.find_last_of('/') + 1);
  if (stem.ends_with(".toml")) stem.resize(stem.size() - 5);
  return "results/" + stem + ".h5";
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("run", "The main job: measure and model what a run file asks for");
  command->add_option("file", options->file, "run file, for example runs/rainier.toml")->required();
  command->add_option("-O,--output", options->output, "results file [results/NAME.h5]");
  command->add_flag("--force", options->force, "overwrite earlier results");
  command->callback([options, &chosen] {
    if (options->output.empty()) options->output = default_output(options->file);
    chosen = [options] { run_all(*options); };
  });
}

}  // namespace bench
