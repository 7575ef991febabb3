#include "bench/executor/host_execution.hpp"

namespace bench {
namespace {

/// Of a segment, for each rank: what a rank puts stays in its L2 cache until the others have it.
constexpr std::int64_t cache_segment_per_rank = 64 << 10;

}  // namespace

HostExecution::HostExecution(const kernels::Schedule& schedule, int rank, const Payload& payload)
    : segments_(cut(schedule, payload, cache_segment_per_rank)),
      whole_(host_plan(schedule, rank, segments_.whole, PassedOn::by_take)),
      last_(host_plan(schedule, rank, segments_.last, PassedOn::by_take)),
      window_(segments_.whole.bytes()),
      payload_(payload),
      far_trial_(payload.bytes(), MPI_COMM_WORLD),
      buffers_(payload, past_cache(payload, window_.ranks(), far_trial_.far())),
      in_slot_(window_.slots()) {}

void HostExecution::look_again() {
  buffers_.go_around(past_cache(payload_, window_.ranks(), far_trial_.far()));
}

const HostExecution::Steps& HostExecution::steps_of(std::int64_t segment) const {
  return segment + 1 < segments_.number ? whole_ : last_;
}

void HostExecution::run(std::span<const std::byte> input, std::span<std::byte> output) {
  buffers_.use(input, output);
  if (segments_.number == 0 || last_.empty()) return;
  put(steps_of(0).front(), 0);
  for (std::int64_t s = 0; s < segments_.number; ++s) run_segment(s);
}

/// Its first step is put already.
void HostExecution::run_segment(std::int64_t segment) {
  const Steps& steps = steps_of(segment);
  const std::size_t begin = static_cast<std::size_t>(segment) * segments_.stride;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    if (t > 0) put(steps[t], begin);
    const std::uint64_t number = next_;
    if (t + 1 == steps.size() && segment + 1 < segments_.number)
      put(steps_of(segment + 1).front(), begin + segments_.stride);
    take(steps[t], begin, number);
  }
}

// A rank puts the first step of the next segment before it is through with this one. So one that
// has put s steps is through with all before s - 2.
std::byte* HostExecution::free_slot() {
  const HostStep* const before = in_slot_[next_ % window_.slots()];
  if (before != nullptr)
    for (const int reader : before->readers) window_.wait_for(reader, next_ - window_.slots() + 3);
  return window_.slot(window_.rank(), next_);
}

void HostExecution::put(const HostStep& step, std::size_t begin) {
  buffers_.put(step, begin, free_slot());
  in_slot_[next_ % window_.slots()] = &step;
  window_.publish(++next_);
}

void HostExecution::take(const HostStep& step, std::size_t begin, std::uint64_t number) {
  for (const int writer : step.writers) window_.wait_for(writer, number);
  const auto arrived = [&](const Operand& o) { return window_.slot(o.rank, number - 1) + o.at; };
  for (const Take& what : step.takes)
    buffers_.take(what, begin, arrived, what.passed_on ? free_slot() : nullptr);
}

}  // namespace bench
