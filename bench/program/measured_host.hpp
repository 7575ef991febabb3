// Where and when something was measured. Wall-clock facts and the host belong to measurements only:
// equal modelled runs leave equal bytes.
#pragma once

#include "bench/record/result_file.hpp"

namespace bench {

/// Before the first measurement.
void record_measuring_host(ResultFile& file);

/// After the last.
void record_end(ResultFile& file);

}  // namespace bench
