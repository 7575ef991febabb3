// Cutting a dimension into even parts.
#pragma once

#include <cstdint>

namespace kernels {

struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  [[nodiscard]] constexpr std::int64_t size() const { return end - begin; }
};

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Part `index` of `total` things in `parts` runs whose lengths differ by one at most: 16 rows in
/// panels of up to 6 are 5 + 5 + 6 and not 6 + 6 + 4, which keeps every panel near full speed.
constexpr Range part(std::int64_t total, std::int64_t parts, std::int64_t index) {
  return {total * index / parts, total * (index + 1) / parts};
}

/// The same in whole tiles, so that only the end of the dimension sees a part of one.
constexpr Range part_of_tiles(std::int64_t total,
                              std::int64_t tile,
                              std::int64_t parts,
                              std::int64_t index) {
  const Range tiles = part(ceil_div(total, tile), parts, index);
  return {tiles.begin * tile, tiles.end * tile < total ? tiles.end * tile : total};
}

}  // namespace kernels
