#include <string>

#include <fmt/format.h>

#include "bench/doctor/command_output.hpp"
#include "bench/doctor/examine.hpp"

namespace bench {
namespace {

constexpr const char* debian_python = "/usr/bin/python3";
constexpr const char* install_modules =
    "apt-get install python3-h5py python3-numpy python3-matplotlib";

/// Modules that it lacks, "h5py numpy"; all of them where it does not run.
std::string missing_modules(const std::string& python) {
  return output_of(python,
                   "-c 'import importlib\nmissing = []\n"
                   "for name in (\"h5py\", \"numpy\", \"matplotlib\"):\n"
                   "    try: importlib.import_module(name)\n"
                   "    except Exception: missing.append(name)\n"
                   "print(*missing)'")
      .value_or("h5py numpy matplotlib");
}

}  // namespace

std::vector<Finding> examine_python() {
  const std::string first = on_path("python3");
  const bool shipped = missing_modules(debian_python).empty();
  if (first.empty() && !shipped)
    return {{"Python", Grade::warn, "no python3: no plots and reports", install_modules, ""}};
  const std::string lacks = first.empty() ? "" : missing_modules(first);
  if (!first.empty() && lacks.empty())
    return {{"Python", Grade::good, first + " has h5py, numpy, matplotlib", "", ""}};
  if (first.empty())
    return {{"Python",
             Grade::good,
             fmt::format("{} has h5py, numpy, matplotlib", debian_python),
             "",
             ""}};
  if (shipped)
    return {
        {"Python",
         Grade::warn,
         fmt::format("{}, the first on PATH, lacks {}; {} has all", first, lacks, debian_python),
         fmt::format("{} scripts/report.py …", debian_python),
         ""}};
  return {{"Python", Grade::warn, fmt::format("{} lacks {}", first, lacks), install_modules, ""}};
}

}  // namespace bench
