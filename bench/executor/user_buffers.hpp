// The user's two buffers while a schedule goes through shared memory: what is put is read there,
// what is taken is written there.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "bench/executor/combine.hpp"
#include "bench/executor/datatype.hpp"
#include "bench/executor/host_plan.hpp"

namespace bench {

class UserBuffers {
 public:
  /// @param past_cache outputs are better written around the cache
  UserBuffers(const Payload& payload, bool past_cache)
      : payload_(payload), past_cache_(past_cache) {}

  /// From now on; they may be one.
  void use(std::span<const std::byte> input, std::span<std::byte> output) {
    input_ = input.data();
    output_ = output.data();
  }

  /// @param begin of the segment
  void put(const HostStep& step, std::size_t begin, std::byte* slot) const {
    for (const Put& p : step.puts)
      std::memcpy(slot + p.slot, (p.from_output ? output_ : input_) + begin + p.user, p.bytes);
  }

  /// `arrived(operand)` is where the operands of other ranks are.
  template <class Arrived>
  void take(const Take& what, std::size_t begin, const Arrived& arrived) {
    std::byte* const into = output_ + begin + what.user;
    operands_.clear();
    for (const Operand& o : what.from)
      operands_.push_back(o.own ? (o.from_output ? output_ : input_) + begin + o.at : arrived(o));
    // In place what is written has just been read.
    const bool around = what.last && past_cache_ && input_ != output_;
    if (operands_.size() > 1 || around)
      combine(payload_.type, payload_.op, into, operands_, what.bytes, around);
    else if (operands_.front() != into)
      std::memcpy(into, operands_.front(), what.bytes);
  }

 private:
  Payload payload_;
  bool past_cache_;
  const std::byte* input_ = nullptr;
  std::byte* output_ = nullptr;
  std::vector<const std::byte*> operands_;
};

}  // namespace bench
