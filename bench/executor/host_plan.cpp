#include "bench/executor/host_plan.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "bench/executor/byte_set.hpp"
#include "bench/executor/pass_on.hpp"
#include "bench/executor/plan.hpp"

namespace bench {
namespace {

using kernels::Collective;

class HostPlanner {
 public:
  HostPlanner(const kernels::Schedule& schedule, int rank, const Segment& segment)
      : rank_(rank),
        ranks_(schedule.ranks()),
        collective_(schedule.collective),
        passes_on_(schedule.collective != Collective::all_to_all),
        segment_(segment) {}

  /// What the rank has at the start and must have at the end; after the puts of a step, which read
  /// it where it comes from.
  void keep(HostStep& to) {
    const kernels::CollectiveInfo& what = kernels::info(collective_);
    const bool to_all = collective_ == Collective::all_to_all;
    for (std::int64_t c = 0; c < ranks_ && !what.reduces; ++c) {
      const bool mine =
          to_all ? c == rank_ : holds(what.from, rank_, c) && holds(what.to, rank_, c);
      const std::size_t slot = chunk_begin(c, ranks_, segment_.count, segment_.element);
      const std::size_t bytes = chunk_begin(c + 1, ranks_, segment_.count, segment_.element) - slot;
      if (!mine || bytes == 0) continue;
      const std::size_t user = user_of(slot);
      to.takes.push_back({user, bytes, false, {{rank_, true, false, user}}, {}});
      if (passes_on_) written_.add({user, user + bytes});
    }
  }

  void add(HostStep& to, const PlanStep& step) {
    put_all(to, step.sends);
    // Takes of the same bytes are one.
    std::map<std::tuple<std::size_t, std::size_t, bool>, std::vector<Operand>> takes;
    for (const Message& m : step.receives) {
      if (!m.pieces.empty()) to.writers.push_back(m.peer);
      for (const Piece& piece : m.pieces)
        takes[{piece.offset, piece.bytes, m.reduce}].push_back({m.peer, false, false, piece.from});
    }
    for (const auto& [what, from] : takes) {
      const auto& [offset, bytes, reduce] = what;
      const std::size_t user = user_of(offset);
      if (reduce)
        reduce_into({user, user + bytes}, from, to.takes);
      else
        to.takes.push_back({user, bytes, false, from, {}});
      if (passes_on_) written_.add({user, user + bytes});
    }
  }

 private:
  /// Where the user has what a slot has at `offset`.
  [[nodiscard]] std::size_t user_of(std::size_t offset) const {
    if (segment_.chunk_stride == 0) return offset;
    const std::size_t bytes = chunk_begin(1, ranks_, segment_.count, segment_.element);
    return offset / bytes * segment_.chunk_stride + offset % bytes;
  }

  /// Each byte once, whoever reads it.
  void put_all(HostStep& to, const std::vector<Message>& sends) const {
    ByteSet put;
    for (const Message& m : sends) {
      if (!m.pieces.empty()) to.readers.push_back(m.peer);
      for (const Piece& piece : m.pieces) {
        const auto fresh = [&](ByteRange slot, bool done) {
          if (done) return;
          const std::size_t user = user_of(slot.begin);
          written_.stretches({user, user + slot.end - slot.begin},
                             [&](ByteRange bytes, bool written) {
                               to.puts.push_back({written,
                                                  bytes.begin,
                                                  slot.begin + bytes.begin - user,
                                                  bytes.end - bytes.begin});
                             });
        };
        put.stretches({piece.offset, piece.offset + piece.bytes}, fresh);
        put.add({piece.offset, piece.offset + piece.bytes});
      }
    }
  }

  void reduce_into(ByteRange user,
                   const std::vector<Operand>& from,
                   std::vector<Take>& takes) const {
    written_.stretches(user, [&](ByteRange part, bool written) {
      Take take{part.begin, part.end - part.begin, false, from, {}};
      for (Operand& o : take.from) o.at += part.begin - user.begin;
      take.from.push_back({rank_, true, written, part.begin});
      std::stable_sort(take.from.begin(), take.from.end(), [](const Operand& a, const Operand& b) {
        return a.rank < b.rank;
      });
      takes.push_back(std::move(take));
    });
  }

  int rank_;
  std::int64_t ranks_;
  Collective collective_;
  bool passes_on_;  // what has arrived; an all-to-all sends its input only
  Segment segment_;
  ByteSet written_;  // of the output
};

void keep_one_of_each(std::vector<int>& ranks) {
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
}

/// Marks the takes whose bytes nothing later reads or writes.
void mark_last(std::vector<HostStep>& steps) {
  ByteSet later;
  const auto touched = [&](const Take& take) {
    bool any = false;
    later.stretches({take.user, take.user + take.bytes},
                    [&](ByteRange /*part*/, bool inside) { any = any || inside; });
    return any;
  };
  std::for_each(steps.rbegin(), steps.rend(), [&](HostStep& step) {
    std::for_each(step.takes.rbegin(), step.takes.rend(), [&](Take& take) {
      take.last = !touched(take);
      later.add({take.user, take.user + take.bytes});
    });
    for (const Put& put : step.puts)
      if (put.from_output) later.add({put.user, put.user + put.bytes});
  });
}

}  // namespace

std::vector<HostStep> host_plan(const kernels::Schedule& schedule,
                                int rank,
                                const Segment& segment,
                                PassedOn passed_on) {
  HostPlanner planner(schedule, rank, segment);
  std::vector<HostStep> steps;
  for (const PlanStep& step :
       plan(schedule, rank, segment.count, segment.element, segment.chunk_stride == 0)) {
    planner.add(steps.emplace_back(), step);
    if (steps.size() == 1) planner.keep(steps.back());
  }
  for (HostStep& step : steps) {
    keep_one_of_each(step.readers);
    keep_one_of_each(step.writers);
  }
  if (passed_on == PassedOn::by_take)
    for (std::size_t s = 1; s < steps.size(); ++s) pass_on(steps[s - 1], steps[s]);
  mark_last(steps);
  return steps;
}

}  // namespace bench
