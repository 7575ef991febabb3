// Reductions of several vectors in one pass against one element at a time.
#include "bench/executor/combine.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/matmul/bfloat16.hpp"

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

/// At an odd place in memory, so that no vector is aligned.
template <class T>
void expect_combined(DataType type, Operator op, std::size_t count, std::size_t n, bool around) {
  std::mt19937 generator(static_cast<unsigned>(17 * count + n));
  std::vector<std::vector<T>> sources(n, std::vector<T>(count));
  std::vector<const std::byte*> pointers;
  for (auto& source : sources) {
    for (T& x : source) x = number<T>(generator);
    pointers.push_back(reinterpret_cast<const std::byte*>(source.data()));
  }
  std::vector<std::byte> memory((count + 2) * sizeof(T), std::byte{0x5a});
  std::byte* into = memory.data() + sizeof(T);
  bench::combine(type, op, into, pointers, count * sizeof(T), around);
  for (std::size_t i = 0; i < count; ++i) {
    const T wanted = expected(op, sources, i);
    ASSERT_EQ(std::memcmp(into + i * sizeof(T), &wanted, sizeof(T)), 0)
        << topology::name(type) << " " << bench::name(op) << " element " << i << " of " << count
        << ", " << n << " sources" << (around ? ", past the cache" : "");
  }
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    ASSERT_EQ(memory[i], std::byte{0x5a}) << "before the first";
    ASSERT_EQ(memory[memory.size() - 1 - i], std::byte{0x5a}) << "behind the last";
  }
}

template <class T>
void expect_all(DataType type) {
  for (const Operator op : {Operator::sum, Operator::max})
    for (std::size_t count = 0; count < 70; ++count)
      for (const std::size_t n : {1U, 2U, 3U, 9U})
        for (const bool around : {false, true}) expect_combined<T>(type, op, count, n, around);
}

TEST(Combine, IsTheReductionInOrder) {
  expect_all<float>(DataType::f32);
  expect_all<double>(DataType::f64);
  expect_all<std::int32_t>(DataType::i32);
  expect_all<BFloat16>(DataType::bf16);
}

TEST(Combine, MayWriteOverASource) {
  std::vector<float> a(1000, 1);
  const std::vector<float> b(1000, 2);
  auto* const into = reinterpret_cast<std::byte*>(a.data());
  const std::vector<const std::byte*> from{reinterpret_cast<const std::byte*>(b.data()), into};
  bench::combine(DataType::f32, Operator::sum, into, from, 4000);
  EXPECT_EQ(a, std::vector<float>(1000, 3));
}

}  // namespace
