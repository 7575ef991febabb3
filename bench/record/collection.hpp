// Many results files as one: links to each, nothing copied.
#pragma once

#include <filesystem>
#include <vector>

namespace bench {

/// What such a file says of itself.
inline constexpr const char* collection_format = "rainier-collection";

/// Writes `path` with a link runs/NAME to the root of each file, relative to where it lies, NAME
/// being the file's without .h5. @throws Error: usage, two files of one name; environment, a file
/// that is no results file, or that cannot be written
void write_collection(const std::filesystem::path& path,
                      const std::vector<std::filesystem::path>& files,
                      bool overwrite);

}  // namespace bench
