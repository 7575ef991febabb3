#include "bench/program/rows.hpp"

#include <limits>

#include "bench/program/link_table.hpp"
#include "bench/program/recorded_command.hpp"
#include "kernels/matmul/blocked.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::Figure;
using topology::Machine;
using topology::Sourced;

double base(double value) {
  return value;
}

template <topology::Dimension D>
double base(topology::Quantity<D> quantity) {
  return quantity.value();
}

/// Cells (system, chip, level, key, value, units, status, source).
template <class Q>
Table::Row figure_row(const Machine& machine,
                      const std::string& level,
                      const std::string& key,
                      const Sourced<Q>& figure) {
  return {machine.name,
          machine.chip.name,
          level,
          key,
          base(figure.value),
          std::string(topology::base_unit<Q>()),
          std::string(topology::name(figure.status)),
          figure.source};
}

}  // namespace

topology::Status evidence(const topology::Chip& chip,
                          topology::DataType type,
                          kernels::GemmTime::Binding binding) {
  if (binding == kernels::GemmTime::Binding::memory) return chip.memory_bandwidth->status;
  const topology::ComputeRate& rate = chip.rate(type);
  return (rate.roof ? rate.roof : rate.peak)->status;
}

Table::Row modelled_row(const CollectiveRow& row, const Machine& group) {
  const Prediction& p = row.prediction;
  const double time = p.time.value();
  const topology::LinkClass* link = p.bottleneck();
  return {group.name,
          group.chip.name,
          std::string(kernels::info(row.collective).name),
          portable(p.algorithm),
          std::string(topology::name(row.type)),
          row.ranks,
          row.bytes,
          p.imbalance,
          time,
          p.latency.value(),
          p.transfer.value(),
          row.algbw(time),
          row.busbw(time),
          p.bound.time().value(),
          p.fraction_of_bound(),
          p.bound.binding(),
          p.bottleneck_name(),
          link == nullptr ? 0.0 : link->load.value(),
          link == nullptr ? 0.0 : link->busy / p.time,
          p.rounds,
          p.classes,
          std::string(topology::name(evidence(p, group)))};
}

std::vector<Table::Row> link_class_rows(const Prediction& prediction,
                                        const Machine& group,
                                        std::int64_t point) {
  std::vector<Table::Row> rows;
  for (const topology::LinkClass& link : prediction.links)
    rows.push_back({point,
                    link.level ? group.levels[*link.level].name : std::string(),
                    link.level ? std::string(topology::name(group.levels[*link.level].shape))
                               : std::string("memory"),
                    link.name,
                    link.load.value(),
                    link.capacity.value(),
                    link.busy.value(),
                    link.busy / prediction.time,
                    std::int64_t{link.issue_bound ? 1 : 0},
                    std::string(topology::name(link.evidence))});
  return rows;
}

std::vector<Table::Row> link_rows(const Prediction& prediction, std::int64_t point) {
  std::vector<Table::Row> rows;
  for (const SingleLink& link : single_links(prediction))
    rows.push_back({point, link.of->name, link.position, link.load.value(), link.utilisation});
  return rows;
}

Table::Row measured_row(const CollectiveRow& row, bool in_place, bool library) {
  const Measurement& ours = in_place ? row.in_place : row.out_of_place;
  const Measurement& theirs = in_place ? row.beside_in_place : row.beside_out_of_place;
  const Measurement& m = library ? theirs : ours;
  const double time = m.median();
  return {std::string(kernels::info(row.collective).name),
          library ? std::string() : portable(row.prediction.algorithm),
          library ? std::string("MPI") : std::string("rainier, ") + medium(row.lowering),
          std::string(topology::name(row.type)),
          row.op,
          row.ranks,
          std::int64_t{in_place ? 1 : 0},
          row.bytes,
          row.count,
          m.wrong,
          time,
          m.quantile(0),
          m.quantile(0.9),
          row.algbw(time),
          row.busbw(time),
          library ? std::numeric_limits<double>::quiet_NaN() : row.prediction.time.value(),
          row.prediction.bound.time().value(),
          m.batch,
          row.core_to_core.before.value(),
          row.core_to_core.after.value()};
}

Table::Row modelled_row(const topology::Chip& chip, const Shape& shape, topology::DataType type) {
  const kernels::Gemm gemm = shape.gemm(type);
  const kernels::TensorEngine engine = kernels::tensor_engine(chip, type);
  const kernels::GemmTime time = kernels::predict(gemm, engine);
  const topology::FlopsPerSecond rate = gemm.flops() / time.time;
  return {chip.name,
          std::string(topology::name(type)),
          shape.label,
          shape.m,
          shape.n,
          shape.k,
          time.time.value(),
          rate.value(),
          rate / engine.peak,
          rate / engine.roof,
          time.lower_bound.value(),
          std::string(time.binding == kernels::GemmTime::Binding::compute ? "compute" : "memory"),
          gemm.intensity().value(),
          std::string(topology::name(evidence(chip, type, time.binding)))};
}

std::vector<Table::Row> figure_rows(const Machine& machine) {
  std::vector<Table::Row> rows;
  for (const topology::Level& level : machine.levels) {
    rows.push_back(figure_row(machine,
                              level.name,
                              "extent",
                              Sourced<double>{static_cast<double>(level.extent),
                                              level.size_source.status,
                                              level.size_source.source}));
    topology::each_figure_of_level(level, [&](const char* key, const auto& figure) {
      rows.push_back(figure_row(machine, level.name, key, figure));
    });
  }
  rows.push_back(figure_row(machine, "", "overhead", machine.overhead));
  topology::each_figure(machine.chip, [&](const std::string& key, const auto& figure) {
    if (figure) rows.push_back(figure_row(machine, "", key, *figure));
  });
  return rows;
}

Table::Row compute_row(const ComputeRoof& roof) {
  return {std::string(topology::name(roof.type)),
          std::string(kernels::simd_target(roof.type)),
          std::int64_t{roof.threads},
          roof.work.value(),
          roof.rate().value()};
}

Table::Row memory_row(const MemoryRoof& roof) {
  return {std::string(name(roof.stream)),
          std::int64_t{roof.threads},
          roof.moved.value(),
          roof.rate().value()};
}

}  // namespace bench
