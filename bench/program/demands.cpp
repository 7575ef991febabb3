#include "bench/program/demands.hpp"

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

std::int64_t bytes(const std::string& text) {
  return static_cast<std::int64_t>(topology::parse_size(text).value());
}

}  // namespace

Demands::Demands(const DemandFlags& flags) : flags_(flags) {
  if (flags.size_range.empty()) return;
  const std::size_t colon = flags.size_range.find(':');
  if (colon == std::string::npos)
    topology::usage_error("--size-range '" + flags.size_range + "': expected FROM:TO, as in 1M:1G");
  least_ = bytes(flags.size_range.substr(0, colon));
  most_ = bytes(flags.size_range.substr(colon + 1));
}

void Demands::check(const CollectiveRow& row) {
  if (!concern(row.bytes)) return;
  const double seconds = row.faster_placement();
  const double busbw = row.busbw(seconds) / 1e9;
  const double percent = 100 * row.prediction.time.value() / seconds;
  if (busbw < flags_.min_busbw)
    failures_.push_back(fmt::format(
        "{} B: {:.3g} GB/s where {:.3g} are demanded", row.bytes, busbw, flags_.min_busbw));
  if (percent < flags_.min_percent_of_model)
    failures_.push_back(fmt::format("{} B: {:.0f} % of the model where {:.0f} are demanded",
                                    row.bytes,
                                    percent,
                                    flags_.min_percent_of_model));
}

void Demands::judge() const {
  if (failures_.empty()) return;
  throw topology::Error(topology::ErrorKind::verdict,
                        fmt::format("too slow at {}", fmt::join(failures_, "; ")));
}

}  // namespace bench
