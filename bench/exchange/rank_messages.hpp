// A program as each rank sees it: its own messages, round by round.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernels/collective/program.hpp"

namespace bench {

struct RoundMessage {
  std::size_t round = 0;
  const kernels::Message* message = nullptr;
};

/// Of each rank, those that it sends, receives or keeps; rounds in order. Points into `program`.
[[nodiscard]] std::vector<std::vector<RoundMessage>> messages_by_rank(
    const kernels::Program& program);

/// The messages of one round after the other.
void for_each_round(const std::vector<RoundMessage>& messages,
                    const std::function<void(std::span<const RoundMessage>)>& visit);

/// Two messages between the same ranks differ in their tags.
class Tags {
 public:
  explicit Tags(const kernels::Program& program);

  [[nodiscard]] std::int64_t of(const RoundMessage& what) const {
    return static_cast<std::int64_t>(what.round) * lanes_ + what.message->lane;
  }

 private:
  std::int64_t lanes_ = 1;
};

}  // namespace bench
