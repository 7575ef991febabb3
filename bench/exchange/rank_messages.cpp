#include "bench/exchange/rank_messages.hpp"

#include <algorithm>

namespace bench {

using kernels::Message;

std::vector<std::vector<RoundMessage>> messages_by_rank(const kernels::Program& program) {
  std::vector<std::vector<RoundMessage>> all(static_cast<std::size_t>(program.ranks));
  for (std::size_t r = 0; r < program.rounds.size(); ++r)
    for (const Message& m : program.rounds[r]) {
      all[static_cast<std::size_t>(m.from)].push_back({r, &m});
      if (!m.local()) all[static_cast<std::size_t>(m.to)].push_back({r, &m});
    }
  return all;
}

void for_each_round(const std::vector<RoundMessage>& messages,
                    const std::function<void(std::span<const RoundMessage>)>& visit) {
  for (auto begin = messages.begin(); begin != messages.end();) {
    const auto end = std::find_if(
        begin, messages.end(), [begin](const RoundMessage& m) { return m.round != begin->round; });
    visit({begin, end});
    begin = end;
  }
}

Tags::Tags(const kernels::Program& program) {
  for (const auto& round : program.rounds)
    for (const Message& m : round) lanes_ = std::max(lanes_, m.lane + 1);
}

}  // namespace bench
