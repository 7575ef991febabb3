// How long an operation of a training step takes on a chip of a job.
#pragma once

#include <map>
#include <tuple>

#include "bench/training/job.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "kernels/training/operation.hpp"
#include "topology/quantity.hpp"

namespace bench {

class OperationTimes {
 public:
  /// `job` must outlive this. @throws Error(usage) where the plan does not fit the machine, or the
  /// chip lacks a figure
  explicit OperationTimes(const Job& job);

  /// Matmuls and attention by the model of the chip, element-wise work by its memory, collectives
  /// by `predict`.
  [[nodiscard]] topology::Seconds of(const kernels::Operation& operation);

  [[nodiscard]] topology::Seconds collective(kernels::Collective collective,
                                             const topology::Machine& group,
                                             topology::Bytes size);

  /// To the next rank of an axis.
  [[nodiscard]] topology::Seconds transfer(const topology::Machine& group,
                                           topology::Bytes size) const;

  /// Bytes read and written.
  [[nodiscard]] topology::Seconds streamed(topology::Bytes bytes) const;

  [[nodiscard]] const Axes& axes() const { return axes_; }

 private:
  using Call = std::tuple<kernels::Collective, const topology::Machine*, double>;

  [[nodiscard]] topology::Seconds matmul(const kernels::Operation& operation);
  [[nodiscard]] topology::Seconds attention(const kernels::Operation& operation) const;

  const Job& job_;
  Axes axes_;
  std::map<topology::DataType, kernels::TensorEngine> engines_;
  std::map<Call, topology::Seconds> calls_;  // a step makes few different ones, often
};

}  // namespace bench
