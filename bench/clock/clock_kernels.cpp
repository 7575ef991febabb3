#include "bench/clock/clock_kernels.hpp"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/clock/clock_kernels.cpp"
#include <hwy/foreach_target.h>
// After the line above, which chooses its target.
#include <algorithm>
#include <array>
#include <cstddef>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Clock = hn::ScalableTag<std::int64_t>;
using Word = hn::ScalableTag<std::uint32_t>;
using Int = hn::ScalableTag<std::int32_t>;
using Real = hn::ScalableTag<float>;

constexpr std::uint32_t spread = 0x9e3779b1U;
constexpr std::uint32_t first_factor = 0x7feb352dU;
constexpr std::uint32_t second_factor = 0x846ca68bU;
constexpr int fraction_bits = 20;  // of 32; the rest numbers the bin
constexpr float fraction_unit = 1.0F / (1U << fraction_bits);

/// Delays in ticks of the chips whose numbers are in `chip`: two rounds of a multiplicative mixer
/// (lowbias32's constants) with half of the key before each, so that no two steps are permutations
/// of each other; then the quantile. Multiply and add are kept apart (see CMakeLists.txt): fused
/// ones would give other numbers on other CPUs.
HWY_INLINE hn::Vec<Int> delays(hn::Vec<Word> chip, NoiseKey key, const float* quantiles) {
  const Word word;
  const Int whole;
  const Real real;
  auto x = hn::Add(hn::Mul(chip, hn::Set(word, spread)), hn::Set(word, key.before));
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(word, first_factor));
  x = hn::Xor(x, hn::Set(word, key.between));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(word, second_factor));
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  const auto bin = hn::BitCast(whole, hn::ShiftRight<fraction_bits>(x));
  const auto rest = hn::And(x, hn::Set(word, (1U << fraction_bits) - 1));
  const auto fraction =
      hn::Mul(hn::ConvertTo(real, hn::BitCast(whole, rest)), hn::Set(real, fraction_unit));
  const auto low = hn::GatherIndex(real, quantiles, bin);
  const auto high = hn::GatherIndex(real, quantiles + 1, bin);
  return hn::ConvertTo(whole, hn::Add(low, hn::Mul(hn::Sub(high, low), fraction)));
}

void meet_all(
    Ticks* next, std::size_t count, const Ticks* own, const Ticks* other, Ticks cost, bool more) {
  const Clock clock;
  const std::size_t lanes = hn::Lanes(clock);
  const auto step = hn::Set(clock, cost);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto t = hn::Add(hn::Max(hn::LoadU(clock, own + i), hn::LoadU(clock, other + i)), step);
    if (more) t = hn::Max(t, hn::LoadU(clock, next + i));
    hn::StoreU(t, clock, next + i);
  }
  for (; i < count; ++i) {
    const Ticks t = std::max(own[i], other[i]) + cost;
    next[i] = more ? std::max(next[i], t) : t;
  }
}

void add_noise_all(
    Ticks* clocks, std::size_t count, std::int64_t first, NoiseKey key, const float* quantiles) {
  const Clock clock;
  const Word word;
  const std::size_t lanes = hn::Lanes(word);
  alignas(HWY_MAX_BYTES) std::array<std::int32_t, HWY_MAX_BYTES / sizeof(std::int32_t)> delay;
  for (std::size_t i = 0; i < count; i += lanes) {
    const auto chip =
        hn::Iota(word, static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i));
    hn::Store(delays(chip, key, quantiles), Int(), delay.data());
    if (i + lanes > count) {
      for (std::size_t j = i; j < count; ++j) clocks[j] += delay[j - i];
      return;
    }
    for (std::size_t half = 0; half < lanes; half += hn::Lanes(clock)) {
      const auto wide =
          hn::PromoteTo(clock, hn::Load(hn::Rebind<std::int32_t, Clock>(), delay.data() + half));
      hn::StoreU(hn::Add(hn::LoadU(clock, clocks + i + half), wide), clock, clocks + i + half);
    }
  }
}

Ticks noise_of_one(std::int64_t chip, NoiseKey key, const float* quantiles) {
  const auto number = hn::Set(Word(), static_cast<std::uint32_t>(chip));
  return hn::GetLane(delays(number, key, quantiles));
}

/// The members from `begin` on, as many as a vector has; rows of `to` are padded to whole vectors.
void ring_step_all(std::int32_t* to,
                   std::size_t count,
                   const std::int32_t* from,
                   const std::int32_t* extra,
                   std::uint32_t first,
                   std::uint32_t stride,
                   NoiseKey key,
                   const float* quantiles) {
  const Int whole;
  const Word word;
  const std::size_t lanes = hn::Lanes(whole);
  const auto apart = hn::Mul(hn::Iota(word, 0), hn::Set(word, stride));
  for (std::size_t i = 0; i < count; i += lanes) {
    auto t = hn::Max(hn::LoadU(whole, from + i), hn::LoadU(whole, from + i - 1));
    if (extra != nullptr) t = hn::Add(t, hn::LoadU(whole, extra + i));
    if (quantiles != nullptr) {
      const auto start = hn::Set(word, first + stride * static_cast<std::uint32_t>(i));
      t = hn::Add(t, delays(hn::Add(start, apart), key, quantiles));
    }
    hn::StoreU(t, whole, to + i);
  }
}

}  // namespace bench::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bench {

HWY_EXPORT(meet_all);
HWY_EXPORT(add_noise_all);
HWY_EXPORT(noise_of_one);
HWY_EXPORT(ring_step_all);

void meet(std::span<Ticks> next, const Ticks* own, const Ticks* other, Ticks cost, bool more) {
  HWY_DYNAMIC_DISPATCH(meet_all)(next.data(), next.size(), own, other, cost, more);
}

void add_noise(std::span<Ticks> clocks,
               std::int64_t first,
               NoiseKey key,
               std::span<const float> quantiles) {
  if (quantiles.empty()) return;
  HWY_DYNAMIC_DISPATCH(add_noise_all)(clocks.data(), clocks.size(), first, key, quantiles.data());
}

void add_noise(std::span<Ticks> clocks,
               std::int64_t begin,
               const ChipBlock& block,
               NoiseKey key,
               std::span<const float> quantiles) {
  while (!clocks.empty()) {
    const auto left = static_cast<std::size_t>(block.width - begin % block.width);
    const std::size_t row = std::min(left, clocks.size());
    add_noise(clocks.first(row), block.chip(begin), key, quantiles);
    clocks = clocks.subspan(row);
    begin += static_cast<std::int64_t>(row);
  }
}

Ticks noise_of(std::int64_t chip, NoiseKey key, std::span<const float> quantiles) {
  if (quantiles.empty()) return 0;
  return HWY_DYNAMIC_DISPATCH(noise_of_one)(chip, key, quantiles.data());
}

void ring_step(std::span<std::int32_t> to,
               const std::int32_t* from,
               const std::int32_t* extra,
               std::int64_t first,
               std::int64_t stride,
               NoiseKey key,
               std::span<const float> quantiles) {
  HWY_DYNAMIC_DISPATCH(ring_step_all)
  (to.data(),
   to.size(),
   from,
   extra,
   static_cast<std::uint32_t>(first),
   static_cast<std::uint32_t>(stride),
   key,
   quantiles.empty() ? nullptr : quantiles.data());
}

}  // namespace bench
#endif
