// Model files: those that ship with the program, and others.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kernels/training/model.hpp"

namespace bench {

/// Where the shipped models are.
[[nodiscard]] std::filesystem::path shipped_models();

/// Names of the shipped models, sorted: models/NAME.json, or in the folder models of RAINIER_DATA.
/// @throws topology::Error(environment) if there is no such folder
[[nodiscard]] std::vector<std::string> model_names();

/// A shipped name, a path that ends in .json, or a folder with a config.json; the model bears the
/// name of the file or, if that is config.json, of its folder.
/// @throws topology::Error(usage) with the known names
[[nodiscard]] kernels::Model load_model(const std::string& name_or_path);

/// The file that load_model reads, verbatim.
[[nodiscard]] std::string model_text(const std::string& name_or_path);

}  // namespace bench
