// A ring that stops after any number of steps, for tests of the clock.
#pragma once

#include "kernels/collective/schedule.hpp"

namespace fixtures {

/// The first `steps` steps of a reduce-scatter around one ring of n; none leaves the start.
inline kernels::Schedule ring_steps(std::int64_t n, std::int64_t steps) {
  kernels::Exchange hop;
  hop.to = {.digits = {0}, .operand = {1, 0}};
  hop.chunks = {{kernels::DigitRange::Kind::from, {-1, -1}}};
  hop.reduce = true;
  kernels::Schedule schedule;
  schedule.collective = kernels::Collective::reduce_scatter;
  schedule.extents = {n};
  schedule.algorithm = "ring";
  schedule.root = kernels::Loop{steps, {hop}};
  return schedule;
}

}  // namespace fixtures
