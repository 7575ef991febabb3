// The best plans of a job: every plan of a space is bounded from below (shape_price.hpp), and the
// step is predicted for those only that may still be among the best, the lowest bound first. So the
// list is that of a prediction of every plan.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/training/job.hpp"
#include "bench/training/step.hpp"
#include "kernels/training/plan_space.hpp"

namespace bench {

struct FoundPlan {
  kernels::Plan plan;
  topology::Seconds time;
  topology::Bytes memory;  ///< of the chip that needs most
  Spending spending;
  double mfu = 0;
  std::int64_t number = 0;  ///< in the order of the space
};

/// The best plan on a part of a machine.
struct PartPlan {
  std::int64_t chips = 0;
  FoundPlan plan;

  /// Of all chips, for one token.
  [[nodiscard]] topology::Seconds chip_time() const;
};

/// What became of the plans of a space.
struct SearchCounts {
  std::int64_t plans = 0;
  std::int64_t misfits = 0;    ///< that neither the model nor the machine can be divided by
  std::int64_t too_large = 0;  ///< for the chip's memory
  std::int64_t bounded = 0;    ///< that cannot be among the best
  std::int64_t predicted = 0;

  void add(const SearchCounts& other);
};

/// Shares of a chip's memory within which the fastest plan is found, too.
inline constexpr std::array memory_shares{1.0, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125};

struct SearchResult {
  std::vector<FoundPlan> best;   ///< by time, then by number
  std::vector<FoundPlan> front;  ///< the fastest within shares of the memory, by time, each once
  SearchCounts counts;
  std::string misfit;  ///< why one of the misfits is one

  /// Of two parts of a space.
  void add(const SearchResult& other, std::size_t keep, topology::Bytes capacity);
};

struct SearchOptions {
  std::size_t keep = 10;
  std::int64_t part = 0;  ///< of `parts`: every so many shapes are this one's
  std::int64_t parts = 1;
  std::function<void(double share)> progress;  ///< called by one thread now and then
  bool front = true;  ///< look for the fastest within shares of the memory, too
};

/// Of a chip; infinite where it is not known.
[[nodiscard]] topology::Bytes memory_capacity(const topology::Machine& machine);

/// All plans of a job on its machine; replicas share among all or within a whole level (HSDP).
/// @param model_chips most of tensor times context ranks; 0: chips that need no NIC between them
[[nodiscard]] kernels::PlanSpace whole_space(const Job& job, std::int64_t model_chips);

/// @param job its plan gives sequence, batch, types and overlaps
/// @throws Error(usage) where the chip lacks a figure, or no plan fits: says what is in the way
[[nodiscard]] SearchResult search(const Job& job,
                                  const kernels::PlanSpace& space,
                                  const SearchOptions& options = {});

/// Why a search has found no plan, and what would help.
[[nodiscard]] std::string nothing_found(const SearchResult& found);

}  // namespace bench
