// The rate of memory, to hold kernels against that move much and compute little.
#pragma once

#include <span>

#include "topology/quantity.hpp"

namespace kernels {

enum class Stream {
  read,   ///< sum of b: what a product of one row does with a matrix
  triad,  ///< a = b + 3 c, as STREAM (McCalpin) has it
};

/// Passes once over the arrays on the calling thread.
/// @return bytes of those that the stream uses: a line that is read before it is overwritten counts
/// once, as in STREAM
topology::Bytes run_stream(Stream stream,
                           std::span<double> a,
                           std::span<const double> b,
                           std::span<const double> c);

}  // namespace kernels
