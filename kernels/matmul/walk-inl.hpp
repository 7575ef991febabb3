// How a matmul of few rows goes through B, which is read in its own order, and fetches what comes
// next. Compiled once per vector target, KERNELS_TARGET; included by few_rows-inl.hpp only.
#if defined(KERNELS_MATMUL_WALK_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_WALK_INL_HPP
#undef KERNELS_MATMUL_WALK_INL_HPP
#else
#define KERNELS_MATMUL_WALK_INL_HPP
#endif

#include <cstdint>

#include <hwy/base.h>

#include "kernels/matmul/block.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

/// In which order the lines of B that come next are fetched.
enum class Fetched {
  as_used,   ///< those that lie under the ones at work
  as_stored  ///< line by line from the beginning of a row to its end
};

/// In which order columns are summed up.
enum class Order {
  plain,
  split  ///< of each two vectors the even columns, then the odd ones
};

/// Some rows of B at a time, by some vectors of columns, for up to so many rows of C.
struct Walk {
  std::int64_t rows = 0;       ///< of B; the next as many are fetched
  int vectors = 0;             ///< of columns
  std::int64_t rows_of_c = 0;  ///< more of them take turns
  std::int64_t cols = 0;       ///< whose sums lie beside C
  Fetched fetched = Fetched::as_used;
  Order order = Order::plain;
};

/// 16 of them, in place of 32?
template <class Unit>
constexpr bool has_few_registers = Unit::max_vectors == 2;

