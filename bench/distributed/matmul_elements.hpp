// Elements of A and B as functions of their place in the matrix: any rank can make any block.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/distributed/distributed_matmul.hpp"
#include "kernels/splitmix.hpp"

namespace bench {

/// Evenly from -1 to 1, or any number of the type.
template <class Element>
Element element(kernels::Matrix matrix, std::int64_t row, std::int64_t col) {
  const std::uint64_t place = kernels::mix(static_cast<std::uint64_t>(row)) +
                              kernels::mix(~static_cast<std::uint64_t>(col));
  const std::uint64_t drawn =
      kernels::mix(place + static_cast<std::uint64_t>(matrix == kernels::Matrix::a));
  if constexpr (std::is_integral_v<Element>) {
    return static_cast<Element>(drawn);
  } else {
    constexpr unsigned fraction = 24;
    const auto whole =
        static_cast<std::int64_t>(drawn >> (64 - fraction - 1)) - (std::int64_t{1} << fraction);
    return static_cast<Element>(std::ldexp(static_cast<float>(whole), -static_cast<int>(fraction)));
  }
}

template <class Element>
std::vector<Element> elements(kernels::Matrix matrix, const kernels::MatrixBlock& block) {
  std::vector<Element> values;
  values.reserve(static_cast<std::size_t>(block.elements()));
  for (std::int64_t row = block.row; row < block.row + block.rows; ++row)
    for (std::int64_t col = block.col; col < block.col + block.cols; ++col)
      values.push_back(element<Element>(matrix, row, col));
  return values;
}

}  // namespace bench
