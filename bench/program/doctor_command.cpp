// rainier doctor: is this machine, or this job, ready to measure? What to do if not.
#include <algorithm>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "bench/doctor/examine.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

struct DoctorOptions {
  std::string folder = "results";
  bool json = false;
};

std::string first_host(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings)
    if (!finding.host.empty()) return finding.host;
  return {};
}

/// Of hosts other than the first only what is not well.
void print_findings(const std::vector<Finding>& findings) {
  std::set<std::string> hosts;
  for (const Finding& finding : findings) hosts.insert(finding.host);
  hosts.erase("");
  const std::string first = first_host(findings);
  for (const Finding& finding : findings) {
    const bool elsewhere = !finding.host.empty() && finding.host != first;
    if (elsewhere && finding.grade == Grade::good) continue;
    const std::string where =
        hosts.size() > 1 && !finding.host.empty() ? finding.host + ": " : std::string();
    fmt::print("{:<5} {:<15} {}{}{}{}\n",
               name(finding.grade),
               finding.what,
               where,
               finding.says,
               finding.remedy.empty() ? "" : "  ->  ",
               finding.remedy);
  }
}

std::string summary(const std::vector<Finding>& findings) {
  const auto count = [&](Grade grade) {
    return std::count_if(findings.begin(), findings.end(), [grade](const Finding& finding) {
      return finding.grade == grade;
    });
  };
  return fmt::format(
      "{} good, {} warn, {} bad", count(Grade::good), count(Grade::warn), count(Grade::bad));
}

void report(const DoctorOptions& options, const std::vector<Finding>& findings) {
  if (options.json)
    return fmt::print(
        "{{\"verdict\": \"{}\",\n\"checks\": {}}}\n", name(worst(findings)), to_json(findings));
  print_findings(findings);
  fmt::print("# {}\n", summary(findings));
}

void doctor(const DoctorOptions& options) {
  const MpiSession mpi;
  const std::vector<Finding> findings =
      launched_rank() < 0 ? examine_host(options.folder) : examine_job(options.folder);
  if (mpi.rank() == 0) report(options, findings);
  const bool stops = MpiSession::share(worst(findings) == Grade::bad ? "bad" : "") == "bad";
  MpiSession::end();
  if (stops)
    throw topology::Error(topology::ErrorKind::environment,
                          "something would stop a run: see the lines that begin with bad");
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* command = app.add_subcommand(
      "doctor", "Is this machine, or under mpirun this job, ready to measure? And if not?");
  command->add_option("--results", options->folder, "folder that results go to");
  command->add_flag("--json", options->json, "for programs");
  command->footer(
      "rainier doctor\n"
      "mpirun -np 2 rainier doctor\n"
      "rainier doctor --json --results /tmp");
  command->callback([options, &chosen] { chosen = [options] { doctor(*options); }; });
}

}  // namespace bench
