#include "topology/names.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace topology {
namespace {

std::string lower(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return folded;
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment), case
/// aside.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before;  // the row before the one before
  std::vector<std::size_t> above;
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({above[j] + (a[i] == b[j] ? 0 : 1), above[j + 1] + 1, row[j] + 1});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
        row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view typed, std::span<const std::string> known) {
  const std::string folded = lower(typed);
  const std::size_t limit = std::max<std::size_t>(2, typed.size() / 3);
  std::string best;
  std::size_t least = limit + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(folded, lower(name));
    // "x" is within two edits of any short name: at least half must be right.
    if (distance >= least || 2 * distance > std::max(typed.size(), name.size())) continue;
    least = distance;
    best = name;
  }
  return best;
}

std::string unknown_name(std::string_view what,
                         std::string_view typed,
                         std::span<const std::string> known) {
  const std::string near = nearest(typed, known);
  return fmt::format("unknown {} '{}'{} known: {}",
                     what,
                     typed,
                     near.empty() ? ";" : fmt::format("; did you mean '{}'?", near),
                     fmt::join(known, ", "));
}

}  // namespace topology
