// Reductions of several vectors in one pass against one element at a time.
#include "bench/executor/combine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/matmul/bfloat16.hpp"
#include "tests/sanitized.hpp"

namespace {

using bench::Operator;
using kernels::BFloat16;
using topology::DataType;

template <class T>
T number(std::mt19937& generator) {
  std::uniform_real_distribution<float> any(-100, 100);
  return T(any(generator));
}

template <class T>
T expected(Operator op, const std::vector<std::vector<T>>& sources, std::size_t i) {
  using Wide = std::conditional_t<std::is_same_v<T, BFloat16>, float, T>;
  Wide all = Wide(sources[0][i]);
  for (std::size_t s = 1; s < sources.size(); ++s) {
    const Wide next = Wide(sources[s][i]);
    all = op == Operator::sum ? all + next : std::max(all, next);
  }
  return T(all);
}

/// Memory for a result, which begins `ahead` elements into it.
template <class T>
class Result {
 public:
  Result(std::size_t count, std::size_t ahead)
      : ahead_(ahead * sizeof(T)), memory_((count + ahead + 1) * sizeof(T), untouched) {}

  std::byte* begin() { return memory_.data() + ahead_; }

  /// Each element, and nothing before the first or behind the last.
  void expect(const std::vector<T>& wanted, const std::string& what) const {
    const std::size_t bytes = wanted.size() * sizeof(T);
    ASSERT_TRUE(bytes == 0 || std::memcmp(memory_.data() + ahead_, wanted.data(), bytes) == 0)
        << what;
    for (std::size_t i = 0; i < memory_.size(); ++i)
      if (i < ahead_ || i >= ahead_ + bytes) {
        ASSERT_EQ(memory_[i], untouched) << what << ", byte " << i;
      }
  }

 private:
  static constexpr std::byte untouched{0x5a};
  std::size_t ahead_;
  std::vector<std::byte> memory_;
};

/// Where results go: both as much past an aligned place, or not, and around the cache or not.
struct Places {
  std::size_t into;
  std::size_t also;
  bool into_around;
  bool also_around;
  bool twice;
};

constexpr std::array all_places{Places{1, 0, false, false, false},
                                Places{1, 0, true, false, false},
                                Places{1, 1, false, false, true},
                                Places{1, 1, true, true, true},
                                Places{1, 2, true, true, true},
                                Places{2, 1, true, false, true},
                                Places{2, 1, false, true, true}};

template <class T>
void expect_combined(
    DataType type, Operator op, std::size_t count, std::size_t n, const Places& places) {
  std::mt19937 generator(static_cast<unsigned>(17 * count + n));
  std::vector<std::vector<T>> sources(n, std::vector<T>(count));
  std::vector<const std::byte*> pointers;
  for (auto& source : sources) {
    for (T& x : source) x = number<T>(generator);
    pointers.push_back(reinterpret_cast<const std::byte*>(source.data()));
  }
  Result<T> into(count, places.into);
  Result<T> also(count, places.also);
  bench::combine(type,
                 op,
                 {into.begin(), places.into_around},
                 pointers,
                 count * sizeof(T),
                 {places.twice ? also.begin() : nullptr, places.also_around});
  std::vector<T> wanted;
  for (std::size_t i = 0; i < count; ++i) wanted.push_back(expected(op, sources, i));
  const std::string what = fmt::format("{} {} of {} elements, {} sources, {} and {} ahead",
                                       topology::name(type),
                                       bench::name(op),
                                       count,
                                       n,
                                       places.into,
                                       places.also);
  into.expect(wanted, what);
  also.expect(places.twice ? wanted : std::vector<T>{}, what + ", the second");
}

template <class T>
void expect_all(DataType type) {
  for (const Operator op : {Operator::sum, Operator::max})
    for (std::size_t count = 0; count < 70; count += fixtures::sanitized && count > 19 ? 3 : 1)
      for (const std::size_t n : {1U, 2U, 3U, 9U})
        for (const Places& places : all_places) expect_combined<T>(type, op, count, n, places);
}

TEST(Combine, IsTheReductionInOrder) {
  expect_all<float>(DataType::f32);
  expect_all<double>(DataType::f64);
  expect_all<std::int32_t>(DataType::i32);
  expect_all<BFloat16>(DataType::bf16);
}

TEST(Combine, CopiesBytes) {
  for (std::size_t bytes = 0; bytes < 300; ++bytes)
    for (const bool around : {false, true}) {
      std::vector<std::uint8_t> from(bytes);
      std::iota(from.begin(), from.end(), std::uint8_t{1});
      Result<std::uint8_t> into(bytes, 3);
      bench::copy_into(
          {into.begin(), around}, reinterpret_cast<const std::byte*>(from.data()), bytes);
      into.expect(from, fmt::format("{} bytes", bytes));
    }
}

TEST(Combine, MayWriteOverASource) {
  std::vector<float> a(1000, 1);
  const std::vector<float> b(1000, 2);
  auto* const into = reinterpret_cast<std::byte*>(a.data());
  const std::vector<const std::byte*> from{reinterpret_cast<const std::byte*>(b.data()), into};
  bench::combine(DataType::f32, Operator::sum, {into}, from, 4000);
  EXPECT_EQ(a, std::vector<float>(1000, 3));
}

}  // namespace
