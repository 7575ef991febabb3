// The links of a predicted collective one by one: what each carries and how long that keeps it
// busy.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/program/collective_row.hpp"
#include "bench/program/collective_table.hpp"

namespace bench {

struct SingleLink {
  const topology::LinkClass* of = nullptr;
  std::int64_t position = -1;  ///< member of the line that it leaves; -1: all of the class alike
  topology::Bytes load;
  double utilisation = 0;  ///< share of the time of the collective that it is busy
};

/// Points into the prediction.
[[nodiscard]] std::vector<SingleLink> single_links(const Prediction& prediction);

void print_links_header(TableStyle style);
void print_links(const CollectiveRow& row, TableStyle style);

}  // namespace bench
