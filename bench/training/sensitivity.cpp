#include "bench/training/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "bench/training/step.hpp"

namespace bench {
namespace {

struct Knob {
  std::string figure;
  std::function<void(Job&, double)> scale;
};

template <class Q>
void times(topology::Figure<Q>& figure, double factor) {
  if (figure) figure->value = figure->value * factor;
}

template <class Q>
void times(topology::Sourced<Q>& figure, double factor) {
  figure.value = figure.value * factor;
}

/// Everything that is measured per second or in seconds.
std::vector<Knob> knobs(const Job& job) {
  std::vector<Knob> all;
  all.push_back({"compute", [](Job& j, double f) {
                   for (topology::ComputeRate& rate : j.machine.chip.compute) times(rate.roof, f);
                   for (topology::ComputeRate& rate : j.machine.chip.compute) times(rate.peak, f);
                   times(j.machine.chip.cache_bandwidth, f);
                 }});
  all.push_back(
      {"memory bandwidth", [](Job& j, double f) { times(j.machine.chip.memory_bandwidth, f); }});
  all.push_back({"ramp", [](Job& j, double f) { times(j.machine.chip.ramp, f); }});
  all.push_back({"launch", [](Job& j, double f) { times(j.software.launch, f); }});
  all.push_back(
      {"overhead of a collective", [](Job& j, double f) { times(j.machine.overhead, f); }});
  for (std::size_t l = 0; l < job.machine.levels.size(); ++l) {
    const std::string& level = job.machine.levels[l].name;
    all.push_back(
        {level + " bandwidth", [l](Job& j, double f) { times(j.machine.levels[l].bandwidth, f); }});
    all.push_back({level + " latency", [l](Job& j, double f) {
                     times(j.machine.levels[l].latency, f);
                     times(j.machine.levels[l].hop, f);
                     times(j.machine.levels[l].gap, f);
                   }});
  }
  return all;
}

double log_time(const Job& job, const Knob& knob, double factor) {
  Job changed = job;
  knob.scale(changed, factor);
  return std::log(predict_step(changed).time.value());
}

}  // namespace

std::vector<Sensitivity> sensitivities(const Job& job) {
  constexpr double factor = 1.01;
  std::vector<Sensitivity> all;
  for (const Knob& knob : knobs(job)) {
    const double change = log_time(job, knob, factor) - log_time(job, knob, 1 / factor);
    all.push_back({knob.figure, change / (2 * std::log(factor))});
  }
  std::stable_sort(all.begin(), all.end(), [](const Sensitivity& a, const Sensitivity& b) {
    return std::abs(a.exponent) > std::abs(b.exponent);
  });
  return all;
}

}  // namespace bench
