#include "bench/training/pass_graph.hpp"

#include <algorithm>
#include <utility>

namespace bench {
namespace {

using kernels::Collective;
using kernels::Operation;
using kernels::Operations;
using kernels::Pass;
using kernels::Work;
using topology::Seconds;

using Places = std::vector<std::int64_t>;

void add_all(Places& to, const Places& more) {
  for (const std::int64_t place : more)
    if (std::find(to.begin(), to.end(), place) == to.end()) to.push_back(place);
}

class PassWriter {
 public:
  PassWriter(const Job& job, const OperationTimes& times)
      : job_(job), times_(times), layers_(job, times) {}

  PassGraph write(const kernels::Stage& stage, Pass pass) {
    std::vector<Part> parts = parts_of(job_, stage);
    if (pass != Pass::forward) std::reverse(parts.begin(), parts.end());
    for (const Part& each : parts)
      for (std::int64_t i = 0; i < each.count; ++i) part(pass, each);
    graph_.ends = std::move(front_);
    return std::move(graph_);
  }

 private:
  void part(Pass pass, const Part& part) {
    const DataMoves moves = shares(job_, times_.axes(), part.piece, pass);
    const bool hidden = job_.plan.overlap_data;
    Places beside = front_;
    const auto share = [&](const char* name, const std::vector<DataMove>& all) {
      Places& last = hidden ? beside : front_;
      for (const DataMove& move : all)
        last = {add(collective_node(times_, name, move.collective, *move.group, move.size), last)};
    };
    share("parameters", moves.parameters);
    if (hidden) share("gradients", moves.gradients);
    work(pass, part.work);
    if (!hidden) share("gradients", moves.gradients);
    if (hidden && !(moves.parameters.empty() && moves.gradients.empty())) add_all(front_, beside);
  }

  void work(Pass pass, const kernels::LayerWork& work) {
    const ChunkSpending spending = layers_.of(work);
    Seconds waits;
    if (pass == Pass::forward) {
      place(work.forward);
      waits = spending.forward[Spent::launch];
    }
    if (pass == Pass::backward) {
      place(work.backward);
      waits = spending.backward[Spent::launch];
    }
    if (pass == last_pass(job_.plan)) {
      place(work.weights);
      waits += spending.weights[Spent::launch];
    }
    if (waits.value() <= 0) return;
    WorkNode node;
    node.name = "launches";
    node.kind = NodeKind::host;
    node.time = waits;
    front_ = {add(std::move(node), front_)};
  }

  /// One after the other, but for those beside the one before, which follow each other, and those
  /// beside all of them.
  void place(const Operations& operations) {
    Places before = front_;  // what the last one waits for that has others beside it
    Places last = front_;
    Places beside;
    Places aside = front_;
    for (const Operation& op : operations) {
      if (is_communication(op) && times_.axes().of(op.axis) == nullptr) continue;
      if (is_aside(op)) {
        aside = add(op, aside);
      } else if (op.beside) {
        beside = add(op, beside.empty() ? before : beside);
      } else {
        before = last;
        add_all(before, beside);
        beside.clear();
        last = add(op, before);
      }
    }
    add_all(last, beside);
    if (aside != front_) add_all(last, aside);
    front_ = last;
  }

  [[nodiscard]] static bool is_communication(const Operation& op) {
    return op.work == Work::collective || op.work == Work::transfer;
  }

  /// Its last nodes.
  Places add(const Operation& op, const Places& after) {
    Group* group = is_communication(op) ? times_.axes().of(op.axis) : nullptr;
    if (op.work == Work::collective)
      return {add(collective_node(times_, op.name, op.collective, *group, op.bytes), after)};
    if (op.work == Work::transfer) return add_ring(op, *group, after);
    WorkNode node = streaming_node(job_, times_, op.name, op.bytes);
    node.time = times_.of(op).time;
    if (op.work == Work::attention) node.flops = op.flops;
    if (op.work == Work::matmul) {
      node.flops = static_cast<double>(op.batch) * op.gemm.flops();
      node.bytes = static_cast<double>(op.batch) * op.gemm.bytes(job_.plan.type);
    }
    return {add(std::move(node), after)};
  }

  /// To the next member, from the one before, and on.
  Places add_ring(const Operation& op, const Group& group, Places after) {
    WorkNode node;
    node.name = op.name;
    node.time = times_.transfer(group, op.bytes).time;
    node.bytes = op.bytes;
    node.group = &group;
    for (std::int64_t i = 0; i < op.times; ++i) {
      node.tag = graph_.messages++;
      node.kind = NodeKind::send;
      node.hop = 1;
      const std::int64_t sent = add(node, after);
      node.kind = NodeKind::receive;
      node.hop = -1;
      after = {sent, add(node, after)};
    }
    return after;
  }

  std::int64_t add(WorkNode node, const Places& after) {
    node.after = after;
    graph_.nodes.push_back(std::move(node));
    return static_cast<std::int64_t>(graph_.nodes.size()) - 1;
  }

  const Job& job_;
  const OperationTimes& times_;
  ChunkTimes layers_;
  PassGraph graph_;
  Places front_{PassGraph::entry};
};

}  // namespace

PassGraph pass_graph(const Job& job,
                     const OperationTimes& times,
                     const kernels::Stage& stage,
                     Pass pass) {
  return PassWriter(job, times).write(stage, pass);
}

WorkNode streaming_node(const Job& job,
                        const OperationTimes& times,
                        const char* name,
                        topology::Bytes bytes) {
  WorkNode node;
  node.name = name;
  node.time = times.streamed(bytes);
  node.bytes = bytes;
  node.flops = topology::Flops(bytes / topology::size_of(job.plan.type));
  return node;
}

WorkNode collective_node(const OperationTimes& times,
                         const char* name,
                         Collective collective,
                         Group& group,
                         topology::Bytes size) {
  WorkNode node;
  node.name = name;
  node.kind = NodeKind::collective;
  node.time = times.collective(collective, group, size).time;
  node.bytes = size;
  node.collective = collective;
  node.group = &group;
  return node;
}

}  // namespace bench
