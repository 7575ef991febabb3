#include "kernels/training/pipeline_runner.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "topology/error.hpp"

namespace kernels {
namespace {

using topology::Seconds;

constexpr double never = std::numeric_limits<double>::infinity();

/// DualPipe has each chunk of the model twice: half of the micro-batches pass the ranks backwards.
bool enters_at_end(const Pipeline& p, std::int64_t micro_batch) {
  return p.order == PipelineOrder::dual_pipe && micro_batch >= p.micro_batches / 2;
}

/// Passes that a rank has not begun, by chunk: those of a chunk run in the order of micro-batches.
struct Queue {
  std::int64_t chunk = 0;
  bool from_end = false;
  std::int64_t end = 0;
  std::array<std::int64_t, 3> next{};  ///< micro-batch of each kind of pass
};

/// The next pass of a rank, and when it can start.
struct Choice {
  Queue* queue = nullptr;
  ProgramStep step;
  std::size_t rank = 0;
  double start = never;
};

/// Runs passes as their inputs come.
class PipelineRunner {
 public:
  explicit PipelineRunner(const Pipeline& p)
      : p_(p),
        depth_(pipeline_depth(p)),
        splits_(splits_backward(p.order)),
        free_(static_cast<std::size_t>(p.ranks)),
        holds_(free_.size()),
        ends_(static_cast<std::size_t>(2 * depth_ * p.micro_batches), never) {
    run_.ranks.resize(free_.size());
    if (p.keep_tasks) run_.tasks.resize(free_.size());
  }

  /// The passes of each rank in a given order.
  PipelineRun follow(const std::vector<PipelineProgram>& programs) {
    run_programs(programs);
    return finished();
  }

  /// What is ready first goes first.
  PipelineRun choose() {
    run_greedily();
    return finished();
  }

 private:
  [[nodiscard]] std::size_t at(const ProgramStep& step) const {
    const std::int64_t backward = step.pass == Pass::forward ? 0 : 1;
    return static_cast<std::size_t>((backward * depth_ + step.chunk) * p_.micro_batches +
                                    step.micro_batch);
  }

  [[nodiscard]] double end_of(Pass pass, std::int64_t chunk, std::int64_t micro_batch) const {
    return ends_[at({pass, chunk, micro_batch})];
  }

  [[nodiscard]] std::int64_t rank_with(std::int64_t chunk, std::int64_t micro_batch) const {
    return enters_at_end(p_, micro_batch) ? p_.ranks - 1 - chunk : rank_of(p_, chunk);
  }

  /// After what it needs has arrived; infinite while that has not run.
  [[nodiscard]] double ready(const ProgramStep& s) const {
    if (s.pass == Pass::weights) return end_of(Pass::backward, s.chunk, s.micro_batch);
    const std::int64_t from = s.pass == Pass::forward ? s.chunk - 1 : s.chunk + 1;
    if (from < 0) return 0;
    if (from == depth_) return end_of(Pass::forward, s.chunk, s.micro_batch);
    const bool moves = rank_with(from, s.micro_batch) != rank_with(s.chunk, s.micro_batch);
    const double arrived = end_of(s.pass, from, s.micro_batch) + (moves ? p_.transfer.value() : 0);
    if (s.pass == Pass::forward) return arrived;
    return std::max(arrived, end_of(Pass::forward, s.chunk, s.micro_batch));
  }

  [[nodiscard]] double duration(const ProgramStep& s) const {
    const ChunkTime& t = p_.times[static_cast<std::size_t>(s.chunk)];
    if (s.pass == Pass::forward) return t.forward.value();
    if (s.pass == Pass::weights) return t.weights.value();
    return (splits_ ? t.backward : t.backward + t.weights).value();
  }

  /// Sending is work of the chip where the transfer blocks it.
  [[nodiscard]] double sending(const ProgramStep& s) const {
    const std::int64_t to = s.pass == Pass::forward ? s.chunk + 1 : s.chunk - 1;
    if (!p_.transfer_blocks || s.pass == Pass::weights || to < 0 || to == depth_) return 0;
    return p_.transfer.value();
  }

  void commit(std::size_t rank, const ProgramStep& step, double from) {
    const double start = std::max(free_[rank], from);
    const double end = start + duration(step);
    if (step.pass != Pass::weights) ends_[at(step)] = end;
    free_[rank] = end + sending(step);
    if (p_.keep_tasks)
      run_.tasks[rank].push_back(
          {step.pass, step.chunk, step.micro_batch, Seconds(start), Seconds(free_[rank])});
    count(run_.ranks[rank], step, Seconds(free_[rank] - start));
    if (step.pass == Pass::forward) ++holds_[rank];
    run_.ranks[rank].in_flight = std::max(run_.ranks[rank].in_flight, holds_[rank]);
    if (step.pass == (splits_ ? Pass::weights : Pass::backward)) --holds_[rank];
  }

  void count(PipelineRank& rank, const ProgramStep& step, Seconds took) const {
    rank.busy += took;
    if (step.pass == Pass::forward) {
      if (step.micro_batch == 0) rank.first_forward += took;
    } else if (step.micro_batch + 1 == p_.micro_batches) {
      rank.last_backward += took;
    }
  }

