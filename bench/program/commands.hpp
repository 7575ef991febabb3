// The sub-commands. Each adds itself to the parser and leaves behind what to do; main runs it and
// turns errors into exit codes.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace bench {

using Action = std::function<void()>;

void add_collective(CLI::App& app, Action& chosen);
void add_compare(CLI::App& app, Action& chosen);
void add_export(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);
void add_explain(CLI::App& app, Action& chosen);
void add_fit(CLI::App& app, Action& chosen);
void add_goodput(CLI::App& app, Action& chosen);
void add_guidelines(CLI::App& app, Action& chosen);
void add_health(CLI::App& app, Action& chosen);
void add_matmul_distributed(CLI::App& app, Action& chosen);
void add_models(CLI::App& app, Action& chosen);
void add_rerun(CLI::App& app, Action& chosen);
void add_results(CLI::App& app, Action& chosen);
void add_reference(CLI::App& app, Action& chosen);
void add_run(CLI::App& app, Action& chosen);
void add_systems(CLI::App& app, Action& chosen);
void add_train(CLI::App& app, Action& chosen);
void add_validate(CLI::App& app, Action& chosen);

}  // namespace bench
