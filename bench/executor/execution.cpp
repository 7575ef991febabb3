#include "bench/executor/execution.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <mpi.h>

#include "bench/executor/combine.hpp"

namespace bench {
namespace {

/// A part that has arrived is reduced from the cache, while others are on their way. Between ranks
/// of one host that gains nothing (0.96 to 1.02 of whole messages, 4 to 64 MiB): the copy is the
/// work.
constexpr std::size_t part_bytes = std::size_t{1} << 20U;

/// Received data waits in scratch unless it can land where it belongs.
bool lands(const Message& m) {
  return !m.reduce && m.pieces.size() == 1;
}

bool sends_in_place(const Message& m) {
  return m.pieces.size() == 1;
}

bool touch(const Piece& a, const Piece& b) {
  return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

/// Does applying what arrives change what is still being sent?
bool reads_what_it_writes(const PlanStep& step) {
  for (const Message& out : step.sends)
    for (const Message& in : step.receives)
      if (sends_in_place(out) && !lands(in))
        for (const Piece& piece : in.pieces)
          if (touch(out.pieces.front(), piece)) return true;
  return false;
}

}  // namespace

Execution::Traffic Execution::traffic_of(const PlanStep& step) {
  const auto parts_of = [](const std::vector<Message>& messages, bool (*direct)(const Message&)) {
    std::vector<Part> parts;
    std::size_t scratch = 0;
    for (const Message& m : messages) {
      for (std::size_t at = 0; at < m.bytes; at += part_bytes)
        parts.push_back({&m, at, std::min(part_bytes, m.bytes - at), scratch});
      if (!direct(m)) scratch += m.bytes;
    }
    return parts;
  };
  return {parts_of(step.receives, lands),
          parts_of(step.sends, sends_in_place),
          reads_what_it_writes(step)};
}

Execution::Execution(const kernels::Schedule& schedule, int rank, const Payload& payload)
    : payload_(payload), steps_(plan(schedule, rank, payload.count, payload.element())) {
  std::size_t requests = 0;
  std::size_t packed = 0;
  std::size_t arrived = 0;
  for (const PlanStep& step : steps_) {
    const Traffic& traffic = traffic_.emplace_back(traffic_of(step));
    requests = std::max(requests, traffic.receives.size() + traffic.sends.size());
    for (const Part& part : traffic.sends)
      if (!sends_in_place(*part.message))
        packed = std::max(packed, part.scratch + part.at + part.bytes);
    for (const Part& part : traffic.receives)
      if (!lands(*part.message)) arrived = std::max(arrived, part.scratch + part.at + part.bytes);
  }
  requests_.resize(requests);
  packed_.resize(packed);
  arrived_.resize(arrived);
}

void Execution::pack(const Traffic& traffic, std::span<const std::byte> source) {
  for (const Part& part : traffic.sends) {
    if (sends_in_place(*part.message) || part.at > 0) continue;
    std::byte* to = packed_.data() + part.scratch;
    for (const Piece& piece : part.message->pieces) {
      std::memcpy(to, source.data() + piece.offset, piece.bytes);
      to += piece.bytes;
    }
  }
}

void Execution::post(const Traffic& traffic,
                     std::span<const std::byte> source,
                     std::span<std::byte> target,
                     std::span<MPI_Request> requests) {
  auto request = requests.begin();
  for (const Part& part : traffic.receives) {
    const Message& m = *part.message;
    std::byte* const to =
        lands(m) ? target.data() + m.pieces.front().offset : arrived_.data() + part.scratch;
    MPI_Irecv(to + part.at,
              static_cast<int>(part.bytes),
              MPI_BYTE,
              m.peer,
              m.tag,
              MPI_COMM_WORLD,
              &*request++);
  }
  pack(traffic, source);
  for (const Part& part : traffic.sends) {
    const Message& m = *part.message;
    const std::byte* const from =
        sends_in_place(m) ? source.data() + m.pieces.front().offset : packed_.data() + part.scratch;
    MPI_Isend(from + part.at,
              static_cast<int>(part.bytes),
              MPI_BYTE,
              m.peer,
              m.tag,
              MPI_COMM_WORLD,
              &*request++);
  }
}

/// What has arrived of a message into the pieces of the vector that it is of.
void Execution::apply(const Part& part, std::span<std::byte> target) {
  const Message& m = *part.message;
  if (lands(m)) return;
  std::size_t begin = 0;  // of the piece, in the message
  for (const Piece& piece : m.pieces) {
    const std::size_t from = std::max(begin, part.at);
    const std::size_t to = std::min(begin + piece.bytes, part.at + part.bytes);
    if (from < to) {
      std::byte* const into = target.data() + piece.offset + (from - begin);
      const std::array<const std::byte*, 2> both{into, arrived_.data() + part.scratch + from};
      if (m.reduce)
        combine(payload_.type, payload_.op, {into}, both, to - from);
      else
        std::memcpy(into, both[1], to - from);
    }
    begin += piece.bytes;
  }
}

void Execution::run(std::span<const std::byte> source, std::span<std::byte> target) {
  for (const Traffic& traffic : traffic_) {
    const std::size_t receives = traffic.receives.size();
    const std::span<MPI_Request> all(requests_.data(), receives + traffic.sends.size());
    post(traffic, source, target, all);
    if (receives == 1 || traffic.reads_what_it_writes) {
      MPI_Waitall(static_cast<int>(all.size()), all.data(), MPI_STATUSES_IGNORE);
      for (const Part& part : traffic.receives) apply(part, target);
      continue;
    }
    for (std::size_t i = 0; i < receives; ++i) {
      int arrived = 0;
      MPI_Waitany(static_cast<int>(receives), all.data(), &arrived, MPI_STATUS_IGNORE);
      apply(traffic.receives[static_cast<std::size_t>(arrived)], target);
    }
    MPI_Waitall(static_cast<int>(traffic.sends.size()), all.data() + receives, MPI_STATUSES_IGNORE);
  }
}

}  // namespace bench
