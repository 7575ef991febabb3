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

constexpr int fraction_bits = 20;  // of 32; the rest numbers the bin
constexpr float fraction_unit = 1.0F / (1U << fraction_bits);

/// noise_start of each.
HWY_INLINE hn::Vec<Word> starts_of(hn::Vec<Word> chip) {
  const Word word;
  const auto upper = hn::Set(word, ~1U);
  auto x = hn::Mul(hn::Add(hn::Add(chip, chip), hn::Set(word, 1)), hn::Set(word, mixer[0]));
  x = hn::Mul(hn::Xor(x, hn::And(hn::ShiftRight<16>(x), upper)), hn::Set(word, mixer[1]));
  x = hn::Mul(hn::Xor(x, hn::And(hn::ShiftRight<15>(x), upper)), hn::Set(word, mixer[2]));
  return hn::Xor(x, hn::And(hn::ShiftRight<16>(x), upper));
}

/// See NoiseKey.
HWY_INLINE hn::Vec<Word> random(hn::Vec<Word> start, NoiseKey key) {
  const Word word;
  return hn::Mul(hn::Xor(start, hn::Set(word, key.flip)), hn::Set(word, key.factor));
}

// Each law below draws what Noise::common leaves of a delay. Multiply and add are kept apart (see
// CMakeLists.txt): fused ones would give other numbers on other CPUs.

struct NoDelay {
  HWY_INLINE hn::Vec<Int> operator()(hn::Vec<Word> /*start*/, NoiseKey /*key*/) const {
    return hn::Zero(Int());
  }
};

/// Of the table, the entry that the lowest four bits of each index name.
HWY_INLINE hn::Vec<Real> look_up(const ExponentialLaw& law, hn::Vec<Int> index) {
  static_assert(ExponentialLaw::segments == 16);
  const Real real;
  const float* table = law.offset.data();
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::Vec<Real>{_mm512_permutexvar_ps(index.raw, hn::LoadU(real, table).raw)};
#elif HWY_TARGET == HWY_AVX2
  const __m256 low = _mm256_permutevar8x32_ps(hn::LoadU(real, table).raw, index.raw);
  const __m256 high = _mm256_permutevar8x32_ps(hn::LoadU(real, table + 8).raw, index.raw);
  return hn::Vec<Real>{
      _mm256_blendv_ps(low, high, hn::BitCast(real, hn::ShiftLeft<28>(index)).raw)};
#else  // vectors are shorter than the table
  return hn::GatherIndex(real, table, hn::And(index, hn::Set(Int(), 15)));
#endif
}

/// The nearest whole number, -1 for all below.
HWY_INLINE hn::Vec<Int> from_minus_one(hn::Vec<Real> x) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::Vec<Int>{_mm512_cvtps_epu32(x.raw)};  // all bits set where there is no such number
#else
  return hn::Max(hn::NearestInt(x), hn::Set(Int(), -1));
#endif
}

struct ExponentialDelay {
  const ExponentialLaw& law;

  HWY_INLINE hn::Vec<Int> operator()(hn::Vec<Word> start, NoiseKey key) const {
    const Real real;
    const auto v = hn::Abs(hn::BitCast(Int(), random(start, key)));
    const auto bits = hn::BitCast(Int(), hn::ConvertTo(real, v));
    const auto line = hn::Mul(hn::ConvertTo(real, bits), hn::Set(real, law.per_bit));
    return from_minus_one(hn::Add(line, look_up(law, hn::ShiftRight<23 - 4>(bits))));
  }
};

struct UniformDelay {
  UniformLaw law;

  HWY_INLINE hn::Vec<Int> operator()(hn::Vec<Word> start, NoiseKey key) const {
    const Real real;
    const auto number = hn::ConvertTo(real, hn::BitCast(Int(), random(start, key)));
    return hn::NearestInt(hn::Mul(number, hn::Set(real, law.width / 0x1p32F)));
  }
};

struct QuantileDelay {
  const float* quantiles;

  HWY_INLINE hn::Vec<Int> operator()(hn::Vec<Word> start, NoiseKey key) const {
    const Int whole;
    const Real real;
    const auto x = random(start, key);
    const auto bin = hn::BitCast(whole, hn::ShiftRight<fraction_bits>(x));
    const auto rest = hn::And(x, hn::Set(Word(), (1U << fraction_bits) - 1));
    const auto fraction =
        hn::Mul(hn::ConvertTo(real, hn::BitCast(whole, rest)), hn::Set(real, fraction_unit));
    const auto low = hn::GatherIndex(real, quantiles, bin);
    const auto high = hn::GatherIndex(real, quantiles + 1, bin);
    return hn::ConvertTo(whole, hn::Add(low, hn::Mul(hn::Sub(high, low), fraction)));
  }
};

