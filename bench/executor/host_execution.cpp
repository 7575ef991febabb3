#include "bench/executor/host_execution.hpp"

#include <algorithm>
#include <cstring>

#include <unistd.h>

#include "bench/executor/combine.hpp"
#include "bench/executor/plan.hpp"

namespace bench {
namespace {

/// Of a segment, for each rank: what a rank puts stays in its L2 cache until the others have it.
constexpr std::int64_t segment_bytes_per_rank = 64 << 10;

/// How a vector is cut.
struct Cut {
  std::int64_t segments = 0;
  std::size_t stride = 0;  ///< bytes of the user's vector from one to the next
  Segment whole;
  Segment last;
};

Cut cut(const kernels::Schedule& schedule, const Payload& payload) {
  const std::size_t element = payload.element();
  const std::int64_t ranks = schedule.ranks();
  // Of a chunk where the user's ends are chunked, of the vector elsewhere.
  const bool chunked = kernels::info(schedule.collective).chunked_ends;
  const std::int64_t times = chunked ? ranks : 1;
  const std::int64_t length = payload.count / times;
  const std::int64_t most =
      segment_bytes_per_rank * (chunked ? 1 : ranks) / static_cast<std::int64_t>(element);
  const std::int64_t each = std::min(length, most);
  const std::int64_t segments = each > 0 ? (length + each - 1) / each : 0;
  const std::size_t apart = chunked ? static_cast<std::size_t>(length) * element : 0;
  return {segments,
          static_cast<std::size_t>(each) * element,
          {each * times, element, apart},
          {(length - (segments - 1) * each) * times, element, apart}};
}

}  // namespace

bool leaves_cache(const Payload& payload, std::int64_t ranks) {
  const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
  const auto bytes = payload.count * static_cast<std::int64_t>(payload.element());
  return 2 * ranks * bytes >= (cache > 0 ? cache : 32L << 20U);
}

HostExecution::HostExecution(const kernels::Schedule& schedule, int rank, const Payload& payload)
    : payload_(payload),
      window_([&] {
        const Cut how = cut(schedule, payload);
        segments_ = how.segments;
        stride_ = how.stride;
        whole_ = host_plan(schedule, rank, how.whole);
        last_ = host_plan(schedule, rank, how.last);
        past_cache_ = leaves_cache(payload, schedule.ranks());
        return static_cast<std::size_t>(how.whole.count) * payload.element();
      }()),
      in_slot_(window_.slots()) {}

const HostExecution::Steps& HostExecution::steps_of(std::int64_t segment) const {
  return segment + 1 < segments_ ? whole_ : last_;
}

void HostExecution::run(std::span<const std::byte> input, std::span<std::byte> output) {
  input_ = input.data();
  output_ = output.data();
  if (segments_ == 0 || last_.empty()) return;
  put(steps_of(0).front(), 0);
  for (std::int64_t s = 0; s < segments_; ++s) run_segment(s);
}

/// Its first step is put already.
void HostExecution::run_segment(std::int64_t segment) {
  const Steps& steps = steps_of(segment);
  const std::size_t begin = static_cast<std::size_t>(segment) * stride_;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    if (t > 0) put(steps[t], begin);
    const std::uint64_t number = next_;
    if (t + 1 == steps.size() && segment + 1 < segments_)
      put(steps_of(segment + 1).front(), begin + stride_);
    take(steps[t], begin, number);
  }
}

// A rank puts the first step of the next segment before it is through with this one. So one that
// has put s steps is through with all before s - 2.
void HostExecution::put(const HostStep& step, std::size_t begin) {
  const HostStep*& before = in_slot_[next_ % window_.slots()];
  if (before != nullptr)
    for (const int reader : before->readers) window_.wait_for(reader, next_ - window_.slots() + 3);
  before = &step;
  std::byte* const slot = window_.slot(window_.rank(), next_);
  for (const Put& p : step.puts)
    std::memcpy(slot + p.slot, (p.from_output ? output_ : input_) + begin + p.user, p.bytes);
  window_.publish(++next_);
}

void HostExecution::take(const HostStep& step, std::size_t begin, std::uint64_t number) {
  for (const int writer : step.writers) window_.wait_for(writer, number);
  for (const Take& what : step.takes) take(what, begin, number - 1);
}

void HostExecution::take(const Take& what, std::size_t begin, std::uint64_t number) {
  std::byte* const into = output_ + begin + what.user;
  operands_.clear();
  for (const Operand& o : what.from)
    operands_.push_back(o.own ? (o.from_output ? output_ : input_) + begin + o.at
                              : window_.slot(o.rank, number) + o.at);
  // In place what is written has just been read.
  const bool around = what.last && past_cache_ && input_ != output_;
  if (operands_.size() > 1 || around)
    combine(payload_.type, payload_.op, into, operands_, what.bytes, around);
  else if (operands_.front() != into)
    std::memcpy(into, operands_.front(), what.bytes);
}

}  // namespace bench
