#include "kernels/training/pipeline_floor.hpp"

#include <algorithm>

namespace kernels {
namespace {

using topology::Seconds;

void add(Pieces& to, const Pieces& other) {
  to.resize(std::max(to.size(), other.size()));
  for (std::size_t i = 0; i < other.size(); ++i) to[i] += other[i];
}

bool has_all_of(const Pieces& some, const Pieces& others) {
  for (std::size_t i = 0; i < some.size(); ++i)
    if (some[i] < others[i]) return false;
  return true;
}

/// Adds what nothing that is there covers, and leaves out what it covers itself.
template <class Row, class Covers>
void add_uncovered(std::vector<Row>& rows, Row fresh, Covers covers) {
  for (const Row& known : rows)
    if (covers(known, fresh)) return;
  std::erase_if(rows, [&](const Row& known) { return covers(fresh, known); });
  rows.push_back(std::move(fresh));
}

struct Times {
  double forward = 0;
  double backward = 0;
  double weights = 0;
};

Times time_of(const Pieces& pieces, const std::vector<ChunkTime>& times) {
  Times sum;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto count = static_cast<double>(pieces[i]);
    sum.forward += count * times[i].forward.value();
    sum.backward += count * times[i].backward.value();
    sum.weights += count * times[i].weights.value();
  }
  return sum;
}

double as_real(std::int64_t count) {
  return static_cast<double>(count);
}

}  // namespace

PipelineFloor::PipelineFloor(PipelineOrder order,
                             std::int64_t ranks,
                             const std::vector<Pieces>& chunks)
    : order_(order),
      ranks_(ranks),
      chunks_of_rank_(static_cast<std::int64_t>(chunks.size()) / ranks),
      last_(chunks.back()) {
  if (order == PipelineOrder::interleaved && chunks_of_rank_ == 1)
    order_ = PipelineOrder::one_f_one_b;  // is the same
  Pipeline pipeline;
  pipeline.order = order;
  pipeline.ranks = ranks;
  pipeline.chunks = chunks_of_rank_;
  const bool dual = order == PipelineOrder::dual_pipe;
  std::vector<Pieces> held(static_cast<std::size_t>(ranks));
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    const auto rank = static_cast<std::size_t>(rank_of(pipeline, static_cast<std::int64_t>(c)));
    add(held[rank], chunks[c]);
    if (dual) add(held[held.size() - 1 - rank], chunks[c]);
    add(all_, chunks[c]);
  }
  end_ = order == PipelineOrder::interleaved ? held.back() : held.front();
  for (std::int64_t r = 0; r < ranks; ++r) {
    const Pieces& mine = held[static_cast<std::size_t>(r)];
    add_load(r, mine, chunks);
    add_held(r, mine, chunks, pipeline);
    if (std::find(distinct_.begin(), distinct_.end(), mine) == distinct_.end())
      distinct_.push_back(mine);
  }
}

/// Of dual_pipe the direction with fewer chunks before the rank's own comes first.
void PipelineFloor::add_load(std::int64_t rank, Pieces held, const std::vector<Pieces>& chunks) {
  const std::int64_t before =
      order_ == PipelineOrder::dual_pipe ? std::min(rank, ranks_ - 1 - rank) : rank;
  Load load{rank, std::move(held), Pieces(all_.size()), before};
  for (std::int64_t c = 0; c < before; ++c) add(load.lead, chunks[static_cast<std::size_t>(c)]);
  add_uncovered(loads_, std::move(load), [](const Load& some, const Load& other) {
    return some.hops >= other.hops && has_all_of(some.work, other.work) &&
           has_all_of(some.lead, other.lead);
  });
}

