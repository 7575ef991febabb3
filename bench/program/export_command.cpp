// rainier export: a collective in the formats of other tools.
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "bench/exchange/chakra_collective.hpp"
#include "bench/exchange/goal.hpp"
#include "bench/exchange/msccl_export.hpp"
#include "bench/exchange/program_source.hpp"
#include "bench/exchange/trace.hpp"
#include "bench/executor/candidates.hpp"
#include "bench/executor/measure.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/timeline_file.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"
#include "topology/machine.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using kernels::Collective;
using topology::Machine;

struct ExportOptions {
  std::string format;
  std::string collective;
  std::string size;
  std::int64_t ranks = 0;
  std::string algorithm = "auto";
  std::string system;
  std::vector<std::string> overrides;
  std::string type = "f32";
  std::string output;
};

/// What is exported: a schedule of ours, or a program of others.
struct Exported {
  Collective collective = Collective::all_reduce;
  std::string algorithm;
  Machine machine;
  std::int64_t count = 0;
  topology::DataType type = topology::DataType::f32;

  [[nodiscard]] topology::Bytes size() const {
    return static_cast<double>(count) * topology::size_of(type);
  }

  [[nodiscard]] kernels::Schedule schedule() const {
    return kernels::build(collective, machine, algorithm);
  }

  [[nodiscard]] kernels::Program program(bool moves = true) const {
    if (!is_program(algorithm)) return kernels::spell_out(schedule(), {count, moves});
    kernels::Program program = program_named(algorithm, collective);
    program.count = count;
    for (kernels::ProgramRound& round : program.rounds)
      for (kernels::Message& message : round) program.weigh(message);
    return program;
  }
};

/// Ranks that reach each other alike: what an algorithm is built for where no system is named. Only
/// their number counts.
Machine nowhere(std::int64_t ranks) {
  Machine machine;
  machine.name = "ranks";
  topology::Level& level = machine.levels.emplace_back();
  level.name = "ranks";
  level.domain = "ranks";
  level.shape = topology::LevelShape::all_to_all;
  level.extent = ranks;
  return machine;
}

Machine machine_of(const ExportOptions& options) {
  if (options.system.empty() && options.ranks == 0)
    topology::usage_error("expected -n RANKS, or --system NAME and how many --chips of it");
  if (options.system.empty() && !options.overrides.empty())
    topology::usage_error("--set changes a figure of --system");
  if (options.system.empty()) return nowhere(options.ranks);
  const Machine machine = topology::load_system(options.system, options.overrides);
  return options.ranks != 0 ? topology::slice(machine, options.ranks) : machine;
}

/// Without a system nothing is known of what is fast: the algorithm of fewest bytes.
std::string simplest(Collective collective) {
  const kernels::CollectiveInfo& what = kernels::info(collective);
  return collective == Collective::all_to_all ? "direct" : what.rooted() ? "binomial" : "ring";
}

std::string algorithm_of(const ExportOptions& options,
                         Collective collective,
                         const Machine& machine,
                         topology::Bytes size) {
  if (options.algorithm != "auto") return options.algorithm;
  if (options.system.empty()) return simplest(collective);
  const auto in_messages = [](const kernels::Schedule& schedule) {
    return kernels::count_messages(schedule) <= kernels::most_program_messages;
  };
  // MSCCL goes through the vector in loops of its own.
  const auto in_one_slice = [](const kernels::Schedule& schedule) {
    return schedule.slices == 1 &&
           kernels::count_messages(schedule) <= kernels::most_program_messages;
  };
  const Accepts accepts = options.format == "msccl" ? Accepts(in_one_slice) : Accepts(in_messages);
  Candidates candidates(collective, machine, size, {accepts, 1});
  return candidates.schedule(candidates.fastest(size)).algorithm;
}

Exported exported(const ExportOptions& options) {
  Exported what;
  what.collective = kernels::parse_collective(options.collective);
  if (what.collective == Collective::barrier)
    topology::usage_error("a barrier moves no data that could be exported");
  what.type = topology::data_type(options.type);
  what.machine = machine_of(options);
  if (what.machine.chips() > kernels::most_program_ranks)
    topology::usage_error(fmt::format(
        "{} ranks: a file names every message of every rank, which is done for up to {} ranks; "
        "choose fewer with --chips",
        what.machine.chips(),
        kernels::most_program_ranks));
  const auto bytes = static_cast<std::int64_t>(topology::parse_size(options.size).value());
  what.count = elements(what.collective, bytes, what.type, what.machine.chips());
  what.algorithm = algorithm_of(options, what.collective, what.machine, what.size());
  return what;
}

