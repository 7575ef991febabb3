// Words of the columns' descriptions: units in the spelling of UDUNITS.
#pragma once

namespace bench::units {

inline constexpr const char* no_unit = "1";
inline constexpr const char* second = "s";
inline constexpr const char* joule = "J";
inline constexpr const char* bytes = "byte";
inline constexpr const char* bytes_per_second = "byte s-1";
inline constexpr const char* per_second = "s-1";

}  // namespace bench::units
