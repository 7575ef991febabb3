// rainier run: the main job. Everything that a run file asks for, into one results file.
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/dry_run.hpp"
#include "bench/program/measured_host.hpp"
#include "bench/program/recorded_command.hpp"
#include "bench/program/run_file.hpp"
#include "bench/program/run_measured.hpp"
#include "bench/program/run_modelled.hpp"
#include "bench/program/run_plan.hpp"
#include "bench/record/rank_samples.hpp"
#include "bench/record/result_file.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

struct RunOptions {
  std::string file;
  std::string output;
  bool force = false;
  bool resume = false;
  bool dry = false;
};

/// Measurements of one file are of the same ranks.
void expect_ranks(ResultFile& file, int ranks) {
  if (file.has_attribute("measured/host", "ranks")) {
    const auto then = std::get<std::int64_t>(file.attribute("measured/host", "ranks"));
    if (then != ranks)
      topology::usage_error(fmt::format(
          "the unfinished run was begun with {} ranks, not {}: start as many", then, ranks));
  }
  file.attribute("measured/host", "ranks", std::int64_t{ranks});
}

void run_on(ResultFile* file,
            const std::string& output,
            const RunFile& run,
            const MpiSession& mpi) {
  if (file != nullptr) {
    if (run.measures()) record_measuring_host(*file);
    file->attribute("/", "title", run.title);
    model_run(*file, run);
  }
  measure_run(file, output, run, mpi);
  if (file != nullptr && run.measures()) record_end(*file);
}

/// Or goes on with it, if it is the same run.
ResultFile begin_run(const RunOptions& options, const RunFile& run, int ranks) {
  ResultOptions how = result_options(options.force);
  how.resume = options.resume;
  for (const std::string& path : run.programs()) {
    const auto input = named_input(path);
    if (how.inputs.insert(input).first->second != input.second)
      topology::usage_error(path +
                            ": another algorithm's file has the same name: rename one, as "
                            "results files have them by their names");
  }
  const bool per_rank = run.measured_collectives && run.measured_collectives->per_rank;
  if (per_rank && !options.force && !options.resume) RankSamples::expect_free(options.output);
  const bool left = options.resume && std::filesystem::exists(options.output + ".partial");
  ResultFile file = ResultFile::create(options.output, how);
  if (file.resumed() > 0)
    fmt::print("going on with {}.partial: {} points are there\n", options.output, file.points());
  else if (left)
    fmt::print("{}.partial had no points that can be read: the run begins anew\n", options.output);
  file.text("inputs/run.toml", run.text);
  if (run.measures()) expect_ranks(file, ranks);
  file.text("inputs/plan.json", plan_of(run, ranks));
  return file;
}

void run_all(const RunOptions& options) {
  const RunFile run = load_run_file(options.file);
  if (options.dry) return dry_run_file(run, options.output, options.force);
  const MpiSession mpi;
  if (options.resume && !options.force && std::filesystem::exists(options.output)) {
    if (mpi.rank() == 0) fmt::print("{} is complete\n", options.output);
    return;
  }
  std::optional<ResultFile> file;
  if (mpi.rank() == 0) file.emplace(begin_run(options, run, mpi.size()));
  try {
    run_on(file ? &*file : nullptr, options.output, run, mpi);
  } catch (const std::exception& error) {
    if (file) file->try_to_fail(error.what());
    throw;
  }
  if (!file) return;
  file->complete();
  fmt::print("results: {}\n", options.output);
}

std::string default_output(const std::string& file) {
  std::string stem = file.substr(file.find_last_of('/') + 1);
  if (stem.ends_with(".toml")) stem.resize(stem.size() - 5);
  return "results/" + stem + ".h5";
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("run", "The main job: measure and model what a run file asks for");
  command->add_option("file", options->file, "run file, for example runs/rainier.toml")->required();
  command->add_option("-O,--output", options->output, "results file [results/NAME.h5]");
  command->add_flag("--force", options->force, "overwrite earlier results");
  command->add_flag(
      "--resume", options->resume, "go on with a run that was cut off, if there is one");
  command->add_flag("--dry-run", options->dry, "say what would be done, write nothing");
  command->footer(
      "mpirun -np 2 rainier run runs/rainier.toml\n"
      "mpirun -np 2 rainier run runs/rainier.toml --resume\n"
      "rainier run runs/rainier.toml --dry-run");
  command->callback([options, &chosen] {
    if (options->output.empty()) options->output = default_output(options->file);
    chosen = [options] { run_all(*options); };
  });
}

}  // namespace bench
