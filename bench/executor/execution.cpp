#include "bench/executor/execution.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <mpi.h>

#include "bench/executor/combine.hpp"

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

Execution::Execution(const kernels::Schedule& schedule, int rank, const Payload& payload)
    : payload_(payload), steps_(plan(schedule, rank, payload.count, payload.element())) {
  std::size_t packed = 0;
  std::size_t arrived = 0;
  for (const Step& step : steps_) {
    packed = std::max(packed, scratch(step.sends, sends_in_place));
    arrived = std::max(arrived, scratch(step.receives, lands));
  }
  packed_.resize(packed);
  arrived_.resize(arrived);
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
      std::byte* const into = target.data() + piece.offset;
      const std::array<const std::byte*, 2> both{into, arrived_.data() + at};
      if (m.reduce)
        combine(payload_.type, payload_.op, into, both, piece.bytes);
      else
        std::memcpy(into, both[1], piece.bytes);
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
