// rainier rerun: a run once more, from its results file alone.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/model_file.hpp"
#include "bench/program/recorded_command.hpp"
#include "bench/program/recorded_json.hpp"
#include "bench/record/read.hpp"
#include "bench/record/result_file.hpp"
#include "topology/error.hpp"
#include "topology/shipped.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

struct RerunOptions {
  std::string file;
  std::string output;
  bool force = false;
};

/// A folder that goes away again.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "rainier-rerun-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw topology::Error(
          topology::ErrorKind::environment,
          fmt::format("cannot make a folder in {}", fs::temp_directory_path().string()));
    path_ = name;
  }

  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Scratch(Scratch&&) = delete;
  Scratch& operator=(Scratch&&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush())
    throw topology::Error(topology::ErrorKind::environment,
                          fmt::format("cannot write {}", path.string()));
}

/// Where an input lies among shipped data: "systems/rainier/chips/trainium2.toml" is a chip, what a
/// user named by its path is not.
fs::path shelved(const fs::path& input) {
  auto part = input.begin();
  if (*part != "systems") return input;
  std::advance(part, 2);
  fs::path rest;
  for (; part != input.end(); ++part) rest /= *part;
  const bool shipped = *rest.begin() == "chips" || *rest.begin() == "systems";
  return shipped ? rest : fs::path();
}

/// The inputs as a data folder of their own, completed by what is shipped; each also by its name
/// alone.
void unpack(const ReadFile& file, const fs::path& data) {
  constexpr std::string_view inputs = "inputs/";
  for (const std::string& text : file.texts()) {
    if (!text.starts_with(inputs)) continue;
    const fs::path input = text.substr(inputs.size());
    // A file that was mailed must not write where it likes.
    if (std::find(input.begin(), input.end(), "..") != input.end())
      topology::usage_error(
          fmt::format("{}: {} leads out of the file's inputs", file.path(), text));
    const std::string content = file.text(text);
    if (const fs::path place = shelved(input); !place.empty()) write(data / place, content);
    write(data / "named" / input.filename(), content);
  }
  constexpr auto missing = fs::copy_options::recursive | fs::copy_options::skip_existing;
  for (const topology::Shelf& shelf : {topology::chip_shelf,
                                       topology::system_shelf,
                                       topology::software_shelf,
                                       topology::failures_shelf})
    fs::copy(topology::data_folder() / shelf.folder, data / shelf.folder, missing);
  fs::copy(shipped_models(), data / "models", missing);
}

std::vector<std::string> command_of(const ReadFile& file, const std::string& path) {
  if (!file.has("inputs/command.json"))
    topology::usage_error(path + " does not say how it was made: it is older than that");
  return recorded_json(file, "inputs/command.json", [](const nlohmann::json& words) {
    return without_outputs(words.get<std::vector<std::string>>());
  });
}

/// Runs it with these inputs, in a process of its own. @return its exit code
int run_again(std::vector<std::string> words, const fs::path& data, const RerunOptions& options) {
  ::setenv("RAINIER_COMMAND", nlohmann::json(words).dump().c_str(), 1);
  ::setenv("RAINIER_DATA", data.c_str(), 1);
  for (std::string& word : words) {
    const std::size_t begin = word.find(':') + 1;  // of msccl:NAME and file:NAME, else of the word
    if (const fs::path named = data / "named" / word.substr(begin);
        begin < word.size() && word.find('/') == std::string::npos && fs::is_regular_file(named)) {
      word.resize(begin);
      word += named.string();
    }
  }
  words.insert(words.begin(), "rainier");
  words.insert(words.end(), {"-O", options.output});
  if (options.force) words.emplace_back("--force");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv("/proc/self/exe", arguments.data());
    ::_exit(static_cast<int>(topology::ErrorKind::environment));
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child)
    throw topology::Error(topology::ErrorKind::environment, "cannot start the run");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool same(const Values& left, const Values& right) {
  if (const auto* numbers = std::get_if<std::vector<double>>(&left)) {
    const auto* others = std::get_if<std::vector<double>>(&right);
    return others != nullptr && std::equal(numbers->begin(),
                                           numbers->end(),
                                           others->begin(),
                                           others->end(),
                                           [](double a, double b) {
                                             return a == b || (std::isnan(a) && std::isnan(b));
                                           });
  }
  return left == right;
}

/// Of what is modelled and of figures; measured times differ.
void compare_modelled(const std::string& before, const std::string& after) {
  const ReadFile old(before);
  const ReadFile now(after);
  std::size_t tables = 0;
  std::string different;
  for (const std::string& path : old.tables()) {
    if (path.starts_with("measured")) continue;
    ++tables;
    const bool equal = now.has(path) && [&] {
      const ReadTable left = old.table(path);
      const ReadTable right = now.table(path);
      return left.points() == right.points() &&
             std::all_of(left.columns().begin(), left.columns().end(), [&](const auto& column) {
               const auto other = right.columns().find(column.first);
               return other != right.columns().end() && same(column.second, other->second);
             });
    }();
    if (!equal) different += (different.empty() ? "" : ", ") + path;
  }
  if (!different.empty())
    throw topology::Error(topology::ErrorKind::verdict,
                          fmt::format("{} and {} differ in {}", before, after, different));
  fmt::print("{} modelled table{} of {} and {}: identical\n",
             tables,
             tables == 1 ? "" : "s",
             before,
             after);
}

void rerun(RerunOptions options) {
  if (options.output.empty())
    options.output =
        (options.file.ends_with(".h5") ? options.file.substr(0, options.file.size() - 3)
                                       : options.file) +
        ".rerun.h5";
  const ReadFile file(options.file);
  expect_another(options.file, options.output);
  const std::vector<std::string> words = command_of(file, options.file);
  const Scratch data;
  unpack(file, data.path());
  if (speaks_before_init()) fmt::print(stderr, "again: rainier {}\n", fmt::join(words, " "));
  const int code = run_again(words, data.path(), options);
  if (code != 0)
    throw topology::Error(static_cast<topology::ErrorKind>(code),
                          fmt::format("the run ended with code {}", code));
  if (speaks_before_init()) compare_modelled(options.file, options.output);
}

}  // namespace

void add_rerun(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RerunOptions>();
  CLI::App* command = app.add_subcommand(
      "rerun",
      "A run once more from its results file alone; modelled parts must come out identical");
  command->add_option("file", options->file, "results file")->required();
  command->add_option("-O,--output", options->output, "results file [FILE.rerun.h5]");
  command->add_flag("--force", options->force, "overwrite earlier results");
  command->footer(
      "rainier rerun plans.h5 -O again.h5\nmpirun -np 2 rainier rerun results/rainier.h5");
  command->callback([options, &chosen] { chosen = [options] { rerun(*options); }; });
}

}  // namespace bench
