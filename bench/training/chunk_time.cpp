#include "bench/training/chunk_time.hpp"

#include <algorithm>

namespace bench {

using kernels::Axis;
using kernels::Operation;
using kernels::Operations;
using kernels::Sharding;
using kernels::Work;
using topology::Bytes;
using topology::Seconds;

Spent spent_on(const Operation& op) {
  if (op.work == Work::matmul) return Spent::matmul;
  if (op.work == Work::attention) return Spent::attention;
  if (op.work == Work::elementwise) return Spent::elementwise;
  switch (op.axis) {
    case Axis::tensor:
      return Spent::tensor;
    case Axis::context:
      return Spent::context;
    case Axis::expert:
    case Axis::expert_inside:
    case Axis::expert_between:
      return Spent::expert;
    case Axis::pipeline:
      return Spent::pipeline;
    case Axis::data:
      break;
  }
  return Spent::data;
}

bool is_aside(const Operation& op) {
  return op.beside && op.work == Work::collective && spent_on(op) == Spent::expert;
}

namespace {

/// Operations that the host launches; collectives wait in the queue of their library.
double launched(const Operations& operations) {
  std::int64_t sum = 0;
  for (const Operation& op : operations)
    if (op.work != Work::collective && op.work != Work::transfer) sum += op.launches;
  return static_cast<double>(sum);
}

/// The host launches one operation after the other, ahead of the chip: the slower of both counts
/// for a pass. Backward, gradients of inputs and of weights are one, where nothing splits them.
void add_launches(const Job& job, const kernels::LayerWork& work, ChunkSpending& to) {
  if (!job.software.launch) return;
  const auto idle = [&](double operations, Seconds busy) {
    return std::max(Seconds(), operations * job.software.launch->value - busy);
  };
  to.forward[Spent::launch] += idle(launched(work.forward), to.forward.total());
  const double weights = launched(work.weights);
  const Seconds busy = to.weights.total();
  const bool together = !kernels::splits_backward(job.plan.order);
  to.backward[Spent::launch] += idle(launched(work.backward) + (together ? weights : 0),
                                     to.backward.total() + (together ? busy : Seconds()));
  if (!together) to.weights[Spent::launch] += idle(weights, busy);
}

}  // namespace

std::vector<Placed> placed(const Operations& operations, const OperationTimes& times) {
  std::vector<Placed> all;
  all.reserve(operations.size());
  Seconds now;
  Seconds cover;  // of the operation before, what hides others
  Seconds aside;
  for (const Operation& op : operations) {
    Placed next{&op, now, times.of(op), {}};
    if (is_aside(op)) {
      next.start = aside;
      aside += next.taken.time;
      all.push_back(std::move(next));
      continue;
    }
    const Seconds hidden = op.beside ? std::min(cover, next.taken.time) : Seconds();
    next.start = op.beside ? now - cover : now;
    next.left = next.taken.time - hidden;
    cover = op.beside ? cover - hidden : next.taken.time;
    now += next.left;
    all.push_back(std::move(next));
  }
  for (Placed& op : all)
    if (is_aside(*op.operation))
      op.left = std::max(Seconds(), op.start + op.taken.time - std::max(now, op.start));
  return all;
}

void ChunkSpending::add(const ChunkSpending& other, double times) {
  forward.add(other.forward, times);
  backward.add(other.backward, times);
  weights.add(other.weights, times);
}

Spending ChunkTimes::of(const Operations& operations) const {
  Spending sum;
  for (const Placed& op : placed(operations, times_)) {
    const Spent what = spent_on(*op.operation);
    if (op.taken.by_level.empty())
      sum[what] += op.left;
    else
      sum.wait(what, op.left, op.taken);
  }
  return sum;
}

namespace {

kernels::Stage table() {
  return {{}, true, false};
}

/// Where one table serves at both ends it is held, and moves, once.
kernels::Stage head(const Job& job, const kernels::Stage& of) {
  return {{}, false, !(job.model.tied && of.first)};
}

}  // namespace

std::vector<Part> parts_of(const Job& job, const kernels::Stage& stage) {
  std::vector<Part> parts;
  if (stage.first) parts.push_back({embedding_work(job.model, job.plan), table()});
  for (const kernels::Layers& run : stage.layers)
    parts.push_back(
        {layer_work(job.model, run.layer, job.plan), {{{run.layer, 1}}, false, false}, run.count});
  if (stage.last) parts.push_back({head_work(job.model, job.plan), head(job, stage)});
  return parts;
}

kernels::Pass last_pass(const kernels::Plan& plan) {
  return splits_backward(plan.order) ? kernels::Pass::weights : kernels::Pass::backward;
}

/// The parameters of a layer are gathered forward and, since nobody keeps them, again backward;
/// table and head stay until then (the root of PyTorch's FSDP is not resharded after forward).
DataMoves shares(const Job& job,
                 const Axes& axes,
                 const kernels::Stage& piece,
                 kernels::Pass pass) {
  using kernels::Pass;
  if (job.plan.sharding != Sharding::parameters) return {};
  DataMoves moves = moves_of_passes(job.plan, axes, held_parameters(job.model, job.plan, piece));
  const bool kept = piece.layers.empty();
  if (pass == Pass::weights || (pass == Pass::backward && kept)) moves.parameters.clear();
  if (pass != last_pass(job.plan)) moves.gradients.clear();
  return moves;
}

/// The parameters are gathered while the layer before computes, and their gradients leave while the
/// next one does.
ChunkTimes::Sharded ChunkTimes::sharded(const kernels::Stage& piece) const {
  const auto of = [&](kernels::Pass pass) {
    const DataMoves moves = shares(job_, times_.axes(), piece, pass);
    Taken sum = taken_by(moves.gradients, times_);
    sum.add(taken_by(moves.parameters, times_));
    return sum;
  };
  return {of(kernels::Pass::forward), of(kernels::Pass::backward), of(kernels::Pass::weights)};
}

kernels::ChunkTime ChunkTimes::exposed(const Sharded& moves,
                                       const kernels::ChunkTime& passes) const {
  const auto left = [&](const Taken& comes, Seconds computes) {
    return job_.plan.overlap_data ? std::max(Seconds(), comes.time - computes) : comes.time;
  };
  const bool splits = splits_backward(job_.plan.order);
  const Seconds backward = splits ? passes.backward : passes.backward + passes.weights;
  return {left(moves.forward, passes.forward),
          left(moves.backward, backward),
          left(moves.weights, passes.weights)};
}

ChunkSpending ChunkTimes::of(const kernels::LayerWork& work) const {
  ChunkSpending one{of(work.forward), of(work.backward), of(work.weights)};
  add_launches(job_, work, one);
  return one;
}

ChunkSpending ChunkTimes::of(const kernels::LayerWork& work, const kernels::Stage& piece) const {
  ChunkSpending one = of(work);
  const Sharded moves = sharded(piece);
  const kernels::ChunkTime left = exposed(moves, one.time());
  one.forward.wait(Spent::data, left.forward, moves.forward);
  one.backward.wait(Spent::data, left.backward, moves.backward);
  one.weights.wait(Spent::data, left.weights, moves.weights);
  return one;
}

const ChunkSpending& ChunkTimes::of(const kernels::Layer& layer) {
  for (const auto& [known, spending] : layers_)
    if (known == layer) return spending;
  return layers_
      .emplace_back(layer,
                    of(layer_work(job_.model, layer, job_.plan), {{{layer, 1}}, false, false}))
      .second;
}

ChunkSpending ChunkTimes::of(const kernels::Stage& stage) {
  ChunkSpending sum;
  if (stage.first) sum.add(of(embedding_work(job_.model, job_.plan), table()), 1);
  for (const kernels::Layers& run : stage.layers)
    sum.add(of(run.layer), static_cast<double>(run.count));
  if (stage.last) sum.add(of(head_work(job_.model, job_.plan), head(job_, stage)), 1);
  return sum;
}

}  // namespace bench
