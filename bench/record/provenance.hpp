// Who measured, where, with what: enough to repeat the run. Only files with measurements hold it;
// a file of modelled results alone is the same bytes on every host.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace bench {

struct Provenance {
  using Time = std::chrono::system_clock::time_point;

  std::vector<std::string> arguments;  ///< argv
  std::string mpi_library;             ///< version text of the MPI library
  Time start;
};

/// "2026-11-24T16:26:34Z"
[[nodiscard]] std::string iso_time(Provenance::Time time);

/// argv as the kernel keeps it.
[[nodiscard]] std::vector<std::string> program_arguments();

/// Of the environment, "NAME=value": variables of the launchers and libraries that steer speed, so
/// no secret gets into a file people share.
[[nodiscard]] std::vector<std::string> kept_environment();

/// The JSON text that goes to "provenance/manifest". Of the environment only what is kept.
[[nodiscard]] std::string manifest_json(const Provenance& provenance);

}  // namespace bench
