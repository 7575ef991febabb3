#include "kernels/reliability/reliability.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace kernels {
namespace {

using topology::Seconds;
using topology::usage_error;

void check_times(const Reliability& job) {
  struct Time {
    const char* what;
    Seconds value;
  };

  for (const Time& time : std::array{Time{"detection", job.detection},
                                     Time{"restart", job.restart},
                                     Time{"reload", job.reload},
                                     Time{"regrouping", job.regrouping},
                                     Time{"cost of a checkpoint", job.saving},
                                     Time{"writing of a checkpoint", job.writing},
                                     Time{"interval", job.interval},
                                     Time{"repair", job.repair}})
    if (!std::isfinite(time.value.value()) || time.value < Seconds{})
      usage_error(fmt::format("{}: {} is no time", time.what, topology::format(time.value)));
}

void check_replicas(const Reliability& job) {
  if (job.replica < 1 || job.chips % job.replica != 0)
    usage_error(
        fmt::format("a replica of {} chips does not divide the {} chips", job.replica, job.chips));
  if (job.replicas() < 2)
    usage_error("one replica alone cannot be left out: choose smaller ones, or recovery restart");
  if (job.replica % job.unit != 0)
    usage_error(fmt::format(
        "a replica of {} chips is no whole number of units of {}, which are replaced together",
        job.replica,
        job.unit));
  if (job.regrouping > job.restart + job.reload)
    usage_error(fmt::format(
        "regrouping takes {}, longer than restart and reload, {}: recovery restart is faster",
        topology::format(job.regrouping),
        topology::format(job.restart + job.reload)));
}

}  // namespace

void check(const Reliability& job) {
  if (job.chips < 1) usage_error(fmt::format("{} chips: at least one works", job.chips));
  if (!std::isfinite(job.rate.value()) || job.rate.value() <= 0)
    usage_error("the rate of failures must be more than 0");
  if (!std::isfinite(job.shape) || job.shape <= 0)
    usage_error("the shape of a Weibull law must be more than 0");
  if (job.replaced < 0 || job.replaced > 1)
    usage_error("the share of failures that take a unit is 0 to 1");
  if (job.unit < 1) usage_error("units have at least one chip");
  if (job.spare && *job.spare < 0) usage_error("spares must not be negative");
  if (job.straggling < 0) usage_error("a step cannot wait a negative time");
  check_times(job);
  if (job.recovery == Recovery::replica) return check_replicas(job);
  if (job.interval <= Seconds{})
    usage_error("the interval between checkpoints must be more than 0");
  constexpr double rounding = 1 + 1e-12;  // of the shortest interval that best_interval gives
  if (job.writing > job.cycle() * rounding)
    usage_error(fmt::format("a checkpoint takes {} to write, longer than the {} from save to save",
                            topology::format(job.writing),
                            topology::format(job.cycle())));
}

}  // namespace kernels
