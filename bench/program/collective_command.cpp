// rainier collective: measures under MPI, or predicts on a modelled system.
#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "bench/clock/disturbance.hpp"
#include "bench/exchange/program_source.hpp"
#include "bench/executor/measure.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/clock_command.hpp"
#include "bench/program/collective_table.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/dry_run.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/measure_command.hpp"
#include "bench/program/predict_command.hpp"
#include "bench/program/sweep.hpp"
#include "bench/program/tuning.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"
#include "topology/machine.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

struct CollectiveOptions {
  std::string collective;
  Sweep sweep;
  MeasureOptions measure;
  std::string type = "f32";
  std::string op = "sum";
  int check = 1;
  std::string algorithm = "auto";
  std::string system;
  std::int64_t chips = 0;
  std::vector<std::string> group;
  std::vector<std::string> overrides;
  MeasureFlags flags;
  bool csv = false;
  bool osu = false;
  std::string nccl_json;
  bool dry = false;

  PredictFlags predict;

  std::string reader = "predict";
  ClockFlags clock;
  std::string without;
};

/// A barrier moves nothing.
std::vector<std::int64_t> sizes_of(const CollectiveOptions& options) {
  if (kernels::parse_collective(options.collective) == kernels::Collective::barrier) return {0};
  return options.sweep.sizes();
}

TableStyle style(const CollectiveOptions& options) {
  if (options.nccl_json == "-") return TableStyle::none;
  return options.csv ? TableStyle::csv : options.osu ? TableStyle::osu : TableStyle::text;
}

PredictRequest predictions(const CollectiveOptions& options) {
  return {kernels::parse_collective(options.collective),
          sizes_of(options),
          options.measure,
          options.algorithm,
          options.system,
          options.overrides,
          style(options),
          options.nccl_json,
          options.predict};
}

/// A prediction is made on rank 0, the others have nothing to do; clocks are shared among all.
void model_table(const CollectiveOptions& options) {
  if (options.flags.any())
    topology::usage_error(
        "--machine, --lowering, --buffers, --start, --against-mpi, --per-rank, --odd, --min-busbw, "
        "--min-percent-of-model and --size-range are of measurements: leave --system out");
  topology::Machine machine = topology::load_system(options.system, options.overrides);
  if (options.chips != 0) machine = topology::slice(machine, options.chips);
  if (!options.without.empty()) machine = without(options.without, machine);
  if (!options.group.empty()) machine = topology::group(machine, options.group);
  if (options.reader == "clock" &&
      (is_program(options.algorithm) || options.osu || !options.nccl_json.empty()))
    topology::usage_error("--reader clock has no --osu, no --nccl-json and no algorithms of MSCCL");
  if (options.dry && options.reader == "clock")
    topology::usage_error("--dry-run is for measurements and for --reader predict");
  if (options.reader == "clock") return clock_table(predictions(options), options.clock, machine);
  if (options.clock.any())
    topology::usage_error(
        "--noise, --skew, --slow, --degrade, --fail, --per-chip and --scaling need --reader clock");
  if (!speaks_before_init()) return;
  if (options.dry) return dry_predict(predictions(options), machine);
  predict_table(predictions(options), machine);
}

MeasureRequest measurements(const CollectiveOptions& options) {
  MeasureFlags flags = options.flags;
  flags.output = options.predict.output;
  flags.force = options.predict.force;
  return {kernels::parse_collective(options.collective),
          sizes_of(options),
          options.measure,
          options.algorithm,
          options.overrides,
          style(options),
          options.nccl_json,
          flags};
}

