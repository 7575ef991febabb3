#include "kernels/reliability/replica_run.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <queue>
#include <vector>

#include "kernels/reliability/gaps.hpp"

namespace kernels {
namespace {

using topology::Seconds;

class ReplicaRun {
 public:
  ReplicaRun(const Reliability& job, Seconds duration, std::uint64_t seed, std::uint64_t run)
      : job_(job),
        gaps_(job, seed, run),
        end_(duration.value()),
        back_(static_cast<std::size_t>(job.replicas()), 0),
        spare_(job.spare.value_or(0)) {}

  Run go() {
    double failure = gaps_.next();
    while (now_ < end_) {
      const double next = std::min({failure, next_return(), next_repaired(), end_});
      advance(next);
      if (next == end_) break;
      if (next == next_repaired()) {
        repaired_.pop_front();
        use_repaired();
      } else if (next == next_return()) {
        come_back();
      } else {
        fail(static_cast<std::size_t>(gaps_.below(job_.replicas())));
        failure = now_ + gaps_.next();
      }
    }
    return run_;
  }

 private:
  static constexpr double never = std::numeric_limits<double>::infinity();

  struct Return {
    double time;
    std::size_t replica;

    bool operator>(const Return& other) const { return time > other.time; }
  };

  [[nodiscard]] double next_return() const {
    if (returns_.empty()) return never;
    return returns_.top().time;
  }

  [[nodiscard]] double next_repaired() const {
    if (repaired_.empty()) return never;
    return repaired_.front();
  }

  /// How the replicas stand until `time`, which nothing changes before.
  void advance(double time) {
    const double stalled = std::clamp(stalled_until_ - now_, 0.0, time - now_);
    const double running = time - now_ - stalled;
    const auto replicas = static_cast<double>(job_.replicas());
    const double waiting = running * static_cast<double>(waiting_.size()) / replicas;
    const double out = running * static_cast<double>(recovering_) / replicas;
    const double works = running - waiting - out;
    const double saves = job_.interval > Seconds{} ? works * (job_.saving / job_.cycle()) : 0;
    run_[RunPart::regroup] += Seconds(stalled);
    run_[RunPart::waiting] += Seconds(waiting);
    run_[RunPart::recovery] += Seconds(out);
    run_[RunPart::checkpoints] += Seconds(saves);
    run_[RunPart::useful] += Seconds(works - saves);
    now_ = time;
  }

  void fail(std::size_t replica) {
    if (back_[replica] == never) return;  // idle, waiting for a unit
    ++run_.failures;
    if (back_[replica] == 0) {
      stalled_until_ = now_ + job_.stall().value();
      ++recovering_;
    }
    const bool replaced = gaps_.uniform() < job_.replaced;
    if (!replaced || !job_.spare) return recover(replica);
    repaired_.push_back(now_ + job_.repair.value());
    if (spare_ > 0) {
      --spare_;
      return recover(replica);
    }
    back_[replica] = never;
    --recovering_;
    waiting_.push_back(replica);
  }

  void recover(std::size_t replica) {
    back_[replica] = now_ + job_.downtime().value();
    returns_.push({back_[replica], replica});
  }

  /// Unless it has failed again since.
  void come_back() {
    const Return next = returns_.top();
    returns_.pop();
    if (back_[next.replica] != next.time) return;
    back_[next.replica] = 0;
    --recovering_;
  }

  void use_repaired() {
    if (waiting_.empty()) {
      ++spare_;
      return;
    }
    ++recovering_;
    recover(waiting_.front());
    waiting_.pop_front();
  }

  const Reliability& job_;
  Gaps gaps_;
  double end_;
  std::vector<double> back_;  // when a replica is up again; 0: it is, never: it waits for a unit
  std::priority_queue<Return, std::vector<Return>, std::greater<>> returns_;
  std::deque<double> repaired_;  // when, ascending
  std::deque<std::size_t> waiting_;
  std::int64_t spare_;
  std::int64_t recovering_ = 0;
  double stalled_until_ = 0;
  double now_ = 0;
  Run run_;
};

}  // namespace

Run simulate_replica_run(const Reliability& job,
                         Seconds duration,
                         std::uint64_t seed,
                         std::uint64_t run) {
  return ReplicaRun(job, duration, seed, run).go();
}

}  // namespace kernels
