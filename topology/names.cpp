#include "topology/names.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

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

/// Insertions, deletions and substitutions (Levenshtein), case aside.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
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
