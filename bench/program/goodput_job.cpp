#include "bench/program/goodput_job.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "bench/clock/clock_ranks.hpp"
#include "bench/clock/noise.hpp"
#include "kernels/reliability/goodput.hpp"
#include "kernels/reliability/spares.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using kernels::Recovery;
using kernels::Reliability;
using topology::Failures;
using topology::Seconds;
using topology::Sourced;
using topology::usage_error;

constexpr double hour = 3600;
constexpr double day = 24 * hour;
constexpr double spare_risk = 1e-3;  // of `--spares auto`: more in repair than there are spares

Seconds time_of(const char* flag, const std::string& text) {
  try {
    return topology::parse<Seconds>(text);
  } catch (const topology::Error& error) {
    usage_error(fmt::format("{}: {}", flag, error.what()));
  }
}

/// A figure without a source is one that a flag gave.
std::string origin(const std::string& source, topology::Status status) {
  return source.empty() ? "given" : topology::name(status);
}

void override_times(const GoodputOptions& o, Failures& failures) {
  const auto given = [](const char* flag, const std::string& text, Sourced<Seconds>& time) {
    if (!text.empty()) time = {time_of(flag, text), topology::Status::assumed, ""};
  };
  given("--detect", o.detection, failures.detection);
  given("--restart", o.restart, failures.restart);
  given("--reload", o.reload, failures.reload);
  given("--regroup", o.regrouping, failures.regrouping);
  given("--checkpoint-cost", o.checkpoint, failures.checkpoint);
  given("--snapshot", o.snapshot, failures.snapshot);
  given("--repair", o.repair, failures.repair);
  if (!o.snapshot.empty() && !o.asynchronous)
    usage_error("--snapshot goes with --asynchronous: else work stops for the whole checkpoint");
}

Sourced<topology::Hertz> rate_of(const GoodputOptions& o, const GoodputJob& job) {
  if (o.rate != 0) return {topology::Hertz(o.rate / hour), topology::Status::assumed, ""};
  if (!o.mean_time.empty()) {
    const Seconds mean = time_of("--mtbf", o.mean_time);
    if (mean <= Seconds{}) usage_error("--mtbf must be more than 0");
    const auto chips = static_cast<double>(job.reliability.chips);
    return {topology::Hertz(1 / mean.value() / chips), topology::Status::assumed, ""};
  }
  return {job.failures.rate(),
          topology::Status::derived,
          fmt::format("{:g} in {:g} chip-days, {}",
                      job.failures.count(),
                      job.failures.exposure.value,
                      job.failures.title)};
}

void set_rate(const GoodputOptions& o, GoodputJob& job) {
  job.rate = rate_of(o, job);
  job.given_rate = job.rate.source.empty();
  job.replaced = {
      job.failures.replaced(),
      topology::Status::assumed,
      "hardware of a server, as the file of failures " + job.failures.name + " marks it"};
  job.reliability.rate = job.rate.value;
  job.reliability.replaced = job.replaced.value;
  job.figures.push_back({"failures of a chip",
                         fmt::format("{:.4g} /h", job.rate.value.value() * hour),
                         origin(job.rate.source, job.rate.status),
                         job.rate.source});
  job.figures.push_back({"of them replacing a unit",
                         fmt::format("{:.1f} %", 100 * job.replaced.value),
                         origin(job.replaced.source, job.replaced.status),
                         job.replaced.source});
}

void set_times(const GoodputOptions& o, GoodputJob& job) {
  const Failures& f = job.failures;
  Reliability& r = job.reliability;
  const auto add = [&job](const char* name, const Sourced<Seconds>& time) {
    job.figures.push_back(
        {name, span_text(time.value), origin(time.source, time.status), time.source});
    return time.value;
  };
  r.detection = add("detection", f.detection);
  r.restart = add("restart", f.restart);
  r.reload = add("reload", f.reload);
  if (r.recovery == Recovery::replica) r.regrouping = add("regrouping", f.regrouping);
  r.saving = f.checkpoint.value;
  if (r.recovery == Recovery::restart || o.interval != "auto") add("checkpoint", f.checkpoint);
  if (o.asynchronous) {
    r.saving = add("snapshot", f.snapshot);
    r.writing = f.checkpoint.value;
  }
  r.repair = add("repair", f.repair);
}

