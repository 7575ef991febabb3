// rainier fit: latency, bandwidth and reduction of the machine at hand, as a system file.
#include <fstream>
#include <memory>

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

void print_fit(const HostFit& fit) {
  fmt::print("#{:>11} {:>12} {:>12}\n", "size (B)", "time (us)", "fit (us)");
  const topology::Level& level = fit.machine.levels.front();
  for (const FitPoint& p : fit.points)
    fmt::print("{:>12} {:>12.3f} {:>12.3f}\n",
               p.bytes,
               p.seconds * 1e6,
               (level.latency.value + topology::Bytes(p.bytes) / level.reached()).value() * 1e6);
  fmt::print("# latency {}, bandwidth {}, reduction {}; error median {:.0f} %, worst {:.0f} %\n",
             topology::format(level.latency.value),
             topology::format(level.reached()),
             topology::format(fit.machine.reduction->value),
             100 * fit.median_error,
             100 * fit.worst_error);
}

void fit_and_write(const std::string& path, const std::string& lowering) {
  const MpiSession mpi;
  if (mpi.size() < 2) topology::usage_error("a fit takes at least two ranks: mpirun -np 2 …");
  const HostFit fit = fit_host(lowerings(lowering).front());
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
  auto path = std::make_shared<std::string>("host.toml");
  CLI::App* command = app.add_subcommand(
      "fit", "Fit latency and bandwidth of this machine under mpirun into a system file");
  command->add_option("-O,--output", *path, "file to write");
  auto lowering = std::make_shared<std::string>("auto");
  command->add_option("--lowering",
                      *lowering,
                      "fit exchanges through shared memory (host), by MPI messages, or auto: "
                      "host where all ranks are on one");
  command->callback([path, lowering, &chosen] {
    chosen = [path, lowering] { fit_and_write(*path, *lowering); };
  });
}

}  // namespace bench
