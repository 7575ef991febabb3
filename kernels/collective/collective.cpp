#include "kernels/collective/collective.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

constexpr auto collective_rows = [] {
  using enum Collective;
  using enum Holder;
  return std::array<CollectiveInfo, 9>{{
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
}();

}  // namespace

std::span<const CollectiveInfo> collectives() {
  return collective_rows;
}

const CollectiveInfo& info(Collective collective) {
  return collective_rows[static_cast<std::size_t>(collective)];
}

bool holds(Holder holder, std::int64_t rank, std::int64_t chunk) {
  using enum Holder;
  if (holder == everyone) return true;
  return rank == (holder == root ? 0 : chunk);
}

Collective parse_collective(std::string_view text) {
  const auto* row =
      std::find_if(collective_rows.begin(), collective_rows.end(), [&](const CollectiveInfo& c) {
        return text == c.name || text == c.short_name;
      });
  if (row != collective_rows.end()) return row->id;
  std::vector<std::string> known;
  known.reserve(collective_rows.size());
  for (const CollectiveInfo& c : collective_rows) known.emplace_back(c.name);
  topology::usage_error(topology::unknown_name("collective", text, known));
}

double busbw_factor(Collective collective, std::int64_t ranks) {
  if (collective == Collective::broadcast || collective == Collective::reduce) return 1;
  const auto n = static_cast<double>(ranks);
  return info(collective).traffic * (n - 1) / n;
}

}  // namespace kernels
