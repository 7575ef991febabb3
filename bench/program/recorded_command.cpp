#include "bench/program/recorded_command.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/record/provenance.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> own_arguments() {
  std::vector<std::string> all = program_arguments();
  if (!all.empty()) all.erase(all.begin());
  return all;
}

/// Flags that name a file to write.
constexpr std::array<std::string_view, 5> outputs{
    "-O", "--output", "--nccl-json", "--save-tuning", "--timeline"};

/// The value is the next word.
bool is_alone(std::string_view word) {
  return std::find(outputs.begin(), outputs.end(), word) != outputs.end();
}

/// Also "--output=x.h5" and "-Ox.h5" in one word.
bool is_output(std::string_view word) {
  return is_alone(word) || word.starts_with("-O") ||
         is_alone(word.substr(0, std::min(word.find('='), word.size())));
}

/// "msccl:ring.xml", "file:noise.txt": a word that names a file behind a colon, else npos.
std::size_t file_begin(const std::string& word) {
  for (const std::string_view kind : {"msccl:", "file:"}) {
    std::error_code error;
    if (word.starts_with(kind) && fs::is_regular_file(word.substr(kind.size()), error))
      return kind.size();
  }
  return std::string::npos;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Files that words name behind a colon; a rerun has them from the results.
std::map<std::string, std::string> named_inputs(const std::vector<std::string>& words) {
  std::map<std::string, std::string> inputs;
  for (const std::string& word : words)
    if (const std::size_t begin = file_begin(word); begin != std::string::npos)
      inputs.insert(named_input(word.substr(begin)));
  return inputs;
}

std::string name_of(const std::string& word) {
  std::error_code error;
  if (const std::size_t begin = file_begin(word); begin != std::string::npos)
    return word.substr(0, begin) + fs::path(word.substr(begin)).filename().string();
  const fs::path path(word);
  const bool input = path.extension() == ".toml" || path.extension() == ".json";
  if (input && fs::is_regular_file(path, error)) return path.filename().string();
  if (fs::is_regular_file(path / "config.json", error))
    return fs::absolute(path).lexically_normal().filename().string();
  return word;
}

}  // namespace

std::vector<std::string> without_outputs(const std::vector<std::string>& arguments) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (!is_output(arguments[i]))
      all.push_back(arguments[i]);
    else if (is_alone(arguments[i]))
      ++i;
  return all;
}

std::vector<std::string> portable(const std::vector<std::string>& arguments) {
  constexpr std::array<std::string_view, 2> about_files{"--force", "--resume"};
  std::vector<std::string> all;
  for (const std::string& word : without_outputs(arguments)) {
    if (std::find(about_files.begin(), about_files.end(), word) != about_files.end()) continue;
    const bool run_file = arguments.front() == "run" && word.ends_with(".toml");
    all.push_back(run_file ? "run.toml" : name_of(word));
  }
  return all;
}

std::string portable(const std::string& word) {
  return name_of(word);
}

bool is_rerun() {
  return std::getenv("RAINIER_COMMAND") != nullptr;
}

std::pair<std::string, std::string> named_input(const std::string& path) {
  return {"inputs/files/" + fs::path(path).filename().string(), content_of(path)};
}

std::string recorded_command() {
  if (const char* of_rerun = std::getenv("RAINIER_COMMAND")) return of_rerun;
  using nlohmann::json;
  return json(portable(own_arguments())).dump(-1, ' ', false, json::error_handler_t::replace);
}

ResultOptions result_options(bool overwrite) {
  return {overwrite,
          fmt::format("rainier {}", RAINIER_VERSION),
          false,
          recorded_command(),
          named_inputs(own_arguments())};
}

}  // namespace bench
