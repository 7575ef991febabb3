#include "bench/program/run_file.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "bench/exchange/program_source.hpp"
#include "bench/program/collective_row.hpp"
#include "bench/program/recorded_command.hpp"
#include "bench/program/run_plan.hpp"
#include "bench/suites/matmul_cases.hpp"
#include "kernels/collective/algorithms.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "topology/document.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using topology::DataType;
namespace fs = std::filesystem;
using TomlTable = topology::Table;

/// Converts each text of a list; complaints get the place of the list.
template <class Convert>
auto converted(TomlTable& table, const std::string& key, Convert convert) {
  std::vector<std::decay_t<decltype(convert(std::string()))>> all;
  for (const std::string& text : table.get<std::vector<std::string>>(key)) {
    try {
      all.push_back(convert(text));
    } catch (const topology::Error& error) {
      table.fail(key, error.what());
    }
  }
  if (all.empty()) table.fail(key, "the list is empty");
  return all;
}

std::vector<kernels::Collective> collectives(TomlTable& table) {
  return converted(table, "collectives", [](const std::string& text) {
    return kernels::parse_collective(text);
  });
}

std::vector<DataType> types(TomlTable& table) {
  return converted(
      table, "datatypes", [](const std::string& text) { return topology::data_type(text); });
}

std::vector<std::int64_t> sizes(TomlTable& table) {
  Sweep sweep;
  sweep.begin = table.get<std::string>("begin");
  sweep.end = table.get<std::string>("end");
  sweep.factor = table.get_or<double>("factor", 2);
  try {
    return sweep.sizes();
  } catch (const topology::Error& error) {
    table.fail("begin", error.what());
  }
}

int positive(TomlTable& table, const std::string& key, int fallback, int least) {
  const auto value = table.get_or<std::int64_t>(key, fallback);
  if (value < least || value > 1000000)
    table.fail(key, "expected a whole number from " + std::to_string(least) + " to 1000000");
  return static_cast<int>(value);
}

/// A program of others is found beside the run file, in a rerun by its name alone.
std::string algorithm_beside(const fs::path& folder,
                             TomlTable& table,
                             const std::string& otherwise) {
  auto text = table.get_or<std::string>("algorithm", otherwise);
  if (!is_program(text)) return text;
  const fs::path file = program_path(text);
  return program_at(folder / (is_rerun() ? file.filename() : file));
}

void check_algorithm(TomlTable& table,
                     const std::string& text,
                     const std::vector<kernels::Collective>& collectives) {
  if (!is_program(text)) return;
  try {
    for (const kernels::Collective collective : collectives)
      static_cast<void>(program_named(text, collective));
  } catch (const topology::Error& error) {
    table.fail("algorithm", error.what());
  }
}

MeasuredCollectives measured_collectives(TomlTable& table, const fs::path& folder) {
  MeasuredCollectives what;
  what.collectives = collectives(table);
  what.sizes = sizes(table);
  what.type = table.parsed("datatype", [](std::string_view text) {
    const DataType type = topology::data_type(text);
    check_measurable(type);
    return type;
  });
  if (table.has("operator")) what.op = table.parsed("operator", parse_operator);
  what.algorithm = algorithm_beside(folder, table, what.algorithm);
  check_algorithm(table, what.algorithm, what.collectives);
  what.warmup = positive(table, "warmup", what.warmup, 0);
  what.samples = positive(table, "samples", what.samples, 1);
  what.against_mpi = table.get_or<bool>("against_mpi", what.against_mpi);
  what.per_rank = table.get_or<bool>("per_rank", what.per_rank);
  if (what.against_mpi && what.type == DataType::bf16)
    table.fail("against_mpi", "MPI has no bf16: expected false, or another datatype");
  return what;
}

/// [m, n, k] each, or tables of m, n, k and perhaps a label.
std::vector<Shape> shapes(TomlTable& table) {
  std::vector<Shape> all;
  if (table.holds_tables("shapes")) {
    for (TomlTable* row : table.tables("shapes"))
      all.push_back({row->get_or<std::string>("label", ""),
                     row->get<std::int64_t>("m"),
                     row->get<std::int64_t>("n"),
                     row->get<std::int64_t>("k")});
  } else {
    for (const auto& row : table.get<std::vector<std::vector<std::int64_t>>>("shapes")) {
      if (row.size() != 3) table.fail("shapes", "each shape is [m, n, k]");
      all.push_back({"", row[0], row[1], row[2]});
    }
  }
  for (const Shape& shape : all) {
    const auto [least, most] = std::minmax({shape.m, shape.n, shape.k});
    if (least < 1 || most > kernels::largest_dimension)
      table.fail("shapes",
                 fmt::format("m, n and k must each be at least 1 and at most {}",
                             kernels::largest_dimension));
  }
  return all;
}

