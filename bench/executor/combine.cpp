#include "bench/executor/combine.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/executor/combine.cpp"
#include <hwy/foreach_target.h>
// After the line above, which chooses its target.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "topology/error.hpp"

HWY_BEFORE_NAMESPACE();

namespace bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Sources = std::span<const std::byte* const>;

struct Sum {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Add(a, b);
  }
};

struct Largest {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Max(a, b);
  }
};

/// Elements that are added in the type they are stored in.
template <class T>
struct Plain {
  hn::ScalableTag<T> tag;

  [[nodiscard]] HWY_INLINE auto load(const std::byte* from) const {
    return hn::LoadU(tag, reinterpret_cast<const T*>(from));
  }

  HWY_INLINE void store(hn::Vec<hn::ScalableTag<T>> v, std::byte* into) const {
    hn::StoreU(v, tag, reinterpret_cast<T*>(into));
  }

  HWY_INLINE void stream(hn::Vec<hn::ScalableTag<T>> v, std::byte* into) const {
    hn::Stream(v, tag, reinterpret_cast<T*>(into));
  }

  [[nodiscard]] std::size_t bytes() const { return hn::Lanes(tag) * sizeof(T); }
};

/// bf16, the upper half of an f32; rounded to the nearest, ties to even.
struct Half {
  hn::ScalableTag<float> tag;

  [[nodiscard]] HWY_INLINE auto load(const std::byte* from) const {
    const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> narrow;
    const hn::RebindToUnsigned<hn::ScalableTag<float>> wide;
    const auto v = hn::LoadU(narrow, reinterpret_cast<const std::uint16_t*>(from));
    return hn::BitCast(tag, hn::ShiftLeft<16>(hn::PromoteTo(wide, v)));
  }

  static HWY_INLINE void store(hn::Vec<hn::ScalableTag<float>> v, std::byte* into) {
    const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> narrow;
    const hn::RebindToUnsigned<hn::ScalableTag<float>> wide;
    const auto bits = hn::BitCast(wide, v);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(wide, 1));
    const auto up = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(wide, 0x7fff))));
    const auto half =
        hn::DemoteTo(narrow, hn::BitCast(hn::RebindToSigned<hn::ScalableTag<float>>(), up));
    hn::StoreU(half, narrow, reinterpret_cast<std::uint16_t*>(into));
  }

  static HWY_INLINE void stream(hn::Vec<hn::ScalableTag<float>> v, std::byte* into) {
    store(v, into);
  }

  [[nodiscard]] std::size_t bytes() const { return hn::Lanes(tag) * 2; }
};

/// Whole vectors from byte `begin` on. @return where the next would begin
template <bool past_cache, class Element, class Op>
HWY_INLINE std::size_t whole_vectors(const Element& element,
                                     const Op& op,
                                     std::byte* into,
                                     Sources from,
                                     std::size_t begin,
                                     std::size_t end) {
  const std::size_t step = element.bytes();
  std::size_t at = begin;
  const std::byte* a = from[0];
  for (; at + step <= end; at += step) {
    auto v = element.load(a + at);
    for (const std::byte* b : from.subspan(1)) v = op(v, element.load(b + at));
    if constexpr (past_cache)
      element.stream(v, into + at);
    else
      element.store(v, into + at);
  }
  return at;
}

/// Less than a vector, by way of buffers of a whole one.
template <class Element, class Op>
HWY_NOINLINE void rest(const Element& element,
                       const Op& op,
                       std::byte* into,
                       Sources from,
                       std::size_t begin,
                       std::size_t end) {
  alignas(HWY_MAX_BYTES) std::array<std::byte, HWY_MAX_BYTES> lanes{};
  const std::size_t bytes = end - begin;
  const auto load = [&](const std::byte* source) {
    std::memcpy(lanes.data(), source + begin, bytes);
    return element.load(lanes.data());
  };
  auto v = load(from[0]);
  for (const std::byte* b : from.subspan(1)) v = op(v, load(b));
  element.store(v, lanes.data());
  std::memcpy(into + begin, lanes.data(), bytes);
}

template <class Element, class Op>
HWY_INLINE void with(const Element& element,
                     const Op& op,
                     std::byte* into,
                     Sources from,
                     std::size_t bytes,
                     bool past_cache) {
  const std::size_t step = element.bytes();
  std::size_t at = 0;
  if (past_cache) {  // such stores must be aligned
    const std::size_t head =
        std::min(bytes, (step - reinterpret_cast<std::uintptr_t>(into) % step) % step);
    if (head > 0) rest(element, op, into, from, 0, head);
    at = whole_vectors<true>(element, op, into, from, head, bytes);
  } else {
    at = whole_vectors<false>(element, op, into, from, 0, bytes);
  }
  if (at < bytes) rest(element, op, into, from, at, bytes);
  if (past_cache) hwy::FlushStream();
}

template <class Element>
void of(const Element& element,
        Operator op,
        std::byte* into,
        Sources from,
        std::size_t bytes,
        bool past_cache) {
  if (op == Operator::sum)
    with(element, Sum(), into, from, bytes, past_cache);
  else
    with(element, Largest(), into, from, bytes, past_cache);
}

void combine_all(topology::DataType type,
                 Operator op,
                 std::byte* into,
                 Sources from,
                 std::size_t bytes,
                 bool past_cache) {
  switch (type) {
    case topology::DataType::f32:
      return of(Plain<float>(), op, into, from, bytes, past_cache);
    case topology::DataType::f64:
      return of(Plain<double>(), op, into, from, bytes, past_cache);
    case topology::DataType::i32:
      return of(Plain<std::int32_t>(), op, into, from, bytes, past_cache);
    case topology::DataType::bf16:
      return of(Half(), op, into, from, bytes, past_cache);
    default:
      break;
  }
  check_measurable(type);  // says what is known
}

}  // namespace bench::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bench {

HWY_EXPORT(combine_all);

void combine(topology::DataType type,
             Operator op,
             std::byte* into,
             std::span<const std::byte* const> from,
             std::size_t bytes,
             bool past_cache) {
  HWY_DYNAMIC_DISPATCH(combine_all)(type, op, into, from, bytes, past_cache);
}

}  // namespace bench
#endif
