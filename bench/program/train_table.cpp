#include "bench/program/train_table.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kernels/training/pipeline.hpp"

namespace bench {
namespace {

using kernels::Plan;
using topology::Bytes;
using topology::Seconds;

std::string seconds(Seconds time) {
  const double s = time.value();
  if (s >= 1) return fmt::format("{:.3f} s", s);
  return s >= 1e-3 ? fmt::format("{:.3f} ms", s * 1e3) : fmt::format("{:.1f} us", s * 1e6);
}

std::string plan_of(const Plan& plan) {
  return fmt::format("TP {} x CP {} x DP {} x PP {}{}{}, {}",
                     plan.tensor,
                     plan.context,
                     plan.data,
                     plan.pipeline,
                     plan.expert > 1 ? fmt::format(", EP {}", plan.expert) : "",
                     plan.virtual_stages > 1 ? fmt::format(", VPP {}", plan.virtual_stages) : "",
                     kernels::name(plan.order));
}

void print_header(const Job& job) {
  const Plan& plan = job.plan;
  fmt::print("# {} on {} chip{} of {} ({}), predicted\n",
             job.model.name,
             plan.chips(),
             plan.chips() == 1 ? "" : "s",
             job.machine.name,
             job.machine.chip.title);
  fmt::print("# {}; {} sequences of {} tokens in micro-batches of {}; {} in matmuls; software {}\n",
             plan_of(plan),
             plan.batch,
             plan.sequence,
             plan.micro_batch,
             topology::name(plan.matmul),
             job.software.name);
}

void print_rates(const Job& job, const Step& step) {
  const auto chips = static_cast<double>(job.plan.chips());
  fmt::print("\nstep {}   {:.4g} tokens/s, {:.1f} per chip   MFU {:.1f} %   HFU {:.1f} %\n",
             seconds(step.time),
             step.tokens_per_second(),
             step.tokens_per_second() / chips,
             100 * step.mfu(),
             100 * step.hfu());
  fmt::print("# MFU: 3 x forward, causal attention, of the published {} TFLOP/s {} a chip\n",
             step.peak.value() / chips * 1e-12,
             topology::name(job.plan.type));
}

void print_spending(const Job& job, const Step& step) {
  fmt::print("\n# where the step goes, on rank {} of {} of the pipeline, the last to be through\n",
             step.rank,
             job.plan.pipeline);
  for (std::size_t i = 0; i < spent_kinds; ++i) {
    const Seconds part = step.spending.of.at(i);
    if (part.value() > 0)
      fmt::print("{:<20} {:>12} {:>6.1f} %\n",
                 name(static_cast<Spent>(i)),
                 seconds(part),
                 100 * (part / step.time));
  }
  fmt::print("{:<20} {:>12} {:>6.1f} %\n", "sum", seconds(step.spending.total()), 100.0);
}

/// Of a machine, and what no level takes.
std::vector<std::string> levels_of(const Job& job) {
  std::vector<std::string> names;
  for (const topology::Level& level : job.machine.levels) names.push_back(level.name);
  names.emplace_back("chip");
  return names;
}

void print_exposed(const Job& job, const Step& step) {
  const std::vector<std::string> levels = levels_of(job);
  std::string lines;
  for (const Spent axis : exposed_axes) {
    if (step.spending[axis].value() <= 0) continue;
    lines += fmt::format("{:<20}", name(axis));
    for (std::size_t l = 0; l < levels.size(); ++l) {
      const Seconds part = step.spending.exposed_on(axis, l);
      lines += fmt::format(" {:>11}", part.value() > 0 ? seconds(part) : "-");
    }
    lines += fmt::format(" {:>12}\n", seconds(step.spending[axis]));
  }
  if (lines.empty()) return;
  fmt::print(
      "\n# communication that nothing hides, by the level that it waits for; chip: calls, adding "
      "up\n");
  fmt::print("{:<20}", "");
  for (const std::string& level : levels) fmt::print(" {:>11}", level);
  fmt::print(" {:>12}\n{}", "sum", lines);
}

struct MemoryRow {
  const char* what;
  Bytes bytes;
};

std::vector<MemoryRow> memory_rows(const kernels::Memory& memory) {
  return {{"parameters", memory.parameters},
          {"gradients", memory.gradients},
          {"optimizer", memory.optimizer},
          {"activations", memory.activations},
          {"working space", memory.working},
          {"sum", memory.total()}};
}

void print_memory(const Job& job, const Step& step) {
  fmt::print("\n# memory of the chip that needs most (GB = 10^9 B)\n");
  for (const MemoryRow& row : memory_rows(step.memory))
    fmt::print("{:<20} {:>9.2f} GB\n", row.what, row.bytes.value() * 1e-9);
  const auto& capacity = job.machine.chip.memory_capacity;
  if (!capacity) return;
  const double share = step.memory.total() / capacity->value;
  fmt::print("{:<20} {:>9.2f} GB: {}\n",
             "capacity",
             capacity->value.value() * 1e-9,
             step.fits(job.machine.chip)
                 ? fmt::format("{:.0f} % used", 100 * share)
                 : fmt::format("does not fit, {:.2f} times too much", share));
}

/// What would help, in words.
std::string binding(const Step& step, const std::vector<Sensitivity>& sensitivity) {
  std::size_t most = 0;
  for (std::size_t i = 1; i < spent_kinds; ++i)
    if (step.spending.of.at(i) > step.spending.of.at(most)) most = i;
  std::string text = fmt::format("{} takes most of the step ({:.0f} %)",
                                 name(static_cast<Spent>(most)),
                                 100 * (step.spending.of.at(most) / step.time));
  if (!sensitivity.empty())
    text += fmt::format("; 10 % more {} would make it {:.1f} % {}",
                        sensitivity.front().figure,
                        10 * std::abs(sensitivity.front().exponent),
                        sensitivity.front().exponent < 0 ? "shorter" : "longer");
  return text;
}

void print_sensitivity(const std::vector<Sensitivity>& sensitivity) {
  if (sensitivity.empty()) return;
  fmt::print("\n# d ln step / d ln figure: -1 means twice as much halves the step\n");
  for (const Sensitivity& s : sensitivity)
    if (std::abs(s.exponent) >= 0.0005) fmt::print("{:<28} {:>+7.3f}\n", s.figure, s.exponent);
}

}  // namespace

void print_step(const Job& job, const Step& step, const std::vector<Sensitivity>& sensitivity) {
  print_header(job);
  print_rates(job, step);
  print_spending(job, step);
  print_exposed(job, step);
  print_memory(job, step);
  fmt::print("\nbinds: {}\n", binding(step, sensitivity));
  print_sensitivity(sensitivity);
}

void print_step_json(const Job& job,
                     const Step& step,
                     const std::vector<Sensitivity>& sensitivity) {
  nlohmann::ordered_json out;
  out["model"] = job.model.name;
  out["system"] = job.machine.name;
  out["chips"] = job.plan.chips();
  out["plan"] = plan_of(job.plan);
  out["step_s"] = step.time.value();
  out["tokens_per_s"] = step.tokens_per_second();
  out["mfu"] = step.mfu();
  out["hfu"] = step.hfu();
  for (std::size_t i = 0; i < spent_kinds; ++i)
    out["spent_s"][name(static_cast<Spent>(i))] = step.spending.of.at(i).value();
  const std::vector<std::string> levels = levels_of(job);
  for (const Spent axis : exposed_axes)
    for (std::size_t l = 0; l < levels.size(); ++l)
      out["exposed_s"][name(axis)][levels[l]] = step.spending.exposed_on(axis, l).value();
  for (const MemoryRow& row : memory_rows(step.memory))
    out["memory_bytes"][row.what] = row.bytes.value();
  const auto& capacity = job.machine.chip.memory_capacity;
  if (capacity) out["capacity_bytes"] = capacity->value.value();
  out["fits"] = step.fits(job.machine.chip);
  for (const Sensitivity& s : sensitivity) out["sensitivity"][s.figure] = s.exponent;
  fmt::print("{}\n", out.dump(2));
}

}  // namespace bench
