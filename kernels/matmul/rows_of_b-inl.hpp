// The rows of B that a tile multiplies, packed or as they come, and what it does on the way with
// those of the next panel. Compiled once per vector target, KERNELS_TARGET; included by
// microkernel-inl.hpp only.
#if defined(KERNELS_MATMUL_ROWS_OF_B_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_ROWS_OF_B_INL_HPP
#undef KERNELS_MATMUL_ROWS_OF_B_INL_HPP
#else
#define KERNELS_MATMUL_ROWS_OF_B_INL_HPP
#endif

#include <cstdint>

#include <hwy/base.h>

#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

template <class Unit>
constexpr std::int64_t group_bytes = Unit::group* std::int64_t{sizeof(typename Unit::PackedA)};

template <class Unit>
constexpr std::int64_t panel_cols = Unit::max_vectors* Unit::lanes();

/// Groups of rows of a whole panel of B as they come, and where they go when they are packed.
template <class Unit>
struct Unpacked {
  const typename Unit::B* from = nullptr;  ///< null: there are none
  std::int64_t stride = 0;                 ///< between rows
  typename Unit::PackedB* to = nullptr;
  std::int64_t groups = 0;

  [[nodiscard]] Unpacked groups_of(Range part) const {
    return {from + part.begin * Unit::group * stride,
            stride,
            to + part.begin * Unit::group * panel_cols<Unit>,
            part.size()};
  }
};

/// Groups of rows of a whole panel of B that is packed.
template <class Unit>
struct Packed {
  const typename Unit::PackedB* first = nullptr;
  std::int64_t groups = 0;

  [[nodiscard]] Packed groups_of(Range part) const {
    return {first + part.begin * Unit::group * panel_cols<Unit>, part.size()};
  }
};

// NOLINTBEGIN(modernize-avoid-c-arrays): registers, see microkernel-inl.hpp
/// Groups of rows of a packed panel, one after the other. Prefetched into L1 4 KiB ahead: 1.00,
/// 0.98 at 512 x 4096 x 4096 in bf16.
template <class Unit>
class PackedRows {
 public:
  PackedRows(const typename Unit::PackedB* first, std::int64_t stride)
      : at_(first), stride_(stride) {}

  template <int vectors>
  HWY_INLINE void load(typename Unit::Panel (&panels)[vectors]) const {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v)
      panels[v] = Unit::load_b(at_ + v * Unit::lanes() * Unit::group);
  }

  HWY_INLINE void next() { at_ += stride_; }

 private:
  const typename Unit::PackedB* at_;
  std::int64_t stride_;
};

/// What a tile does on the way: the multiply-adds hide what that takes. It packs its own panel, or
/// packs or fetches the next one.
enum class Packs { nothing, own, ahead, fetched };

/// How rows that are packed ahead come from memory.
struct Fetch {
  std::int64_t steps_ahead = 0;  ///< of k, before they are loaded
  int level = 0;                 ///< of __builtin_prefetch: 3 into L1, 2 into L2
  /// Steps of k for each group of rows, at least: with fewer, the lines that are under way are too
  /// many.
  std::int64_t least_steps = 0;
};

/// At 4096 x 4096, time of a panel's own first tile packing it over this, 18, 24, 30, 48 and 96
/// rows:
///   into L1   f32 0.77 0.97 1.22 1.13 1.09   f64 0.67 0.86 1.18 1.15 1.08
///             bf16 0.71 0.80 1.09 1.14 1.08  u8 x s8 0.77 0.91 1.10 1.16 1.09
///   into L2   f32 0.89 0.80 0.97 0.95 1.07   f64 0.90 0.76 0.89 1.12 1.06
///             bf16 0.99 1.15 1.20 1.15 1.08  u8 x s8 0.93 1.10 1.21 1.16 1.09
/// Rows of f32 and f64 are so far apart there that they evict each other from L2.
/// bf16 and bytes asked for again half as far ahead: 0.89 to 1.03, a quarter as far 0.55 to 1.04.
/// On AVX2, whose panels are single lines, against four panels packed together by the first tile of
/// one, 64 and 512 rows: f32 1.13 1.02, f64 0.89 0.99, bf16 1.00 0.97, u8 x s8 1.7 1.05; into L2
/// 0.7 to 1.1.
template <class Unit>
constexpr Fetch fetch = Unit::group == 1 ? Fetch{64, 3, 4} : Fetch{32, 2, 2};

/// Groups of rows of a panel as it comes, which is packed on the way. Lines of its own panel are
/// fetched into L2; a half and twice as many rows, none, or into L1 took up to 6 % longer at 64
/// rows.
template <class Unit, Packs packs>
class UnpackedRows {
 public:
  explicit UnpackedRows(const Unpacked<Unit>& rows)
      : rows_(rows), rows_ahead_(Unit::group == 1 ? 16 : 32) {}

  UnpackedRows(const Unpacked<Unit>& rows, std::int64_t steps_between)
      : rows_(rows), rows_ahead_(fetch<Unit>.steps_ahead / (steps_between + 1) * Unit::group) {}

  /// The next group of rows, which goes where it is packed.
  HWY_INLINE void take() {
    typename Unit::Panel packed[Unit::max_vectors];
    load(packed);
    next();
  }

  /// And packs.
  HWY_INLINE void load(typename Unit::Panel (&panel)[Unit::max_vectors]) const {
    Unit::load_panel(rows_.from, rows_.stride, panel);
    HWY_UNROLL(8)
    for (int v = 0; v < Unit::max_vectors; ++v)
      Unit::store_b(panel[v], rows_.to + v * Unit::lanes() * Unit::group);
  }

  HWY_INLINE void next() {
    constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(typename Unit::B));
    HWY_UNROLL(4)
    for (int row = 0; row < Unit::group; ++row)
      for (std::int64_t col = 0; col < panel_cols<Unit>; col += line)
        __builtin_prefetch(rows_.from + (rows_ahead_ + row) * rows_.stride + col,
                           0,
                           packs == Packs::ahead ? fetch<Unit>.level : 2);
    rows_.from += Unit::group * rows_.stride;
    rows_.to += panel_cols<Unit> * Unit::group;
  }

 private:
  Unpacked<Unit> rows_;
  std::int64_t rows_ahead_;
};

/// Groups of rows of a panel that is packed, which are fetched into L2: where that is small, a
/// panel comes from L3 for each block of rows of A.
template <class Unit>
class FetchedRows {
 public:
  explicit FetchedRows(const Packed<Unit>& rows) : at_(rows.first) {}

  HWY_INLINE void take() {
    constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(*at_));
    constexpr std::int64_t size = Unit::group * panel_cols<Unit>;
    for (std::int64_t i = 0; i < size; i += line) __builtin_prefetch(at_ + i, 0, 2);
    at_ += size;
  }

 private:
  const typename Unit::PackedB* at_;
};

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
