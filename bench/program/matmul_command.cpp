// rainier matmul-distributed: one matmul shared by all ranks or chips.
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/executor/fit.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/executor/statistics.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/matmul_record.hpp"
#include "bench/program/matmul_rows.hpp"
#include "bench/program/matmul_table.hpp"
#include "bench/program/surroundings.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

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
  if (!o.output.empty()) record_predicted(o, machine, rows);
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

void print_all(const MatmulOptions& o,
               const std::vector<MatmulRow>& rows,
               const topology::Machine& model,
               const Surroundings::Seen& seen) {
  if (o.json) return print_json(rows, topology::FlopsPerSecond());
  const std::int64_t ranks = rows.front().program.grid.ranks();
  fmt::print(
      "# {} over {} ranks, measured by MPI messages; {} samples after {} warm-ups, median of the "
      "slowest rank's time\n"
      "# compute = the multiplications without messages; GFLOP/s of a rank; model of messages: "
      "{}{}\n",
      shape_text(o.shape),
      ranks,
      o.sampling.samples,
      o.sampling.warmup,
      o.machine.empty() ? "" : o.machine + ": ",
      ranks > 1 ? describe(model) : "none");
  print_measured(rows);
  fmt::print("{}", seen.text());
}

std::string verdict(std::int64_t wrong) {
  return fmt::format("{} elements of C are wrong", wrong);
}

/// Ranks other than 0 have no record. @return elements that are wrong
std::int64_t measure_all(const MatmulOptions& o, const MpiSession& mpi, MatmulRecord* record) {
  const topology::Machine model = model_of(o, mpi.size());
  if (record != nullptr && mpi.size() > 1) record->model(model);
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
    if (record != nullptr) record->append(row);
  }
  const Surroundings::Seen seen = surroundings.end();
  if (mpi.rank() == 0) print_all(o, rows, model, seen);
  if (record != nullptr) wrong > 0 ? record->fail(verdict(wrong)) : record->complete(seen);
  return wrong;
}

/// HDF5 ends with MPI: the record does so before.
std::int64_t measure_and_record(const MatmulOptions& o, const MpiSession& mpi) {
  std::optional<MatmulRecord> record;
  if (mpi.rank() == 0 && !o.output.empty()) record.emplace(o);
  try {
    return measure_all(o, mpi, record ? &*record : nullptr);
  } catch (const std::exception& error) {
    if (record) record->fail(error.what());
    throw;
  }
}

void measure_table(const MatmulOptions& o) {
  const MpiSession mpi;
  if (launched_rank() < 0)
    topology::usage_error(
        "measuring takes ranks: mpirun -np 4 rainier matmul-distributed …, or predict with "
        "--system "
        "NAME (rainier systems lists them)");
  check(o, mpi.size());
  const std::int64_t wrong = measure_and_record(o, mpi);
  MpiSession::end();
  if (wrong > 0) throw topology::Error(topology::ErrorKind::verdict, verdict(wrong));
}

void run(MatmulOptions& o) {
  o.shape.type = topology::data_type(o.type);
  o.sampling.check = o.check != 0;
  if (!o.system.empty() && !o.machine.empty())
    topology::usage_error("--machine is the model beside measurements; --system predicts");
  if (!o.system.empty()) return predict_table(o);
  if (o.chips != 0) topology::usage_error("--chips goes with --system");
  if (!o.overrides.empty() && o.machine.empty())
    topology::usage_error("--set changes a figure of --system, or of --machine");
  measure_table(o);
}

}  // namespace

void add_matmul_distributed(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<MatmulOptions>();
  MatmulOptions& o = *options;
  CLI::App* command = app.add_subcommand(
      "matmul-distributed",
      "Measure a matmul shared by all ranks under mpirun, or predict it on a modelled system");
  const CLI::Validator dimension = whole(1, kernels::largest_dimension);
  command->add_option("-m", o.shape.m, "rows of A and C")->check(dimension);
  command->add_option("-n", o.shape.n, "columns of B and C")->check(dimension);
  command->add_option("-k", o.shape.k, "columns of A, rows of B")->check(dimension);
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
  command->add_option("--chips", o.chips, "use this many of the system's chips")->check(whole(1));
  command->add_option("--set", o.overrides, "change a figure of the system");
  command->add_option(
      "--machine", o.machine, "model of messages (rainier fit writes one); default: fit now");
  command->add_option("--iters", o.sampling.samples, "samples")->check(whole(1, 1000000));
  command->add_option("-w,--warmup_iters", o.sampling.warmup, "runs before the samples")
      ->check(whole(0, 1000000));
  command->add_option("-c,--check", o.check, "1: compare with the reference, 0: do not")
      ->check(one_of({"0", "1"}));
  command->add_option("-O,--output", o.output, "write the rows to this results file");
  command->add_flag("--force", o.force, "overwrite earlier results");
  command->add_flag("--json", o.json, "for programs");
  command->footer(
      "rainier matmul-distributed --system rainier -m 65536 -n 65536 -k 65536 -d bf16\n"
      "mpirun -np 4 rainier matmul-distributed -m 1024 -n 1024 -k 1024");
  command->callback([options, &chosen] { chosen = [options] { run(*options); }; });
}

}  // namespace bench
