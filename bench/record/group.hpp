// Groups of a results file, by path.
#pragma once

#include <string>

#include "bench/record/handle.hpp"

namespace bench {

/// Makes readers list members in the order of their creation (netCDF asks for it) and keeps
/// clock times out of the file, so that equal runs leave equal bytes. For groups and the root.
void set_group_properties(hid_t properties);

/// Opens "a/b/c" below `location`, a leading slash is allowed; what is missing is created.
[[nodiscard]] GroupHandle open_or_create_group(hid_t location, const std::string& path);

/// Is there an object at this path from the root? Every step on the way must exist for true.
[[nodiscard]] bool has_object(hid_t location, const std::string& path);

}  // namespace bench
