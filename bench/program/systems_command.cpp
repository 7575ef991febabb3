// rainier systems, rainier show: what is modelled, every figure with its origin.
#include <memory>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/results_summary.hpp"
#include "bench/program/text.hpp"
#include "topology/error.hpp"
#include "topology/machine.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::Figure;
using topology::Machine;
using topology::Sourced;

constexpr std::size_t system_notes_width = 100;
constexpr std::size_t system_source_width = 72;
constexpr std::size_t system_source_column = 56;

std::string text_of(double value) {
  return fmt::format("{:.6g}", value);
}

template <topology::Dimension D>
std::string text_of(topology::Quantity<D> quantity) {
  return topology::format(quantity);
}

template <class Q>
void print_figure(const std::string& key, const Sourced<Q>& figure) {
  fmt::print("  {:<26} {:>14}  {:<9}  {}\n",
             key,
             text_of(figure.value),
             topology::name(figure.status),
             wrapped(figure.source, system_source_width, system_source_column));
}

template <class Q>
void print_figure(const std::string& key, const Figure<Q>& figure) {
  if (figure) print_figure(key, *figure);
}

std::string shape_of(const Machine& machine) {
  std::string text;
  for (const topology::Level& level : machine.levels)
    text += fmt::format("{}{} {}", text.empty() ? "" : " x ", level.name, level.extent);
  return text;
}

void print_levels(const Machine& machine) {
  fmt::print("\nLevels, fastest first; bandwidth is of one link and direction\n");
  std::int64_t chips = 1;
  for (const topology::Level& level : machine.levels) {
    chips *= level.extent;
    fmt::print("\n  {}: {} of {} members; {} = {} chips; {} a chip and direction\n",
               level.name,
               topology::name(level.shape),
               level.extent,
               level.domain,
               chips,
               topology::format(level.injection()));
    print_figure(
        "extent",
        Sourced<double>{
            static_cast<double>(level.extent), level.size_source.status, level.size_source.source});
    topology::each_figure_of_level(
        level, [](const char* key, const auto& figure) { print_figure(key, figure); });
  }
}

/// Capacity across the middle of the whole machine, one direction: the highest level is cut in two.
topology::BytesPerSecond bisection(const Machine& machine) {
  const topology::Level& top = machine.levels.back();
  const auto chips = static_cast<double>(machine.chips());
  if (top.shape == topology::LevelShape::ring)
    return top.injection() * (chips / static_cast<double>(top.extent));
  const auto members = static_cast<double>(top.extent);
  const double across = top.shape == topology::LevelShape::mesh ? members / 2 / (members - 1) : 1;
  return top.injection() * (chips / 2) * across;
}

void print_totals(const Machine& machine) {
  const auto chips = static_cast<double>(machine.chips());
  fmt::print("\nWhole system, derived: chips times the chip's figure\n");
  const auto line = [](const char* key, const std::string& value) {
    fmt::print("  {:<26} {:>14}\n", key, value);
  };
  line("chips", fmt::format("{}", machine.chips()));
  if (const auto& rate = machine.chip.rate(topology::DataType::bf16); rate.peak)
    line("peak bf16", topology::format(rate.peak->value * chips));
  if (const auto& rate = machine.chip.rate(topology::DataType::bf16); rate.roof)
    line("matmul roof bf16", topology::format(rate.roof->value * chips));
  if (machine.chip.memory_capacity)
    line("memory", topology::format(machine.chip.memory_capacity->value * chips));
  if (machine.chip.memory_bandwidth)
    line("memory bandwidth", topology::format(machine.chip.memory_bandwidth->value * chips));
  for (const topology::Level& level : machine.levels)
    line(("injection " + level.name).c_str(), topology::format(level.injection() * chips));
  line("bisection, one direction", topology::format(bisection(machine)));
  if (machine.chip.power_all_in)
    line("power, all in", topology::format(machine.chip.power_all_in->value * chips));
}

void show(const Machine& machine) {
  fmt::print("{}: {}\n{} chips of {} = {}\n",
             machine.name,
             machine.title,
             machine.chips(),
             machine.chip.title,
             shape_of(machine));
  if (!machine.notes.empty()) fmt::print("\n{}\n", wrapped(machine.notes, system_notes_width, 0));
  print_levels(machine);
  fmt::print("\n");
  print_figure("overhead of a collective", machine.overhead);
  if (machine.reduction) print_figure("reduction", *machine.reduction);
  fmt::print("\nChip: {} ({})\n", machine.chip.title, machine.chip.name);
  topology::each_figure(
      machine.chip, [](const std::string& key, const auto& figure) { print_figure(key, figure); });
  if (!machine.chip.notes.empty())
    fmt::print("\n{}\n", wrapped(machine.chip.notes, system_notes_width, 0));
  print_totals(machine);
}

void list() {
  fmt::print("{:<17} {:>7}  {:<58}  {}\n", "system", "chips", "levels, fastest first", "what");
  for (const std::string& name : topology::system_names()) {
    const Machine machine = topology::load_system(name);
    fmt::print(
        "{:<17} {:>7}  {:<58}  {}\n", name, machine.chips(), shape_of(machine), machine.title);
  }
}

struct ShowOptions {
  std::string system;
  std::int64_t chips = 0;
  std::vector<std::string> overrides;
};

void show_named(const ShowOptions& options) {
  if (is_results(options.system)) {
    if (speaks_before_init()) print_results(options.system);
    return;
  }
  Machine machine = topology::load_system(options.system, options.overrides);
  if (options.chips != 0) machine = topology::part(machine, options.chips);
  if (speaks_before_init()) show(machine);
}

}  // namespace

void add_systems(CLI::App& app, Action& chosen) {
  CLI::App* systems = app.add_subcommand("systems", "List the modelled systems");
  systems->footer("rainier systems");
  systems->callback([&chosen] {
    chosen = [] {
      if (speaks_before_init()) list();
    };
  });

  auto options = std::make_shared<ShowOptions>();
  CLI::App* command = app.add_subcommand(
      "show", "Show a system, each figure with its origin; or what a results file holds");
  command->add_option("system", options->system, "name or file, or a results file")->required();
  command->add_option("--chips", options->chips, "a part of it")->check(whole(1));
  command->add_option("--set", options->overrides, "change a figure: z.bandwidth=\"200 GB/s\"");
  command->footer(
      "rainier show rainier\n"
      "rainier show trn2-ultraserver --set z.bandwidth=\"128 GB/s\"");
  command->callback([options, &chosen] { chosen = [options] { show_named(*options); }; });
}

}  // namespace bench
