// The training job that a row of published steps tells of.
#pragma once

#include "bench/training/job.hpp"
#include "bench/validation/published.hpp"

namespace bench {

/// What the table leaves open is what its software does by default. @throws Error(usage) with what
/// is missing or cannot be
[[nodiscard]] Job published_job(const PublishedRow& row);

}  // namespace bench
