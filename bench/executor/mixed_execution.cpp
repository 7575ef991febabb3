#include "bench/executor/mixed_execution.hpp"

#include <algorithm>
#include <cstring>

#include "bench/executor/far_trial.hpp"

namespace bench {
namespace {

/// Of a segment, for each rank: that much is in the messages between hosts, whose latency it must
/// outweigh.
constexpr std::int64_t message_segment_per_rank = 256 << 10;

/// Of many ranks together: a rank has several slots of this size, and as much again in messages.
constexpr std::int64_t largest_segment = 16 << 20;

std::int64_t bytes_per_rank(std::int64_t ranks) {
  constexpr std::int64_t least = 64;
  return std::clamp(largest_segment / ranks, least, message_segment_per_rank);
}

void receive(const Parcel& parcel, std::byte* buffer, MPI_Request& request) {
  const Message& m = parcel.message;
  MPI_Irecv(buffer + parcel.at,
            static_cast<int>(m.bytes),
            MPI_BYTE,
            m.peer,
            m.tag,
            MPI_COMM_WORLD,
            &request);
}

const std::byte* pack(const Parcel& parcel, const std::byte* slot, std::byte* buffer) {
  std::byte* to = buffer + parcel.at;
  for (const Piece& piece : parcel.message.pieces) {
    std::memcpy(to, slot + piece.offset, piece.bytes);
    to += piece.bytes;
  }
  return buffer + parcel.at;
}

void send(const Parcel& parcel, const std::byte* slot, std::byte* buffer, MPI_Request& request) {
  const Message& m = parcel.message;
  MPI_Isend(parcel.packed() ? pack(parcel, slot, buffer) : slot + m.pieces.front().offset,
            static_cast<int>(m.bytes),
            MPI_BYTE,
            m.peer,
            m.tag,
            MPI_COMM_WORLD,
            &request);
}

void wait_all(std::span<MPI_Request> requests) {
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
}

}  // namespace

MixedExecution::MixedExecution(const kernels::Schedule& schedule, int rank, const Payload& payload)
    : MixedExecution(schedule, rank, payload, HostRanks()) {}

MixedExecution::MixedExecution(const kernels::Schedule& schedule,
                               int rank,
                               const Payload& payload,
                               const HostRanks& host)
    : segments_(cut(schedule, payload, bytes_per_rank(schedule.ranks()))),
      whole_(mixed_plan(schedule, rank, segments_.whole, host.places())),
      last_(mixed_plan(schedule, rank, segments_.last, host.places())),
      window_(segments_.whole.bytes(), host.comm()),
      buffers_(payload,
               past_cache(payload, window_.ranks(), FarTrial(payload.bytes(), host.comm()).far())),
      in_slot_(window_.slots()) {
  for (const Steps* steps : {&whole_, &last_})
    for (const MixedStep& step : *steps)
      for (Flight& flight : flights_) {
        flight.packed.resize(std::max(flight.packed.size(), room(step.sends)));
        flight.arrived.resize(std::max(flight.arrived.size(), room(step.receives)));
      }
}

const MixedStep& MixedExecution::step_of(std::int64_t segment, std::int64_t step) const {
  const Steps& steps = segment + 1 < segments_.number ? whole_ : last_;
  return steps[static_cast<std::size_t>(step)];
}

void MixedExecution::run(std::span<const std::byte> input, std::span<std::byte> output) {
  buffers_.use(input, output);
  const auto steps = static_cast<std::int64_t>(last_.size());
  if (segments_.number == 0 || steps == 0) return;
  const std::int64_t apart = (steps + 1) / 2;
  const std::int64_t end = (segments_.number - 1) * apart + steps;
  for (std::int64_t now = 0; now <= end; ++now) {
    const std::int64_t first = std::max<std::int64_t>(0, (now - steps + apart - 1) / apart);
    const std::int64_t last = std::min(segments_.number - 1, now / apart);
    for (std::int64_t segment = first; segment <= last; ++segment) {
      const std::int64_t step = now - segment * apart;
      if (step > 0) take(segment, step - 1);
      if (step < steps) put(segment, step);
    }
  }
}

/// MPI may send on only while it is called, and what others wait for may be on its way from here.
void MixedExecution::wait_for(int place, std::uint64_t steps) {
  window_.wait_for(place, steps, [] {
    int any = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &any, MPI_STATUS_IGNORE);
  });
}

void MixedExecution::put(std::int64_t segment, std::int64_t step) {
  const MixedStep& what = step_of(segment, step);
  Flight& flight = flight_of(segment);
  flight.number = next_;
  flight.requests.clear();
  for (const Parcel& parcel : what.receives)
    receive(parcel, flight.arrived.data(), flight.requests.emplace_back());
  Use& use = in_slot_[next_ % window_.slots()];
  if (use.step != nullptr)
    for (const int reader : use.step->host.readers) wait_for(reader, use.taken);
  use.step = &what;
  std::byte* const slot = window_.slot(window_.rank(), next_);
  buffers_.put(what.host, begin_of(segment), slot);
  window_.publish(++next_);
  for (const Parcel& parcel : what.sends)
    send(parcel, slot, flight.packed.data(), flight.requests.emplace_back());
}

void MixedExecution::take(std::int64_t segment, std::int64_t step) {
  const MixedStep& what = step_of(segment, step);
  Flight& flight = flight_of(segment);
  const std::size_t begin = begin_of(segment);
  const auto arrived = [&](const Operand& o) -> const std::byte* {
    return (o.rank == HostRanks::elsewhere ? flight.arrived.data()
                                           : window_.slot(o.rank, flight.number)) +
           o.at;
  };
  for (const int writer : what.host.writers) wait_for(writer, flight.number + 1);
  for (const Take& take : what.host.takes) buffers_.take(take, begin, arrived);
  const std::span requests(flight.requests);
  wait_all(requests.first(what.receives.size()));
  for (const Take& take : what.late) buffers_.take(take, begin, arrived);
  wait_all(requests.subspan(what.receives.size()));
  // The next put comes after this on every rank: who has put it is through with this.
  in_slot_[flight.number % window_.slots()].taken = next_ + 1;
}

}  // namespace bench
