#include "bench/executor/execution.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include <mpi.h>

#include "topology/error.hpp"

namespace bench {
namespace {

constexpr std::size_t largest_message = 1UL << 30U;  // MPI counts are int

/// Received data waits in scratch unless it can land where it belongs.
bool lands(const Message& m) {
  return !m.reduce && m.pieces.size() == 1;
}

bool sends_in_place(const Message& m) {
  return m.pieces.size() == 1;
}

std::size_t scratch(const std::vector<Message>& messages, bool (*direct)(const Message&)) {
  std::size_t bytes = 0;
  for (const Message& m : messages)
    if (!direct(m)) bytes += m.bytes;
  return bytes;
}

template <class Post>
void in_parts(std::size_t bytes, Post&& post) {
  for (std::size_t at = 0; at < bytes; at += largest_message)
    post(at, static_cast<int>(std::min(largest_message, bytes - at)));
}

}  // namespace

std::size_t chunk_begin(std::int64_t c,
                        std::int64_t chunks,
                        std::int64_t count,
                        std::size_t element) {
  // c * count fits: at most 2^20 ranks and 2^40 elements
  return static_cast<std::size_t>(c * count / chunks) * element;
}

bool is_measurable(const kernels::Schedule& schedule) {
  const kernels::CollectiveInfo& what = kernels::info(schedule.collective);
  if (schedule.slices > 1 || what.rooted() || what.traffic == 0) return false;
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (const kernels::Part& part : round.parts)
      if (part.exchange->blocks > 1) return false;
  return true;
}

Execution::Execution(const kernels::Schedule& schedule,
                     int rank,
                     std::int64_t count,
                     topology::DataType type,
                     Operator op)
    : ranks_(schedule.ranks()),
      count_(count),
      type_(type),
      op_(op),
      element_(static_cast<std::size_t>(topology::size_of(type).value())) {
  if (!is_measurable(schedule))
    topology::usage_error("'" + schedule.algorithm + "' is predicted, not measured: measured are " +
                          "schedules in one slice without a root, and all-to-alls in one hop");
  plan(schedule, rank);
  std::size_t packed = 0;
  std::size_t arrived = 0;
  for (const Step& step : steps_) {
    packed = std::max(packed, scratch(step.sends, sends_in_place));
    arrived = std::max(arrived, scratch(step.receives, lands));
  }
  packed_.resize(packed);
  arrived_.resize(arrived);
}

void Execution::plan(const kernels::Schedule& schedule, int rank) {
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (std::int64_t i = 0; i < round.repeat; ++i) {
      Step step;
      int tag = 0;
      for (const kernels::Part& part : round.parts) add_part(step, schedule, part, i, rank, tag++);
      steps_.push_back(std::move(step));
    }
}

void Execution::add_part(Step& step,
                         const kernels::Schedule& schedule,
                         const kernels::Part& part,
                         std::int64_t repeat,
                         int rank,
                         int tag) const {
  const auto& extents = schedule.extents;
  const kernels::Exchange& exchange = *part.exchange;
  const std::int64_t k = part.k + repeat;
  const bool apart = schedule.collective == kernels::Collective::all_to_all;
  for (const kernels::Rank to : kernels::receivers(exchange, k, rank, extents))
    step.sends.push_back(
        message(kernels::chunks_between(exchange, k, rank, to, extents), part.share, to, tag));
  for (const kernels::Rank from : kernels::senders(exchange, k, rank, extents)) {
    // An all-to-all keeps what arrives in the place of its sender.
    const auto chunks = apart ? std::vector<kernels::Rank>{from}
                              : kernels::chunks_between(exchange, k, from, rank, extents);
    step.receives.push_back(message(chunks, part.share, from, tag));
    step.receives.back().reduce = exchange.reduce;
  }
}

Message Execution::message(std::span<const kernels::Rank> chunks,
                           const kernels::Share& share_of_chunk,
                           kernels::Rank peer,
                           int tag) const {
  Message m{static_cast<int>(peer), tag, false, {}, 0};
  for (const std::int64_t c : chunks) {
    const std::size_t first = chunk_begin(c, ranks_, count_, element_);
    const std::size_t elements = (chunk_begin(c + 1, ranks_, count_, element_) - first) / element_;
    const auto share = [&](double x) {
      return static_cast<std::size_t>(std::llround(static_cast<double>(elements) * x)) * element_;
    };
    const std::size_t begin = share(share_of_chunk.begin);
    const Piece piece{first + begin, share(share_of_chunk.end) - begin};
    if (piece.bytes == 0) continue;
    m.bytes += piece.bytes;
    if (!m.pieces.empty() && m.pieces.back().offset + m.pieces.back().bytes == piece.offset)
      m.pieces.back().bytes += piece.bytes;
    else
      m.pieces.push_back(piece);
  }
  return m;
}

void Execution::post(const Step& step,
                     std::span<const std::byte> source,
                     std::span<std::byte> target) {
  std::vector<MPI_Request> requests;
  std::size_t at = 0;
  for (const Message& m : step.receives) {
    std::byte* place = lands(m) ? target.data() + m.pieces.front().offset : arrived_.data() + at;
    if (!lands(m)) at += m.bytes;
    in_parts(m.bytes, [&](std::size_t offset, int bytes) {
      MPI_Irecv(
          place + offset, bytes, MPI_BYTE, m.peer, m.tag, MPI_COMM_WORLD, &requests.emplace_back());
    });
  }
  at = 0;
  for (const Message& m : step.sends) {
    const std::byte* data = nullptr;
    if (sends_in_place(m)) {
      data = source.data() + m.pieces.front().offset;
    } else {
      data = packed_.data() + at;
      for (const Piece& piece : m.pieces) {
        std::memcpy(packed_.data() + at, source.data() + piece.offset, piece.bytes);
        at += piece.bytes;
      }
    }
    in_parts(m.bytes, [&](std::size_t offset, int bytes) {
      MPI_Isend(
          data + offset, bytes, MPI_BYTE, m.peer, m.tag, MPI_COMM_WORLD, &requests.emplace_back());
    });
  }
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
}

void Execution::apply(const Step& step, std::span<std::byte> target) {
  std::size_t at = 0;
  for (const Message& m : step.receives) {
    if (lands(m)) continue;
    for (const Piece& piece : m.pieces) {
      const std::span<std::byte> into = target.subspan(piece.offset, piece.bytes);
      const std::span<const std::byte> from{arrived_.data() + at, piece.bytes};
      if (m.reduce)
        reduce(type_, op_, into, from);
      else
        std::memcpy(into.data(), from.data(), from.size());
      at += piece.bytes;
    }
  }
}

void Execution::run(std::span<const std::byte> source, std::span<std::byte> target) {
  for (const Step& step : steps_) {
    post(step, source, target);
    apply(step, target);
  }
}

}  // namespace bench
