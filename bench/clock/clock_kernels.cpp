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
constexpr std::int32_t mantissa = (1 << 23) - 1;
constexpr std::int32_t one = 0x3f800000;              // its bits as a float
constexpr std::int32_t all_of_it = one + (24 << 23);  // those of 2^24
constexpr std::size_t segments = ExponentialLaw::segments;

/// noise_start of each.
HWY_INLINE hn::Vec<Word> starts_of(hn::Vec<Word> chip) {
  const Word word;
  auto x = hn::Mul(chip, hn::Set(word, mixer[0]));
  x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(word, mixer[1]));
  x = hn::Mul(hn::Xor(x, hn::ShiftRight<15>(x)), hn::Set(word, mixer[2]));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

/// See NoiseKey.
HWY_INLINE hn::Vec<Word> random(hn::Vec<Word> start, NoiseKey key) {
  const Word word;
  return hn::Mul(hn::Xor(start, hn::Set(word, key.flip)), hn::Set(word, key.factor));
}

// Multiply and add are kept apart in both laws (see CMakeLists.txt): fused ones would give other
// numbers on other CPUs.

struct NoDelay {
  HWY_INLINE hn::Vec<Int> operator()(hn::Vec<Word> /*start*/, NoiseKey /*key*/) const {
    return hn::Zero(Int());
  }
};

/// Entry `index` of a table of `segments`.
HWY_INLINE hn::Vec<Real> look_up(const float* table, hn::Vec<Int> index) {
  const Real real;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::TableLookupLanes(hn::LoadU(real, table), hn::IndicesFromVec(real, index));
#else  // vectors are shorter than the table
  return hn::GatherIndex(real, table, index);
#endif
}

struct ExponentialDelay {
  const ExponentialLaw& law;

  HWY_INLINE hn::Vec<Int> operator()(hn::Vec<Word> start, NoiseKey key) const {
    const Int whole;
    const Real real;
    const auto number = hn::Or(hn::ShiftRight<8>(random(start, key)), hn::Set(Word(), 1));
    const auto bits = hn::BitCast(whole, hn::ConvertTo(real, hn::BitCast(whole, number)));
    const auto segment =
        hn::And(hn::ShiftRight<20>(bits), hn::Set(whole, std::int32_t{segments - 1}));
    const auto m =
        hn::BitCast(real, hn::Or(hn::And(bits, hn::Set(whole, mantissa)), hn::Set(whole, one)));
    const auto line = hn::Add(look_up(law.offset.data(), segment),
                              hn::Mul(look_up(law.slope.data(), segment), m));
    const auto below = hn::ConvertTo(real, hn::Sub(bits, hn::Set(whole, all_of_it)));
    const auto delay = hn::Add(hn::Mul(below, hn::Set(real, law.per_bit)), line);
    return hn::ConvertTo(whole, delay);
  }
};

struct UniformDelay {
  UniformLaw law;

  HWY_INLINE hn::Vec<Int> operator()(hn::Vec<Word> start, NoiseKey key) const {
    const Real real;
    const auto number = hn::BitCast(Int(), hn::ShiftRight<8>(random(start, key)));
    const auto above = hn::Mul(hn::ConvertTo(real, number), hn::Set(real, law.width / (1U << 24U)));
    return hn::ConvertTo(Int(), hn::Add(above, hn::Set(real, law.low)));
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
HWY_INLINE void add_delays(
    Ticks* clocks, std::size_t count, std::uint32_t first, NoiseKey key, const Delay& delay_of) {
  const Clock clock;
  const Word word;
  const std::size_t lanes = hn::Lanes(word);
  alignas(HWY_MAX_BYTES) std::array<std::int32_t, HWY_MAX_BYTES / sizeof(std::int32_t)> delay;
  for (std::size_t i = 0; i < count; i += lanes) {
    const auto chip = hn::Iota(word, first + static_cast<std::uint32_t>(i));
    hn::Store(delay_of(starts_of(chip), key), Int(), delay.data());
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

void add_noise_all(
    Ticks* clocks, std::size_t count, std::uint32_t first, NoiseKey key, const Noise& noise) {
  with_law(noise, [=](const auto& delay) { add_delays(clocks, count, first, key, delay); });
}

Ticks noise_of_one(std::uint32_t chip, NoiseKey key, const Noise& noise) {
  const auto start = starts_of(hn::Set(Word(), chip));
  return with_law(noise, [=](const auto& delay) { return hn::GetLane(delay(start, key)); });
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
