#include "bench/training/operation_time.hpp"

#include <algorithm>

#include "bench/executor/predict.hpp"

namespace bench {
namespace {

using kernels::Operation;
using kernels::Work;
using topology::Bytes;
using topology::Seconds;

double share(const topology::Figure<double>& figure) {
  return figure ? figure->value : 1;
}

}  // namespace

OperationTimes::OperationTimes(const Job& job) : job_(job), axes_(bench::axes(job)) {
  for (const topology::DataType type : {job.plan.type, job.plan.matmul}) {
    engines_[type] = kernels::tensor_engine(job.machine.chip, type);
    engines_[type].launch = Seconds();  // kernels wait in line: the host's launches count instead
  }
}

Seconds OperationTimes::of(const Operation& operation) {
  switch (operation.work) {
    case Work::matmul:
      return matmul(operation);
    case Work::attention:
      return attention(operation);
    case Work::elementwise:
      return streamed(operation.bytes);
    case Work::collective:
      if (const topology::Machine* group = axes_.of(operation.axis))
        return collective(operation.collective, *group, operation.bytes);
      return {};
    case Work::transfer:
      break;
  }
  const topology::Machine* group = axes_.of(operation.axis);
  return group == nullptr
             ? Seconds()
             : static_cast<double>(operation.times) * transfer(*group, operation.bytes);
}

Seconds OperationTimes::matmul(const Operation& operation) {
  return predict(operation.gemm, engines_.at(operation.gemm.type), operation.batch).time /
         share(job_.software.matmul);
}

Seconds OperationTimes::attention(const Operation& operation) const {
  const kernels::TensorEngine& engine = engines_.at(job_.plan.type);
  return std::max(operation.flops / (engine.roof * share(job_.software.attention)),
                  streamed(operation.bytes));
}

Seconds OperationTimes::streamed(Bytes bytes) const {
  const kernels::TensorEngine& engine = engines_.begin()->second;
  return bytes /
         (engine.memory_bandwidth * engine.memory_efficiency * share(job_.software.elementwise));
}

Seconds OperationTimes::collective(kernels::Collective collective,
                                   const topology::Machine& group,
                                   Bytes size) {
  const auto [found, fresh] = calls_.try_emplace({collective, &group, size.value()});
  if (fresh)
    found->second =
        predict(collective, group, size, job_.algorithm).time / share(job_.software.collective);
  return found->second;
}

Seconds OperationTimes::transfer(const topology::Machine& group, Bytes size) const {
  const topology::Level& level = group.levels.back();  // the slowest that neighbours cross
  return level.latency.value + size / (level.bandwidth.value * level.links.value *
                                       level.efficiency.value * share(job_.software.collective));
}

}  // namespace bench
