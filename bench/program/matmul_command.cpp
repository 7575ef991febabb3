// rainier matmul-distributed: one matmul shared by all ranks or chips.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/executor/fit.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/executor/statistics.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/matmul_table.hpp"
#include "bench/program/surroundings.hpp"
#include "kernels/distributed/algorithms.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::DistributedMatmul;
using kernels::ProcessGrid;

struct MatmulOptions {
  kernels::Gemm shape{4096, 4096, 4096, topology::DataType::f32};
  std::string type = "f32";
  std::vector<std::string> algorithms;
  std::string grid;
  std::string system;
  std::vector<std::string> overrides;
  std::int64_t chips = 0;
  std::string machine;
  MatmulSampling sampling;
  int check = 1;
  bool json = false;
};

/// The chips that need no NIC to reach each other: a tensor-parallel group.
std::int64_t tightly_coupled(const topology::Machine& machine) {
  std::int64_t chips = 1;
  for (const topology::Level& level : machine.levels)
    if (level.shape != topology::LevelShape::clos) chips *= level.extent;
  return machine.chips() % chips == 0 ? chips : machine.chips();
}

/// Those to choose from where none is given.
std::vector<ProcessGrid> grids_for(const std::string& algorithm, const topology::Machine& machine) {
  if (algorithm == "allgather" || algorithm == "reducescatter") {
    const std::int64_t columns = tightly_coupled(machine);
    return {{machine.chips() / columns, columns, 1}};
  }
  return kernels::grids(algorithm, machine.chips());
}

/// Predicted on each grid, the fastest first; grids that do not fit the machine's levels are left
/// out. None: the algorithm does not run on so many.
std::vector<MatmulRow> fastest_first(const std::string& algorithm,
                                     const kernels::Gemm& shape,
                                     const topology::Machine& machine,
                                     topology::FlopsPerSecond roof,
                                     const BlockTime& block_time) {
  std::vector<MatmulRow> rows;
  for (const ProcessGrid& grid : grids_for(algorithm, machine)) {
    MatmulRow row{kernels::distributed_matmul(algorithm, shape, grid), {}, {}};
    try {
      row.prediction = predict(row.program, machine, roof, block_time);
    } catch (const topology::Error& error) {
      if (error.kind() != topology::ErrorKind::usage) throw;
      continue;
    }
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const MatmulRow& a, const MatmulRow& b) {
    return a.prediction.time < b.prediction.time;
  });
  return rows;
}

/// The grid that the user wants, or the fastest.
std::optional<MatmulRow> row_of(const MatmulOptions& o,
                                const std::string& algorithm,
                                const topology::Machine& machine,
                                topology::FlopsPerSecond roof,
                                const BlockTime& block_time) {
  if (o.grid.empty()) {
    std::vector<MatmulRow> rows = fastest_first(algorithm, o.shape, machine, roof, block_time);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
  }
  DistributedMatmul program =
      kernels::distributed_matmul(algorithm, o.shape, kernels::parse_grid(o.grid));
  const MatmulPrediction prediction = predict(program, machine, roof, block_time);
  return MatmulRow{std::move(program), prediction, {}};
}

/// Said before anything is fitted or measured.
void check(const MatmulOptions& o, std::int64_t ranks) {
  std::optional<ProcessGrid> grid;
  if (!o.grid.empty()) grid = kernels::parse_grid(o.grid);
  if (grid && grid->ranks() != ranks)
    topology::usage_error(
        fmt::format("a grid of {} is {} ranks, there are {}", grid->text(), grid->ranks(), ranks));
  for (const std::string& algorithm : o.algorithms) {
    if (grid)
      (void)kernels::distributed_matmul(algorithm, o.shape, *grid);
    else if (kernels::grids(algorithm, ranks).empty())
      topology::usage_error(fmt::format(
          "{} runs on no grid of {} ranks: cannon takes s x s, 2.5d s x s x c with c up "
          "to s, the others any number",
          algorithm,
          ranks));
  }
}

/// Rows of the algorithms that were named, or of all that run on so many ranks.
std::vector<MatmulRow> rows_of(const MatmulOptions& o,
                               const topology::Machine& machine,
                               topology::FlopsPerSecond roof,
                               const BlockTime& block_time) {
  const bool all = o.algorithms.empty();
  std::vector<MatmulRow> rows;
  std::string refused;
  for (const std::string& algorithm : all ? kernels::distributed_algorithms() : o.algorithms) {
    try {
      if (std::optional<MatmulRow> row = row_of(o, algorithm, machine, roof, block_time))
        rows.push_back(std::move(*row));
    } catch (const topology::Error& error) {
      if (!all || error.kind() != topology::ErrorKind::usage) throw;
      refused = error.what();
    }
  }
  if (rows.empty())
    topology::usage_error(refused.empty() ? "no grid of so many ranks fits the machine's levels"
                                          : refused);
  return rows;
}

std::string shape_text(const kernels::Gemm& shape) {
  return fmt::format("C[{} x {}] = A[{} x {}] B[{} x {}] in {}",
                     shape.m,
                     shape.n,
                     shape.m,
                     shape.k,
                     shape.k,
                     shape.n,
                     topology::name(shape.type));
}

