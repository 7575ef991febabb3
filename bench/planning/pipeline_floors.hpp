// The floors of a model's pipelines (kernels/training/pipeline_floor.hpp): its chunks are made of
// few kinds of layers, its table and its head, which no plan changes.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "kernels/training/pipeline_floor.hpp"
#include "kernels/training/plan.hpp"
#include "kernels/training/stage.hpp"

namespace bench {

class PipelineFloors {
 public:
  explicit PipelineFloors(const kernels::Model& model);

  /// One layer of each kind; the table, the head; both, where one chunk is the whole model.
  [[nodiscard]] const std::vector<kernels::Stage>& pieces() const { return pieces_; }

  /// Of a plan's pipeline; stays for others with as many ranks and chunks in the same order.
  [[nodiscard]] const kernels::PipelineFloor& of(const kernels::Plan& plan);

 private:
  using Key = std::tuple<std::int64_t, std::int64_t, kernels::PipelineOrder>;

  [[nodiscard]] std::vector<kernels::Pieces> chunks(const kernels::Plan& plan) const;

  const kernels::Model& model_;
  std::vector<std::size_t> kinds_;  ///< of each run of layers
  std::vector<kernels::Stage> pieces_;
  std::map<Key, kernels::PipelineFloor> known_;
};

}  // namespace bench
