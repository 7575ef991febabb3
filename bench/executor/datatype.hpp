// What the measured collectives move: element types and operators, their MPI counterparts, and
// inputs whose reduction is exact in any order, so that every element can be checked bit for bit
// (the idea of nccl-tests' verifiable inputs).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "topology/chip.hpp"

namespace bench {

enum class Operator { sum, max };
const char* name(Operator op);
Operator parse_operator(std::string_view text);

/// Element types that can be measured: f32, f64, i32, bf16. @throws Error(usage) for others
void check_measurable(topology::DataType type);

/// What is moved: `count` elements of the full vector.
struct Payload {
  std::int64_t count = 0;
  topology::DataType type = topology::DataType::f32;
  Operator op = Operator::sum;

  [[nodiscard]] std::size_t element() const {
    return static_cast<std::size_t>(topology::size_of(type).value());
  }

  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(count) * element(); }
};

/// Contribution of `rank` to element `index` of a vector reduced over `ranks`, as small integers:
/// every partial sum is representable in `type`. Repeats with a prime period, so a chunk that
/// lands in the wrong place shows.
class Pattern {
 public:
  Pattern(topology::DataType type, Operator op, std::int64_t ranks);

  /// Writes elements first, first+1, … of the contribution of `rank`.
  void fill(std::span<std::byte> out, std::int64_t rank, std::int64_t first) const;
  /// Elements of `actual` that differ from the reduction over all ranks.
  [[nodiscard]] std::int64_t wrong_reduced(std::span<const std::byte> actual,
                                           std::int64_t first) const;
  /// Elements of `actual` that differ from what `rank` contributed.
  [[nodiscard]] std::int64_t wrong_copied(std::span<const std::byte> actual,
                                          std::int64_t rank,
                                          std::int64_t first) const;

 private:
  [[nodiscard]] int contribution(std::int64_t rank, std::int64_t index) const;
  [[nodiscard]] std::vector<std::byte> encode(std::span<const int> values) const;
  [[nodiscard]] std::vector<std::byte> period_of(std::int64_t rank) const;

  topology::DataType type_;
  std::int64_t ranks_;
  int largest_ = 100;        // contributions are 0 … largest
  std::int64_t stride_ = 1;  // only every stride-th rank contributes to an element
  std::vector<std::byte> reduced_;
};

}  // namespace bench