/// Calls `work` with the law of the noise: which one is asked once, not for each chip.
template <class Work>
HWY_INLINE auto with_law(const Noise& noise, const Work& work) {
  switch (noise.law()) {
    case Noise::Law::exponential:
      return work(ExponentialDelay{noise.exponential()});
    case Noise::Law::uniform:
      return work(UniformDelay{noise.uniform()});
    case Noise::Law::quantiles:
      return work(QuantileDelay{noise.quantiles().data()});
    case Noise::Law::none:
      break;
  }
  return work(NoDelay{});
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

template <class Delay>
HWY_INLINE void add_delays(Ticks* clocks,
                           std::size_t count,
                           std::uint32_t first,
                           NoiseKey key,
                           Ticks common,
                           const Delay& delay_of) {
  const Clock clock;
  const auto whole = hn::Set(clock, common);
  const Word word;
  const std::size_t lanes = hn::Lanes(word);
  alignas(HWY_MAX_BYTES) std::array<std::int32_t, HWY_MAX_BYTES / sizeof(std::int32_t)> delay;
  const auto numbers = hn::Iota(word, first);  // out of the loop: it is written element by element
  for (std::size_t i = 0; i < count; i += lanes) {
    const auto chip = hn::Add(numbers, hn::Set(word, static_cast<std::uint32_t>(i)));
    hn::Store(delay_of(starts_of(chip), key), Int(), delay.data());
    if (i + lanes > count) {
      for (std::size_t j = i; j < count; ++j) clocks[j] += delay[j - i] + common;
      return;
    }
    for (std::size_t half = 0; half < lanes; half += hn::Lanes(clock)) {
      const auto wide =
          hn::PromoteTo(clock, hn::Load(hn::Rebind<std::int32_t, Clock>(), delay.data() + half));
      hn::StoreU(hn::Add(hn::Add(hn::LoadU(clock, clocks + i + half), whole), wide),
                 clock,
                 clocks + i + half);
    }
  }
}

void add_noise_all(
    Ticks* clocks, std::size_t count, std::uint32_t first, NoiseKey key, const Noise& noise) {
  const Ticks common = noise.common();
  with_law(noise, [=](const auto& delay) { add_delays(clocks, count, first, key, common, delay); });
}

Ticks noise_of_one(std::uint32_t chip, NoiseKey key, const Noise& noise) {
  const auto start = starts_of(hn::Set(Word(), chip));
  return noise.common() +
         with_law(noise, [=](const auto& delay) { return hn::GetLane(delay(start, key)); });
}

/// From the last member down, so that a member is read before it is written.
template <class Delay>
HWY_INLINE void step_line(std::int32_t* line,
                          std::size_t count,
                          const std::uint32_t* starts,
                          const std::int32_t* extra,
                          NoiseKey key,
                          const Delay& delay_of) {
  const Int whole;
  const std::size_t lanes = hn::Lanes(whole);
  for (std::size_t i = (count + lanes - 1) / lanes * lanes; i > 0;) {
    i -= lanes;
    auto t = hn::Max(hn::LoadU(whole, line + i), hn::LoadU(whole, line + i - 1));
    if (extra != nullptr) t = hn::Add(t, hn::LoadU(whole, extra + i));
    t = hn::Add(t, delay_of(hn::LoadU(Word(), starts + i), key));
    hn::StoreU(t, whole, line + i);
  }
}

void ring_step_all(std::int32_t* line,
                   std::size_t count,
                   const std::uint32_t* starts,
                   const std::int32_t* extra,
                   NoiseKey key,
                   const Noise& noise) {
  with_law(noise, [=](const auto& delay) { step_line(line, count, starts, extra, key, delay); });
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

void add_noise(std::span<Ticks> clocks, std::int64_t first, NoiseKey key, const Noise& noise) {
  if (noise.none()) return;
  HWY_DYNAMIC_DISPATCH(add_noise_all)
  (clocks.data(), clocks.size(), static_cast<std::uint32_t>(first), key, noise);
}

void add_noise(std::span<Ticks> clocks,
               std::int64_t begin,
               const ChipBlock& block,
               NoiseKey key,
               const Noise& noise) {
  while (!clocks.empty()) {
    const auto left = static_cast<std::size_t>(block.width - begin % block.width);
    const std::size_t row = std::min(left, clocks.size());
    add_noise(clocks.first(row), block.chip(begin), key, noise);
    clocks = clocks.subspan(row);
    begin += static_cast<std::int64_t>(row);
  }
}

Ticks noise_of(std::int64_t chip, NoiseKey key, const Noise& noise) {
  return HWY_DYNAMIC_DISPATCH(noise_of_one)(static_cast<std::uint32_t>(chip), key, noise);
}

void ring_step(std::span<std::int32_t> line,
               const std::uint32_t* starts,
               const std::int32_t* extra,
               NoiseKey key,
               const Noise& noise) {
  HWY_DYNAMIC_DISPATCH(ring_step_all)(line.data(), line.size(), starts, extra, key, noise);
}

}  // namespace bench
#endif
