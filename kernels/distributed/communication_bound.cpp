#include "kernels/distributed/communication_bound.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace kernels {

double least_elements(const Gemm& shape, std::int64_t ranks) {
  std::array<double, 3> d{
      static_cast<double>(shape.m), static_cast<double>(shape.n), static_cast<double>(shape.k)};
  std::sort(d.begin(), d.end(), std::greater<>());
  const auto p = static_cast<double>(ranks);
  const double held = (d[0] * d[1] + d[0] * d[2] + d[1] * d[2]) / p;
  double touched = 3 * std::pow(d[0] * d[1] * d[2] / p, 2.0 / 3);
  if (p <= d[0] / d[1])
    touched = (d[0] * d[1] + d[0] * d[2]) / p + d[1] * d[2];
  else if (p <= d[0] * d[1] / (d[2] * d[2]))
    touched = 2 * std::sqrt(d[0] * d[1] / p) * d[2] + d[0] * d[1] / p;
  return std::max(touched - held, 0.0);
}

topology::Bytes least_wire_bytes(const DistributedMatmul& program) {
  Gemm shape = program.shape;
  std::int64_t ranks = program.grid.ranks();
  // Where only the rows of a grid work together, B is there once a row.
  const bool replicas = program.n.by_row == 0 && program.k.by_row == 0 &&
                        program.turn.by_row == 0 && program.b.motion == Motion::still;
  if (replicas) {
    ranks = program.grid.columns;
    shape.m /= program.grid.rows;  // at least one of them has no less
  }
  const topology::Bytes shortest =
      std::min(topology::size_of(shape.type), topology::size_of(accumulator(shape.type)));
  return least_elements(shape, ranks) * shortest;
}

}  // namespace kernels
