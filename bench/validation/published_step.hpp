// What a row of published steps has measured, and what the model says of it.
#pragma once

#include "bench/training/job.hpp"
#include "bench/training/step.hpp"
#include "bench/validation/published.hpp"

namespace bench {

/// What the row times: a step; or the passes of a layer, where it is of a layer alone.
[[nodiscard]] Step published_step(const Job& job);

/// Of a row that prints no time: what its rate makes of the model's FLOPs, counted as the
/// publication counts them. Zero where there is no rate either.
[[nodiscard]] topology::Seconds time_of_rate(const PublishedRow& row, const Job& job);

}  // namespace bench
