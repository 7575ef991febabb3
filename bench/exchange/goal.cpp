#include "bench/exchange/goal.hpp"

#include <cmath>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/exchange/rank_messages.hpp"

namespace bench {
namespace {

using kernels::Message;
using kernels::Program;

/// One rank's operations.
class RankText {
 public:
  RankText(const GoalOptions& options, const Tags& tags) : options_(options), tags_(tags) {}

  std::string write(kernels::Rank rank, const std::vector<RoundMessage>& messages) {
    text_ = fmt::format("rank {} {{\n", rank);
    for_each_round(messages, [&](std::span<const RoundMessage> round) {
      join(round.size());
      for (const RoundMessage& each : round) add(rank, each);
      if (!now_.empty()) before_ = std::exchange(now_, {});
    });
    return text_ + "}\n";
  }

 private:
  void add(kernels::Rank rank, const RoundMessage& what) {
    const Message& m = *what.message;
    const std::int64_t bytes = m.elements * options_.element;
    if (bytes == 0) return;  // a vector of fewer elements than ranks
    const std::int64_t tag = tags_.of(what);
    if (m.local()) return note(fmt::format("calc {}", nanoseconds(bytes)));
    if (m.from == rank) return note(fmt::format("send {}b to {} tag {}", bytes, m.to, tag));
    note(fmt::format("recv {}b from {} tag {}", bytes, m.from, tag));
    if (!m.reduce || nanoseconds(bytes) == 0) return;
    text_ +=
        fmt::format("l{0}: calc {2}\nl{0} requires l{1}\n", last_ + 1, last_, nanoseconds(bytes));
    now_.back() = ++last_;
  }

  void note(const std::string& operation) {
    text_ += fmt::format("l{}: {}\n", ++last_, operation);
    for (const std::int64_t b : before_) text_ += fmt::format("l{} requires l{}\n", last_, b);
    now_.push_back(last_);
  }

  /// For `waiters` that wait for all of the last round: an operation that does it for them, where
  /// that saves lines.
  void join(std::size_t waiters) {
    if (before_.size() * waiters <= before_.size() + waiters + 1) return;
    note("calc 0");
    before_ = std::exchange(now_, {});
  }

  [[nodiscard]] std::int64_t nanoseconds(std::int64_t bytes) const {
    if (options_.reduction <= topology::BytesPerSecond()) return 0;
    return std::llround(static_cast<double>(bytes) / options_.reduction.value() * 1e9);
  }

  const GoalOptions& options_;
  const Tags& tags_;
  std::string text_;
  std::int64_t last_ = 0;
  std::vector<std::int64_t> before_;  ///< operations of the last round
  std::vector<std::int64_t> now_;
};

}  // namespace

void write_goal(std::ostream& out, const Program& program, const GoalOptions& options) {
  const auto messages = messages_by_rank(program);
  const Tags tags(program);
  out << fmt::format("num_ranks {}\n", program.ranks);
  for (kernels::Rank r = 0; r < program.ranks; ++r)
    out << RankText(options, tags).write(r, messages[static_cast<std::size_t>(r)]);
}

}  // namespace bench
