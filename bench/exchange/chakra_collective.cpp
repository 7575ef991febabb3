#include "bench/exchange/chakra_collective.hpp"

#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/exchange/chakra_file.hpp"
#include "bench/exchange/rank_messages.hpp"
#include "bench/exchange/whole_micros.hpp"

namespace bench {
namespace {

using kernels::Message;
using kernels::Rank;

/// One rank's nodes.
class RankTrace {
 public:
  RankTrace(const std::string& name, Rank rank, const GoalOptions& options, const Tags& tags)
      : file_(fmt::format("{}.{}.et", name, rank)), rank_(rank), options_(options), tags_(tags) {}

  void write(const std::vector<RoundMessage>& messages) {
    for_each_round(messages, [this](std::span<const RoundMessage> round) {
      join(round.size());
      for (const RoundMessage& each : round)
        if (each.message->from == rank_) add(each);
      for (const RoundMessage& each : round)
        if (each.message->from != rank_) add(each);
      if (!now_.empty()) before_ = std::exchange(now_, {});
    });
    file_.close();
  }

 private:
  void add(const RoundMessage& what) {
    const Message& m = *what.message;
    const std::int64_t bytes = m.elements * options_.element;
    if (bytes == 0) return;  // a vector of fewer elements than ranks
    if (m.local()) {
      note(combination(m, before_));
      return;
    }
    const bool sends = m.from == rank_;
    ChakraNode node;
    node.name = sends ? fmt::format("round {}, to {}", what.round, m.to)
                      : fmt::format("round {}, from {}", what.round, m.from);
    node.kind = sends ? ChakraKind::send : ChakraKind::receive;
    node.bytes = bytes;
    node.from = m.from;
    node.to = m.to;
    node.tag = tags_.of(what);
    node.after = before_;
    note(std::move(node));
    if (sends || !m.reduce) return;
    const std::uint64_t arrived = now_.back();
    now_.pop_back();
    note(combination(m, {arrived}));
  }

  /// Of what is there with what comes: two operands are read and one is written, or one of each.
  [[nodiscard]] ChakraNode combination(const Message& m, std::vector<std::uint64_t> after) {
    const std::int64_t bytes = m.elements * options_.element;
    ChakraNode node;
    node.name = m.reduce ? "sum" : "copy";
    node.after = std::move(after);
    node.operations = m.elements;
    node.bytes = (m.reduce ? 3 : 2) * bytes;
    if (options_.reduction > topology::BytesPerSecond())
      node.micros = micros_.of(topology::Bytes(static_cast<double>(bytes)) / options_.reduction);
    return node;
  }

  void note(ChakraNode node) {
    node.id = ++last_;
    file_.write(node);
    now_.push_back(last_);
  }

  /// For `waiters` that wait for all of the last round: a node that does it for them, where that
  /// saves numbers.
  void join(std::size_t waiters) {
    if (before_.size() * waiters <= before_.size() + waiters + 1) return;
    ChakraNode node;
    node.name = "all of the round";
    node.after = before_;
    note(std::move(node));
    before_ = std::exchange(now_, {});
  }

  ChakraFile file_;
  Rank rank_;
  const GoalOptions& options_;
  const Tags& tags_;
  WholeMicros micros_;
  std::uint64_t last_ = 0;
  std::vector<std::uint64_t> before_;  ///< nodes of the last round
  std::vector<std::uint64_t> now_;
};

}  // namespace

void write_chakra(const std::string& name,
                  const kernels::Program& program,
                  const GoalOptions& options) {
  const auto messages = messages_by_rank(program);
  const Tags tags(program);
  for (Rank r = 0; r < program.ranks; ++r)
    RankTrace(name, r, options, tags).write(messages[static_cast<std::size_t>(r)]);
}

}  // namespace bench
