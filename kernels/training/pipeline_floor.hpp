// What no run of a pipeline can beat, without running it. On the rank that is busiest:
//
//   lead   forward passes of one micro-batch through the chunks before the rank's first one
//   work   all its passes
//   tail   backward passes of one micro-batch through those chunks, down to the first: after the
//          rank's last backward pass, that is of its first chunk
//
// The last pass of weights of its own may come after the tail of others: lead + work with them, or
// lead + work without them + tail, whichever is more. For 1f1b and gpipe with equal chunks this is
// the run's time itself.
#pragma once

#include "kernels/training/pipeline.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// @param pipeline as run() takes it
[[nodiscard]] topology::Seconds pipeline_floor(const Pipeline& pipeline);

}  // namespace kernels