void run(CollectiveOptions& options) {
  options.measure.type = topology::data_type(options.type);
  options.measure.op = parse_operator(options.op);
  options.measure.check = options.check != 0;
  if (!options.system.empty()) return model_table(options);
  if (options.predict.any())
    topology::usage_error("--links, --explain, --save-tuning and --imbalance go with --system");
  if (options.reader != "predict" || options.clock.any())
    topology::usage_error(
        "--reader, --noise, --skew, --slow, --degrade, --fail, --per-chip and --scaling go with "
        "--system");
  check_measurable(options.measure.type);
  if (options.chips != 0 || !options.group.empty() || !options.without.empty())
    topology::usage_error("--chips, --group and --without go with --system");
  if (!options.overrides.empty() && options.flags.machine.empty())
    topology::usage_error("--set changes a figure of --system, or of --machine");
  if (options.flags.per_rank && options.predict.output.empty())
    topology::usage_error("--per-rank needs a results file beside which samples go: -O NAME.h5");
  if (options.flags.against_mpi && style(options) == TableStyle::osu)
    topology::usage_error("--against-mpi does not fit into OSU's columns; leave out --osu");
  options.dry ? dry_measure(measurements(options)) : measure_table(measurements(options));
}

void add_predict_flags(CLI::App& command, PredictFlags& flags) {
  command.add_flag("--links", flags.links, "every link of a line instead of only the busiest");
  command.add_flag("--explain",
                   flags.explain,
                   "what auto chose among which candidates, and why the others are slower");
  command.add_option(
      "--save-tuning",
      flags.save_tuning,
      "write what auto chose for each size to this table, for --algorithm file:TABLE");
  command
      .add_option("--imbalance",
                  flags.imbalance,
                  "of an all_to_all: what the busiest chip receives over the mean, 1.5")
      ->check(number_from(1));
}

void add_measure_flags(CLI::App& command, MeasureFlags& flags) {
  command.add_option("--machine",
                     flags.machine,
                     "model for the model columns (rainier fit writes one); default: fit now");
  command.add_option(
      "--lowering",
      flags.lowering,
      "measure through memory that the ranks of one host share (host), by MPI messages, through "
      "memory on each of several hosts and by messages between them (mixed), or auto: the faster");
  command
      .add_option("--buffers",
                  flags.buffers,
                  "private to each rank, or symmetric: in memory that all of a host share")
      ->check(one_of({"private", "symmetric"}));
  command
      .add_option("--start",
                  flags.start,
                  "of each sample: after a barrier, or in a window: at one time of a common clock")
      ->check(one_of({"barrier", "window"}));
  command.add_flag("--against-mpi",
                   flags.against_mpi,
                   "measure MPI's own call in turns with ours, and how sure the ratio is");
  command.add_flag(
      "--against-copy",
      flags.against_copy,
      "measure a copy of every rank's input to its output in turns with ours: the share "
      "of what memory allows");
  command.add_flag(
      "--per-rank", flags.per_rank, "with -O NAME.h5: each rank's own samples into NAME.ranks.h5");
  command.add_flag(
      "--odd", flags.odd, "also one element less and more than each size, and half as much again");
  command
      .add_option(
          "--min-busbw", flags.demands.min_busbw, "GB/s that each point must reach, or exit with 1")
      ->check(number_from(0));
  command
      .add_option("--min-percent-of-model",
                  flags.demands.min_percent_of_model,
                  "share of the model that each point must reach, or exit with 1")
      ->check(number_from(0));
  command.add_option(
      "--size-range", flags.demands.size_range, "sizes that these two hold for, 1M:1G");
}

void add_clock_flags(CLI::App& command, ClockFlags& flags) {
  command.add_option(
      "--noise",
      flags.noise,
      "delay of each chip in each step: \"exponential:1 us\", \"uniform:0 us:2 us\", "
      "\"normal:2 us:1 us\" or file:PATH, one delay a line");
  command.add_option("--skew", flags.skew, "start of each chip, as --noise");
  command.add_option("--slow", flags.slow, "chip that takes longer, 17:1.5");
  command.add_option(
      "--degrade", flags.degrade, "links with a share of their bandwidth, x+@ultraserver=5:0.5");
  command.add_option(
      "--fail",
      flags.fail,
      "a link of a ring that is gone, x+@chip=17, or ports to a switch, pod@chip=17");
  command.add_option("--seed", flags.seed, "of noise and skew")->check(whole(0));
  command.add_flag("--per-chip", flags.per_chip, "the clock of each chip into the results file");
  command.add_flag("--scaling",
                   flags.scaling,
                   "measure how fast the clocks run on 1, 2, 4, … of the ranks (-n samples)");
}

