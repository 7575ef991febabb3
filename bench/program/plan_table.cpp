#include "bench/program/plan_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/program/part_table.hpp"
#include "bench/program/plan_json.hpp"
#include "bench/program/plan_text.hpp"
#include "kernels/training/pipeline.hpp"

namespace bench {
namespace {

using kernels::Plan;
using topology::Seconds;

/// How much slower than the best plan, and the two parts that differ most, in per cent of its time.
std::string reason(const FoundPlan& found, const FoundPlan& best) {
  if (found.number == best.number) return {};

  struct Difference {
    Spent spent;
    double percent;
  };

  std::vector<Difference> all;
  for (std::size_t i = 0; i < spent_kinds; ++i) {
    const Seconds more = found.spending.of.at(i) - best.spending.of.at(i);
    all.push_back({static_cast<Spent>(i), 100 * (more / best.time)});
  }
  std::stable_sort(all.begin(), all.end(), [](const Difference& a, const Difference& b) {
    return std::abs(a.percent) > std::abs(b.percent);
  });
  std::string text = fmt::format("  {:+.1f} %", 100 * (found.time / best.time - 1));
  const std::size_t alone = text.size();
  for (std::size_t i = 0; i < 2; ++i)
    if (std::abs(all[i].percent) >= 0.05)
      text += fmt::format(
          "{}{} {:+.1f} %", text.size() == alone ? ": " : ", ", name(all[i].spent), all[i].percent);
  return text;
}

void print_heading() {
  fmt::print(
      "#{:>4} {:>4} {:>6} {:>4} {:>4} {:>4}  {:<11} {:>4} {:<9} {:>7} {:>10} {:>12} {:>6} {:>8}  "
      "{}\n",
      "tp",
      "cp",
      "dp",
      "pp",
      "vpp",
      "ep",
      "order",
      "mbs",
      "recompute",
      "zero",
      "step (s)",
      "tokens/s",
      "MFU %",
      "GB",
      "against the first");
}

void print_row(const FoundPlan& found, const FoundPlan& best) {
  const Plan& p = found.plan;
  const double tokens = static_cast<double>(p.batch * p.sequence) / found.time.value();
  fmt::print(
      "{:>5} {:>4} {:>6} {:>4} {:>4} {:>4}  {:<11} {:>4} {:<9} {:>7} {:>10.4g} {:>12.4g} {:>6.1f} "
      "{:>8.1f}{}\n",
      p.tensor,
      p.context,
      p.data,
      p.pipeline,
      p.virtual_stages,
      p.expert,
      kernels::name(p.order),
      p.micro_batch,
      kernels::name(p.recompute),
      sharing(p),
      found.time.value(),
      tokens,
      100 * found.mfu,
      found.memory.value() * 1e-9,
      reason(found, best));
}

void print_counts(const SearchCounts& counts, Seconds took) {
  fmt::print(
      "# {} plans in {:.2f} s, {:.0f} a second: {} do not fit the model or the machine, {} need "
      "more "
      "memory than a chip has,\n# {} cannot be among these by their lower bound, {} predicted\n",
      counts.plans,
      took.value(),
      static_cast<double>(counts.plans) / took.value(),
      counts.misfits,
      counts.too_large,
      counts.bounded,
      counts.predicted);
}

}  // namespace

void print_search(const Job& job,
                  const SearchResult& found,
                  const std::vector<PartPlan>& parts,
                  Seconds took) {
  fmt::print(
      "# best plans of {} on {} chip{} of {} ({}), predicted; {} sequences of {} tokens a step; "
      "software {}\n",
      job.model.name,
      job.machine.chips(),
      job.machine.chips() == 1 ? "" : "s",
      job.machine.name,
      job.machine.chip.title,
      job.plan.batch,
      job.plan.sequence,
      job.software.name);
  print_heading();
  for (const FoundPlan& plan : found.best) print_row(plan, found.best.front());
  fmt::print(
      "\n# the fastest within 1, 3/4, 1/2, 3/8, 1/4, 3/16 and 1/8 of the memory of a chip, where "
      "they differ\n");
  print_heading();
  for (const FoundPlan& plan : found.front) print_row(plan, found.best.front());
  if (!parts.empty()) print_parts(job.machine.chip, parts);
  fmt::print("\n");
  print_counts(found.counts, took);
}

void print_search_json(const Job& job,
                       const SearchResult& found,
                       const std::vector<PartPlan>& parts) {
  nlohmann::ordered_json out;
  out["model"] = job.model.name;
  out["system"] = job.machine.name;
  out["chips"] = job.machine.chips();
  for (const FoundPlan& plan : found.best) out["best"].push_back(plan_json(plan));
  for (const FoundPlan& plan : found.front) out["front"].push_back(plan_json(plan));
  if (!parts.empty()) out["parts"] = parts_json(job.machine.chip, parts);
  const SearchCounts& c = found.counts;
  out["counts"] = {{"plans", c.plans},
                   {"misfits", c.misfits},
                   {"too_large", c.too_large},
                   {"bounded", c.bounded},
                   {"predicted", c.predicted}};
  fmt::print("{}\n", out.dump(2));
}

}  // namespace bench
