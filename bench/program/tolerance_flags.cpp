#include "bench/program/tolerance_flags.hpp"

#include <charconv>

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

SizeTolerance of_sizes(const std::string& text) {
  const auto refuse = [&] {
    topology::usage_error(
        fmt::format("--size-tolerance '{}': expected FROM:TO=PERCENT, as in 64K:1G=25", text));
  };
  const std::size_t colon = text.find(':');
  const std::size_t equals = text.find('=');
  if (colon == std::string::npos || equals == std::string::npos || equals < colon) refuse();
  double percent = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + equals + 1, end, percent);
  if (read.ec != std::errc() || read.ptr != end || !(percent >= 0)) refuse();
  const auto size = [](const std::string& of) {
    return static_cast<std::int64_t>(topology::parse_size(of).value());
  };
  const std::int64_t from = size(text.substr(0, colon));
  const std::int64_t to = size(text.substr(colon + 1, equals - colon - 1));
  if (to < from) refuse();
  return {from, to, percent / 100};
}

double share(const char* flag, double percent) {
  if (!(percent >= 0)) topology::usage_error(fmt::format("{}: expected 0 or more per cent", flag));
  return percent / 100;
}

}  // namespace

Tolerances tolerances_of(const ToleranceFlags& flags) {
  Tolerances tolerances;
  tolerances.group = share("--tolerance", flags.group);
  tolerances.point = share("--point-tolerance", flags.point);
  for (const std::string& sizes : flags.sizes) tolerances.sizes.push_back(of_sizes(sizes));
  tolerances.time_alone = flags.time_alone;
  return tolerances;
}

}  // namespace bench
