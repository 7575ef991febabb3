#include "kernels/collective/rounds.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace kernels {
namespace {

std::vector<Round> unroll(const Node& node, const Share& share);

void move_to_end(std::vector<Round>& rounds, std::vector<Round>&& more) {
  rounds.insert(
      rounds.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Trips of a loop load the links alike when the partner does not depend on the counter.
bool trips_alike(const std::vector<Round>& body) {
  return body.size() == 1 && body.front().repeat == 1 &&
         std::all_of(body.front().parts.begin(), body.front().parts.end(), [](const Part& part) {
           return part.exchange->to.operand.slope == 0;
         });
}

std::vector<Round> unroll(const Sequence& sequence, const Share& share) {
  std::vector<Round> all;
  for (const Node& step : sequence.steps) move_to_end(all, unroll(step, share));
  return all;
}

std::vector<Round> unroll(const Loop& loop, const Share& share) {
  std::vector<Round> body;
  for (const Node& step : loop.body) move_to_end(body, unroll(step, share));
  if (trips_alike(body)) {
    body.front().repeat = loop.count;
    return body;
  }
  std::vector<Round> all;
  for (std::int64_t k = 0; k < loop.count; ++k) {
    for (Round round : body) {
      for (Part& part : round.parts) part.k = k;
      all.push_back(std::move(round));
    }
  }
  return all;
}

std::vector<Round> unroll(const Odometer& odometer, const Share& share) {
  const std::int64_t fastest = odometer.extents.front();
  std::vector<Round> all;
  for (std::int64_t k = 0; k < odometer.steps();) {
    const std::size_t digit = odometer.digit(k);
    const std::int64_t repeat = digit == 0 ? fastest - 1 : 1;  // all until it has come round
    all.push_back({{{&odometer.hops[digit], k, share}}, repeat});
    k += repeat;
  }
  return all;
}

/// A lane's place while lanes are advanced together.
struct Cursor {
  std::vector<Round> rounds;
  std::size_t at = 0;
  std::int64_t done = 0;  // repeats of the current round

  [[nodiscard]] bool finished() const { return at == rounds.size(); }

  [[nodiscard]] std::int64_t left() const { return rounds[at].repeat - done; }

  void take(std::int64_t repeats, std::vector<Part>& parts) {
    for (Part part : rounds[at].parts) {
      part.k += done;
      parts.push_back(part);
    }
    done += repeats;
    if (done < rounds[at].repeat) return;
    ++at;
    done = 0;
  }
};

/// Repeats until the first lane comes to its next round; 0 when all lanes are finished.
std::int64_t common_repeats(const std::vector<Cursor>& lanes) {
  std::int64_t repeats = 0;
  for (const Cursor& lane : lanes)
    if (!lane.finished()) repeats = repeats == 0 ? lane.left() : std::min(repeats, lane.left());
  return repeats;
}

std::vector<Round> zip(std::vector<Cursor> lanes) {
  std::vector<Round> all;
  while (const std::int64_t repeats = common_repeats(lanes)) {
    Round round{{}, repeats};
    for (Cursor& lane : lanes)
      if (!lane.finished()) lane.take(repeats, round.parts);
    all.push_back(std::move(round));
  }
  return all;
}

std::vector<Round> unroll(const Together& together, const Share& share) {
  std::vector<Cursor> parts;
  for (const Node& part : together.parts) parts.push_back({unroll(part, share)});
  return zip(std::move(parts));
}

std::vector<Round> unroll(const Lanes& lanes, const Share& share) {
  const double total = std::accumulate(lanes.weights.begin(), lanes.weights.end(), 0.0);
  const double width = share.end - share.begin;
  std::vector<Cursor> cursors;
  double before = 0;
  for (std::size_t i = 0; i < lanes.lanes.size(); ++i) {
    const double after = before + lanes.weights[i];
    const Share mine{share.begin + width * before / total,
                     share.begin + width * after / total,
                     share.weight * lanes.weights[i],
                     share.total * total};
    cursors.push_back({unroll(lanes.lanes[i], mine)});
    before = after;
  }
  return zip(std::move(cursors));
}

std::vector<Round> unroll(const Exchange& exchange, const Share& share) {
  return {Round{{Part{&exchange, 0, share}}, 1}};
}

std::vector<Round> unroll(const Node& node, const Share& share) {
  return std::visit([&share](const auto& what) { return unroll(what, share); }, node);
}

}  // namespace

topology::Bytes message_size(const Part& part, const Schedule& schedule, topology::Bytes size) {
  const Exchange& exchange = *part.exchange;
  const topology::Bytes chunk = size / static_cast<double>(schedule.ranks());
  return part.share.of(chunk * chunks_in(exchange.chunks, schedule.extents) * exchange.blocks);
}

std::vector<Round> rounds(const Schedule& schedule) {
  return unroll(schedule.root, {});
}

}  // namespace kernels
