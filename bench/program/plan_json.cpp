#include "bench/program/plan_json.hpp"

#include "kernels/training/pipeline.hpp"

namespace bench {

nlohmann::ordered_json plan_json(const FoundPlan& found) {
  const kernels::Plan& p = found.plan;
  nlohmann::ordered_json out;
  out["tensor"] = p.tensor;
  out["context"] = p.context;
  out["data"] = p.data;
  out["pipeline"] = p.pipeline;
  out["virtual_stages"] = p.virtual_stages;
  out["expert"] = p.expert;
  out["order"] = kernels::name(p.order);
  out["micro_batch"] = p.micro_batch;
  out["recompute"] = kernels::name(p.recompute);
  out["zero"] = static_cast<int>(p.sharding);
  out["shard"] = p.shard;
  out["step_s"] = found.time.value();
  out["mfu"] = found.mfu;
  out["memory_bytes"] = found.memory.value();
  for (std::size_t i = 0; i < spent_kinds; ++i)
    out["spent_s"][name(static_cast<Spent>(i))] = found.spending.of.at(i).value();
  return out;
}

}  // namespace bench
