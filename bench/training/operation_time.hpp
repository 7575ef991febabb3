// How long an operation of a training step takes on a chip of a job.
#pragma once

#include <map>

#include "bench/training/job.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "kernels/training/operation.hpp"
#include "topology/quantity.hpp"

namespace bench {

class OperationTimes {
 public:
  /// `job` and `groups` must outlive this, and `groups` be used for nothing else meanwhile.
  /// @throws Error(usage) where the plan does not fit the machine, or the chip lacks a figure
  OperationTimes(const Job& job, Groups& groups);

  /// Matmuls and attention by the model of the chip, element-wise work by its memory, collectives
  /// by `predict`; levels for what communicates.
  [[nodiscard]] Taken of(const kernels::Operation& operation) const;

  [[nodiscard]] Taken collective(kernels::Collective collective,
                                 Group& group,
                                 topology::Bytes size) const;

  /// To the next rank of an axis.
  [[nodiscard]] Taken transfer(const Group& group, topology::Bytes size) const;

  /// Bytes read and written.
  [[nodiscard]] topology::Seconds streamed(topology::Bytes bytes) const;

  [[nodiscard]] const Axes& axes() const { return axes_; }

 private:
  [[nodiscard]] topology::Seconds matmul(const kernels::Operation& operation) const;
  [[nodiscard]] topology::Seconds attention(const kernels::Operation& operation) const;
  [[nodiscard]] Taken communication(const kernels::Operation& operation) const;

  const Job& job_;
  Axes axes_;
  std::map<topology::DataType, kernels::TensorEngine> engines_;
};

}  // namespace bench
