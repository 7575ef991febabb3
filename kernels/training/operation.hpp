// What a layer makes a chip do in a pass: matmuls, attention, element-wise work, collectives.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/collective/collective.hpp"
#include "kernels/matmul/gemm.hpp"
#include "kernels/training/model.hpp"
#include "kernels/training/plan.hpp"
#include "topology/quantity.hpp"

namespace kernels {

enum class Work {
  matmul,
  attention,    ///< scores and values in one kernel
  elementwise,  ///< whatever only reads and writes memory
  collective,
  transfer,  ///< to the next rank of an axis
};

/// Groups of chips that communicate.
enum class Axis {
  tensor,
  context,
  expert,
  expert_inside,   ///< of one group of experts
  expert_between,  ///< from group to group
  data,
  pipeline,
};

struct Operation {
  const char* name = "";
  Work work = Work::elementwise;
  Gemm gemm;  ///< one of `batch` of them
  std::int64_t batch = 1;
  topology::Flops flops;  ///< of attention
  double keys = 0;        ///< that a query of it sees, on average
  topology::Bytes bytes;  ///< read and written, or the size of the collective or transfer
  Collective collective = Collective::all_reduce;
  Axis axis = Axis::tensor;
  std::int64_t times = 1;     ///< in a row: blocks of ring attention
  std::int64_t launches = 1;  ///< kernels: each expert's matmul is one
  bool beside = false;        ///< runs beside the operation before it; of experts: beside the rest
};

using Operations = std::vector<Operation>;

/// A micro-batch through one layer, on one rank.
struct LayerWork {
  Operations forward;
  Operations backward;  ///< down to the gradient of the layer's input, with what is recomputed
  Operations weights;   ///< gradients of the weights
};

[[nodiscard]] LayerWork layer_work(const Model& model, const Layer& layer, const Plan& plan);

/// Table of the vocabulary before the first layer; final norm, logits and loss after the last.
[[nodiscard]] LayerWork embedding_work(const Model& model, const Plan& plan);
[[nodiscard]] LayerWork head_work(const Model& model, const Plan& plan);

}  // namespace kernels
