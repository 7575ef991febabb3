// When what happens in a step: the passes of each rank of the pipeline with what follows them, and
// of the rank that is through last the operations of one micro-batch, resource by resource.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/training/job.hpp"

namespace bench {

/// Does one thing at a time.
struct Track {
  std::string process;
  std::string resource;
};

struct TimelineEvent {
  std::size_t track = 0;
  std::string name;
  topology::Seconds start;
  topology::Seconds took;
  std::int64_t chunk = -1;  ///< of a pass
  std::int64_t micro_batch = -1;
};

struct Timeline {
  std::vector<Track> tracks;
  std::vector<TimelineEvent> events;
};

/// @throws Error(usage) as predict_step
[[nodiscard]] Timeline timeline(const Job& job);

}  // namespace bench
