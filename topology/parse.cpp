#include "topology/parse.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace topology {
namespace {

struct Unit {
  const char* symbol;
  double scale;         // in base units
  bool printed = true;  // else only read
};

constexpr double kibi = 1024;
// In base units: beyond any figure, and sums and products of a few stay finite.
constexpr double largest = 1e30;

/// Per quantity: what messages call it, its UDUNITS unit, its text units from small to large.
template <class Q>
struct Units;

template <>
struct Units<Bytes> {
  static constexpr const char* noun = "a size such as '96 GiB'";
  static constexpr const char* base = "byte";
  static constexpr std::array table = {
      Unit{"B", 1},
      Unit{"kB", 1e3},
      Unit{"MB", 1e6},
      Unit{"GB", 1e9},
      Unit{"TB", 1e12},
      Unit{"PB", 1e15},
      Unit{"KiB", kibi, false},
      Unit{"MiB", kibi* kibi, false},
      Unit{"GiB", kibi* kibi* kibi, false},
      Unit{"TiB", kibi* kibi* kibi* kibi, false},
      Unit{"PiB", kibi* kibi* kibi* kibi* kibi, false},
  };
};

template <>
struct Units<Seconds> {
  static constexpr const char* noun = "a time such as '1.5 us'";
  static constexpr const char* base = "s";
  static constexpr std::array table = {
      Unit{"ns", 1e-9},
      Unit{"us", 1e-6},
      Unit{"ms", 1e-3},
      Unit{"s", 1},
      Unit{"min", 60, false},
      Unit{"h", 3600, false},
      Unit{"d", 86400, false},
  };
};

template <>
struct Units<BytesPerSecond> {
  static constexpr const char* noun = "a bandwidth such as '128 GB/s'";
  static constexpr const char* base = "byte s-1";
  static constexpr std::array table = {
      Unit{"B/s", 1},
      Unit{"kB/s", 1e3},
      Unit{"MB/s", 1e6},
      Unit{"GB/s", 1e9},
      Unit{"TB/s", 1e12},
      Unit{"PB/s", 1e15},
      Unit{"bit/s", 1 / 8.0, false},
      Unit{"kbit/s", 1e3 / 8, false},
      Unit{"Mbit/s", 1e6 / 8, false},
      Unit{"Gbit/s", 1e9 / 8, false},
      Unit{"Tbit/s", 1e12 / 8, false},
  };
};

template <>
struct Units<FlopsPerSecond> {
  static constexpr const char* noun = "a rate such as '667 TFLOP/s'";
  static constexpr const char* base = "s-1";  // UDUNITS knows no flop: it is a count
  static constexpr std::array table = {
      Unit{"FLOP/s", 1},
      Unit{"GFLOP/s", 1e9},
      Unit{"TFLOP/s", 1e12},
      Unit{"PFLOP/s", 1e15},
      Unit{"EFLOP/s", 1e18},
  };
};

template <>
struct Units<Hertz> {
  static constexpr const char* noun = "a frequency such as '2.4 GHz'";
  static constexpr const char* base = "s-1";
  static constexpr std::array table = {
      Unit{"Hz", 1}, Unit{"kHz", 1e3}, Unit{"MHz", 1e6}, Unit{"GHz", 1e9}};
};

template <>
struct Units<Watts> {
  static constexpr const char* noun = "a power such as '500 W'";
  static constexpr const char* base = "W";
  static constexpr std::array table = {
      Unit{"W", 1}, Unit{"kW", 1e3}, Unit{"MW", 1e6}, Unit{"GW", 1e9}};
};

template <>
struct Units<DollarsPerSecond> {
  static constexpr const char* noun = "a price such as '2.235 USD/h'";
  static constexpr const char* base = "s-1";  // UDUNITS knows no currency
  static constexpr std::array table = {Unit{"USD/h", 1 / 3600.0}};
};

template <class Q>
std::string accepted() {
  std::string list;
  for (const Unit& unit : Units<Q>::table)
    list += (list.empty() ? "" : ", ") + std::string(unit.symbol);
  return list;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

template <class Q>
[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  usage_error(fmt::format("'{}' {}; expected {}: a number, one space and one of {}",
                          text,
                          why,
                          Units<Q>::noun,
                          accepted<Q>()));
}

/// Four significant digits, without an exponent for large numbers.
std::string digits(double value) {
  return std::abs(value) < 10000 ? fmt::format("{:.4g}", value) : fmt::format("{:.0f}", value);
}

/// The largest unit in which the value is at least 1, as printed; zero has the base unit.
std::string with_unit(double value, std::span<const Unit> units) {
  constexpr double rounded_up = 1 + 5e-5;
  const double size = value == 0 ? 1 : std::abs(value) * rounded_up;
  const Unit* best = &units.front();
  for (const Unit& unit : units)
    if (unit.printed && size >= unit.scale) best = &unit;
  return digits(value / best->scale) + " " + best->symbol;
}

std::string format_bytes(Bytes quantity) {
  constexpr std::array binary = {
      Unit{"KiB", kibi},
      Unit{"MiB", kibi * kibi},
      Unit{"GiB", kibi * kibi * kibi},
      Unit{"TiB", kibi * kibi * kibi * kibi},
      Unit{"PiB", kibi * kibi * kibi * kibi * kibi},
  };
  const double value = quantity.value();
  std::string decimal = with_unit(value, Units<Bytes>::table);
  if (value < kibi || std::fmod(value, kibi) != 0) return decimal;
  std::string text = with_unit(value, binary);
  // 80 GB is a whole number of KiB as well, but not a round one.
  const bool only_decimal_is_exact =
      parse<Bytes>(text) != quantity && parse<Bytes>(decimal) == quantity;
  return only_decimal_is_exact ? decimal : text;
}

}  // namespace

template <class Q>
Q parse(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos)
    refuse<Q>(text, number(text) ? "has no unit" : "is not a number and a unit");
  const std::string_view symbol = text.substr(space + 1);
  const auto value = number(text.substr(0, space));
  if (!value) refuse<Q>(text, "does not begin with a finite number");
  for (const Unit& unit : Units<Q>::table) {
    if (unit.symbol != symbol) continue;
    if (std::abs(*value) > largest / unit.scale) refuse<Q>(text, "is more than anything can be");
    return Q(*value * unit.scale);
  }
  refuse<Q>(text, fmt::format("has the unit '{}'", symbol));
}

