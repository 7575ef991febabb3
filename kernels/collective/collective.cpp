#include "kernels/collective/collective.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

using enum Collective;
using enum Holder;

constexpr std::array<CollectiveInfo, 9> table{{
    {all_reduce, "all_reduce", "allr", true, false, 2, everyone, everyone},
    {all_gather, "all_gather", "allg", false, true, 1, owner, everyone},
    {reduce_scatter, "reduce_scatter", "redsct", true, true, 1, everyone, owner},
    {all_to_all, "all_to_all", "alltoall", false, true, 1, everyone, owner},
    {broadcast, "broadcast", "bcast", false, false, 1, root, everyone},
    {reduce, "reduce", "red", true, false, 1, everyone, root},
    {gather, "gather", "gthr", false, true, 1, owner, root},
    {scatter, "scatter", "sctr", false, true, 1, root, owner},
    {barrier, "barrier", "barr", false, false, 0, everyone, everyone},
}};

}  // namespace

std::span<const CollectiveInfo> collectives() {
  return table;
}

const CollectiveInfo& info(Collective collective) {
  return table[static_cast<std::size_t>(collective)];
}

bool holds(Holder holder, std::int64_t rank, std::int64_t chunk) {
  if (holder == everyone) return true;
  return rank == (holder == root ? 0 : chunk);
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
  if (collective == broadcast || collective == reduce) return 1;
  const auto n = static_cast<double>(ranks);
  return info(collective).traffic * (n - 1) / n;
}

}  // namespace kernels
