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

  static HWY_INLINE auto rounded(hn::Vec<hn::ScalableTag<float>> v) {
    const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> narrow;
    const hn::RebindToUnsigned<hn::ScalableTag<float>> wide;
    const auto bits = hn::BitCast(wide, v);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(wide, 1));
    const auto up = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(wide, 0x7fff))));
    return hn::DemoteTo(narrow, hn::BitCast(hn::RebindToSigned<hn::ScalableTag<float>>(), up));
  }

  static HWY_INLINE void store(hn::Vec<hn::ScalableTag<float>> v, std::byte* into) {
    const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> narrow;
    hn::StoreU(rounded(v), narrow, reinterpret_cast<std::uint16_t*>(into));
  }

  static HWY_INLINE void stream(hn::Vec<hn::ScalableTag<float>> v, std::byte* into) {
    const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> narrow;
    hn::Stream(rounded(v), narrow, reinterpret_cast<std::uint16_t*>(into));
  }

  [[nodiscard]] std::size_t bytes() const { return hn::Lanes(tag) * 2; }
};

/// A destination, and whether whole vectors of it can be written around the cache.
template <class Element>
class Writer {
 public:
  Writer(const Element& element, Destination into, std::size_t head)
      : element_(element),
        to_(into.memory),
        around_(into.past_cache &&
                reinterpret_cast<std::uintptr_t>(to_ + head) % element.bytes() == 0) {}

  template <class V>
  HWY_INLINE void operator()(V v, std::size_t at) const {
    if (around_)
      element_.stream(v, to_ + at);
    else
      element_.store(v, to_ + at);
  }

 private:
  Element element_;
  std::byte* to_;
  bool around_;
};

/// Whole vectors from byte `begin` on. @return where the next would begin
template <class Element, class Op, class Write>
HWY_INLINE std::size_t whole_vectors(const Element& element,
                                     const Op& op,
                                     Sources from,
                                     std::size_t begin,
                                     std::size_t end,
                                     const Write& write) {
  const std::size_t step = element.bytes();
  std::size_t at = begin;
  const std::byte* a = from[0];
  for (; at + step <= end; at += step) {
    auto v = element.load(a + at);
    for (const std::byte* b : from.subspan(1)) v = op(v, element.load(b + at));
    write(v, at);
  }
  return at;
}

/// Less than a vector, by way of buffers of a whole one.
template <class Element, class Op>
HWY_NOINLINE void rest(const Element& element,
                       const Op& op,
                       std::array<Destination, 2> into,
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
  for (const Destination& to : into)
    if (to.memory != nullptr) std::memcpy(to.memory + begin, lanes.data(), bytes);
}

/// Bytes before the first whole vector: those written around the cache must be aligned. Where two
/// are and stand in different places of a vector, the second is.
std::size_t head_of(std::array<Destination, 2> into, std::size_t step, std::size_t bytes) {
  const bool second = into[1].memory != nullptr && into[1].past_cache;
  const Destination& lead = into[second ? 1 : 0];
  if (!lead.past_cache) return 0;
  const std::size_t past = reinterpret_cast<std::uintptr_t>(lead.memory) % step;
  return std::min(bytes, (step - past) % step);
}

template <class Element, class Op>
HWY_INLINE void with(const Element& element,
                     const Op& op,
                     std::array<Destination, 2> into,
                     Sources from,
                     std::size_t bytes) {
  const std::size_t head = head_of(into, element.bytes(), bytes);
  if (head > 0) rest(element, op, into, from, 0, head);
  const Writer first(element, into[0], head);
  std::size_t at = 0;
  if (into[1].memory == nullptr) {
    at = whole_vectors(element, op, from, head, bytes, first);
  } else {
    const Writer second(element, into[1], head);
    at = whole_vectors(element, op, from, head, bytes, [&](auto v, std::size_t to) {
      first(v, to);
      second(v, to);
    });
  }
  if (at < bytes) rest(element, op, into, from, at, bytes);
  if (into[0].past_cache || into[1].past_cache) hwy::FlushStream();
}

template <class Element>
void of(const Element& element,
        Operator op,
        std::array<Destination, 2> into,
        Sources from,
        std::size_t bytes) {
  if (op == Operator::sum)
    with(element, Sum(), into, from, bytes);
  else
    with(element, Largest(), into, from, bytes);
}

void combine_all(topology::DataType type,
                 Operator op,
                 std::array<Destination, 2> into,
                 Sources from,
                 std::size_t bytes) {
  switch (type) {
    case topology::DataType::f32:
      return of(Plain<float>(), op, into, from, bytes);
    case topology::DataType::f64:
      return of(Plain<double>(), op, into, from, bytes);
    case topology::DataType::i32:
      return of(Plain<std::int32_t>(), op, into, from, bytes);
    case topology::DataType::bf16:
      return of(Half(), op, into, from, bytes);
    default:
      break;
  }
  check_measurable(type);  // says what is known
}

void copy_past_cache(Destination into, const std::byte* from, std::size_t bytes) {
  const std::array<const std::byte*, 1> source{from};
  with(Plain<std::uint8_t>(), Sum(), {into, Destination()}, source, bytes);
}

}  // namespace bench::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bench {

HWY_EXPORT(combine_all);
HWY_EXPORT(copy_past_cache);

void combine(topology::DataType type,
             Operator op,
             Destination into,
             std::span<const std::byte* const> from,
             std::size_t bytes,
             Destination also) {
  HWY_DYNAMIC_DISPATCH(combine_all)(type, op, {into, also}, from, bytes);
}

void copy_into(Destination into, const std::byte* from, std::size_t bytes) {
  if (into.past_cache)
    HWY_DYNAMIC_DISPATCH(copy_past_cache)(into, from, bytes);
  else if (bytes > 0)  // of nothing there may be no address
    std::memcpy(into.memory, from, bytes);
}

}  // namespace bench
#endif
