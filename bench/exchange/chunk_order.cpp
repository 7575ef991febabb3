#include "bench/exchange/chunk_order.hpp"

#include <algorithm>
#include <set>

namespace bench {

ChunkOrder::ChunkOrder(const MscclAlgorithm& algorithm)
    : algorithm_(algorithm), uses_(algorithm.gpus.size()) {
  for (const MscclGpu& gpu : algorithm.gpus)
    clocks_.emplace_back(gpu.blocks.size(), LocalClock(gpu.blocks.size()));
}

void ChunkOrder::begin(const StepId& step) {
  LocalClock& clock = clocks_[step.gpu][step.block];
  clock[step.block] = step.step;
  const MscclStep& what = at(step);
  if (what.waits_for_block >= 0) {
    const StepId on{step.gpu,
                    static_cast<std::size_t>(what.waits_for_block),
                    static_cast<std::size_t>(what.waits_for_step)};
    const LocalClock& theirs = kept_.at(on);
    for (std::size_t b = 0; b < clock.size(); ++b) clock[b] = std::max(clock[b], theirs[b]);
    clock[on.block] = std::max(clock[on.block], on.step + 1);
  }
  if (what.is_waited_for) kept_.emplace(step, clock);
}

void ChunkOrder::receive(const StepId& step, const StepId& sent) {
  sent_.emplace(step, sent);
}

std::optional<StepId> ChunkOrder::use(const StepId& step,
                                      const kernels::Spot& place,
                                      std::int64_t count,
                                      bool writes) {
  for (std::int64_t i = 0; i < count; ++i) {
    Uses& uses = uses_[step.gpu][{place.buffer, place.cell + i}];
    if (uses.written && !before(*uses.written, step)) return uses.written;
    if (!writes) {
      uses.read.push_back(step);
      continue;
    }
    for (const StepId& reader : uses.read)
      if (!before(reader, step)) return reader;
    uses.written = step;
    uses.read.clear();
  }
  return {};
}

bool ChunkOrder::before(const StepId& first, const StepId& step) const {
  if (first.block == step.block) return true;
  if (clocks_[step.gpu][step.block][first.block] > first.step) return true;
  return before_through_others(first, step);
}

// Back from the step, to what it must have waited for.
bool ChunkOrder::before_through_others(const StepId& first, const StepId& step) const {
  std::set<StepId> seen{step};
  std::vector<StepId> next{step};
  const auto go = [&](const StepId& to) {
    if (seen.insert(to).second) next.push_back(to);
  };
  while (!next.empty()) {
    const StepId now = next.back();
    next.pop_back();
    if (now.gpu == first.gpu && now.block == first.block && now.step >= first.step) return true;
    if (now.step > 0) go({now.gpu, now.block, now.step - 1});
    if (const MscclStep& what = at(now); what.waits_for_block >= 0)
      go({now.gpu,
          static_cast<std::size_t>(what.waits_for_block),
          static_cast<std::size_t>(what.waits_for_step)});
    if (const auto sent = sent_.find(now); sent != sent_.end()) go(sent->second);
  }
  return false;
}

}  // namespace bench
