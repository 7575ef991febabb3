// Matrices to multiply, of each type that the CPU multiplies, and the peak to hold a rate against.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <random>
#include <type_traits>
#include <vector>

#include "kernels/matmul/blocked.hpp"
#include "kernels/matmul/dot.hpp"
#include "kernels/matmul/elements.hpp"
#include "kernels/matmul/fma_probe.hpp"
#include "kernels/matmul/reference.hpp"

namespace bench {

inline std::size_t area(std::int64_t rows, std::int64_t cols) {
  return static_cast<std::size_t>(rows * cols);
}

/// Memory from a cache line on, where frameworks place their tensors. malloc places large ones 16
/// bytes into a page, and every load of a whole vector is two.
template <class T>
struct LineAllocator {
  using value_type = T;  // NOLINT(readability-identifier-naming): the standard asks for it

  LineAllocator() = default;

  template <class Other>
  explicit LineAllocator(const LineAllocator<Other>& /*other*/) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), line));
  }

  void deallocate(T* memory, std::size_t /*count*/) { ::operator delete(memory, line); }

  bool operator==(const LineAllocator& /*other*/) const { return true; }

  static constexpr std::align_val_t line{64};
};

template <class Element>
using Elements = std::vector<Element, LineAllocator<Element>>;

/// Evenly from -1 to 1, or from all whole numbers of the type. A prime number of them is drawn and
/// repeated: drawing a gigabyte takes longer than multiplying it.
template <class Element>
void fill(Elements<Element>& values, std::mt19937& generator) {
  constexpr std::size_t drawn = 1'000'003;
  const auto draw = [&generator] {
    if constexpr (std::is_integral_v<Element>) {
      constexpr std::numeric_limits<Element> all;
      std::uniform_int_distribution<int> any(all.min(), all.max());
      return static_cast<Element>(any(generator));
    } else {
      std::uniform_real_distribution<float> unit(-1, 1);
      return Element(unit(generator));
    }
  };
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = i < drawn ? draw() : values[i - drawn];
}

/// Without dot products two products of bytes are summed in 16 bits, where those of 255 saturate:
/// libraries are wrong there (oneDNN says so in its guide to int8), and ours takes instructions of
/// half the width, whose peak is lower than the one probed. So bytes of A are up to 127.
inline bool halves_bytes(topology::DataType type) {
  return type == topology::DataType::i8 && !kernels::has_dot(type);
}

template <class T>
struct Operands {
  explicit Operands(const kernels::Gemm& of)
      : shape(of), a(area(of.m, of.k)), b(area(of.k, of.n)), c(area(of.m, of.n)) {
    std::mt19937 generator(1);
    fill(a, generator);
    fill(b, generator);
    if constexpr (std::is_same_v<T, kernels::I8>)
      if (halves_bytes(T::type))
        for (std::uint8_t& byte : a) byte /= 2;
  }

  void blocked(int threads) { kernels::multiply(shape, a, b, c, threads); }

  void reference() { kernels::multiply_reference(shape, a, b, c); }

  kernels::Gemm shape;
  Elements<typename T::A> a;
  Elements<typename T::B> b;
  Elements<typename T::C> c;
};

/// As many rounds as take a second or so.
inline std::int64_t rounds_for(const kernels::Gemm& shape, std::int64_t least) {
  constexpr double each = 3e10;  // operations
  return std::clamp<std::int64_t>(std::llround(each / shape.flops().value()), least, 60);
}

template <class Work>
double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The best of a few: anything else running only makes it slower.
inline double probed_peak(topology::DataType type) {
  constexpr std::int64_t steps = 100'000;
  double best = 0;
  for (int i = 0; i < 12; ++i) {
    topology::Flops work;
    const double time = seconds([&] { work = kernels::run_fma_chains(type, steps); });
    best = std::max(best, work.value() / time);
  }
  return best;
}

}  // namespace bench
