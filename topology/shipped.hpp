// Chip, system and other files: those that ship with the program, and chains of `extends`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "topology/document.hpp"

namespace topology {

/// What a folder of the shipped data holds: {"chips", "chip"}.
struct Shelf {
  const char* folder;
  const char* noun;
};

inline constexpr Shelf chip_shelf{"chips", "chip"};
inline constexpr Shelf system_shelf{"systems", "system"};
inline constexpr Shelf failures_shelf{"failures", "failures"};
inline constexpr Shelf software_shelf{"software", "software"};

/// Where the shelves are: the environment's RAINIER_DATA, or where they were built or installed.
[[nodiscard]] std::filesystem::path data_folder();

/// Names on a shelf, without .toml, sorted. @throws Error(environment) if there is no such folder
[[nodiscard]] std::vector<std::string> shipped_names(const Shelf& shelf);

/// Path of a shipped name, or of a path (ends in .toml) relative to the file that mentions it;
/// typed by a user, `mentioned_in` is "". @throws Error(usage) with the known names
[[nodiscard]] std::string find_file(const Shelf& shelf,
                                    const std::string& name_or_path,
                                    const std::string& mentioned_in = "");

/// The file and all it extends, the most basic one first. @throws Error(usage), also on a cycle
[[nodiscard]] std::vector<Document> load_chain(const Shelf& shelf, const std::string& name_or_path);

/// "chips/trainium2.toml" for a shipped file, wherever it is installed; else the path.
[[nodiscard]] std::string label(const std::string& path);

/// File name without folder and .toml.
[[nodiscard]] std::string stem(const std::string& path);

}  // namespace topology
