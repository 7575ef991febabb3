#include <cctype>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "bench/doctor/command_output.hpp"
#include "bench/doctor/examine.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/record/host.hpp"

namespace bench {
namespace {

constexpr const char* environment_script = "source scripts/environment.sh";

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

/// "4.1.4" of "Open MPI v4.1.4, package: …" or of "mpirun (Open MPI) 4.1.4".
std::string version_in(const std::string& text) {
  constexpr const char* digits = "0123456789";
  for (std::size_t i = 0; i < text.size(); ++i) {
    i = text.find_first_of(digits, i);
    if (i == std::string::npos) break;
    const std::size_t end = text.find_first_not_of("0123456789.", i);
    std::string word = text.substr(i, end == std::string::npos ? end : end - i);
    if (word.find('.') != std::string::npos) return word;
    i += word.size();
  }
  return {};
}

std::string first_of(const std::string& text) {
  return text.substr(0, text.find_first_of(",\n"));
}

Finding launcher_finding(const std::string& mpirun, const std::string& srun) {
  Finding found{"launcher", Grade::good, "", "", ""};
  if (mpirun.empty() && srun.empty())
    return {"launcher",
            Grade::bad,
            "neither mpirun nor srun is on PATH: nothing can be measured by several ranks",
            "apt-get install openmpi-bin",
            ""};
  if (mpirun.empty()) {
    found.says = srun + ": start ranks with srun --mpi=pmix -n 2 rainier …";
    return found;
  }
  const std::string version = first_of(output_of(mpirun, "--version").value_or(""));
  found.says = fmt::format("{}: {}", mpirun, version.empty() ? "tells no version" : version);
  const std::string ours = version_in(MpiSession::library());
  if (!version.empty() && version_in(version) == ours) return found;
  found.grade = Grade::bad;
  found.says += fmt::format("; the program is linked with {}: every rank may think it is alone",
                            first_of(MpiSession::library()));
  found.remedy = "PATH=/usr/bin:$PATH mpirun …";
  return found;
}

/// Of Open MPI's mpirun.
std::vector<Finding> rank_findings() {
  std::vector<Finding> all;
  const bool allowed = is_set("OMPI_ALLOW_RUN_AS_ROOT") && is_set("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM");
  if (geteuid() == 0)
    all.push_back(
        allowed
            ? Finding{"root", Grade::good, "mpirun is allowed to run as root", "", ""}
            : Finding{"root", Grade::bad, "mpirun refuses to run as root", environment_script, ""});
  const int cores = this_host().cores;
  if (is_set("OMPI_MCA_rmaps_base_oversubscribe")) {
    all.push_back({"ranks",
                   Grade::good,
                   fmt::format("any number; up to {} have a core each", cores),
                   "",
                   ""});
  } else {
    all.push_back({"ranks",
                   cores < 2 ? Grade::bad : Grade::good,
                   fmt::format("mpirun -np {} at most here, one a core", cores),
                   cores < 2 ? environment_script : "",
                   ""});
    if (cores >= 2) all.back().says += fmt::format("; for more: {}", environment_script);
  }
  return all;
}

}  // namespace

std::vector<Finding> examine_mpi() {
  std::vector<Finding> all{{"MPI", Grade::good, first_of(MpiSession::library()), "", ""}};
  if (launched_rank() >= 0) return all;  // it was found, and did start ranks
  const std::string mpirun = on_path("mpirun");
  all.push_back(launcher_finding(mpirun, on_path("srun")));
  if (!mpirun.empty() && MpiSession::library().starts_with("Open MPI"))
    for (Finding& finding : rank_findings()) all.push_back(std::move(finding));
  return all;
}

}  // namespace bench
