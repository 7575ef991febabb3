#include "bench/training/operation_time.hpp"

#include <algorithm>

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

OperationTimes::OperationTimes(const Job& job, Groups& groups)
    : job_(job), axes_(bench::axes(job, groups)) {
  for (const topology::DataType type : {job.plan.type, job.plan.matmul}) {
    engines_[type] = kernels::tensor_engine(job.machine.chip, type);
    engines_[type].launch = Seconds();  // kernels wait in line: the host's launches count instead
  }
}

Taken OperationTimes::of(const Operation& operation) const {
  switch (operation.work) {
    case Work::matmul:
      return {matmul(operation), {}};
    case Work::attention:
      return {attention(operation), {}};
    case Work::elementwise:
      return {streamed(operation.bytes), {}};
    case Work::collective:
    case Work::transfer:
      break;
  }
  return communication(operation);
}

Taken OperationTimes::communication(const Operation& operation) const {
  Group* group = axes_.of(operation.axis);
  if (group == nullptr) return {};
  if (operation.work == Work::collective)
    return collective(operation.collective, *group, operation.bytes);
  Taken all;
  all.add(transfer(*group, operation.bytes), static_cast<double>(operation.times));
  return all;
}

Seconds OperationTimes::matmul(const Operation& operation) const {
  return predict(operation.gemm, engines_.at(operation.gemm.type), operation.batch).time /
         share(job_.software.matmul);
}

// Few keys leave the engines waiting for the start and the end of a row: the rate is half of that
// of long sequences at 192 keys a query (Shah et al., arXiv:2407.08608, figure 5: causal, heads of
// 128, 0.47 to 0.58 of it at 512 tokens, 0.68 to 0.76 at 1,024, 0.83 to 0.9 at 2,048).
Seconds OperationTimes::attention(const Operation& operation) const {
  constexpr double half_rate_keys = 192;
  const kernels::TensorEngine& engine = engines_.at(job_.plan.type);
  const double reached = operation.keys / (operation.keys + half_rate_keys);
  return std::max(operation.flops / (engine.roof * share(job_.software.attention) * reached),
                  streamed(operation.bytes));
}

Seconds OperationTimes::streamed(Bytes bytes) const {
  const kernels::TensorEngine& engine = engines_.begin()->second;
  return bytes /
         (engine.memory_bandwidth * engine.memory_efficiency * share(job_.software.elementwise));
}

Taken OperationTimes::collective(kernels::Collective collective, Group& group, Bytes size) const {
  Taken taken;
  taken.add(group.collective(collective, size, job_.algorithm),
            1 / share(job_.software.collective));
  return taken;
}

Taken OperationTimes::transfer(const Group& group, Bytes size) const {
  return group.transfer(size / share(job_.software.collective));
}

}  // namespace bench