template <>
double parse<double>(std::string_view text) {
  const auto value = number(text);
  if (!value) usage_error(fmt::format("'{}' is not a plain, finite number", text));
  return *value;
}

template <class Q>
std::string format(Q quantity) {
  if constexpr (std::is_same_v<Q, Bytes>)
    return format_bytes(quantity);
  else
    return with_unit(quantity.value(), Units<Q>::table);
}

template <>
std::string format<double>(double quantity) {
  return digits(quantity);
}

template <class Q>
std::string format_exact(Q quantity) {
  if constexpr (std::is_same_v<Q, double>) {
    return fmt::format("{}", quantity);
  } else {
    std::string text = format(quantity);
    if (parse<Q>(text) == quantity) return text;
    for (const Unit& unit : Units<Q>::table)
      if (unit.scale == 1) return fmt::format("{} {}", quantity.value(), unit.symbol);
    return text;
  }
}

Bytes parse_size(std::string_view text) {
  constexpr std::string_view expected =
      "expected a whole number of bytes, at most with K, M or G for 1024, 1024^2 and 1024^3 bytes: "
      "'8', '1K', '512M', '16G'";
  constexpr double largest = 9007199254740992.0;  // 2^53: all sizes up to it are exact
  double scale = 1;
  for (const Unit& suffix :
       {Unit{"K", kibi}, Unit{"M", kibi * kibi}, Unit{"G", kibi * kibi * kibi}})
    if (text.ends_with(suffix.symbol)) scale = suffix.scale;
  const std::string_view count = scale > 1 ? text.substr(0, text.size() - 1) : text;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(count.data(), count.data() + count.size(), value);
  const bool whole = failure == std::errc{} && end == count.data() + count.size();
  if (!whole || value <= 0) usage_error(fmt::format("'{}' is not a size; {}", text, expected));
  if (static_cast<double>(value) * scale > largest)
    usage_error(fmt::format("'{}' is more than 8 PiB", text));
  return Bytes(static_cast<double>(value) * scale);
}

template <class Q>
const char* base_unit() {
  return Units<Q>::base;
}

template Bytes parse(std::string_view);
template Seconds parse(std::string_view);
template BytesPerSecond parse(std::string_view);
template FlopsPerSecond parse(std::string_view);
template Hertz parse(std::string_view);
template Watts parse(std::string_view);
template DollarsPerSecond parse(std::string_view);

template std::string format(Bytes);
template std::string format(Seconds);
template std::string format(BytesPerSecond);
template std::string format(FlopsPerSecond);
template std::string format(Hertz);
template std::string format(Watts);
template std::string format(DollarsPerSecond);

template std::string format_exact(Seconds);
template std::string format_exact(BytesPerSecond);
template std::string format_exact(double);

template <>
const char* base_unit<double>() {
  return "1";
}

template const char* base_unit<Bytes>();
template const char* base_unit<Seconds>();
template const char* base_unit<BytesPerSecond>();
template const char* base_unit<FlopsPerSecond>();
template const char* base_unit<Hertz>();
template const char* base_unit<Watts>();
template const char* base_unit<DollarsPerSecond>();

}  // namespace topology
