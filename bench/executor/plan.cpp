#include "bench/executor/plan.hpp"

#include <cmath>
#include <span>

#include "kernels/collective/ranks.hpp"
#include "kernels/collective/rounds.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Rank;

class Planner {
 public:
  Planner(const kernels::Schedule& schedule,
          int rank,
          std::int64_t count,
          std::size_t element,
          bool joined)
      : schedule_(schedule), rank_(rank), count_(count), element_(element), joined_(joined) {}

  void add(PlanStep& step, const kernels::Part& part, std::int64_t repeat, int tag) const {
    const auto& extents = schedule_.extents;
    const kernels::Exchange& exchange = *part.exchange;
    const std::int64_t k = part.k + repeat;
    for (const Rank to : kernels::receivers(exchange, k, rank_, extents)) {
      const auto chunks = kernels::chunks_between(exchange, k, rank_, to, extents);
      step.sends.push_back(message(chunks, chunks, part.share, to, tag));
    }
    for (const Rank from : kernels::senders(exchange, k, rank_, extents)) {
      const auto chunks = kernels::chunks_between(exchange, k, from, rank_, extents);
      // An all-to-all keeps what arrives in the place of its sender.
      const bool apart = schedule_.collective == kernels::Collective::all_to_all;
      step.receives.push_back(
          message(apart ? std::vector<Rank>{from} : chunks, chunks, part.share, from, tag));
      step.receives.back().reduce = exchange.reduce;
    }
  }

 private:
  [[nodiscard]] Piece piece(Rank chunk, Rank at_sender, const kernels::Share& share) const {
    const Rank ranks = schedule_.ranks();
    const std::size_t first = chunk_begin(chunk, ranks, count_, element_);
    const std::size_t elements =
        (chunk_begin(chunk + 1, ranks, count_, element_) - first) / element_;
    const auto part = [&](double x) {
      return static_cast<std::size_t>(std::llround(static_cast<double>(elements) * x)) * element_;
    };
    const std::size_t begin = part(share.begin);
    return {first + begin,
            part(share.end) - begin,
            chunk_begin(at_sender, ranks, count_, element_) + begin};
  }

  [[nodiscard]] Message message(std::span<const Rank> chunks,
                                std::span<const Rank> at_sender,
                                const kernels::Share& share,
                                Rank peer,
                                int tag) const {
    Message m{static_cast<int>(peer), tag, false, {}, 0};
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const Piece next = piece(chunks[i], at_sender[i], share);
      if (next.bytes == 0) continue;
      m.bytes += next.bytes;
      if (joined_ && !m.pieces.empty() &&
          m.pieces.back().offset + m.pieces.back().bytes == next.offset)
        m.pieces.back().bytes += next.bytes;
      else
        m.pieces.push_back(next);
    }
    return m;
  }

  const kernels::Schedule& schedule_;
  int rank_;
  std::int64_t count_;
  std::size_t element_;
  bool joined_;
};

}  // namespace

std::size_t chunk_begin(std::int64_t c,
                        std::int64_t chunks,
                        std::int64_t count,
                        std::size_t element) {
  // c * count fits: at most 2^20 ranks and 2^40 elements
  return static_cast<std::size_t>(c * count / chunks) * element;
}

bool is_measurable(const kernels::Schedule& schedule) {
  if (schedule.slices > 1 || schedule.collective == kernels::Collective::barrier) return false;
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (const kernels::Part& part : round.parts)
      if (part.exchange->blocks > 1) return false;
  return true;
}

std::vector<PlanStep> plan(const kernels::Schedule& schedule,
                           int rank,
                           std::int64_t count,
                           std::size_t element,
                           bool joined) {
  if (!is_measurable(schedule))
    topology::usage_error("'" + schedule.algorithm + "' is predicted, not measured: measured are " +
                          "schedules in one slice that move data, and all-to-alls in one hop");
  const Planner planner(schedule, rank, count, element, joined);
  std::vector<PlanStep> steps;
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (std::int64_t i = 0; i < round.repeat; ++i) {
      PlanStep step;
      int tag = 0;
      for (const kernels::Part& part : round.parts) planner.add(step, part, i, tag++);
      steps.push_back(std::move(step));
    }
  return steps;
}

}  // namespace bench
