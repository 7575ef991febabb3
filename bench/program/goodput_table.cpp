#include "bench/program/goodput_table.hpp"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/executor/statistics.hpp"
#include "bench/program/text.hpp"
#include "bench/reliability/levers.hpp"
#include "bench/reliability/runs.hpp"
#include "kernels/reliability/goodput.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using kernels::Recovery;
using kernels::Reliability;
using kernels::Run;
using topology::Seconds;

constexpr std::array shown_quantiles{0.05, 0.5, 0.95};
constexpr std::size_t notes_width = 100;
constexpr std::size_t source_width = 72;
constexpr std::size_t source_column = 54;

std::string recovery_text(const Reliability& r) {
  if (r.recovery == Recovery::restart)
    return fmt::format("all restart, {} after a failure", span_text(r.downtime()));
  return fmt::format(
      "the replica of {} chips restarts, {} after a failure, the others go on after {}",
      r.replica,
      span_text(r.downtime()),
      span_text(r.stall()));
}

std::string checkpoint_text(const GoodputJob& job) {
  const Reliability& r = job.reliability;
  if (r.interval == Seconds{}) return "replicas are restored from others: no checkpoints charged";
  std::string text = fmt::format("a checkpoint after {} of work", span_text(r.interval));
  if (r.writing > Seconds{}) text += ", written beside the next work";
  if (job.best && r.recovery == Recovery::restart)
    text += fmt::format(
        " (the best; Young {}, Saxena et al. {})",
        span_text(kernels::young_interval(r.saving, r.mean_time())),
        span_text(kernels::available_interval(r.saving, r.mean_time(), r.downtime() + r.writing)));
  return text + (r.interval > job.duration ? "; the run ends before one" : "");
}

std::string spares_text(const GoodputJob& job) {
  const Reliability& r = job.reliability;
  if (!r.spare) return fmt::format("always one more {} to replace a failed one", job.unit);
  return fmt::format("{} spare {}{} of {} chips, {:.2f} % more than work",
                     *r.spare,
                     job.unit,
                     *r.spare == 1 ? "" : "s",
                     r.unit,
                     100 * static_cast<double>(*r.spare * r.unit) / static_cast<double>(r.chips));
}

void print_heading(const GoodputJob& job) {
  const Reliability& r = job.reliability;
  fmt::print("# {} chips of {} ({}) for {}: a failure every {} ({})\n",
             r.chips,
             job.machine.name,
             job.machine.chip.title,
             span_text(job.duration),
             span_text(r.mean_time()),
             r.shape == 1 ? "exponential" : fmt::format("Weibull, shape {:g}", r.shape));
  fmt::print("# {}; {}\n", recovery_text(r), spares_text(job));
  fmt::print("# {}\n", checkpoint_text(job));
  if (r.straggling > 0)
    fmt::print("# a step waits {:.3g} % of its time for the slowest chip\n", 100 * r.straggling);
}

void print_summary(const GoodputJob& job, const std::vector<Run>& runs, const Run& mean) {
  const std::vector<double> shares = goodputs(runs);
  fmt::print(
      "\ngoodput {:.2f} %   5 % {:.2f}, 50 % {:.2f}, 95 % {:.2f} of {} runs with {} failures",
      100 * (mean[kernels::RunPart::useful] / mean.total()),
      100 * quantile(shares, shown_quantiles[0]),
      100 * quantile(shares, shown_quantiles[1]),
      100 * quantile(shares, shown_quantiles[2]),
      job.runs,
      mean.failures);
  fmt::print("   closed form {:.2f} %{}{}\n",
             100 * kernels::expected_goodput(job.reliability),
             job.is_short() ? " of a run without end" : "",
             job.reliability.shape == 1 ? "" : " (exponential)");
}

void print_parts(const Run& mean) {
  fmt::print("\n# where the time goes, mean of the runs\n");
  const auto line = [&mean](const char* what, Seconds time) {
    fmt::print("{:<20} {:>12} {:>7.2f} %\n", what, span_text(time), 100 * (time / mean.total()));
  };
  for (std::size_t i = 0; i < kernels::run_parts; ++i)
    if (mean.of.at(i) > Seconds{}) line(name(static_cast<kernels::RunPart>(i)), mean.of.at(i));
  line("sum", mean.total());
}