void predict_table(const MatmulOptions& o) {
  topology::Machine machine = topology::load_system(o.system, o.overrides);
  if (o.chips != 0) machine = topology::slice(machine, o.chips);
  check(o, machine.chips());
  const kernels::TensorEngine engine = kernels::tensor_engine(machine.chip, o.shape.type);
  const std::vector<MatmulRow> rows = rows_of(o, machine, engine.roof, block_time(engine));
  if (!speaks_before_init()) return;
  if (o.json) return print_json(rows, engine.peak);
  fmt::print(
      "# {} over {} chips of {} ({}), predicted\n"
      "# MB/rank = 10^6 B of operands that come and sums that leave; exposed = time - compute; in "
      "turns = without overlap\n",
      shape_text(o.shape),
      machine.chips(),
      machine.name,
      machine.chip.title);
  print_predicted(rows, engine.peak);
}

/// Where it is given, else fitted to this job.
topology::Machine model_of(const MatmulOptions& o, int ranks) {
  if (!o.machine.empty()) {
    topology::Machine machine = topology::load_system(o.machine, o.overrides);
    return machine.chips() == ranks ? machine : topology::slice(machine, ranks);
  }
  if (ranks > 1) return fit_host().machine;
  topology::Machine alone;
  alone.name = "host";
  return alone;
}

/// The model's multiplications take as long as the measured ones do alone.
void measure_row(MatmulRow& row, const MatmulSampling& sampling, const topology::Machine& model) {
  row.measurement = measure(row.program, sampling);
  const topology::Seconds step(median(row.measurement->alone) /
                               static_cast<double>(kernels::steps(row.program)));
  row.prediction = predict(row.program,
                           model,
                           largest_gemm(row.program).flops() / step,
                           [step](const kernels::Gemm&, bool) { return step; });
}

void measure_table(const MatmulOptions& o) {
  const MpiSession mpi;
  if (launched_rank() < 0)
    topology::usage_error(
        "measuring takes ranks: mpirun -np 4 rainier matmul-distributed …, or predict with "
        "--system "
        "NAME (rainier systems lists them)");
  check(o, mpi.size());
  const bool speaks = mpi.rank() == 0;
  const topology::Machine model = model_of(o, mpi.size());
  // Which grid is faster, multiplications being alike: by what moves.
  std::vector<MatmulRow> rows =
      rows_of(o, model, topology::FlopsPerSecond(1), [](const kernels::Gemm&, bool) {
        return topology::Seconds();
      });
  const Surroundings surroundings;
  std::int64_t wrong = 0;
  for (MatmulRow& row : rows) {
    measure_row(row, o.sampling, model);
    wrong += row.measurement->checked.wrong;
  }
  const Surroundings::Seen seen = surroundings.end();
  if (speaks && o.json) print_json(rows, topology::FlopsPerSecond());
  if (speaks && !o.json) {
    fmt::print(
        "# {} over {} ranks, measured by MPI messages; {} samples after {} warm-ups, median of the "
        "slowest rank's time\n"
        "# compute = the multiplications without messages; GFLOP/s of a rank; model of messages: "
        "{}{}\n",
        shape_text(o.shape),
        mpi.size(),
        o.sampling.samples,
        o.sampling.warmup,
        o.machine.empty() ? "" : o.machine + ": ",
        mpi.size() > 1 ? describe(model) : "none");
    print_measured(rows);
    fmt::print("{}", seen.text());
  }
  MpiSession::end();
  if (wrong > 0)
    throw topology::Error(topology::ErrorKind::verdict,
                          fmt::format("{} elements of C are wrong", wrong));
}

void run(MatmulOptions& o) {
  o.shape.type = topology::data_type(o.type);
  o.sampling.check = o.check != 0;
  if (!o.system.empty() && !o.machine.empty())
    topology::usage_error("--machine is the model beside measurements; --system predicts");
  if (!o.system.empty()) return predict_table(o);
  if (o.chips != 0) topology::usage_error("--chips goes with --system");
  measure_table(o);
}

}  // namespace

void add_matmul_distributed(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<MatmulOptions>();
  MatmulOptions& o = *options;
  CLI::App* command = app.add_subcommand(
      "matmul-distributed",
      "Measure a matmul shared by all ranks under mpirun, or predict it on a modelled system");
  command->add_option("-m", o.shape.m, "rows of A and C");
  command->add_option("-n", o.shape.n, "columns of B and C");
  command->add_option("-k", o.shape.k, "columns of A, rows of B");
  command->add_option("-d,--type,--dtype", o.type, "f32, f64, bf16, i8 (predict: any)");
  command
      ->add_option(
          "--algorithm",
          o.algorithms,
          "allgather, reducescatter, summa, cannon, 2.5d; default: all that run on so many")
      ->delimiter(',');
  command->add_option("--grid",
                      o.grid,
                      "rows x columns (x layers) of ranks, 4x4x2; default: the fastest predicted, "
                      "for allgather and "
                      "reducescatter rows of the chips that need no NIC to reach each other");
  command->add_option("--system", o.system, "predict on this system (name or file)");
  command->add_option("--chips", o.chips, "use this many of the system's chips")
      ->check(CLI::PositiveNumber);
  command->add_option("--set", o.overrides, "change a figure of the system");
  command->add_option(
      "--machine", o.machine, "model of messages (rainier fit writes one); default: fit now");
  command->add_option("--iters", o.sampling.samples, "samples")->check(CLI::Range(1, 1000000));
  command->add_option("-w,--warmup_iters", o.sampling.warmup, "runs before the samples")
      ->check(CLI::Range(0, 1000000));
  command->add_option("-c,--check", o.check, "1: compare with the reference, 0: do not");
  command->add_flag("--json", o.json, "for programs");
  command->callback([options, &chosen] { chosen = [options] { run(*options); }; });
}

}  // namespace bench