  PipelineRun finished() {
    for (std::size_t r = 0; r < free_.size(); ++r) {
      run_.ranks[r].end = Seconds(free_[r]);
      run_.time = std::max(run_.time, run_.ranks[r].end);
    }
    return std::move(run_);
  }

  void run_programs(const std::vector<PipelineProgram>& programs) {
    std::vector<std::size_t> next(programs.size());
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t r = 0; r < programs.size(); ++r)
        for (; next[r] < programs[r].size(); ++next[r], moved = true) {
          const double from = ready(programs[r][next[r]]);
          if (from == never) break;
          commit(r, programs[r][next[r]], from);
        }
    }
    for (std::size_t r = 0; r < programs.size(); ++r)
      topology::expects(next[r] == programs[r].size(), "a pipeline's program comes to its end");
  }

  void run_greedily();
  [[nodiscard]] Choice choose(std::size_t rank, std::vector<Queue>& queues) const;
  /// Chunks of the first half leave room for those of the second, whose backward passes come first.
  [[nodiscard]] bool is_full(std::size_t rank, std::int64_t chunk) const;

  Pipeline p_;
  std::int64_t depth_;
  bool splits_;
  std::vector<double> free_;         // when each rank is through with what it has begun
  std::vector<std::int64_t> holds_;  // activations
  std::vector<double> ends_;         // of forward and backward passes
  PipelineRun run_;
};

std::vector<std::vector<Queue>> queues_of(const Pipeline& p) {
  std::vector<std::vector<Queue>> queues(static_cast<std::size_t>(p.ranks));
  const bool dual = p.order == PipelineOrder::dual_pipe;
  const std::int64_t half = dual ? p.micro_batches / 2 : p.micro_batches;
  for (std::int64_t c = 0; c < pipeline_depth(p); ++c) {
    const std::int64_t rank = dual ? c : rank_of(p, c);
    queues[static_cast<std::size_t>(rank)].push_back({c, false, half, {}});
    if (dual)
      queues[static_cast<std::size_t>(p.ranks - 1 - c)].push_back(
          {c, true, p.micro_batches, {half, half, half}});
  }
  // Later chunks first: what is nearer to its end holds more.
  for (std::vector<Queue>& mine : queues)
    std::stable_sort(
        mine.begin(), mine.end(), [](const Queue& a, const Queue& b) { return a.chunk > b.chunk; });
  return queues;
}

// A pass that ends changes what its own rank and the one that waits for it can choose, no other's:
// with 32 ranks a tenth of the time of asking all of them.
void PipelineRunner::run_greedily() {
  std::vector<std::vector<Queue>> queues = queues_of(p_);
  std::vector<Choice> choices;
  for (std::size_t r = 0; r < queues.size(); ++r) choices.push_back(choose(r, queues[r]));
  for (;;) {
    const Choice best =
        *std::min_element(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
          return a.start < b.start;
        });
    if (best.queue == nullptr) break;
    const ProgramStep& step = best.step;
    commit(best.rank, step, best.start);
    ++best.queue->next[static_cast<std::size_t>(step.pass)];
    choices[best.rank] = choose(best.rank, queues[best.rank]);
    const std::int64_t next = step.pass == Pass::forward ? step.chunk + 1 : step.chunk - 1;
    if (step.pass == Pass::weights || next < 0 || next == depth_) continue;
    const auto waits = static_cast<std::size_t>(rank_with(next, step.micro_batch));
    choices[waits] = choose(waits, queues[waits]);
  }
}

/// Only what starts earlier goes before what has priority.
Choice PipelineRunner::choose(std::size_t rank, std::vector<Queue>& queues) const {
  constexpr std::array by_priority{Pass::backward, Pass::forward, Pass::weights};
  Choice best;
  for (const Pass pass : by_priority)
    for (Queue& queue : queues) {
      const std::int64_t next = queue.next[static_cast<std::size_t>(pass)];
      if (next == queue.end || (pass == Pass::forward && is_full(rank, queue.chunk))) continue;
      const ProgramStep step{pass, queue.chunk, next};
      const double start = std::max(free_[rank], ready(step));
      if (start < best.start) best = {&queue, step, rank, start};
    }
  return best;
}

// With as many micro-batches as ranks a V of 4 and 8 ranks is idle for 12 and 13 chunk passes
// instead of 1.5 and 4.5; DualPipe is idle as long, whether it holds p or 2 p.
bool PipelineRunner::is_full(std::size_t rank, std::int64_t chunk) const {
  const std::int64_t most = p_.order == PipelineOrder::dual_pipe ? p_.ranks : 2 * p_.ranks - 1;
  return chunk < depth_ / 2 && holds_[rank] >= most;
}

}  // namespace

std::int64_t pipeline_depth(const Pipeline& p) {
  return p.order == PipelineOrder::dual_pipe ? p.ranks : p.ranks * p.chunks;
}

PipelineRun follow(const Pipeline& pipeline, const std::vector<PipelineProgram>& programs) {
  return PipelineRunner(pipeline).follow(programs);
}

PipelineRun choose(const Pipeline& pipeline) {
  return PipelineRunner(pipeline).choose();
}

}  // namespace kernels
