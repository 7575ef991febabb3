#include "bench/program/model_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "kernels/training/config.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/text_file.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* of_hugging_face = "config.json";

fs::path models_folder() {
  const char* elsewhere = std::getenv("RAINIER_DATA");
  return elsewhere != nullptr ? fs::path(elsewhere) / "models" : fs::path(RAINIER_MODELS_DIR);
}

fs::path find_model(const std::string& name_or_path) {
  fs::path path = name_or_path;
  if (fs::is_regular_file(path / of_hugging_face)) return path / of_hugging_face;
  if (path.extension() == ".json") {
    if (!fs::is_regular_file(path))
      topology::usage_error(fmt::format("there is no file '{}'", name_or_path));
    return path;
  }
  const auto names = model_names();
  if (std::find(names.begin(), names.end(), name_or_path) == names.end())
    topology::usage_error(topology::unknown_name("model", name_or_path, names) +
                          "; or a path that ends in .json, or a folder with a config.json");
  return models_folder() / (name_or_path + ".json");
}

}  // namespace

fs::path shipped_models() {
  return models_folder();
}

std::vector<std::string> model_names() {
  std::error_code failure;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(models_folder(), failure))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  if (failure)
    throw topology::Error(topology::ErrorKind::environment,
                          fmt::format("cannot list '{}': {}; RAINIER_DATA names the folder of "
                                      "chips/, systems/ and models/",
                                      models_folder().string(),
                                      failure.message()));
  std::sort(names.begin(), names.end());
  return names;
}

std::string model_text(const std::string& name_or_path) {
  return topology::read_text(find_model(name_or_path).string());
}

kernels::Model load_model(const std::string& name_or_path) {
  const fs::path path = find_model(name_or_path);
  kernels::Model model =
      kernels::model_from_config(topology::read_text(path.string()), path.string());
  const bool snapshot = path.filename() == of_hugging_face;
  model.name =
      snapshot ? fs::absolute(path).parent_path().filename().string() : path.stem().string();
  return model;
}

}  // namespace bench