void PipelineFloor::add_held(std::int64_t rank,
                             const Pieces& held,
                             const std::vector<Pieces>& chunks,
                             const Pipeline& pipeline) {
  const bool dual = order_ == PipelineOrder::dual_pipe;
  const auto covers = [](const Held& some, const Held& other) {
    return some.rank <= other.rank && has_all_of(some.pieces, other.pieces) &&
           has_all_of(some.chunk, other.chunk);
  };
  const std::int64_t row = dual ? std::min(rank, ranks_ - 1 - rank) : rank;
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    const std::int64_t on = rank_of(pipeline, static_cast<std::int64_t>(c));
    if (on == rank || (dual && ranks_ - 1 - on == rank))
      add_uncovered(largest_, Held{row, held, chunks[c]}, covers);
  }
}

Seconds PipelineFloor::time(const std::vector<ChunkTime>& pieces,
                            std::int64_t micro_batches,
                            Seconds transfer) const {
  return Seconds(std::max(busiest(pieces, micro_batches, transfer.value()),
                          there_and_back(pieces, micro_batches, transfer.value())));
}

double PipelineFloor::busiest(const std::vector<ChunkTime>& pieces,
                              std::int64_t micro_batches,
                              double transfer) const {
  const bool splits = splits_backward(order_);
  const bool dual = order_ == PipelineOrder::dual_pipe;
  const double passes = dual ? as_real(micro_batches) / 2 : as_real(micro_batches);
  double floor = 0;
  for (const Load& load : loads_) {
    const Times work = time_of(load.work, pieces);
    const Times lead = time_of(load.lead, pieces);
    const double hops = as_real(load.hops) * transfer;
    const double all = passes * (work.forward + work.backward + work.weights);
    const double around = lead.forward + lead.backward + 2 * hops;
    if (!splits) {
      floor = std::max(floor, all + around + lead.weights);
      continue;
    }
    const bool counted = order_ == PipelineOrder::zb_h1;
    const double before_last = counted ? std::max(0.0, passes - 1 - as_real(load.rank)) : 0;
    floor =
        std::max({floor,
                  all + lead.forward + hops,
                  passes * (work.forward + work.backward) + before_last * work.weights + around});
  }
  return floor;
}

double PipelineFloor::there_and_back(const std::vector<ChunkTime>& pieces,
                                     std::int64_t micro_batches,
                                     double transfer) const {
  const bool waits = order_ == PipelineOrder::one_f_one_b || order_ == PipelineOrder::zb_h1;
  if (!waits && order_ != PipelineOrder::interleaved) return 0;
  const double of_weights = splits_backward(order_) ? 0 : 1;
  const auto passes = [&](const Times& t) {
    return t.forward + t.backward + of_weights * t.weights;
  };
  const double way =
      passes(time_of(all_, pieces)) + 2 * as_real(ranks_ * chunks_of_rank_ - 1) * transfer;
  const Times end = time_of(end_, pieces);
  if (waits) {  // forward passes of the last ones may have come before
    const std::int64_t before = (micro_batches - 1) / ranks_;
    return as_real(before + 1) * way +
           as_real(micro_batches - 1 - before * ranks_) * (end.backward + of_weights * end.weights);
  }
  return way + as_real(micro_batches - ranks_) * passes(end) +
         as_real(ranks_ - 1) * passes(time_of(last_, pieces));
}

std::int64_t PipelineFloor::in_flight(std::int64_t rank, std::int64_t micro_batches) const {
  const std::int64_t m = micro_batches;
  const std::int64_t behind = ranks_ - 1 - rank;
  switch (order_) {
    case PipelineOrder::gpipe:
      return m;
    case PipelineOrder::one_f_one_b:
      return std::min(m, behind + 1);
    case PipelineOrder::interleaved:
      return std::min(m * chunks_of_rank_, 2 * behind + (chunks_of_rank_ - 1) * ranks_ + 1);
    case PipelineOrder::zb_h1:
      return std::min(m, ranks_);
    case PipelineOrder::zb_v:
      return std::min(2 * m, 2 * ranks_ + behind);
    case PipelineOrder::dual_pipe:
      break;
  }
  return std::min(m, ranks_ + std::max<std::int64_t>(1, ranks_ / 2 - 1 - rank));
}

}  // namespace kernels