/// Rows a power of two apart evict each other from L1, before their lines are used where a vector
/// takes a part of one: 8 rows. Ours over the best library that does not prepack, 1 and 16 rows,
/// for 4, 8 and 16 rows of B, when packing was slower:
///   f32 0.73 1.04   0.87 0.98   0.62 0.57
///   bf16            2.93 1.14   1.72 0.69
/// Four rows of bytes are interleaved faster for a whole panel (1, 4, 8 rows of C 1.4, 1.2, 1.3
/// times as fast); in f32 and bf16 that gained nothing (0.87 to 1.13), nor did up to 16 rows of C
/// at a time (0.86 to 1.06). Eight rows of C by a vector of columns: 1.1 times as fast as twice
/// four at 7 rows of f32 and f64, 1.03 to 1.05 at 8, 0.97 to 1.00 at 16.
///
/// Columns: 32 KiB of sums for each row of C. With a quarter and a half of that B in memory took
/// 1.01 to 1.06 times as long (u8 x s8 up to 1.15), as a row of B is read in pieces. 512 and 1024
/// columns, whose sums stay in L1, 1.1 to 1.4 times as long with 4 to 8 rows of f32, 1.2 to 1.6
/// with 4 to 6 of bytes by 8 to 32 rows.
///
/// In 16 registers two vectors, which are a line of f32, over one, B in memory, at 4096 x 4096, 1,
/// 2, 4, 6, 8, 12, 16 and 24 rows (Zen 3):
///   f32 1.1 1.2 1.4 1.3 1.1 1.5 1.3 1.3   f64 1.0 1.05 1.4 1.2 1.05 1.5 1.2 1.3
template <class Unit>
constexpr Walk shallow_walk{
    .rows = 8,
    .vectors = Unit::group == 4 || has_few_registers<Unit> ? int{Unit::max_vectors} : 1,
    .rows_of_c = Unit::group == 4 || has_few_registers<Unit> ? tile_rows : 8,
    .cols = 32'768 / sizeof(typename Unit::C)};

/// Takes whole lines of more rows, and moves sums less often, which are wider than B: of 4 rows of
/// bytes they were most of the time. The CPU does not fetch the lines of such a strip ahead by
/// itself, since each is on another page, and as few as it lets a program ask for come at 15 to 18
/// GB/s. So the next rows are fetched as they are stored, which it goes on with by itself: 4 rows
/// of bytes 1.2 to 1.35 times as fast, 23 to 26 GB/s. 32 rows of 4 KiB, twice, leave L2 room for
/// sums.
///
/// Time of this walk, its strips fetched as they are used 64 and 32 rows ahead, over that of the
/// next rows fetched as they are stored, B of 4096 rows in memory, on pages of 4 KiB and of 2 MiB:
///   4096 columns    u8 x s8  3 rows 1.09 1.24  4 1.22 1.16  6 1.17 1.01  8 1.13 1.06  12 1.06 0.96
///                   bf16     6 rows 1.02 1.09  12 1.04 1.02  16 1.02 1.03
///   14336 columns   u8 x s8  4 rows 1.18 1.09  6 1.16 1.04  8 1.16 1.08  12 1.03 0.99
///                   bf16     6 rows 1.18 1.18  12 1.13 1.09
/// Half as many rows: bf16 1.07 0.94 at 6 rows, 0.98 0.89 at 16, bytes 0.92 0.83 at 4; twice as
/// many 0.75 to 0.95 on pages of 4 KiB, 1.04 to 1.1 on those of 2 MiB. Sums of the next strip
/// fetched into L1: 0.96 to 1.05. As much in each of several turns, beyond the next rows: 0.77 to
/// 1.02 at 12 and 16 rows. f32 and f64, whose rows are longer, 0.6 to 0.95 of the shallow walk.
template <class Unit>
constexpr Walk deep_walk{.rows = 32,
                         .vectors = int{Unit::max_vectors},
                         .rows_of_c = tile_rows,
                         .cols = 4096 / sizeof(typename Unit::B),
                         .fetched = Fetched::as_stored};

/// Rows of C from which on the walk is deep. 2 rows of bytes: 0.98 and 1.09 times as fast as the
/// shallow one, on pages of 4 KiB and of 2 MiB; 3 and 4 of bf16 0.72 to 0.84, once 1.05.
template <class Unit>
constexpr std::int64_t deep_from = Unit::group == 4 ? 3 : 6;

/// Seven and eight rows of C at once: bf16 1.2 to 1.4 times as fast as in two turns. Of bytes, with
/// halves of lines, 1.0 to 1.2 by 16 to 64 rows, where two turns were 1.1.
template <class Unit>
constexpr Walk narrow_walk{.rows = 32,
                           .vectors = 2,
                           .rows_of_c = 8,
                           .cols = 4096 / sizeof(typename Unit::B),
                           .fetched = Fetched::as_stored};

/// Where B is narrower than its sums and there are 16 registers: a line of B at a time for as few
/// rows as leave registers for their sums, half or a quarter of one for more, of more rows of B
/// than the shallow walk, since sums that are moved are most of the time. Time of the shallow walk
/// over that of these, at 4096 x 4096, 1, 2, 4, 6, 8, 12 and 16 rows (Zen 3, B in memory; sums of
/// four rows by four vectors do not fit the registers, and three by four took 1.1 to 1.3 times as
/// long):
///   bf16 2.5 2.6 1.9 1.9 1.3 1.9 1.3   u8 x s8 4.1 3.0 2.2 1.7 1.5 1.5 1.2
/// That was bf16 in plain order, 8 and 32 rows at a time. Split it is 1.0 to 1.1 times as fast at 1
/// row, 1.2 to 1.5 at 2. What did not help: more rows that way, by even columns and then
/// by odd ones (0.8 to 1.0), with lines copied or packed into L1 (0.5 to 0.9; 6, 12 and 16 rows by
/// six 0.99 to 1.04); bytes split alike (0.7 to 1.0).
template <class Unit>
constexpr Walk split_walk{.rows = 4,
                          .vectors = 4,
                          .rows_of_c = 2,
                          .cols = 32'768 / sizeof(typename Unit::C),
                          .order = Order::split};
template <class Unit>
constexpr Walk line_walk{.rows = 16,
                         .vectors = 64 / static_cast<int>(Unit::lanes() * sizeof(typename Unit::B)),
                         .rows_of_c = 1,
                         .cols = 32'768 / sizeof(typename Unit::C),
                         .fetched = Fetched::as_stored};
template <class Unit>
constexpr Walk wide_walk{.rows = 32,
                         .vectors = 4,
                         .rows_of_c = 4,
                         .cols = 32'768 / sizeof(typename Unit::C),
                         .fetched = Fetched::as_stored};
template <class Unit>
constexpr Walk high_walk{.rows = 32,
                         .vectors = 2,
                         .rows_of_c = tile_rows,
                         .cols = 32'768 / sizeof(typename Unit::C),
                         .fetched = Fetched::as_stored};

/// Lines of B that come after those at work, into L2: in L1 they would evict each other.
template <class Unit, Walk how>
class NextLines {
 public:
  using B = typename Unit::B;

  /// Of rows that begin at `from`; fetched by each of so many turns as far as the others.
  NextLines(const B* from, std::int64_t stride, std::int64_t cols, std::int64_t turns)
      : at_(from), end_(from + cols), cols_(cols), stride_(stride), turns_(turns) {}

  void begin_turn(std::int64_t turn) { wait_ = turn; }

  /// As many lines as a group of rows by some vectors has, which begins at `now`.
  template <int vectors>
  HWY_INLINE void fetch(const B* now) {
    constexpr std::int64_t cols = vectors * Unit::lanes();
    if constexpr (how.fetched == Fetched::as_used) {
      fetch_group<cols>(now + how.rows * stride_);
    } else {
      // Of the lines that are asked for while too many are under way the CPU forgets some: two
      // strips before they are used they are asked for again. 1.02 to 1.1 times as fast, at 8 rows
      // 0.98 to 1.05; one more or two more strips 0.96 to 1.02 of that; the same into L1, one or
      // two groups before, 0.87 to 1.02 of none.
      fetch_group<cols>(now + 2 * cols);
      fetch_in_turn<Unit::group * cols>();
    }
  }

 private:
  template <std::int64_t count>
  static HWY_INLINE void fetch_lines(const B* from) {
    constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(B));
    HWY_UNROLL(16)
    for (std::int64_t i = 0; i < count; i += line) __builtin_prefetch(from + i, 0, 2);
  }

  template <std::int64_t cols>
  HWY_INLINE void fetch_group(const B* from) const {
    for (std::int64_t row = 0; row < Unit::group; ++row) fetch_lines<cols>(from + row * stride_);
  }

  template <std::int64_t count>
  HWY_INLINE void fetch_in_turn() {
    if (wait_-- > 0) return;
    wait_ = turns_ - 1;
    fetch_lines<count>(at_);
    at_ += count;
    if (at_ < end_) return;
    end_ += stride_;
    at_ = end_ - cols_;
  }

  const B* at_;
  const B* end_;  ///< of the row
  std::int64_t cols_;
  std::int64_t stride_;
  std::int64_t turns_;
  std::int64_t wait_ = 0;  ///< steps until this turn fetches
};

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
