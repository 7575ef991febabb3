// rainier: measure a cluster, model a bigger one, compare the two.
//
// Sample runs:
//   rainier systems
//   rainier show rainier
//   rainier models llama3-8b --seq 8192
//   rainier collective all_reduce --system rainier -b 1M -e 1G
//   mpirun -np 2 rainier collective all_reduce -b 8 -e 64M
//   mpirun -np 4 rainier matmul-distributed -m 1024 -n 1024 -k 1024
//   mpirun -np 2 rainier run runs/rainier.toml
//   rainier compare results/rainier.h5 --baseline trainium2
//   rainier export msccl all_reduce -b 1M -n 8 --algorithm ring -o ring.xml
//   rainier goodput --system rainier --days 30
//   rainier validate matmul
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/help.hpp"
#include "bench/program/parse_complaint.hpp"
#include "bench/program/words.hpp"
#include "topology/error.hpp"

namespace {

using bench::Action;
using topology::ErrorKind;

/// Ends all ranks; says why, once. Ranks that fail alike leave it to rank 0, which ends them; one
/// that failed alone is still there five seconds later and speaks for itself.
int fail(ErrorKind kind, const char* message) {
  std::fflush(stdout);
  const int code = static_cast<int>(kind);
  if (const int rank = bench::launched_rank(); rank > 0) {
    if (bench::MpiSession::ended()) return code;  // all ranks have come to the same verdict
    std::this_thread::sleep_for(std::chrono::seconds(5));
    fmt::print(stderr, "rainier: rank {}: {}\n", rank, message);
  } else {
    fmt::print(stderr, "rainier: {}\n", message);
  }
  bench::MpiSession::abort(code);
  return code;
}

/// What was printed must arrive: a script that reads it would take half of it for all.
void expect_printed() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot write the output");
}

int parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    const std::string empty = bench::empty_value(app);
    return empty.empty() ? 0 : fail(ErrorKind::usage, empty.c_str());
  } catch (const CLI::Success& help) {
    if (bench::speaks_before_init()) app.exit(help);
    return -1;
  } catch (const CLI::ParseError& error) {
    return fail(ErrorKind::usage, bench::parse_complaint(app, error).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond its limit is an error like a full disk
  try {
    CLI::App app{"Performance benchmark and model of large training clusters", "rainier"};
    app.footer(
        "rainier doctor                                              is this machine ready?\n"
        "rainier systems                                             what is modelled\n"
        "rainier collective all_reduce --system rainier -b 1M -e 1G  predict at 524,288 chips\n"
        "mpirun -np 2 rainier collective all_reduce -b 8 -e 64M      measure this machine\n"
        "mpirun -np 2 rainier run runs/rainier.toml                  the main job\n"
        "rainier explain busbw                                       what a word means\n"
        "rainier compare results/rainier.h5 --baseline trainium2     chip generations");
    app.formatter(std::make_shared<bench::Help>());
    app.option_defaults()->always_capture_default();
    app.set_version_flag("--version", RAINIER_VERSION);
    app.require_subcommand(1);
    Action chosen;
    bench::add_collective(app, chosen);
    bench::add_compare(app, chosen);
    bench::add_export(app, chosen);
    bench::add_doctor(app, chosen);
    bench::add_explain(app, chosen);
    bench::add_fit(app, chosen);
    bench::add_goodput(app, chosen);
    bench::add_guidelines(app, chosen);
    bench::add_health(app, chosen);
    bench::add_matmul_distributed(app, chosen);
    bench::add_models(app, chosen);
    bench::add_rerun(app, chosen);
    bench::add_results(app, chosen);
    bench::add_reference(app, chosen);
    bench::add_run(app, chosen);
    bench::add_systems(app, chosen);
    bench::add_train(app, chosen);
    bench::add_validate(app, chosen);
    bench::name_values(app);
    if (const int code = parse(app, argc, argv); code != 0) return code < 0 ? 0 : code;
    chosen();
    expect_printed();
    return 0;
  } catch (const topology::Error& error) {
    return fail(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::environment, "out of memory");
  } catch (const std::system_error& error) {  // of files, also of standard output
    return fail(ErrorKind::environment, error.what());
  } catch (const std::exception& error) {
    return fail(ErrorKind::internal, error.what());
  }
}
