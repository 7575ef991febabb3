#include "bench/executor/datatype.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/matmul/bfloat16.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace bench {
namespace {

using kernels::BFloat16;
using topology::DataType;

constexpr std::int64_t period = 509;  // prime: no chunk boundary of a power of two repeats it

/// Calls visit(T{}) with the C++ type of an element.
template <class Visit>
auto with_type(DataType type, Visit&& visit) {
  switch (type) {
    case DataType::f64:
      return visit(double{});
    case DataType::f32:
      return visit(float{});
    case DataType::i32:
      return visit(std::int32_t{});
    case DataType::bf16:
      return visit(BFloat16{});
    default:
      topology::usage_error(std::string("cannot measure with data type ") + name(type) +
                            "; known: f32, f64, i32, bf16");
  }
}

/// Largest integer up to which all integers are representable.
double exact_integers(DataType type) {
  if (type == DataType::bf16) return 256;
  if (type == DataType::f32) return 16777216;
  return 1 << 30;
}

}  // namespace

const char* name(Operator op) {
  return op == Operator::sum ? "sum" : "max";
}

Operator parse_operator(std::string_view text) {
  if (text == "sum") return Operator::sum;
  if (text == "max") return Operator::max;
  topology::usage_error(
      topology::unknown_name("operator", text, std::vector<std::string>{"sum", "max"}));
}

void check_measurable(DataType type) {
  with_type(type, [](auto) {});
}

Pattern::Pattern(DataType type, Operator op, std::int64_t ranks) : type_(type), ranks_(ranks) {
  const double limit = exact_integers(type);
  if (op == Operator::sum) {
    const double each = limit / static_cast<double>(ranks);
    largest_ = static_cast<int>(std::clamp(each, 1.0, 100.0));
    if (each < 1)
      stride_ = (ranks + static_cast<std::int64_t>(limit) - 1) / static_cast<std::int64_t>(limit);
  }
  std::vector<int> totals;
  for (std::int64_t i = 0; i < period; ++i) {
    int total = 0;
    for (std::int64_t r = 0; r < ranks; ++r) {
      const int value = contribution(r, i);
      total = op == Operator::sum ? total + value : std::max(total, value);
    }
    totals.push_back(total);
  }
  reduced_ = encode(totals);
}

int Pattern::contribution(std::int64_t rank, std::int64_t index) const {
  const std::int64_t i = index % period;
  if ((rank + i) % stride_ != 0) return 0;
  const std::int64_t mixed = (i * 31 + rank * 17 + (i * i) % 251) % (largest_ + 1);
  return static_cast<int>(mixed);
}

std::vector<std::byte> Pattern::encode(std::span<const int> values) const {
  return with_type(type_, [&](auto zero) {
    using T = decltype(zero);
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const T value = T(static_cast<float>(values[i]));
      std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
    }
    return bytes;
  });
}

std::vector<std::byte> Pattern::period_of(std::int64_t rank) const {
  std::vector<int> values;
  for (std::int64_t i = 0; i < period; ++i) values.push_back(contribution(rank, i));
  return encode(values);
}

void Pattern::fill(std::span<std::byte> out, std::int64_t rank, std::int64_t first) const {
  const std::vector<std::byte> cycle = period_of(rank);
  const std::size_t element = cycle.size() / static_cast<std::size_t>(period);
  std::size_t at = static_cast<std::size_t>(first % period) * element;
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t n = std::min(cycle.size() - at, out.size() - done);
    std::memcpy(out.data() + done, cycle.data() + at, n);
    done += n;
    at = 0;
  }
}

namespace {

/// Elements of `actual` that differ from the endless repetition of `cycle`, from element `first`
/// on.
std::int64_t wrong(std::span<const std::byte> actual,
                   std::span<const std::byte> cycle,
                   std::int64_t first) {
  const std::size_t element = cycle.size() / static_cast<std::size_t>(period);
  std::size_t at = static_cast<std::size_t>(first % period) * element;
  std::int64_t count = 0;
  for (std::size_t done = 0; done < actual.size();) {
    const std::size_t n = std::min(cycle.size() - at, actual.size() - done);
    if (std::memcmp(actual.data() + done, cycle.data() + at, n) != 0)
      for (std::size_t i = 0; i < n; i += element)
        count += std::memcmp(actual.data() + done + i, cycle.data() + at + i, element) != 0 ? 1 : 0;
    done += n;
    at = 0;
  }
  return count;
}

}  // namespace

std::int64_t Pattern::wrong_reduced(std::span<const std::byte> actual, std::int64_t first) const {
  return wrong(actual, reduced_, first);
}

std::int64_t Pattern::wrong_copied(std::span<const std::byte> actual,
                                   std::int64_t rank,
                                   std::int64_t first) const {
  return wrong(actual, period_of(rank), first);
}

}  // namespace bench
