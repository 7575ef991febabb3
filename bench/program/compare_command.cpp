// rainier compare: chip generations side by side, by kernels from one results file or by the best
// plans for a training job; or results of several runs, for whatever has become slower.
#include <memory>

#include <fmt/format.h>

#include "bench/comparison/comparison.hpp"
#include "bench/comparison/foreign_points.hpp"
#include "bench/exchange/foreign_results.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/comparison_table.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/generations.hpp"
#include "bench/program/generations_record.hpp"
#include "bench/program/generations_table.hpp"
#include "bench/program/side_by_side.hpp"
#include "bench/program/tolerance_flags.hpp"
#include "bench/record/result_file.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

struct CompareOptions {
  std::vector<std::string> files;
  std::vector<std::string> against;
  ToleranceFlags tolerance;
  bool all = false;
  std::string baseline = "trainium2";
  std::int64_t chips = 0;
  GenerationsOptions generations;
  bool json = false;
  std::string output;
  bool force = false;
  const CLI::App* command = nullptr;
};

/// A flag that is none of what is asked for is not left unheard.
void expect_none(const CompareOptions& options,
                 const char* goes_with,
                 const std::vector<const char*>& flags) {
  for (const char* flag : flags)
    if (options.command->count(flag) > 0)
      topology::usage_error(fmt::format("{} goes with {}", flag, goes_with));
}

const std::vector<const char*> flags_of_models = {"--systems",
                                                  "--software",
                                                  "--gbs",
                                                  "--seq",
                                                  "--dtype",
                                                  "--matmul-dtype",
                                                  "--price",
                                                  "--power",
                                                  "--quick",
                                                  "--output",
                                                  "--force"};
const std::vector<const char*> flags_of_runs = {
    "--against", "--tolerance", "--point-tolerance", "--size-tolerance", "--time-alone", "--all"};

void compare_models(const CompareOptions& options) {
  expect_none(options, "several results files", flags_of_runs);
  expect_none(options, "one results file", {"--baseline"});
  if (!speaks_before_init()) return;
  GenerationsOptions asked = options.generations;
  if (options.chips != 0) asked.chips = options.chips;
  if (!options.output.empty() && !options.force) ResultFile::expect_free(options.output);
  const Generations all = compare_generations(asked);
  if (!options.output.empty()) record_generations(options.output, options.force, asked, all);
  if (options.json)
    print_generations_json(all);
  else
    print_generations(all);
}

/// The first file is the reference of the others, or --against names some.
void compare_runs(const CompareOptions& options) {
  expect_none(options, "--model", flags_of_models);
  expect_none(options, "one results file or --model", {"--baseline", "--chips"});
  if (!speaks_before_init()) return;
  const Tolerances tolerances = tolerances_of(options.tolerance);
  std::vector<std::string> references = options.against;
  std::vector<std::string> results = options.files;
  if (references.empty()) {
    references.push_back(results.front());
    results.erase(results.begin());
  }
  std::vector<TimedFile> all;
  for (const std::vector<std::string>* side : {&references, &results})
    for (const std::string& file : *side)
      all.push_back(is_foreign(file) ? foreign_points(file) : timed_points(file));
  speak_alike(all);
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(references.size());
  const RunComparison comparison = compare({all.begin(), first}, {first, all.end()}, tolerances);
  if (comparison.groups.empty())
    topology::usage_error(
        "these files have no point in common that is compared: times of collectives, matmuls and "
        "steps");
  if (options.json)
    print_comparison_json(comparison);
  else
    print_comparison(comparison, options.all);
  if (!comparison.wrong.empty())
    throw topology::Error(topology::ErrorKind::verdict, comparison.wrong.front());
  if (comparison.slower())
    throw topology::Error(topology::ErrorKind::verdict, "some of it is slower than before");
}

void compare_chips(const CompareOptions& options) {
  expect_none(options, "--model", flags_of_models);
  expect_none(options, "several results files", flags_of_runs);
  expect_none(options, "several results files or --model", {"--json"});
  if (speaks_before_init())
    print_side_by_side(options.files.front(), options.baseline, options.chips);
}

void add_runs(CLI::App& command, CompareOptions& options) {
  command.add_option(
      "files",
      options.files,
      "one results file, or a reference and others; also JSON of nccl-tests or nccom-test");
  command.add_option("--against", options.against, "references, instead of the first file");
  command.add_option("--tolerance",
                     options.tolerance.group,
                     "of several files: per cent by which a kernel may be slower [10]");
  command.add_option("--point-tolerance",
                     options.tolerance.point,
                     "per cent by which one point may be slower, its whole interval [50]");
  command.add_option("--size-tolerance",
                     options.tolerance.sizes,
                     "the same for some sizes, such as 64K:1G=25; may be repeated");
  command.add_flag("--time-alone",
                   options.tolerance.time_alone,
                   "judge times alone, whatever else went on: the machine is on trial");
  command.add_flag("--all", options.all, "print every point");
}

void add_generations(CLI::App& command, CompareOptions& options) {
  GenerationsOptions& o = options.generations;
  command.add_option("--model", o.model, "compare the best plans to train this model instead");
  command.add_option("--systems", o.systems, "with --model: the first counts as 1")->delimiter(',');
  command.add_option("--software", o.software, "what a framework reaches");
  command.add_option("--gbs,--global-batch", o.sequences, "sequences of a step")
      ->check(whole(1, 1000000000));
  command.add_option("--seq,--seq-length", o.sequence, "tokens; default: 4096")
      ->check(whole(1, 1000000000));
  command.add_option("-d,--dtype", o.type, "of parameters and activations");
  command.add_option("--matmul-dtype", o.matmul, "of the layers' matmuls: fp8, …");
  command.add_option("--price", o.prices, "SYSTEM=USD/h of a chip, such as rainier='2 USD/h'");
  command.add_option("--power", o.powers, "SYSTEM=W of a chip, such as rainier='750 W'");
  command.add_flag("--quick", o.quick, "no waterfalls, no bounds");
  command.add_flag("--json", options.json, "for programs");
  command.add_option("-O,--output", options.output, "write the comparison to this results file");
  command.add_flag("--force", options.force, "overwrite earlier results");
}

}  // namespace

void add_compare(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand(
      "compare",
      "Compare chip generations, in a results file or by the best plans for a model; or runs: what "
      "has become slower");
  options->command = command;
  add_runs(*command, *options);
  command->add_option("--baseline", options->baseline, "chip that counts as 1");
  command
      ->add_option(
          "--chips",
          options->chips,
          "collectives over this many chips [the most]; with --model: of the first system [65536]")
      ->check(whole(1, 1000000000000));
  add_generations(*command, *options);
  command->get_option("--model")->excludes(command->get_option("files"));
  command->footer(
      "rainier compare results/rainier.h5 --baseline trainium2\n"
      "rainier compare old.h5 new.h5\n"
      "rainier compare new.h5 --against monday.h5 tuesday.h5\n"
      "rainier compare --model llama3-8b --systems rainier,rainier-trn4 --chips 1024 --quick");
  command->callback([options, &chosen] {
    chosen = [options] {
      if (!options->generations.model.empty()) return compare_models(*options);
      if (options->files.empty())
        topology::usage_error("expected a results file or --model: see rainier compare --help");
      if (options->files.size() > 1 || !options->against.empty()) return compare_runs(*options);
      compare_chips(*options);
    };
  });
}

}  // namespace bench
