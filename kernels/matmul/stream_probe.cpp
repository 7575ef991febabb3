#include "kernels/matmul/stream_probe.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

namespace kernels {
namespace {

/// Many sums at once, so that the loop waits for memory and not for its own additions.
double sum(std::span<const double> values) {
  std::array<double, 32> sums{};
  const std::size_t whole = values.size() / sums.size() * sums.size();
  for (std::size_t i = 0; i < whole; i += sums.size())
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += values[i + j];
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

topology::Bytes run_stream(Stream stream,
                           std::span<double> a,
                           std::span<const double> b,
                           std::span<const double> c) {
  const auto array = static_cast<double>(b.size_bytes());
  if (stream == Stream::read) {
    volatile double kept = sum(b);  // else the loop has no purpose
    (void)kept;
    return topology::Bytes(array);
  }
  const std::size_t length = std::min({a.size(), b.size(), c.size()});
  for (std::size_t i = 0; i < length; ++i) a[i] = b[i] + 3 * c[i];
  return topology::Bytes(3 * array);
}

}  // namespace kernels
