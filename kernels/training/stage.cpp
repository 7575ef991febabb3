#include "kernels/training/stage.hpp"

#include <algorithm>

#include "kernels/training/counts.hpp"

namespace kernels {
namespace {

/// Takes layers from the front of what is left.
class Dealer {
 public:
  explicit Dealer(const Model& model) : left_(model.layers) {}

  std::vector<Layers> take(std::int64_t count) {
    std::vector<Layers> taken;
    while (count > 0 && next_ < left_.size()) {
      Layers& run = left_[next_];
      const std::int64_t some = std::min(count, run.count);
      taken.push_back({run.layer, some});
      run.count -= some;
      count -= some;
      if (run.count == 0) ++next_;
    }
    return taken;
  }

 private:
  std::vector<Layers> left_;
  std::size_t next_ = 0;
};

double real(std::int64_t count) {
  return static_cast<double>(count);
}

}  // namespace

std::vector<Stage> stages(const Model& model, const Plan& plan) {
  const bool twice = plan.order == PipelineOrder::dual_pipe;
  const std::int64_t count = plan.pipeline * (twice ? 1 : plan.virtual_stages);
  Dealer dealer(model);
  std::vector<Stage> all;
  for (std::int64_t c = 0; c < count; ++c)
    all.push_back({dealer.take(layers_of_chunk(model.depth(), count, c)), c == 0, c + 1 == count});
  return all;
}

std::int64_t layers_of_chunk(std::int64_t depth, std::int64_t chunks, std::int64_t chunk) {
  const std::int64_t rest = depth % chunks;
  const bool longer = chunks > rest + 1 ? chunk >= 1 && chunk <= rest : chunk < rest;
  return depth / chunks + (longer ? 1 : 0);
}

HeldParameters held_parameters(const Model& model, const Plan& plan, const Stage& stage) {
  const auto tensor = static_cast<double>(plan.tensor);
  HeldParameters held;
  for (const Layers& run : stage.layers) {
    const Parameters of = layer_parameters(run.layer, model.hidden);
    const auto split = real(of[ModelPart::attention] + of[ModelPart::mlp] + of[ModelPart::shared]);
    const auto whole = real(of[ModelPart::norms] + of[ModelPart::router]);
    held.dense += real(run.count) * (split / tensor + whole);
    held.experts += real(run.count) * real(of[ModelPart::experts]) / real(plan.expert_ranks());
  }
  const double table = real(model.vocabulary) * real(model.hidden) / tensor;
  if (stage.first) held.dense += table + real(model.positions) * real(model.hidden);
  if (stage.last && !(model.tied && stage.first)) held.dense += table;
  return held;
}

std::int64_t expert_replicas(const Plan& plan) {
  return std::max<std::int64_t>(1, plan.tensor * plan.context * plan.data / plan.expert_ranks());
}

}  // namespace kernels
