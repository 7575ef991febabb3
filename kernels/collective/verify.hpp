// Does a schedule do what its collective promises? Follows, for every rank and chunk, the set of
// ranks whose contribution has arrived (after MSCCL's contributor sets).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/collective/ranks.hpp"

namespace kernels {

/// One message of one round, as the verifier sees it.
struct Transfer {
  std::int64_t round = 0;
  Rank from = 0;
  Rank to = 0;
  std::vector<Rank> chunks;
  bool reduce = false;
};

struct Verdict {
  bool ok = true;
  std::string reason;  ///< first violation: round, ranks, chunk, what was wrong
};

/// May change, drop or double the transfers of one round (mutation tests).
using Tamper = std::function<void(std::vector<Transfer>&)>;

/// Runs the schedule on contributor sets over all its ranks, each lane's share on its own, and
/// checks: every contribution counted exactly once, no message without content, no chunk written
/// twice or overwritten while sent, and the collective's post-condition on every rank.
/// Memory is ranks^3 bits per share: meant for groups up to about 1,000 ranks.
[[nodiscard]] Verdict verify(const Schedule& schedule, const Tamper& tamper = {});

}  // namespace kernels