std::string points(const std::optional<double>& change) {
  return change ? fmt::format("{:+.2f}", 100 * *change) : "-";
}

void print_levers(const std::vector<Lever>& all) {
  if (all.empty()) return;
  fmt::print("\n# what would help, in points of goodput, by the closed form\n");
  fmt::print("{:<26} {:>9} {:>9}\n", "#", "half", "twice");
  for (const Lever& lever : all)
    fmt::print("{:<26} {:>9} {:>9}\n", lever.figure, points(lever.half), points(lever.twice));
}

void print_figures(const GoodputJob& job) {
  fmt::print("\n# where the figures come from\n");
  for (const GoodputFigure& figure : job.figures)
    fmt::print("{:<26} {:>14}  {:<9}  {}\n",
               figure.name,
               figure.value,
               figure.origin,
               wrapped(figure.source, source_width, source_column));
}

void print_classes(const GoodputJob& job) {
  if (job.given_rate) return;
  std::vector<std::string> texts;
  for (const topology::FailureClass& one : job.failures.classes)
    texts.push_back(fmt::format(
        "{} {:g}{}", one.name, one.count.value, one.replaced ? "" : " (replaces nothing)"));
  fmt::print("\n# failures by class\n{}\n",
             wrapped(fmt::format("{}", fmt::join(texts, ", ")), notes_width, 0));
}

nlohmann::ordered_json levers_json(const GoodputJob& job) {
  auto out = nlohmann::ordered_json::array();
  const auto cell = [](const std::optional<double>& change) {
    return change ? nlohmann::ordered_json(*change) : nlohmann::ordered_json();
  };
  for (const Lever& lever : levers(job.reliability, job.best))
    out.push_back(
        {{"figure", lever.figure}, {"half", cell(lever.half)}, {"twice", cell(lever.twice)}});
  return out;
}

}  // namespace

void print_goodput(const GoodputJob& job, const std::vector<Run>& runs) {
  const Run mean = mean_run(runs);
  print_heading(job);
  print_summary(job, runs, mean);
  print_parts(mean);
  print_levers(levers(job.reliability, job.best));
  print_figures(job);
  print_classes(job);
}

void print_goodput_json(const GoodputJob& job, const std::vector<Run>& runs) {
  const Run mean = mean_run(runs);
  const Reliability& r = job.reliability;
  const std::vector<double> shares = goodputs(runs);
  nlohmann::ordered_json out;
  out["system"] = job.machine.name;
  out["chips"] = r.chips;
  out["duration_s"] = job.duration.value();
  out["runs"] = job.runs;
  out["goodput"] = {{"mean", mean[kernels::RunPart::useful] / mean.total()},
                    {"q05", quantile(shares, shown_quantiles[0])},
                    {"q50", quantile(shares, shown_quantiles[1])},
                    {"q95", quantile(shares, shown_quantiles[2])},
                    {"closed_form", kernels::expected_goodput(r)}};
  out["failures"] = mean.failures;
  out["mean_time_between_failures_s"] = r.mean_time().value();
  out["interval_s"] = r.interval.value();
  out["unit_chips"] = r.unit;
  out["spares"] = r.spare ? nlohmann::ordered_json(*r.spare) : nlohmann::ordered_json();
  out["straggling"] = r.straggling;
  for (std::size_t i = 0; i < kernels::run_parts; ++i)
    out["spent_s"][name(static_cast<kernels::RunPart>(i))] = mean.of.at(i).value();
  out["levers"] = levers_json(job);
  for (const GoodputFigure& figure : job.figures)
    out["figures"][figure.name] = {
        {"value", figure.value}, {"origin", figure.origin}, {"source", figure.source}};
  if (!job.given_rate)
    for (const topology::FailureClass& one : job.failures.classes)
      out["failures_per_chip_hour"][one.name] = job.failures.rate(one).value() * 3600;
  fmt::print("{}\n", out.dump(2));
}

}  // namespace bench
