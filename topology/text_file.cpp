#include "topology/text_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "topology/error.hpp"

namespace topology {

std::string read_text(const std::string& path, const std::string& expected) {
  const auto refuse = [&](const std::string& what) {
    usage_error(what + (expected.empty() ? "" : "; expected " + expected));
  };
  std::error_code none;
  const std::filesystem::file_status status = std::filesystem::status(path, none);
  if (std::filesystem::is_directory(status)) refuse("'" + path + "' is a folder, not a file");
  if (std::filesystem::is_character_file(status) || std::filesystem::is_block_file(status))
    refuse("'" + path + "' is a device, not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse("cannot read '" + path + "'");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace topology
