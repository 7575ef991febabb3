#include "bench/planning/shape_price.hpp"

#include <algorithm>
#include <limits>

#include "bench/training/chunk_time.hpp"
#include "bench/training/gradients.hpp"
#include "bench/training/job_times.hpp"
#include "kernels/training/memory.hpp"

namespace bench {
namespace {

using kernels::ChunkTime;
using kernels::HeldParameters;
using kernels::PipelineFloor;
using kernels::PipelineOrder;
using kernels::Plan;
using kernels::Sharding;
using kernels::Stage;
using topology::Bytes;
using topology::Seconds;

/// Sums over pieces are rounded otherwise than those over operations: a floor stays one, and plans
/// that take the same time stay in the order of the space.
constexpr double without_rounding = 1 - 1e-12;

double real(std::int64_t count) {
  return static_cast<double>(count);
}

HeldParameters sum(const kernels::Pieces& pieces, const std::vector<HeldParameters>& held) {
  HeldParameters sum;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    sum.dense += real(pieces[i]) * held[i].dense;
    sum.experts += real(pieces[i]) * held[i].experts;
  }
  return sum;
}

Bytes sum(const kernels::Pieces& pieces, const std::vector<Bytes>& bytes) {
  Bytes sum;
  for (std::size_t i = 0; i < pieces.size(); ++i) sum += real(pieces[i]) * bytes[i];
  return sum;
}

}  // namespace

PieceCosts ShapePrice::costs(Plan plan) {
  plan.sharding = Sharding::none;
  plan.shard = 0;
  job_.plan = plan;
  const OperationTimes times(job_, groups_);
  const std::vector<Stage>& pieces = floors_.pieces();
  PieceCosts all;
  const auto price = [&](PipelineOrder order) {
    job_.plan.order = order;
    ChunkTimes chunk_times(job_, times);
    std::vector<ChunkTime> of_pieces;
    of_pieces.reserve(pieces.size());
    for (const Stage& piece : pieces) of_pieces.push_back(chunk_times.of(piece).time());
    return of_pieces;
  };
  all.times[0] = price(PipelineOrder::one_f_one_b);
  // Only the host's launches tell whether weights have passes of their own.
  all.times[1] = job_.software.launch ? price(PipelineOrder::zb_h1) : all.times[0];
  Plan shared = plan;
  shared.sharding = Sharding::parameters;
  for (const Stage& piece : pieces) {
    all.held.push_back(held_parameters(job_.model, plan, piece));
    Bytes kept;
    for (const kernels::Layers& run : piece.layers)
      kept += kernels::kept(job_.model, run.layer, plan);
    all.kept.push_back(kept);
    all.work.push_back(kernels::working(job_.model, plan, {piece}));
    all.gathered.push_back(kernels::working(job_.model, shared, {piece}) - all.work.back());
  }
  return all;
}

void ShapePrice::use(const Plan& plan, const PieceCosts& costs) {
  job_.plan = plan;
  costs_ = &costs;
  times_.emplace(job_, groups_);
  transfer_ = pipeline_transfer(job_, *times_).time;
  ranks_of_.reset();
}

Seconds ShapePrice::pipeline(const std::vector<ChunkTime>& pieces) {
  return floors_.of(job_.plan).time(pieces, job_.plan.micro_batches(), transfer_);
}

Seconds ShapePrice::quick_time(const Plan& plan) {
  job_.plan = plan;
  return without_rounding *
         pipeline(costs_->times.at(kernels::splits_backward(plan.order) ? 1 : 0));
}

ShapePrice::Rank ShapePrice::rank(const PipelineFloor& floor,
                                  const PipelineFloor::Held& held) const {
  Rank rank{sum(held.pieces, costs_->held), {}, {}};
  Bytes work;
  Bytes logits;
  for (std::size_t i = 0; i < held.pieces.size(); ++i) {
    if (held.pieces[i] == 0) continue;
    Bytes& at = floors_.pieces()[i].last ? logits : work;
    at = std::max(at, costs_->work[i]);
    rank.gathered = std::max(rank.gathered, costs_->gathered[i]);
  }
  const Bytes kept =
      real(floor.in_flight(held.rank, job_.plan.micro_batches())) * sum(held.chunk, costs_->kept);
  rank.unshared = kept + work + logits;
  return rank;
}

Bytes ShapePrice::memory(const Plan& plan) {
  job_.plan = plan;
  const Pipeline pipeline{plan.virtual_stages, plan.order};
  if (pipeline != ranks_of_) {
    const PipelineFloor& floor = floors_.of(plan);
    ranks_.clear();
    for (const PipelineFloor::Held& held : floor.largest()) ranks_.push_back(rank(floor, held));
    ranks_of_ = pipeline;
  }
  const Bytes dense = kernels::states(plan, {1, 0}).total();
  const Bytes experts = kernels::states(plan, {0, 1}).total();
  Bytes most;
  for (const Rank& rank : ranks_) {
    const Bytes shared = plan.sharding == Sharding::parameters ? rank.gathered : Bytes();
    most = std::max(most,
                    rank.held.dense * dense + rank.held.experts * experts + rank.unshared + shared);
  }
  return without_rounding * most;
}

/// With the gathers of parameters and the sums of gradients that the passes wait for.
std::vector<ChunkTime> ShapePrice::with_sharding() const {
  std::vector<ChunkTime> all = costs_->times.at(splits_backward(job_.plan.order) ? 1 : 0);
  const ChunkTimes chunk_times(job_, *times_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ChunkTime left = chunk_times.exposed(chunk_times.sharded(floors_.pieces()[i]), all[i]);
    all[i].forward += left.forward;
    all[i].backward += left.backward;
    all[i].weights += left.weights;
  }
  return all;
}

Seconds ShapePrice::after(const kernels::Pieces& pieces,
                          const std::vector<ChunkTime>& times) const {
  Cover cover{{}, {}, 0};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    cover.forward += real(pieces[i]) * times[i].forward;
    cover.backward += real(pieces[i]) * (times[i].backward + times[i].weights);
    cover.layers += pieces[i] * floors_.pieces()[i].depth();
  }
  cover.layers = std::max<std::int64_t>(1, cover.layers);
  const Seconds forever(std::numeric_limits<double>::infinity());
  if (!job_.plan.overlap_pipeline)  // sending covers, too
    cover.forward = cover.backward = forever;
  const HeldParameters held = sum(pieces, costs_->held);
  return exposed_exchange(job_, *times_, held, cover).total() + optimizer_time(job_, *times_, held);
}

Seconds ShapePrice::full_time(const Plan& plan) {
  job_.plan = plan;
  const std::vector<ChunkTime> pieces = with_sharding();
  Seconds least(std::numeric_limits<double>::infinity());
  for (const kernels::Pieces& rank : floors_.of(plan).distinct())
    least = std::min(least, after(rank, pieces));
  return without_rounding * (pipeline(pieces) + least);
}

}  // namespace bench
