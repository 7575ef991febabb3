// Attributes and scalar texts: the small values of a results file.
#pragma once

#include <string>

#include "bench/record/column.hpp"
#include "bench/record/handle.hpp"

namespace bench {

/// Variable-length UTF-8: what h5py returns as str and ncdump prints as a string.
[[nodiscard]] TypeHandle text_type();

/// Creates the attribute or writes over it; the kind of an existing one stays.
void write_attribute(hid_t object, const std::string& name, const Cell& value);

[[nodiscard]] bool has_attribute(hid_t object, const std::string& name);

/// Texts of both lengths, and any integer or float that fits.
[[nodiscard]] Cell read_attribute(hid_t object, const std::string& name);

}  // namespace bench
