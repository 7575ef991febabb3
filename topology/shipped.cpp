#include "topology/shipped.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "topology/names.hpp"

namespace topology {

namespace fs = std::filesystem;

fs::path data_folder() {
  const char* elsewhere = std::getenv("RAINIER_DATA");
  return elsewhere != nullptr ? elsewhere : RAINIER_DATA_DIR;
}

std::vector<std::string> shipped_names(const Shelf& shelf) {
  const fs::path folder = data_folder() / shelf.folder;
  std::error_code failure;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, failure))
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  if (failure)
    throw Error(ErrorKind::environment,
                fmt::format("cannot list '{}': {}; RAINIER_DATA names the folder of chips/ and "
                            "systems/",
                            folder.string(),
                            failure.message()));
  std::sort(names.begin(), names.end());
  return names;
}

std::string find_file(const Shelf& shelf,
                      const std::string& name_or_path,
                      const std::string& mentioned_in) {
  if (name_or_path.ends_with(".toml")) {
    const fs::path path = fs::path(mentioned_in).parent_path() / name_or_path;
    if (!fs::is_regular_file(path))
      usage_error(fmt::format("there is no file '{}'", path.string()));
    return path.string();
  }
  const auto names = shipped_names(shelf);
  if (std::find(names.begin(), names.end(), name_or_path) == names.end())
    usage_error(unknown_name(shelf.noun, name_or_path, names) + "; or a path that ends in .toml");
  return (data_folder() / shelf.folder / (name_or_path + ".toml")).string();
}

std::vector<Document> load_chain(const Shelf& shelf, const std::string& name_or_path) {
  std::vector<Document> chain;
  std::vector<fs::path> seen;
  std::string path = find_file(shelf, name_or_path);
  while (true) {
    const fs::path identity = fs::weakly_canonical(path);
    if (std::find(seen.begin(), seen.end(), identity) != seen.end())
      chain.back().root().fail(
          "extends", fmt::format("'{}' extends itself, by way of this line", label(path)));
    seen.push_back(identity);
    chain.push_back(Document::load(path));
    Table& root = chain.back().root();
    if (!root.has("extends")) break;
    path = root.parsed("extends", [&shelf, &path](std::string_view base) {
      return find_file(shelf, std::string(base), path);
    });
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::string label(const std::string& path) {
  const fs::path relative = fs::path(path).lexically_relative(data_folder());
  const bool outside = relative.empty() || *relative.begin() == "..";
  return outside ? path : relative.generic_string();
}

std::string stem(const std::string& path) {
  return fs::path(path).stem().string();
}

}  // namespace topology
