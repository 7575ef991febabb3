#include "bench/reliability/levers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/reliability/goodput.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Reliability;
using topology::Seconds;

struct Knob {
  const char* figure;
  void (*scale)(Reliability&, double);
};

template <Seconds Reliability::*Time>
void scale_time(Reliability& job, double factor) {
  job.*Time = job.*Time * factor;
}

std::int64_t scaled(std::int64_t count, double factor) {
  return std::llround(static_cast<double>(count) * factor);
}

constexpr std::array knobs = {
    Knob{"failure rate", [](Reliability& job, double f) { job.rate = job.rate * f; }},
    Knob{"detection", scale_time<&Reliability::detection>},
    Knob{"restart", scale_time<&Reliability::restart>},
    Knob{"reload", scale_time<&Reliability::reload>},
    Knob{"regrouping", scale_time<&Reliability::regrouping>},
    Knob{"cost of a checkpoint", scale_time<&Reliability::saving>},
    Knob{"writing of a checkpoint", scale_time<&Reliability::writing>},
    Knob{"interval", scale_time<&Reliability::interval>},
    Knob{"chips of a replica",
         [](Reliability& job, double f) { job.replica = scaled(job.replica, f); }},
    Knob{"spares",
         [](Reliability& job, double f) {
           if (job.spare) job.spare = scaled(*job.spare, f);
         }},
    Knob{"repair", scale_time<&Reliability::repair>},
    Knob{"stragglers", [](Reliability& job, double f) { job.straggling *= f; }},
};

std::optional<double> change(Reliability job, const Knob& knob, double factor, bool best) {
  const double before = kernels::expected_goodput(job);
  knob.scale(job, factor);
  if (best) job.interval = kernels::best_interval(job);
  try {
    check(job);
  } catch (const topology::Error&) {
    return std::nullopt;
  }
  return kernels::expected_goodput(job) - before;
}

}  // namespace

double Lever::gain() const {
  return std::max(half.value_or(0), twice.value_or(0));
}

std::vector<Lever> levers(const Reliability& job, bool best) {
  constexpr double least = 1e-9;  // what rounding makes of a figure without a part
  std::vector<Lever> all;
  for (const Knob& knob : knobs) {
    const Lever lever{knob.figure, change(job, knob, 0.5, best), change(job, knob, 2, best)};
    if (std::abs(lever.half.value_or(0)) > least || std::abs(lever.twice.value_or(0)) > least)
      all.push_back(lever);
  }
  std::stable_sort(
      all.begin(), all.end(), [](const Lever& a, const Lever& b) { return a.gain() > b.gain(); });
  return all;
}

}  // namespace bench
