#include "bench/executor/mixed_plan.hpp"

#include <algorithm>
#include <utility>

#include "bench/executor/host_ranks.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

class MixedPlanner {
 public:
  explicit MixedPlanner(std::span<const int> places) : places_(places) {}

  [[nodiscard]] MixedStep step(HostStep host, const PlanStep& messages) const {
    MixedStep mixed;
    mixed.sends = parcels(messages.sends);
    mixed.receives = parcels(messages.receives);
    mixed.host.puts = std::move(host.puts);
    mixed.host.readers = on_this_host(host.readers);
    mixed.host.writers = on_this_host(host.writers);
    for (Take& take : host.takes) {
      const bool late = locate(take, mixed.receives) || waits_for(take, mixed.late);
      (late ? mixed.late : mixed.host.takes).push_back(std::move(take));
    }
    return mixed;
  }

 private:
  [[nodiscard]] int place(int rank) const { return places_[static_cast<std::size_t>(rank)]; }

  [[nodiscard]] std::vector<int> on_this_host(const std::vector<int>& ranks) const {
    std::vector<int> here;
    for (const int rank : ranks)
      if (place(rank) != HostRanks::elsewhere) here.push_back(place(rank));
    return here;
  }

  [[nodiscard]] std::vector<Parcel> parcels(const std::vector<Message>& messages) const {
    std::vector<Parcel> all;
    std::size_t at = 0;
    for (const Message& m : messages) {
      if (place(m.peer) != HostRanks::elsewhere || m.bytes == 0) continue;
      all.push_back({m, at});
      at += m.bytes;
    }
    return all;
  }

  /// Where a byte of a sender's slot arrives.
  static std::size_t arrival(const std::vector<Parcel>& receives, int sender, std::size_t byte) {
    for (const Parcel& parcel : receives) {
      if (parcel.message.peer != sender) continue;
      std::size_t at = parcel.at;
      for (const Piece& piece : parcel.message.pieces) {
        if (byte >= piece.from && byte < piece.from + piece.bytes) return at + byte - piece.from;
        at += piece.bytes;
      }
    }
    topology::expects(false, "what a rank takes from another host is in a message");
    return 0;
  }

  /// Turns ranks into places. @return whether a message is needed
  bool locate(Take& take, const std::vector<Parcel>& receives) const {
    bool needs_message = false;
    for (Operand& o : take.from) {
      const int sender = std::exchange(o.rank, place(o.rank));
      if (o.rank != HostRanks::elsewhere) continue;
      o.at = arrival(receives, sender, o.at);
      needs_message = true;
    }
    return needs_message;
  }

  /// Does it add to what one of these writes?
  static bool waits_for(const Take& take, const std::vector<Take>& late) {
    return std::any_of(late.begin(), late.end(), [&](const Take& before) {
      return before.user < take.user + take.bytes && take.user < before.user + before.bytes;
    });
  }

  std::span<const int> places_;
};

}  // namespace

std::size_t room(std::span<const Parcel> parcels) {
  return parcels.empty() ? 0 : parcels.back().at + parcels.back().message.bytes;
}

std::vector<MixedStep> mixed_plan(const kernels::Schedule& schedule,
                                  int rank,
                                  const Segment& segment,
                                  std::span<const int> places) {
  const MixedPlanner planner(places);
  const std::vector<PlanStep> messages = plan(schedule, rank, segment.count, segment.element);
  std::vector<HostStep> host = host_plan(schedule, rank, segment);
  std::vector<MixedStep> steps;
  for (std::size_t s = 0; s < host.size(); ++s)
    steps.push_back(planner.step(std::move(host[s]), messages[s]));
  return steps;
}

}  // namespace bench
