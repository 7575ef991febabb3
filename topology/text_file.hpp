// The text of a file that a user names.
#pragma once

#include <string>

namespace topology {

/// @param expected what the file should have been, for the complaint; may be empty
/// @throws Error(usage) for what is no file: nothing, a folder, a device without end
[[nodiscard]] std::string read_text(const std::string& path, const std::string& expected = "");

}  // namespace topology
