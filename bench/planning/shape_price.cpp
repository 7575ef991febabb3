#include "bench/planning/shape_price.hpp"

#include <algorithm>
#include <limits>

#include "bench/training/chunk_time.hpp"
#include "bench/training/gradients.hpp"
#include "kernels/training/memory.hpp"
#include "kernels/training/pipeline_floor.hpp"

namespace bench {
namespace {

using kernels::PipelineOrder;
using kernels::Plan;
using kernels::Sharding;
using kernels::Stage;
using topology::Bytes;
using topology::Seconds;

/// Activations that a rank holds at most, in chunks x micro-batches, by the program of the order
/// (pipeline_program.cpp); of dualpipe what the ranks in the middle hold, others up to p / 2 more.
std::int64_t in_flight(const Plan& plan, std::int64_t rank) {
  const std::int64_t m = plan.micro_batches();
  const std::int64_t behind = plan.pipeline - 1 - rank;
  switch (plan.order) {
    case PipelineOrder::gpipe:
      return m;
    case PipelineOrder::one_f_one_b:
      return std::min(m, behind + 1);
    case PipelineOrder::interleaved:
      return std::min(m * plan.virtual_stages,
                      2 * behind + (plan.virtual_stages - 1) * plan.pipeline + 1);
    case PipelineOrder::zb_h1:
      return std::min(m, plan.pipeline);
    case PipelineOrder::zb_v:
      return std::min(2 * m, 2 * plan.pipeline + behind);
    case PipelineOrder::dual_pipe:
      break;
  }
  return std::min(m, plan.pipeline + 1);
}

kernels::Pipeline pipeline_of(const Plan& plan) {
  kernels::Pipeline pipeline;
  pipeline.order = plan.order;
  pipeline.ranks = plan.pipeline;
  pipeline.chunks = plan.virtual_stages;
  pipeline.micro_batches = plan.micro_batches();
  return pipeline;
}

std::int64_t chunks_of_model(const Plan& plan) {
  return plan.pipeline * (plan.order == PipelineOrder::dual_pipe ? 1 : plan.virtual_stages);
}

}  // namespace

void ShapePrice::Amount::add(const Amount& other, std::int64_t times) {
  const auto factor = static_cast<double>(times);
  time.forward += factor * other.time.forward;
  time.backward += factor * other.time.backward;
  time.weights += factor * other.time.weights;
  held.dense += factor * other.held.dense;
  held.experts += factor * other.held.experts;
  kept += factor * other.kept;
  layers += times * other.layers;
}

const ShapePrice::Parts& ShapePrice::parts() {
  const bool shared = job_.plan.sharding == Sharding::parameters;
  const auto [found, fresh] =
      parts_.try_emplace({shared ? job_.plan.data : 0, kernels::splits_backward(job_.plan.order)});
  if (!fresh) return found->second;
  const OperationTimes times(job_, groups_);
  ChunkTimes chunk_times(job_, times);
  const auto amount_of = [&](const Stage& stage) {
    Amount amount;
    amount.time = chunk_times.of(stage).time();
    amount.held = held_parameters(job_.model, job_.plan, stage);
    amount.layers = stage.depth();
    for (const kernels::Layers& run : stage.layers)
      amount.kept += kernels::kept(job_.model, run.layer, job_.plan);
    return amount;
  };
  Parts& parts = found->second;
  parts.working = Bytes(std::numeric_limits<double>::infinity());
  for (const kernels::Layers& run : job_.model.layers) {
    const Stage layer{{{run.layer, 1}}, false, false};
    parts.layers.push_back(amount_of(layer));
    parts.working = std::min(parts.working, kernels::working(job_.model, job_.plan, {layer}));
  }
  parts.logits = kernels::working(job_.model, job_.plan, {{{}, false, true}});
  parts.table = amount_of({{}, true, false});
  parts.head = amount_of({{}, false, true});
  parts.both = amount_of({{}, true, true});
  return parts;
}

std::vector<ShapePrice::Amount> ShapePrice::chunks(const Parts& parts) const {
  const std::int64_t depth = job_.model.depth();
  const std::int64_t count = chunks_of_model(job_.plan);
  std::vector<Amount> all(static_cast<std::size_t>(count));
  std::size_t run = 0;
  std::int64_t left = job_.model.layers.front().count;
  for (std::int64_t c = 0; c < count; ++c)
    for (std::int64_t need = kernels::layers_of_chunk(depth, count, c); need > 0;) {
      if (left == 0) left = job_.model.layers[++run].count;
      const std::int64_t some = std::min(need, left);
      all[static_cast<std::size_t>(c)].add(parts.layers[run], some);
      need -= some;
      left -= some;
    }
  if (count == 1) {
    all.front().add(parts.both);
  } else {
    all.front().add(parts.table);
    all.back().add(parts.head);
  }
  return all;
}

std::vector<ShapePrice::Share> ShapePrice::shares(const kernels::Pipeline& pipeline,
                                                  const std::vector<Amount>& chunks) {
  std::vector<Share> all(static_cast<std::size_t>(pipeline.ranks));
  const auto give = [&](std::int64_t rank, const Amount& chunk) {
    Share& share = all[static_cast<std::size_t>(rank)];
    share.sum.add(chunk);
    share.largest = std::max(share.largest, chunk.kept);
  };
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    const auto chunk = static_cast<std::int64_t>(c);
    give(rank_of(pipeline, chunk), chunks[c]);
    if (pipeline.order == PipelineOrder::dual_pipe) give(pipeline.ranks - 1 - chunk, chunks[c]);
  }
  return all;
}

PlanFloor ShapePrice::floor(const Plan& plan) {
  job_.plan = plan;
  const OperationTimes times(job_, groups_);
  const Parts& parts = this->parts();
  const std::vector<Amount> all = chunks(parts);
  kernels::Pipeline pipeline = pipeline_of(plan);
  for (const Amount& chunk : all) pipeline.times.push_back(chunk.time);
  PlanFloor floor;
  const Seconds forever(std::numeric_limits<double>::infinity());
  Seconds after = forever;
  std::int64_t rank = 0;
  for (const Share& share : shares(pipeline, all)) {
    const Amount& sum = share.sum;
    Cover cover{sum.time.forward,
                sum.time.backward + sum.time.weights,
                std::max<std::int64_t>(1, sum.layers)};
    if (!plan.overlap_pipeline) cover.forward = cover.backward = forever;  // sending covers, too
    after = std::min(after,
                     exposed_exchange(job_, times, sum.held, cover).total() +
                         optimizer_time(job_, times, sum.held));
    const Bytes states = kernels::states(plan, sum.held).total();
    const Bytes kept = static_cast<double>(in_flight(plan, rank)) * share.largest;
    const Bytes work = sum.layers > 0 ? parts.working : Bytes();
    const bool has_head = rank == rank_of(pipeline, chunks_of_model(plan) - 1);
    floor.memory =
        std::max(floor.memory, states + kept + work + (has_head ? parts.logits : Bytes()));
    ++rank;
  }
  floor.time = kernels::pipeline_floor(pipeline) + after;
  return floor;
}

}  // namespace bench
