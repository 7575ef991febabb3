#include "bench/program/matmul_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/executor/statistics.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::FlopsPerSecond;
using topology::Seconds;

std::string text(Seconds seconds) {
  return topology::format(seconds);
}

std::string text(double seconds) {
  return text(Seconds(seconds));
}

nlohmann::ordered_json measured_json(const MatmulMeasurement& m) {
  return {{"time_s", median(m.seconds)},
          {"samples_s", m.seconds},
          {"compute_s", median(m.alone)},
          {"moved_bytes", m.moved.value()},
          {"checked", m.checked.elements},
          {"wrong", m.checked.wrong}};
}

}  // namespace

FlopsPerSecond rate(const kernels::DistributedMatmul& program, Seconds time) {
  return program.shape.flops() / (static_cast<double>(program.grid.ranks()) * time);
}

void print_predicted(const std::vector<MatmulRow>& rows, FlopsPerSecond peak) {
  fmt::print("#{:<13} {:>12} {:>7} {:>10} {:>10} {:>10} {:>10} {:>10} {:>6} {:>10} {:>7}  {}\n",
             "algorithm",
             "grid",
             "steps",
             "MB/rank",
             "compute",
             "exposed",
             "time",
             "in turns",
             "%peak",
             "bound",
             "%bound",
             "binds");
  for (const MatmulRow& row : rows) {
    const MatmulPrediction& p = row.prediction;
    fmt::print(
        " {:<13} {:>12} {:>7} {:>10.4g} {:>10} {:>10} {:>10} {:>10} {:>6.1f} {:>10} {:>7.1f}  {}\n",
        row.program.algorithm,
        row.program.grid.text(),
        kernels::steps(row.program),
        most_wire_bytes(row.program).value() * 1e-6,
        text(p.compute),
        text(p.exposed()),
        text(p.time),
        text(p.compute + p.moving),
        100 * (rate(row.program, p.time) / peak),
        text(p.bound()),
        100 * (p.bound() / p.time),
        p.bound_by());
  }
}

void print_measured(const std::vector<MatmulRow>& rows) {
  fmt::print("#{:<13} {:>8} {:>6} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9} {:>7} {:>10} {:>7}\n",
             "algorithm",
             "grid",
             "steps",
             "MB/rank",
             "compute",
             "exposed",
             "time",
             "GFLOP/s",
             "#checked",
             "#wrong",
             "model",
             "%model");
  for (const MatmulRow& row : rows) {
    const MatmulMeasurement& m = *row.measurement;
    const double time = median(m.seconds);
    fmt::print(
        " {:<13} {:>8} {:>6} {:>10.4g} {:>10} {:>10} {:>10} {:>10.4g} {:>9} {:>7} {:>10} "
        "{:>6.1f}%\n",
        row.program.algorithm,
        row.program.grid.text(),
        kernels::steps(row.program),
        m.moved.value() * 1e-6,
        text(median(m.alone)),
        text(time - median(m.alone)),
        text(time),
        rate(row.program, Seconds(time)).value() * 1e-9,
        m.checked.elements,
        m.checked.wrong,
        text(row.prediction.time),
        100 * (row.prediction.time.value() / time));
  }
}

void print_json(const std::vector<MatmulRow>& rows, FlopsPerSecond peak) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const MatmulRow& row : rows) {
    const MatmulPrediction& p = row.prediction;
    const kernels::DistributedMatmul& program = row.program;
    nlohmann::ordered_json& entry = out.emplace_back();
    entry["algorithm"] = program.algorithm;
    entry["grid"] = program.grid.text();
    entry["m"] = program.shape.m;
    entry["n"] = program.shape.n;
    entry["k"] = program.shape.k;
    entry["type"] = topology::name(program.shape.type);
    entry["steps"] = kernels::steps(program);
    entry["wire_bytes"] = most_wire_bytes(program).value();
    entry["predicted"] = {{"time_s", p.time.value()},
                          {"compute_s", p.compute.value()},
                          {"exposed_s", p.exposed().value()},
                          {"moving_s", p.moving.value()}};
    if (row.measurement) {
      entry["measured"] = measured_json(*row.measurement);
    } else {
      entry["predicted"]["compute_bound_s"] = p.compute_bound.value();
      entry["predicted"]["wire_bound_s"] = p.wire_bound.value();
      entry["predicted"]["share_of_peak"] = rate(program, p.time) / peak;
    }
  }
  fmt::print("{}\n", out.dump(2));
}

}  // namespace bench
