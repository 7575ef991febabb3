// rainier goodput: what failures leave of a run of days.
#include <memory>
#include <optional>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/goodput_job.hpp"
#include "bench/program/goodput_record.hpp"
#include "bench/program/goodput_table.hpp"
#include "bench/reliability/runs.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

void goodput(const GoodputOptions& options) {
  const GoodputJob job = goodput_job(options);
  const MpiSession mpi;
  const bool speaks = mpi.rank() == 0;
  std::optional<ResultFile> file;  // refused before the runs, not after them
  if (speaks && !options.output.empty()) file.emplace(goodput_file(options, job));
  const auto runs =
      simulate_runs(job.reliability, job.duration, job.runs, job.seed, mpi.rank(), mpi.size());
  if (file) record_goodput(*file, options.output, job, runs);
  if (speaks) options.json ? print_goodput_json(job, runs) : print_goodput(job, runs);
  MpiSession::wait_idle();
}

void add_failures(CLI::App& command, GoodputOptions& o) {
  command.add_option("--failures", o.failures, "who counted them: llama3, rsc-1, rsc-2, or a file");
  CLI::Option* rate = command.add_option("--rate", o.rate, "failures per chip and hour: 1.97e-5")
                          ->check(above_zero());
  command.add_option("--mtbf", o.mean_time, "time between failures of the whole job: \"3 h\"")
      ->excludes(rate);
  command
      .add_option("--shape",
                  o.shape,
                  "of a Weibull law of the time between them: below 1 they come in clusters")
      ->check(number_from(0.1, 100));
  command.add_option("--detect", o.detection, "until a failure is noticed: \"60 s\"");
  command.add_option("--restart", o.restart, "of the processes");
  command.add_option("--reload", o.reload, "of the state");
  command
      .add_option("--recovery", o.recovery, "of all, or one replica restarts and the others go on")
      ->check(one_of({"restart", "replica"}));
  command.add_option("--replica", o.replica, "chips of a data-parallel replica")->check(whole(1));
  command.add_option("--regroup", o.regrouping, "of the others, until they go on");
  command.add_option("--spares", o.spares, "UltraServers, auto: short of one in 0.1 % of the time");
  command.add_option("--repair", o.repair, "until an UltraServer is a spare again: \"8 h\"");
}

void add_checkpoints(CLI::App& command, GoodputOptions& o) {
  command.add_option("--checkpoint-cost", o.checkpoint, "until it is written: \"30 s\"");
  command.add_flag("--asynchronous", o.asynchronous, "it is written while work goes on");
  command.add_option("--snapshot", o.snapshot, "for which work stops even so");
  command.add_option("--interval", o.interval, "work between two: \"10 min\", or auto: the best");
}

}  // namespace

void add_goodput(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<GoodputOptions>();
  CLI::App* command = app.add_subcommand("goodput", "Predict what failures leave of a run of days");
  command->add_option("--system", options->system, "name or file");
  command->add_option("--chips", options->chips, "a part of it; default: all")->check(whole(1));
  command->add_option("--set", options->overrides, "change a figure of the system");
  command->add_option("--days", options->days, "of the run")->check(above_zero());
  add_failures(*command, *options);
  add_checkpoints(*command, *options);
  command->add_option("--step", options->step, "time of a training step, for --noise: \"12 s\"");
  command->add_option(
      "--noise", options->noise, "delay of each chip in each step, as rainier collective --noise");
  command->add_option("--runs", options->runs, "drawn at random")->check(whole(1, 1000000));
  command->add_option("--seed", options->seed, "of them")->check(whole(0));
  command->add_option("-O,--output", options->output, "write all runs to this results file");
  command->add_flag("--force", options->force, "overwrite earlier results");
  command->add_flag("--json", options->json, "for programs");
  command->footer(
      "rainier goodput --chips 16384 --days 54\n"
      "rainier goodput --days 30 --recovery replica --replica 1024 --regroup \"10 s\"\n"
      "mpirun -np 2 rainier goodput --asynchronous --spares 40 --repair \"24 h\" --runs 10000");
  command->callback([options, &chosen] { chosen = [options] { goodput(*options); }; });
}

}  // namespace bench
