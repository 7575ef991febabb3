// rainier fit: latency, bandwidth and reduction of the machine at hand, as a system file.
#include <fstream>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "bench/executor/fit.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/collective_row.hpp"
#include "bench/program/commands.hpp"
#include "topology/error.hpp"
#include "topology/machine.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

void print_level(const LevelFit& fit, const topology::Level& level) {
  fmt::print("#{:>11} {:>12} {:>12}\n", "size (B)", "time (us)", "fit (us)");
  for (const FitPoint& p : fit.points)
    fmt::print("{:>12} {:>12.3f} {:>12.3f}\n",
               p.bytes,
               p.seconds * 1e6,
               (level.latency.value + topology::Bytes(p.bytes) / level.reached()).value() * 1e6);
}

void print_fit(const HostFit& fit) {
  std::string errors;
  for (std::size_t l = 0; l < fit.levels.size(); ++l) {
    const LevelFit& level = fit.levels[l];
    print_level(level, fit.machine.levels[l]);
    errors += fmt::format("; error median {:.0f} %, worst {:.0f} %",
                          100 * level.median_error,
                          100 * level.worst_error);
  }
  fmt::print("# {}{}\n", describe(fit.machine), errors);
}

struct FitOptions {
  std::string path = "host.toml";
  std::string lowering = "auto";
  std::string largest = "32M";
};

/// @throws Error(usage) where too few sizes are left for a line
int largest_size(const std::string& text) {
  constexpr double least = 4096;
  constexpr double most = 32 << 20;
  const double bytes = topology::parse_size(text).value();
  if (bytes < least || bytes > most)
    topology::usage_error("fit -e " + text + ": expected a size from 4K to 32M");
  return static_cast<int>(bytes);
}

void fit_and_write(const FitOptions& options) {
  const int largest = largest_size(options.largest);
  const std::string& path = options.path;
  const MpiSession mpi;
  if (mpi.size() < 2) topology::usage_error("a fit takes at least two ranks: mpirun -np 2 …");
  const HostFit fit = fit_host(lowerings(options.lowering).front(), largest);
  if (mpi.rank() != 0) return;
  print_fit(fit);
  std::ofstream file(path);
  file << topology::to_toml(fit.machine);
  file.flush();
  if (!file) throw topology::Error(topology::ErrorKind::environment, "cannot write " + path);
  fmt::print("# written to {}\n", path);
}

}  // namespace

void add_fit(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<FitOptions>();
  CLI::App* command = app.add_subcommand(
      "fit", "Fit latency and bandwidth of this machine under mpirun into a system file");
  command->add_option("-O,--output", options->path, "file to write");
  command->add_option("-e,--maxbytes", options->largest, "largest exchange, 4K to 32M");
  command->add_option("--lowering",
                      options->lowering,
                      "fit exchanges through shared memory (host), by MPI messages, through shared "
                      "memory on each host and by messages between (mixed), or auto: as much "
                      "shared memory as there is");
  command->footer(
      "mpirun -np 2 rainier fit -O host.toml\n"
      "rainier collective all_reduce --system host.toml -b 1K -e 1M -f 32");
  command->callback([options, &chosen] { chosen = [options] { fit_and_write(*options); }; });
}

}  // namespace bench
