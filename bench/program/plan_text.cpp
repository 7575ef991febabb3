#include "bench/program/plan_text.hpp"

#include <fmt/format.h>

#include "kernels/training/pipeline.hpp"

namespace bench {

std::string plan_text(const kernels::Plan& p) {
  std::string text = fmt::format("tp {} pp {} dp {}", p.tensor, p.pipeline, p.data);
  if (p.context > 1) text += fmt::format(" cp {}", p.context);
  if (p.expert > 1) text += fmt::format(" ep {}", p.expert);
  if (p.pipeline > 1) text += fmt::format(" {}", kernels::name(p.order));
  if (p.virtual_stages > 1) text += fmt::format(" x {}", p.virtual_stages);
  text += fmt::format(" mbs {} zero {}", p.micro_batch, sharing(p));
  if (p.recompute != kernels::Recompute::none)
    text += fmt::format(", recompute {}", kernels::name(p.recompute));
  return text;
}

std::string sharing(const kernels::Plan& plan) {
  const int stage = static_cast<int>(plan.sharding);
  return plan.shard == 0 ? fmt::format("{}", stage) : fmt::format("{}/{}", stage, plan.shard);
}

}  // namespace bench
