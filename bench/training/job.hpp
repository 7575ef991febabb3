// A training job: which model, on which machine, spread how, by which software.
#pragma once

#include <optional>
#include <string>

#include "kernels/training/model.hpp"
#include "kernels/training/operation.hpp"
#include "kernels/training/plan.hpp"
#include "topology/machine.hpp"
#include "topology/software.hpp"

namespace bench {

struct Job {
  kernels::Model model;
  topology::Machine machine;  ///< as many chips as the plan
  topology::Software software;
  kernels::Plan plan;
  std::string algorithm = "auto";  ///< of collectives, as in `predict`
};

/// Groups of chips of a job, of two members or more; ranks of an axis lie as plan.hpp says.
struct Axes {
  std::optional<topology::Machine> tensor;
  std::optional<topology::Machine> context;
  std::optional<topology::Machine> expert;
  std::optional<topology::Machine> expert_data;  ///< that hold the same experts
  std::optional<topology::Machine> data;         ///< context and data ranks: one gradient
  std::optional<topology::Machine> shard;        ///< of HSDP: those that share
  std::optional<topology::Machine> replicas;     ///< of HSDP: shares that are alike
  std::optional<topology::Machine> pipeline;

  [[nodiscard]] const topology::Machine* of(kernels::Axis axis) const;
};

/// @throws Error(usage) for a plan that does not fit the machine's levels
[[nodiscard]] Axes axes(const Job& job);

}  // namespace bench
