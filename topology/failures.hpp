// How often the chips of a large job fail, as somebody has counted it, and what a failure costs.
#pragma once

#include <string>
#include <vector>

#include "topology/quantity.hpp"
#include "topology/sourced.hpp"

namespace topology {

/// A class of failures that were counted together.
struct FailureClass {
  std::string name;
  Sourced<double> count;
  bool replaced = false;  ///< the UltraServer goes into repair, another one takes its place
};

struct Failures {
  std::string name;
  std::string title;
  std::string notes;
  Sourced<double> exposure;  ///< chip-days over which they were counted
  std::vector<FailureClass> classes;

  Sourced<Seconds> detection;
  Sourced<Seconds> restart;
  Sourced<Seconds> reload;
  Sourced<Seconds> regrouping;  ///< of the replicas that go on without one
  Sourced<Seconds> checkpoint;  ///< until it is written
  Sourced<Seconds> snapshot;    ///< until work goes on, where it is written beside the work
  Sourced<Seconds> repair;

  [[nodiscard]] double count() const;
  /// Of one chip.
  [[nodiscard]] Hertz rate() const;
  [[nodiscard]] Hertz rate(const FailureClass& of) const;
  /// Share of the failures after which an UltraServer is replaced.
  [[nodiscard]] double replaced() const;
};

template <class FailuresRef, class Visit>
void each_time_of_failures(FailuresRef& failures, Visit&& visit) {
  visit("detection", failures.detection);
  visit("restart", failures.restart);
  visit("reload", failures.reload);
  visit("regrouping", failures.regrouping);
  visit("checkpoint", failures.checkpoint);
  visit("snapshot", failures.snapshot);
  visit("repair", failures.repair);
}

[[nodiscard]] std::vector<std::string> failures_names();

/// As load_chip, from topology/failures. A file that extends another has its times, and its classes
/// where it counts none. @throws Error(usage)
[[nodiscard]] Failures load_failures(const std::string& name_or_path);

}  // namespace topology
