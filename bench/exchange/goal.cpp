#include "bench/exchange/goal.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace bench {
namespace {

using kernels::Message;
using kernels::Program;

/// Where a rank finds its messages.
struct RoundMessage {
  std::size_t round = 0;
  const Message* message = nullptr;
};

std::vector<std::vector<RoundMessage>> by_rank(const Program& program) {
  std::vector<std::vector<RoundMessage>> all(static_cast<std::size_t>(program.ranks));
  for (std::size_t r = 0; r < program.rounds.size(); ++r)
    for (const Message& m : program.rounds[r]) {
      all[static_cast<std::size_t>(m.from)].push_back({r, &m});
      if (!m.local()) all[static_cast<std::size_t>(m.to)].push_back({r, &m});
    }
  return all;
}

std::int64_t lanes_of(const Program& program) {
  std::int64_t most = 0;
  for (const auto& round : program.rounds)
    for (const Message& m : round) most = std::max(most, m.lane);
  return most + 1;
}

/// One rank's operations.
class RankText {
 public:
  RankText(const GoalOptions& options, std::int64_t lanes) : options_(options), lanes_(lanes) {}

  std::string write(kernels::Rank rank, const std::vector<RoundMessage>& messages) {
    text_ = fmt::format("rank {} {{\n", rank);
    for (auto begin = messages.begin(); begin != messages.end();) {
      const auto end = std::find_if(
          begin, messages.end(), [&](const RoundMessage& m) { return m.round != begin->round; });
      join(static_cast<std::size_t>(end - begin));
      for (; begin != end; ++begin) add(rank, *begin);
      if (!now_.empty()) before_ = std::exchange(now_, {});
    }
    return text_ + "}\n";
  }

 private:
  void add(kernels::Rank rank, const RoundMessage& what) {
    const Message& m = *what.message;
    const std::int64_t bytes = m.elements * options_.element;
    if (bytes == 0) return;  // a vector of fewer elements than ranks
    const auto tag = static_cast<std::int64_t>(what.round) * lanes_ + m.lane;
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
  std::int64_t lanes_;
  std::string text_;
  std::int64_t last_ = 0;
  std::vector<std::int64_t> before_;  ///< operations of the last round
  std::vector<std::int64_t> now_;
};

}  // namespace

void write_goal(std::ostream& out, const Program& program, const GoalOptions& options) {
  const auto messages = by_rank(program);
  const std::int64_t lanes = lanes_of(program);
  out << fmt::format("num_ranks {}\n", program.ranks);
  for (kernels::Rank r = 0; r < program.ranks; ++r)
    out << RankText(options, lanes).write(r, messages[static_cast<std::size_t>(r)]);
}

}  // namespace bench
