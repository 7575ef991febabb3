// The links of a ring, and what a message puts on them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace topology {

/// Bytes on each link from a member to the next, and on each from the next one back.
using RingLinks = std::array<std::vector<double>, 2>;
inline constexpr std::size_t up = 0;
inline constexpr std::size_t down = 1;

/// Share of a message that goes up a ring of `n` when its target is `ahead` members on: the shorter
/// way, half each on a tie.
[[nodiscard]] double share_up(std::int64_t ahead, std::int64_t n);

/// A message of `bytes` from member `from` to the one `ahead` members on.
void send(RingLinks& links, std::int64_t from, std::int64_t ahead, double bytes);

}  // namespace topology
