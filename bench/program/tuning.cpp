#include "bench/program/tuning.hpp"

#include <filesystem>
#include <fstream>
#include <string_view>

#include <fmt/format.h>

#include "kernels/collective/algorithms.hpp"
#include "topology/document.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;

constexpr std::string_view file_prefix = "file:";

/// The algorithm must be one that the group can run.
std::string read_algorithm(topology::Table& choice,
                           Collective collective,
                           const topology::Machine& group) {
  return choice.parsed("algorithm", [&](std::string_view text) {
    static_cast<void>(kernels::build(collective, group, text));
    return std::string(text);
  });
}

}  // namespace

Tuning Tuning::load(const std::string& path, const topology::Machine& group) {
  topology::Document document = topology::Document::load(path);
  topology::Table& root = document.root();
  Tuning tuning(group);
  tuning.path_ = path;
  static_cast<void>(root.get_or<std::string>("system", ""));
  if (const auto chips = root.get<std::int64_t>("chips"); chips != group.chips())
    root.fail("chips",
              fmt::format("this table is for {} chips, expected {}", chips, group.chips()));
  for (topology::Table* choice : root.tables("choice")) {
    const Collective collective = choice->parsed("collective", kernels::parse_collective);
    const auto from = choice->get<std::int64_t>("from");
    if (from < 0) choice->fail("from", "expected a size in bytes, at least 0");
    auto& sizes = tuning.choices_[collective];
    if (!sizes.emplace(from, read_algorithm(*choice, collective, group)).second)
      choice->fail("from", "this collective has a choice from this size on already");
  }
  root.finish();
  if (tuning.choices_.empty())
    topology::usage_error(path +
                          ": no choices; expected [[choice]] with collective, from and "
                          "algorithm");
  return tuning;
}

const std::string& Tuning::at(Collective collective, std::int64_t bytes) const {
  const auto found = choices_.find(collective);
  if (found == choices_.end())
    topology::usage_error(
        fmt::format("{}: no choice for {}", path_, kernels::info(collective).name));
  const auto above = found->second.upper_bound(bytes);
  return above == found->second.begin() ? above->second : std::prev(above)->second;
}

void Tuning::set(Collective collective, const std::map<std::int64_t, std::string>& choices) {
  auto& sizes = choices_[collective];
  sizes.clear();
  for (const auto& [from, algorithm] : choices)
    if (sizes.empty() || sizes.rbegin()->second != algorithm) sizes.emplace(from, algorithm);
}

std::string Tuning::to_toml() const {
  std::string text = fmt::format(
      "# Algorithm of each collective from a size on, in bytes; rainier collective … --algorithm "
      "file:THIS\nsystem = \"{}\"\nchips = {}\n",
      group_.name,
      group_.chips());
  for (const auto& [collective, sizes] : choices_)
    for (const auto& [from, algorithm] : sizes)
      text += fmt::format("\n[[choice]]\ncollective = \"{}\"\nfrom = {}\nalgorithm = \"{}\"\n",
                          kernels::info(collective).name,
                          from,
                          algorithm);
  return text;
}

void save_tuning(const std::string& path,
                 const topology::Machine& group,
                 Collective collective,
                 const std::map<std::int64_t, std::string>& choices) {
  Tuning tuning =
      std::filesystem::is_regular_file(path) ? Tuning::load(path, group) : Tuning(group);
  tuning.set(collective, choices);
  std::ofstream file(path);
  file << tuning.to_toml();
  file.flush();
  if (!file) throw topology::Error(topology::ErrorKind::environment, "cannot write " + path);
}

AlgorithmChoice::AlgorithmChoice(const std::string& text,
                                 Collective collective,
                                 const topology::Machine& group)
    : text_(text), collective_(collective) {
  if (text.starts_with(file_prefix)) tuning_ = Tuning::load(text.substr(file_prefix.size()), group);
}

const std::string& AlgorithmChoice::at(std::int64_t bytes) const {
  return tuning_ ? tuning_->at(collective_, bytes) : text_;
}

}  // namespace bench