MeasuredMatmuls measured_matmuls(TomlTable& table) {
  MeasuredMatmuls what;
  what.types = types(table);
  for (const DataType type : what.types) {
    try {
      check_multiplied(type);
    } catch (const topology::Error& error) {
      table.fail("datatypes", error.what());
    }
  }
  what.shapes = shapes(table);
  what.repetitions = positive(table, "repetitions", what.repetitions, 1);
  return what;
}

/// Of a program: as many ranks as it is for, and vectors that it can cut.
void try_program(const ModelledCollectives& what, const topology::Machine& group) {
  MeasureOptions options;
  options.type = what.type;
  for (const kernels::Collective collective : what.collectives)
    for (const std::int64_t bytes : what.sizes)
      if (!too_small(what, collective, bytes, group.chips()))
        static_cast<void>(predict_point(collective, bytes, options, what.algorithm, group));
}

void try_schedules(const ModelledCollectives& what, const topology::Machine& group) {
  for (const kernels::Collective collective : what.collectives)
    if (what.algorithm != "auto" && collective != kernels::Collective::all_to_all)
      static_cast<void>(kernels::build(collective, group, what.algorithm));
}

/// Everything that could stop the prediction of a point is tried here, before the run starts.
void check(TomlTable& table, const ModelledCollectives& what) {
  for (const topology::Machine& system : what.systems)
    for (const std::int64_t chips : what.chips) {
      try {
        const topology::Machine group = topology::slice(system, chips);
        is_program(what.algorithm) ? try_program(what, group) : try_schedules(what, group);
      } catch (const topology::Error& error) {
        table.fail("chips", system.name + ": " + error.what());
      }
    }
}

ModelledCollectives modelled_collectives(TomlTable& table, const fs::path& folder) {
  ModelledCollectives what;
  what.systems = converted(
      table, "systems", [](const std::string& text) { return topology::load_system(text); });
  what.collectives = collectives(table);
  what.chips = table.get<std::vector<std::int64_t>>("chips");
  what.sizes = sizes(table);
  what.type = table.parsed("datatype", topology::data_type);
  what.algorithm = algorithm_beside(folder, table, what.algorithm);
  check_algorithm(table, what.algorithm, what.collectives);
  what.links = table.get_or<bool>("links", what.links);
  check(table, what);
  return what;
}

ModelledMatmuls modelled_matmuls(TomlTable& table) {
  ModelledMatmuls what;
  what.chips =
      converted(table, "chips", [](const std::string& text) { return topology::load_chip(text); });
  what.types = types(table);
  for (const topology::Chip& chip : what.chips)
    for (const DataType type : what.types) {
      try {
        static_cast<void>(kernels::tensor_engine(chip, type));
      } catch (const topology::Error& error) {
        table.fail("datatypes", error.what());
      }
    }
  what.shapes = shapes(table);
  return what;
}

}  // namespace

std::vector<std::string> RunFile::programs() const {
  std::vector<std::string> paths;
  const auto add = [&paths](const std::string& algorithm) {
    if (is_program(algorithm)) paths.push_back(program_path(algorithm));
  };
  if (measured_collectives) add(measured_collectives->algorithm);
  if (modelled_collectives) add(modelled_collectives->algorithm);
  return paths;
}

RunFile load_run_file(const std::string& path) {
  topology::Document document = topology::Document::load(path);
  TomlTable& root = document.root();
  RunFile run;
  const fs::path folder = fs::path(path).parent_path();
  run.text = document.text();
  run.title = root.get_or<std::string>("title", path);
  TomlTable& measure = root.table("measure");
  TomlTable& model = root.table("model");
  if (TomlTable& table = measure.table("collective"); table.exists())
    run.measured_collectives = measured_collectives(table, folder);
  if (TomlTable& table = measure.table("matmul"); table.exists())
    run.measured_matmuls = measured_matmuls(table);
  if (TomlTable& table = model.table("collective"); table.exists())
    run.modelled_collectives = modelled_collectives(table, folder);
  if (TomlTable& table = model.table("matmul"); table.exists())
    run.modelled_matmuls = modelled_matmuls(table);
  document.root().finish();
  if (!run.measures() && !run.modelled_collectives && !run.modelled_matmuls)
    topology::usage_error(path +
                          ": nothing to run; expected [measure.collective], "
                          "[measure.matmul], [model.collective] or [model.matmul]");
  return run;
}

}  // namespace bench