void add_size_flags(CLI::App& command, CollectiveOptions& options) {
  command.add_option("-b,--minbytes", options.sweep.begin, "smallest size, K M G = 1024^n");
  command.add_option("-e,--maxbytes", options.sweep.end, "largest size");
  command.add_option("-f,--stepfactor", options.sweep.factor, "factor between sizes")
      ->check(above_zero());
  command.add_option("-i,--stepbytes", options.sweep.increment, "increment between sizes");
  command.add_option("-n,--iters", options.measure.samples, "samples per size")
      ->check(whole(1, 1000000));
  command.add_option("-w,--warmup_iters", options.measure.warmup, "operations before the samples")
      ->check(whole(0, 1000000));
  command.add_option("-c,--check", options.check, "1: check every element, 0: do not")
      ->check(one_of({"0", "1"}));
  command.add_option("-d,--datatype", options.type, "f32, f64, i32, bf16 (predict: any)");
  command.add_option("-o,--op", options.op, "of a reduction")->check(one_of({"sum", "max"}));
}

void add_output_flags(CLI::App& command, CollectiveOptions& options) {
  command.add_option("-O,--output", options.predict.output, "write the results to this file");
  command.add_flag("--force", options.predict.force, "overwrite earlier results");
  CLI::Option* csv = command.add_flag("--csv", options.csv, "one line per point, SI units");
  command.add_flag("--osu", options.osu, "sizes and microseconds, as OSU's micro-benchmarks print")
      ->excludes(csv);
  command.add_option("--nccl-json",
                     options.nccl_json,
                     "also write the JSON of nccl-tests to this file; -: to stdout, and no table");
}

}  // namespace

void add_collective(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<CollectiveOptions>();
  CLI::App* command = app.add_subcommand(
      "collective", "Measure a collective under mpirun, or predict it on a modelled system");
  command
      ->add_option(
          "collective",
          options->collective,
          "all_reduce, all_gather, reduce_scatter, all_to_all (allr, allg, redsct, alltoall), "
          "broadcast, reduce, gather, scatter; with --system also barrier")
      ->required();
  add_size_flags(*command, *options);
  command->add_option(
      "--algorithm",
      options->algorithm,
      "auto, ring, flat, biring, bucket, rhd, butterfly, xor, swing, direct, doubling, oneshot, "
      "doubletree, pairwise, bruck, binomial, bine, chain, tree, dissemination, or phases: "
      "rhd(x,y,z)+ring(pod)+…; neuron:rdh+ring and the like for what Neuron runs; file:PATH takes "
      "them from a tuning table, msccl:FILE runs an algorithm of MSCCL");
  command->add_option("--system", options->system, "predict on this system (name or file)");
  command->add_option("--chips", options->chips, "use this many of the system's chips")
      ->check(whole(1));
  command
      ->add_option("--group",
                   options->group,
                   "levels that a process group spans, x,y,z: all groups of that kind work at once")
      ->delimiter(',');
  command->add_option("--set", options->overrides, "change a figure: z.bandwidth=\"200 GB/s\"");
  command
      ->add_option("--reader",
                   options->reader,
                   "of the schedule: predict (closed form) or clock (a clock for each chip)")
      ->check(one_of({"predict", "clock"}));
  add_measure_flags(*command, options->flags);
  add_clock_flags(*command, options->clock);
  command->add_option(
      "--without", options->without, "leave a place out of the group, ultraserver=5");
  add_output_flags(*command, *options);
  add_predict_flags(*command, options->predict);
  command->add_flag("--dry-run", options->dry, "say what would be done, write nothing");
  command->footer(
      "rainier collective all_reduce --system rainier -b 1M -e 1G\n"
      "rainier collective all_to_all --system rainier --chips 4096 -b 64M -e 64M --explain\n"
      "mpirun -np 2 rainier collective all_reduce -b 8 -e 64M -O today.h5\n"
      "mpirun -np 2 rainier collective all_gather -b 16K -e 16M -f 32 --against-mpi");
  command->callback([options, &chosen] { chosen = [options] { run(*options); }; });
}

}  // namespace bench
