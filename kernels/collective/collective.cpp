#include "kernels/collective/collective.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

constexpr std::array<CollectiveInfo, 4> table{{
    {Collective::all_reduce, "all_reduce", "allr", true, false, 2},
    {Collective::all_gather, "all_gather", "allg", false, true, 1},
    {Collective::reduce_scatter, "reduce_scatter", "redsct", true, true, 1},
    {Collective::all_to_all, "all_to_all", "alltoall", false, true, 1},
}};

}  // namespace

std::span<const CollectiveInfo> collectives() {
  return table;
}

const CollectiveInfo& info(Collective collective) {
  return table[static_cast<std::size_t>(collective)];
}

Collective parse_collective(std::string_view text) {
  const auto* row = std::find_if(table.begin(), table.end(), [&](const CollectiveInfo& c) {
    return text == c.name || text == c.short_name;
  });
  if (row != table.end()) return row->id;
  std::vector<std::string> known;
  known.reserve(table.size());
  for (const CollectiveInfo& c : table) known.emplace_back(c.name);
  topology::usage_error(topology::unknown_name("collective", text, known));
}

double busbw_factor(Collective collective, std::int64_t ranks) {
  const auto n = static_cast<double>(ranks);
  return info(collective).traffic * (n - 1) / n;
}

}  // namespace kernels