void set_recovery(const GoodputOptions& o, Reliability& r) {
  if (o.recovery != "restart" && o.recovery != "replica")
    usage_error(fmt::format("--recovery {}: expected restart or replica", o.recovery));
  const bool replicas = o.recovery == "replica";
  r.recovery = replicas ? Recovery::replica : Recovery::restart;
  if (replicas != (o.replica != 0))
    usage_error("--recovery replica and --replica CHIPS, what stops together, go with each other");
  if (!replicas && !o.regrouping.empty()) usage_error("--regroup goes with --recovery replica");
  if (replicas) r.replica = o.replica;
}

/// A unit is what lies below the network.
void set_units(const GoodputOptions& o, GoodputJob& job) {
  Reliability& r = job.reliability;
  const std::size_t network = lowest_of_network(job.machine);
  r.unit = job.machine.stride(network);
  job.unit = network == 0 ? "chip" : job.machine.levels[network - 1].domain;
  if (o.spares == "auto") {
    r.spare = kernels::spares_needed(r.chips / r.unit, kernels::share_in_repair(r), spare_risk);
    return;
  }
  if (o.spares == "unlimited") return;
  std::int64_t count = -1;
  const char* end = o.spares.data() + o.spares.size();
  const auto read = std::from_chars(o.spares.data(), end, count);
  constexpr std::int64_t most = 1000000;
  if (read.ec != std::errc{} || read.ptr != end || count < 0 || count > most)
    usage_error(fmt::format("--spares {}: expected auto, unlimited, or how many {}s, up to {}",
                            o.spares,
                            job.unit,
                            most));
  r.spare = count;
}

void set_stragglers(const GoodputOptions& o, Reliability& r) {
  if (o.noise.empty() != o.step.empty())
    usage_error("--noise, the delay of each chip in each step, and --step, its time, go together");
  if (o.noise.empty()) return;
  const Seconds step = time_of("--step", o.step);
  if (step <= Seconds{}) usage_error("--step must be more than 0");
  r.straggling = Noise::parse(o.noise).expected_maximum(r.chips) / step;
}

void set_interval(const GoodputOptions& o, GoodputJob& job) {
  Reliability& r = job.reliability;
  job.best = o.interval == "auto";
  if (job.best) {
    r.interval = kernels::best_interval(r);
    if (r.recovery == Recovery::restart && r.interval <= Seconds{})
      usage_error("a checkpoint that costs nothing has no best interval: give --interval");
    return;
  }
  r.interval = time_of("--interval", o.interval);
  if (r.interval <= Seconds{}) usage_error("--interval must be more than 0, or auto");
  if (r.interval > job.duration)
    usage_error(fmt::format(
        "--interval {} is longer than the run of {}", o.interval, span_text(job.duration)));
}

void check_size(const GoodputJob& job) {
  constexpr double most = 2e10;  // some minutes on one core for each 1e10
  const double failures = job.reliability.job_rate() * job.duration * static_cast<double>(job.runs);
  if (!(failures <= most))  // nor NaN
    usage_error(fmt::format(
        "{} runs with {:.3g} failures each take too long: choose fewer --runs or --days",
        job.runs,
        failures / static_cast<double>(job.runs)));
}

}  // namespace

GoodputJob goodput_job(const GoodputOptions& o) {
  GoodputJob job;
  job.machine = topology::load_system(o.system, o.overrides);
  if (o.chips != 0) job.machine = topology::part(job.machine, o.chips);
  job.failures = topology::load_failures(o.failures);
  job.duration = Seconds(o.days * day);
  job.runs = o.runs;
  job.seed = o.seed;
  override_times(o, job.failures);
  Reliability& r = job.reliability;
  r.chips = job.machine.chips();
  r.shape = o.shape;
  set_recovery(o, r);
  set_rate(o, job);
  set_times(o, job);
  set_units(o, job);
  set_stragglers(o, r);
  set_interval(o, job);
  check(r);
  check_size(job);
  return job;
}

bool GoodputJob::is_short() const {
  constexpr double many = 10;
  return duration < many * std::max(reliability.interval, reliability.mean_time());
}

std::string span_text(Seconds time) {
  struct Unit {
    const char* symbol;
    double seconds;
  };

  for (const Unit& unit : {Unit{"d", day}, Unit{"h", hour}, Unit{"min", 60}})
    if (time.value() >= 2 * unit.seconds)
      return fmt::format("{:.4g} {}", time.value() / unit.seconds, unit.symbol);
  return fmt::format("{:.4g} s", time.value());
}

}  // namespace bench
