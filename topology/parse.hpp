// Text to quantity and back: the only place that knows unit symbols.
#pragma once

#include <string>
#include <string_view>

#include "topology/quantity.hpp"

namespace topology {

/// Q is Bytes, Seconds, BytesPerSecond, FlopsPerSecond, Hertz, Watts, DollarsPerSecond, or double
/// for a plain number. Reads "96 GiB", "1.5 us", "128 GB/s", "200 Gbit/s", "667 TFLOP/s", "2.4
/// GHz", "500 W", "2.235 USD/h". Number and unit are separated by one space, the unit is mandatory
/// and case-sensitive; GB is 10^9 bytes, GiB is 2^30.
/// @throws Error(usage) that names the text, what was expected and the accepted units.
template <class Q>
[[nodiscard]] Q parse(std::string_view text);

/// Shortest text with a readable unit and three or four significant digits: "2.9 TB/s", "1.5 us".
/// Bytes print in binary units when they are a whole number of KiB, else in decimal ones; also in
/// decimal ones where only those are exact ("80 GB").
template <class Q>
[[nodiscard]] std::string format(Q quantity);

/// With as many digits as it takes for parse to return the same quantity. Q is Seconds,
/// BytesPerSecond or double.
template <class Q>
[[nodiscard]] std::string format_exact(Q quantity);

/// A size as the collective tools write it: "8", "1K", "512M", "16G", K = 1024 (nccl-tests).
/// @throws Error(usage) on anything else, on zero and on negative sizes.
[[nodiscard]] Bytes parse_size(std::string_view text);

/// UDUNITS-valid base unit of a quantity type, for results files: "byte s-1", "s", "1", "W".
template <class Q>
[[nodiscard]] const char* base_unit();

}  // namespace topology
