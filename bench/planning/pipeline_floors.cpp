#include "bench/planning/pipeline_floors.hpp"

#include <algorithm>

namespace bench {

using kernels::Layers;
using kernels::PipelineFloor;
using kernels::PipelineOrder;
using kernels::Plan;
using kernels::Stage;

PipelineFloors::PipelineFloors(const kernels::Model& model) : model_(model) {
  for (const Layers& run : model.layers) {
    const auto alike = [&](const Stage& piece) { return piece.layers.front().layer == run.layer; };
    const auto known = std::find_if(pieces_.begin(), pieces_.end(), alike);
    kinds_.push_back(static_cast<std::size_t>(known - pieces_.begin()));
    if (known == pieces_.end()) pieces_.push_back({{{run.layer, 1}}, false, false});
  }
  pieces_.push_back({{}, true, false});
  pieces_.push_back({{}, false, true});
  pieces_.push_back({{}, true, true});
}

const PipelineFloor& PipelineFloors::of(const Plan& plan) {
  const Key key{plan.pipeline, plan.virtual_stages, plan.order};
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  return known_.try_emplace(key, plan.order, plan.pipeline, chunks(plan)).first->second;
}

std::vector<kernels::Pieces> PipelineFloors::chunks(const Plan& plan) const {
  const std::int64_t per_rank =
      plan.order == PipelineOrder::dual_pipe ? 1 : plan.virtual_stages;  // of one direction
  const std::int64_t count = plan.pipeline * per_rank;
  std::vector<kernels::Pieces> all(static_cast<std::size_t>(count),
                                   kernels::Pieces(pieces_.size()));
  std::size_t run = 0;
  std::int64_t left = model_.layers.front().count;
  for (std::int64_t c = 0; c < count; ++c)
    for (std::int64_t need = kernels::layers_of_chunk(model_.depth(), count, c); need > 0;) {
      if (left == 0) left = model_.layers[++run].count;
      const std::int64_t some = std::min(need, left);
      all[static_cast<std::size_t>(c)][kinds_[run]] += some;
      need -= some;
      left -= some;
    }
  if (count == 1) {
    ++all.front()[pieces_.size() - 1];
  } else {
    ++all.front()[pieces_.size() - 3];
    ++all.back()[pieces_.size() - 2];
  }
  return all;
}

}  // namespace bench
