// How large a results file gets, before it is written.
#pragma once

#include <cstdint>
#include <span>

#include "bench/record/schema.hpp"

namespace bench {

struct ExpectedTable {
  const Record* record = nullptr;
  std::int64_t rows = 0;
  std::int64_t samples = 0;  ///< of each row, where the table has a column of them
};

/// Bytes: columns in whole chunks, texts and headers. `inputs`: of texts that are kept verbatim.
[[nodiscard]] double expected_size(std::span<const ExpectedTable> tables, double inputs);

}  // namespace bench
