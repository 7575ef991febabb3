// A training job: which model, on which machine, spread how, by which software.
#pragma once

#include <string>

#include "bench/training/groups.hpp"
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

/// Groups of chips of a job, of two members or more; ranks of an axis lie as plan.hpp says. Null:
/// there is none.
struct Axes {
  Group* tensor = nullptr;
  Group* context = nullptr;
  Group* expert = nullptr;
  Group* expert_inside = nullptr;   ///< of one group of experts, where tokens go by groups
  Group* expert_between = nullptr;  ///< and from group to group
  Group* expert_data = nullptr;     ///< that hold the same experts
  Group* data = nullptr;            ///< context and data ranks: one gradient
  Group* shard = nullptr;           ///< of HSDP: those that share
  Group* replicas = nullptr;        ///< of HSDP: shares that are alike
  Group* pipeline = nullptr;

  [[nodiscard]] Group* of(kernels::Axis axis) const;
};

/// @throws Error(usage) for a plan that does not fit the machine's levels
[[nodiscard]] Axes axes(const Job& job, Groups& groups);

}  // namespace bench