void write_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  std::ofstream file(path);
  write(file);
  file.close();
  if (!file) throw topology::Error(topology::ErrorKind::environment, path + " cannot be written");
}

GoalOptions goal_options(const Exported& what) {
  const double element = topology::size_of(what.type).value();
  if (element < 1)
    topology::usage_error(fmt::format(
        "{} has elements of {} B, this format counts whole bytes: choose another --datatype",
        topology::name(what.type),
        element));
  GoalOptions options{static_cast<std::int64_t>(element), {}};
  if (what.machine.reduction) options.reduction = what.machine.reduction->value;
  return options;
}

void export_goal(const Exported& what, const std::string& path) {
  const GoalOptions options = goal_options(what);
  const kernels::Program program = what.program(false);
  write_file(path, [&](std::ostream& out) { write_goal(out, program, options); });
}

void export_msccl(const Exported& what, const std::string& path) {
  if (is_program(what.algorithm)) topology::usage_error(what.algorithm + " is MSCCL's already");
  const std::string xml = to_xml(msccl_of(what.program()));
  write_file(path, [&](std::ostream& out) { out << xml; });
}

void export_trace(const Exported& what, const std::string& path) {
  const Timeline timeline = is_program(what.algorithm)
                                ? collective_timeline(what.program(), what.machine, what.size())
                                : collective_timeline(what.schedule(), what.machine, what.size());
  write_timeline(path,
                 timeline,
                 fmt::format("{} of {} over {} chips of {}, {}, predicted",
                             kernels::info(what.collective).name,
                             topology::format(what.size()),
                             what.machine.chips(),
                             what.machine.name,
                             what.algorithm));
}

void run_export(const ExportOptions& options) {
  if (options.format == "trace" && options.system.empty())
    topology::usage_error("a trace is of a prediction: add --system NAME");
  if (!speaks_before_init()) return;
  const Exported what = exported(options);
  if (options.format == "goal") export_goal(what, options.output);
  if (options.format == "chakra")
    write_chakra(options.output, what.program(false), goal_options(what));
  if (options.format == "msccl") export_msccl(what, options.output);
  if (options.format == "trace") export_trace(what, options.output);
  fmt::print(stderr,
             "{} of {} over {} ranks, {}: {}\n",
             kernels::info(what.collective).name,
             topology::format(what.size()),
             what.machine.chips(),
             what.algorithm,
             options.output);
}

}  // namespace

void add_export(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "Write a collective for other tools");
  command
      ->add_option("format",
                   options->format,
                   "goal (LogGOPSim, ATLAHS), chakra (ASTRA-sim), msccl (XML) or trace (Chrome's "
                   "JSON, for Perfetto)")
      ->required()
      ->check(one_of({"goal", "chakra", "msccl", "trace"}));
  command->add_option("collective", options->collective, "as of rainier collective")->required();
  command->add_option("-b,--bytes", options->size, "size, K M G = 1024^n")->required();
  command->add_option("-n,--ranks,--chips", options->ranks, "ranks; chips of the system")
      ->check(whole(1));
  command->add_option("--algorithm",
                      options->algorithm,
                      "as of rainier collective, msccl:FILE too; without a system auto is ring, "
                      "direct for an all_to_all, binomial with a root");
  command->add_option("--system", options->system, "where it runs (name or file)");
  command->add_option("--set", options->overrides, "change a figure: z.bandwidth=\"200 GB/s\"");
  command->add_option("-d,--datatype", options->type, "of the elements");
  command->add_option("-o,--output", options->output, "file to write; of chakra NAME.RANK.et")
      ->required();
  command->footer(
      "rainier export goal all_reduce -b 1M -n 64 --algorithm ring -o ring.goal\n"
      "rainier export chakra all_reduce -b 1M -n 64 --algorithm ring -o ring\n"
      "rainier export msccl all_reduce -b 1M -n 8 --algorithm rhd -o rhd.xml\n"
      "rainier export trace all_reduce -b 64M --system trn2-ultraserver -o trace.json");
  command->callback([options, &chosen] { chosen = [options] { run_export(*options); }; });
}

}  // namespace bench
