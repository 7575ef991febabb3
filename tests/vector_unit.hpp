// Kernels that are compiled for several vector units, run on one of them.
#pragma once

#include <cstdint>

#include <hwy/targets.h>

namespace fixtures {

/// @param targets bits of hwy/targets.h; 0 chooses the best unit again
inline void choose_vector_unit(std::int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().DeInit();  // else the choice of the first call stays
}

}  // namespace fixtures
