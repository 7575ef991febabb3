// The user's two buffers while a schedule goes through shared memory: what is put is read there,
// what is taken is written there.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bench/executor/combine.hpp"
#include "bench/executor/datatype.hpp"
#include "bench/executor/host_plan.hpp"
#include "bench/executor/past_cache.hpp"

namespace bench {

class UserBuffers {
 public:
  /// @param around which caches, until `go_around` says something else
  UserBuffers(const Payload& payload, PastCache around) : payload_(payload), around_(around) {}

  void go_around(PastCache around) { around_ = around; }

  /// From now on; they may be one.
  void use(std::span<const std::byte> input, std::span<std::byte> output) {
    input_ = input.data();
    output_ = output.data();
  }

  /// @param begin of the segment
  void put(const HostStep& step, std::size_t begin, std::byte* slot) const {
    for (const Put& p : step.puts)
      copy_into({slot + p.slot, around_.to_others},
                (p.from_output ? output_ : input_) + begin + p.user,
                p.bytes);
  }

  /// `arrived(operand)` is where the operands of other ranks are.
  /// @param next_slot for what is passed on
  template <class Arrived>
  void take(const Take& what,
            std::size_t begin,
            const Arrived& arrived,
            std::byte* next_slot = nullptr) {
    const bool around = what.last && (input_ == output_ ? around_.over_input : around_.outputs);
    const Destination into{output_ + begin + what.user, around};
    Destination also;
    if (what.passed_on) also = {next_slot + *what.passed_on, around_.to_others};
    operands_.clear();
    for (const Operand& o : what.from)
      operands_.push_back(o.own ? (o.from_output ? output_ : input_) + begin + o.at : arrived(o));
    if (operands_.size() > 1 || also.memory != nullptr)
      combine(payload_.type, payload_.op, into, operands_, what.bytes, also);
    else if (operands_.front() != into.memory)
      copy_into(into, operands_.front(), what.bytes);
  }

 private:
  Payload payload_;
  PastCache around_;
  const std::byte* input_ = nullptr;
  std::byte* output_ = nullptr;
  std::vector<const std::byte*> operands_;
};

}  // namespace bench
