#include "kernels/reliability/run.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

#include "kernels/reliability/gaps.hpp"
#include "kernels/reliability/replica_run.hpp"

namespace kernels {
namespace {

using topology::Seconds;

/// One failure after the other; between them, whole cycles of work and a save are counted, not
/// stepped through.
class RestartRun {
 public:
  RestartRun(const Reliability& job, Seconds duration, std::uint64_t seed, std::uint64_t run)
      : job_(job),
        gaps_(job, seed, run),
        end_(duration.value()),
        work_(job.interval.value()),
        saving_(job.saving.value()),
        writing_(job.writing.value()),
        downtime_(job.downtime().value()) {}

  Run go() {
    while (true) {
      const double gap = gaps_.next();
      const bool fails = now_ + gap < end_;
      work_for(fails ? gap : end_ - now_, fails);
      if (!fails) break;
      now_ += gap;
      recovery_ = downtime_;
      ++run_.failures;
      if (gaps_.uniform() < job_.replaced) replace();
      if (now_ >= end_) break;
    }
    return run_;
  }

 private:
  /// From now on, after what is left of a recovery.
  void work_for(double time, bool fails) {
    const double recovering = std::min(time, recovery_);
    run_[RunPart::recovery] += Seconds(recovering);
    const double left = time - recovering;
    const double cycle = work_ + saving_;
    const double cycles = std::floor(left / cycle);
    const double rest = std::clamp(left - cycles * cycle, 0.0, cycle);
    const double worked = cycles * work_ + std::min(rest, work_);
    const double saved = std::floor((left - writing_) / cycle);  // cycle k counts at k s + w
    const double kept = fails ? std::clamp(saved, 0.0, cycles) * work_ : worked;
    run_[RunPart::useful] += Seconds(kept);
    run_[RunPart::lost] += Seconds(worked - kept);
    run_[RunPart::checkpoints] += Seconds(left - worked);
  }

  /// A unit goes into repair; the job waits where there is no spare, and nothing fails meanwhile.
  void replace() {
    if (!job_.spare) return;
    while (!repaired_.empty() && repaired_.front() <= now_) repaired_.pop_front();
    repaired_.push_back(now_ + job_.repair.value());
    if (static_cast<std::int64_t>(repaired_.size()) <= *job_.spare) return;
    const double until = std::min(repaired_.front(), end_);
    run_[RunPart::waiting] += Seconds(until - now_);
    now_ = until;
  }

  const Reliability& job_;
  Gaps gaps_;
  double end_;
  double work_;
  double saving_;
  double writing_;
  double downtime_;
  double now_ = 0;
  double recovery_ = 0;          // left of it, once it goes on
  std::deque<double> repaired_;  // when, ascending: repairs take equally long
  Run run_;
};

}  // namespace

const char* name(RunPart part) {
  constexpr std::array<const char*, run_parts> names{"useful",
                                                     "stragglers",
                                                     "checkpoints",
                                                     "lost work",
                                                     "recovery",
                                                     "regrouping",
                                                     "waiting for repair"};
  return names.at(static_cast<std::size_t>(part));
}

Seconds Run::total() const {
  return std::accumulate(of.begin(), of.end(), Seconds{});
}

Run simulate_run(const Reliability& job, Seconds duration, std::uint64_t seed, std::uint64_t run) {
  Run parts = job.recovery == Recovery::restart ? RestartRun(job, duration, seed, run).go()
                                                : simulate_replica_run(job, duration, seed, run);
  const Seconds worked = parts[RunPart::useful];
  parts[RunPart::useful] = worked / (1 + job.straggling);
  parts[RunPart::stragglers] = worked - parts[RunPart::useful];
  return parts;
}

}  // namespace kernels
