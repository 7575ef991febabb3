#include "bench/training/step_graph.hpp"

#include <algorithm>

#include "bench/training/gradients.hpp"

namespace bench {

using kernels::Pass;
using kernels::PipelineTask;

/// One rank's nodes, one after the other.
class StepGraph::Walker {
 public:
  Walker(const StepGraph& graph, std::int64_t rank, const Visit& visit)
      : graph_(graph),
        rank_(rank),
        visit_(visit),
        held_(graph.times_.holding(graph.pipeline_, rank)),
        moves_(data_moves(graph.job_.plan, graph.times_.times().axes(), held_.parameters)) {}

  /// The share of one layer of the gradients comes after the passes, that of the parameters before
  /// them; the rest is hidden by the last micro-batch going backward, by the first going forward.
  void walk() {
    const std::vector<PipelineTask>& tasks = graph_.run_.tasks[static_cast<std::size_t>(rank_)];
    const double tail = graph_.job_.plan.overlap_data ? 1 / static_cast<double>(held_.layers) : 1.0;
    front_ = moved("parameters", moves_.parameters, tail, front_);
    Ids parameters = moved("parameters", moves_.parameters, 1 - tail, front_);
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      task_ = &tasks[t];
      receive();
      if (gradients_.empty() && goes_back_last())
        gradients_ = moved("gradients", moves_.gradients, 1 - tail, front_);
      pass();
      send();
      if (t == last_of_first(tasks)) join(parameters);
    }
    task_ = nullptr;
    join(gradients_);
    front_ = moved("gradients", moves_.gradients, tail, front_);
    const topology::Bytes bytes = optimizer_traffic(graph_.job_.plan, held_.parameters);
    add(streaming_node(graph_.job_, graph_.times_.times(), "optimizer", bytes), 0, front_);
  }

 private:
  using Ids = std::vector<std::uint64_t>;

  [[nodiscard]] bool goes_back_last() const {
    return task_->pass != Pass::forward && task_->micro_batch + 1 == graph_.pipeline_.micro_batches;
  }

  /// Place of the last pass of the first micro-batch going forward.
  [[nodiscard]] static std::size_t last_of_first(const std::vector<PipelineTask>& tasks) {
    std::size_t last = tasks.size();
    for (std::size_t t = 0; t < tasks.size(); ++t)
      if (tasks[t].pass == Pass::forward && tasks[t].micro_batch == 0) last = t;
    return last;
  }

  /// A share of each, one after the other.
  Ids moved(const char* name, const std::vector<DataMove>& moves, double share, Ids after) {
    if (share <= 0) return after;
    for (const DataMove& move : moves) {
      WorkNode node =
          collective_node(graph_.times_.times(), name, move.collective, *move.group, move.size);
      node.time = share * node.time;
      node.bytes = share * node.bytes;
      after = {add(node, 0, after)};
    }
    return after;
  }

  void pass() {
    const PassGraph& graph = graph_.passes_.at({task_->chunk, task_->pass});
    const std::uint64_t before = last_;
    const Ids entry = front_;
    const auto ids_of = [&](const std::vector<std::int64_t>& places) {
      Ids ids;
      for (const std::int64_t place : places)
        if (place == PassGraph::entry)
          ids.insert(ids.end(), entry.begin(), entry.end());
        else
          ids.push_back(before + 1 + static_cast<std::uint64_t>(place));
      return ids;
    };
    for (const WorkNode& node : graph.nodes) add(node, messages_ + node.tag, ids_of(node.after));
    messages_ += graph.messages;
    front_ = ids_of(graph.ends);
  }

  void receive() {
    const std::int64_t from = task_->pass == Pass::forward ? task_->chunk - 1 : task_->chunk + 1;
    if (!crosses(from)) return;
    WorkNode node = message(from);
    node.name = "from the rank before";
    node.kind = NodeKind::receive;
    front_ = {add(node, tag(task_->chunk), front_)};
  }

  void send() {
    const std::int64_t to = task_->pass == Pass::forward ? task_->chunk + 1 : task_->chunk - 1;
    if (!crosses(to)) return;
    WorkNode node = message(to);
    node.name = "to the next rank";
    node.kind = NodeKind::send;
    const std::uint64_t sent = add(node, tag(to), front_);
    if (!graph_.job_.plan.overlap_pipeline) front_ = {sent};
  }

  /// Does the task exchange something with another rank's chunk?
  [[nodiscard]] bool crosses(std::int64_t other) const {
    return task_->pass != Pass::weights && other >= 0 && other < graph_.depth_ &&
           graph_.rank_with(other, task_->micro_batch) != rank_;
  }

  /// Between this rank and the one that has chunk `other`.
  [[nodiscard]] WorkNode message(std::int64_t other) const {
    WorkNode node;
    node.time = graph_.pipeline_.transfer;
    node.bytes = pipeline_message(graph_.job_);
    node.group = graph_.times_.times().axes().pipeline;
    node.hop = graph_.rank_with(other, task_->micro_batch) - rank_;
    return node;
  }

  /// The same at both ends, by the chunk that receives.
  [[nodiscard]] std::int64_t tag(std::int64_t receiver) const {
    const std::int64_t direction = task_->pass == Pass::forward ? 0 : graph_.depth_;
    return (direction + receiver) * graph_.pipeline_.micro_batches + task_->micro_batch;
  }

  std::uint64_t add(const WorkNode& work, std::int64_t tag, Ids after) {
    visit_({++last_, &work, tag, std::move(after), task_});
    return last_;
  }

  void join(const Ids& others) {
    for (const std::uint64_t id : others)
      if (std::find(front_.begin(), front_.end(), id) == front_.end()) front_.push_back(id);
  }

  const StepGraph& graph_;
  std::int64_t rank_;
  const Visit& visit_;
  JobTimes::Holding held_;
  DataMoves moves_;
  const PipelineTask* task_ = nullptr;
  std::uint64_t last_ = 0;
  std::int64_t messages_ = 0;  ///< within passes
  Ids gradients_;              ///< that move beside passes
  Ids front_;                  ///< what comes next waits for these
};

StepGraph::StepGraph(const Job& job, Groups& groups)
    : job_(job), times_(job, groups), pipeline_(times_.pipeline(true)), run_(run(pipeline_)) {
  for (std::size_t r = 0; r < run_.tasks.size(); ++r)
    for (const PipelineTask& task : run_.tasks[r]) {
      depth_ = std::max(depth_, task.chunk + 1);
      ranks_[{task.chunk, task.micro_batch}] = static_cast<std::int64_t>(r);
      const auto [found, fresh] = passes_.try_emplace({task.chunk, task.pass});
      if (fresh)
        found->second = pass_graph(job, times_.times(), times_.stage(task.chunk), task.pass);
    }
}

std::int64_t StepGraph::rank_with(std::int64_t chunk, std::int64_t micro_batch) const {
  return ranks_.at({chunk, micro_batch});
}

void StepGraph::walk(std::int64_t rank, const Visit& visit) const {
  Walker(*this, rank, visit).walk();
}

}  // namespace bench
