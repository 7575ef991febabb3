// rainier compare: chip generations side by side; what each buys and what binds it. From a results
// file, by kernels; or by the best plans for a training job.
#include <memory>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/generations.hpp"
#include "bench/program/generations_record.hpp"
#include "bench/program/generations_table.hpp"
#include "bench/program/side_by_side.hpp"
#include "bench/record/result_file.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

struct CompareOptions {
  std::string file;
  std::string baseline = "trainium2";
  std::int64_t chips = 0;
  GenerationsOptions generations;
  bool json = false;
  std::string output;
  bool force = false;
};

void compare_models(const CompareOptions& options) {
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

void add_generations(CLI::App& command, CompareOptions& options) {
  GenerationsOptions& o = options.generations;
  command.add_option("--model", o.model, "compare the best plans to train this model instead");
  command.add_option("--systems", o.systems, "with --model: the first counts as 1")->delimiter(',');
  command.add_option("--software", o.software, "what a framework reaches");
  command.add_option("--gbs,--global-batch", o.sequences, "sequences of a step")
      ->check(whole(1, 1000000000000));
  command.add_option("--seq,--seq-length", o.sequence, "tokens; default: 4096")
      ->check(whole(1, 1000000000000));
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
      "compare", "Compare chip generations: in a results file, or by the best plans for a model");
  CLI::Option* file = command->add_option("file", options->file, "results file of rainier run");
  command->add_option("--baseline", options->baseline, "chip that counts as 1");
  command
      ->add_option(
          "--chips",
          options->chips,
          "collectives over this many chips [the most]; with --model: of the first system [65536]")
      ->check(whole(1, 1000000000000));
  add_generations(*command, *options);
  command->get_option("--model")->excludes(file);
  command->footer(
      "rainier compare results/rainier.h5 --baseline trainium2\n"
      "rainier compare --model llama3-8b --systems rainier,rainier-trn4 --chips 1024 --quick");
  command->callback([options, &chosen] {
    chosen = [options] {
      if (!options->generations.model.empty()) return compare_models(*options);
      if (options->file.empty())
        topology::usage_error("expected a results file or --model: see rainier compare --help");
      if (speaks_before_init())
        print_side_by_side(options->file, options->baseline, options->chips);
    };
  });
}

}  // namespace bench
