#include "bench/program/sweep.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

std::int64_t size_of_text(const std::string& text) {
  return static_cast<std::int64_t>(topology::parse_size(text).value());
}

}  // namespace

std::vector<std::int64_t> Sweep::sizes() const {
  const std::int64_t first = size_of_text(begin);
  const std::int64_t last = size_of_text(end);
  if (last < first)
    topology::usage_error(
        fmt::format("the end size -e {} is below the begin size -b {}", end, begin));
  if (increment.empty() && !(factor > 1))
    topology::usage_error(fmt::format("the step factor -f {} must be above 1", factor));
  const std::int64_t step = increment.empty() ? 0 : size_of_text(increment);
  std::vector<std::int64_t> all;
  for (std::int64_t size = first; size <= last;) {
    all.push_back(size);
    const auto grown = static_cast<std::int64_t>(std::llround(static_cast<double>(size) * factor));
    size = step > 0 ? size + step : std::max(size + 1, grown);
  }
  return all;
}

}  // namespace bench
