#include "bench/record/provenance.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "bench/record/host.hpp"

// The build passes these; a build by hand does without.
#ifndef RAINIER_GIT
#define RAINIER_GIT "unknown"
#endif
#ifndef RAINIER_BUILD_TYPE
#define RAINIER_BUILD_TYPE "unknown"
#endif

namespace bench {

namespace {

using Json = nlohmann::ordered_json;

bool is_allowed(std::string_view variable) {
  constexpr std::array<std::string_view, 8> prefixes{
      "SLURM_", "OMPI_", "OMP_", "RAINIER_FIT", "RAINIER_RANKS", "NEURON_", "FI_", "OPENBLAS_"};
  constexpr std::array<std::string_view, 4> secrets{"KEY", "TOKEN", "SECRET", "PASSWORD"};
  // What Open MPI's launcher tells its ranks: addresses and a key of this job, folders of its own.
  constexpr std::array<std::string_view, 4> launcher{
      "OMPI_MCA_orte_", "OMPI_MCA_ess_", "OMPI_MCA_initial_wdir", "OMPI_FILE_LOCATION"};
  const auto contains = [&](std::string_view word) {
    return variable.find(word) != std::string_view::npos;
  };
  const auto begins = [&](std::string_view prefix) { return variable.starts_with(prefix); };
  return std::any_of(prefixes.begin(), prefixes.end(), begins) &&
         std::none_of(launcher.begin(), launcher.end(), begins) &&
         std::none_of(secrets.begin(), secrets.end(), contains);
}

Json environment() {
  Json json = Json::object();
  for (const std::string& text : kept_environment()) {
    const auto sign = text.find('=');
    json[text.substr(0, sign)] = text.substr(sign + 1);
  }
  return json;
}

Json host_json(const Host& host) {
  return {{"name", host.name},
          {"cpu", host.cpu},
          {"kernel", host.kernel},
          {"packages", host.packages},
          {"numa_nodes", host.numa_nodes},
          {"cores", host.cores},
          {"hardware_threads", host.threads},
          {"caches", host.caches},
          {"binding", host.binding}};
}

std::string compiler() {
#ifdef __clang__
  return __VERSION__;  // "Debian Clang 14.0.6"
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace

std::string iso_time(Provenance::Time time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::vector<std::string> program_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> all;
  for (std::string argument; std::getline(file, argument, '\0');) all.push_back(argument);
  return all;
}

std::vector<std::string> kept_environment() {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    if (const std::string_view text(*entry); is_allowed(text.substr(0, text.find('='))))
      kept.emplace_back(text);
  std::sort(kept.begin(), kept.end());
  return kept;
}

std::string manifest_json(const Provenance& provenance) {
  const Json json{{"arguments", provenance.arguments},
                  {"start", iso_time(provenance.start)},
                  {"host", host_json(this_host())},
                  {"mpi_library", provenance.mpi_library},
                  {"compiler", compiler()},
                  {"build_type", RAINIER_BUILD_TYPE},
                  {"git", RAINIER_GIT},
                  {"environment", environment()}};
  // Arguments and variables may hold any bytes; the file holds UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bench
