// rainier models: what a transformer is made of, in parameters and FLOPs.
#include <memory>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/model_file.hpp"
#include "bench/program/model_json.hpp"
#include "bench/program/model_table.hpp"

namespace bench {
namespace {

struct ModelsOptions {
  std::string model;
  std::int64_t sequence = 0;
  bool json = false;
};

void show(const ModelsOptions& options) {
  const kernels::Model model = load_model(options.model);
  const std::int64_t sequence = sequence_of(model, options.sequence);
  if (!speaks_before_init()) return;
  if (options.json)
    fmt::print("{}\n", model_json(model, sequence));
  else
    print_model(model, sequence);
}

void list(const ModelsOptions& options) {
  if (!speaks_before_init()) return;
  if (!options.json) return print_models(model_names(), options.sequence);
  std::string separator = "[";
  for (const std::string& name : model_names()) {
    const kernels::Model model = load_model(name);
    fmt::print("{}\n{}", separator, model_json(model, cut_sequence_of(model, options.sequence)));
    separator = ",";
  }
  fmt::print("\n]\n");
}

}  // namespace

void add_models(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ModelsOptions>();
  CLI::App* command =
      app.add_subcommand("models", "List the transformers; of one, parameters and FLOPs by part");
  command->add_option("model", options->model, "name, config.json of Hugging Face, or its folder");
  command
      ->add_option(
          "--seq", options->sequence, "tokens per sequence (default: 4096, or the longest)")
      ->check(whole(1, std::int64_t{1} << 40));
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "rainier models\n"
      "rainier models llama3-8b --seq 8192");
  command->callback([options, &chosen] {
    chosen = [options] { options->model.empty() ? list(*options) : show(*options); };
  });
}

}  // namespace bench
