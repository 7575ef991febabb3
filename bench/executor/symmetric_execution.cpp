#include "bench/executor/symmetric_execution.hpp"

#include <algorithm>
#include <string>

#include "bench/executor/combine.hpp"
#include "bench/executor/plan.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;

/// What is reduced before it is written into the outputs of others. It stays in the L2 cache; with
/// 16 KiB, in the L1 cache, 256 MiB took 40 ms in place of 34, with 512 KiB 36.
constexpr std::size_t stretch = 128 << 10;

Collective checked(const kernels::Schedule& schedule) {
  const std::string& text = schedule.algorithm;
  const bool direct = text.rfind("direct", 0) == 0 && text.find('+') == std::string::npos;
  if (!direct || kernels::info(schedule.collective).rooted())
    topology::usage_error("'" + text +
                          "': symmetric buffers are for direct, in one phase and without a root");
  return schedule.collective;
}

}  // namespace

SymmetricExecution::SymmetricExecution(const kernels::Schedule& schedule,
                                       const Payload& payload,
                                       const HostMemory& vectors)
    : collective_(checked(schedule)),
      payload_(payload),
      far_trial_(payload.bytes(), MPI_COMM_WORLD),
      around_(past_cache(payload, vectors.ranks(), far_trial_.far())),
      vectors_(&vectors),
      meeting_(0),
      sum_(vectors.ranks() > 2 ? stretch : 0) {}

std::size_t SymmetricExecution::begin_of(int chunk) const {
  return chunk_begin(chunk, vectors_->ranks(), payload_.count, payload_.element());
}

void SymmetricExecution::look_again() {
  around_ = past_cache(payload_, vectors_->ranks(), far_trial_.far());
}

void SymmetricExecution::meet() {
  meeting_.publish(++met_);
  for (int r = 0; r < vectors_->ranks(); ++r) meeting_.wait_for(r, met_);
}

void SymmetricExecution::run(std::span<const std::byte> input, std::span<std::byte> output) {
  const std::byte* mine = vectors_->of(vectors_->rank());
  const auto in = static_cast<std::size_t>(input.data() - mine);
  const auto out = static_cast<std::size_t>(output.data() - mine);
  meet();  // all inputs are there, and nobody looks at the outputs of the call before
  switch (collective_) {
    case Collective::all_reduce:
      reduce_chunk(in, out, true);
      break;
    case Collective::reduce_scatter:
      reduce_chunk(in, out, false);
      break;
    default:
      send_chunks(in, out);
  }
  meet();
}

// In place a rank alone reads and writes its chunk of every vector.
void SymmetricExecution::reduce_chunk(std::size_t input, std::size_t output, bool everywhere) {
  const int ranks = vectors_->ranks();
  const int rank = vectors_->rank();
  const std::size_t end = begin_of(rank + 1);
  for (std::size_t at = begin_of(rank); at < end; at += stretch) {
    const std::size_t bytes = std::min(stretch, end - at);
    operands_.clear();
    for (int r = 0; r < ranks; ++r) operands_.push_back(vectors_->of(r) + input + at);
    const bool around = input == output ? around_.over_input : around_.outputs;
    std::byte* const sum = vectors_->of(rank) + output + at;
    if (ranks == 2 || !everywhere) {
      const Destination other{everywhere ? vectors_->of(1 - rank) + output + at : nullptr,
                              around || around_.to_others};
      combine(payload_.type, payload_.op, {sum, around}, operands_, bytes, other);
    } else if (!around) {
      combine(payload_.type, payload_.op, {sum}, operands_, bytes);
      copy_to_outputs(sum, output + at, bytes, 1, ranks);
    } else {  // the own output is written around the cache, too
      combine(payload_.type, payload_.op, {sum_.data()}, operands_, bytes);
      copy_to_outputs(sum_.data(), output + at, bytes, 0, ranks);
    }
  }
}

void SymmetricExecution::copy_to_outputs(
    const std::byte* from, std::size_t at, std::size_t bytes, int first, int end) const {
  for (int other = first; other < end; ++other) {
    const int to = (vectors_->rank() + other) % vectors_->ranks();
    copy_into({vectors_->of(to) + at, around_.outputs || around_.to_others}, from, bytes);
  }
}

/// Of an all-gather the own chunk to everybody, of an all-to-all to each its own.
void SymmetricExecution::send_chunks(std::size_t input, std::size_t output) {
  const int ranks = vectors_->ranks();
  const int rank = vectors_->rank();
  const std::size_t place = begin_of(rank);
  const std::size_t bytes = begin_of(rank + 1) - place;
  for (int other = 0; other < ranks; ++other) {
    const int to = (rank + other) % ranks;
    const std::byte* const from =
        vectors_->of(rank) + input + (collective_ == Collective::all_to_all ? begin_of(to) : place);
    std::byte* const into = vectors_->of(to) + output + place;
    if (from == into) continue;
    copy_into({into, around_.outputs || (to != rank && around_.to_others)}, from, bytes);
  }
}

}  // namespace bench
