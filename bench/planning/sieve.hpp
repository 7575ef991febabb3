// What one thread of a search does: bounds the plans of shapes, and predicts single ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/planning/search.hpp"
#include "bench/planning/shape_price.hpp"

namespace bench {

/// A plan that fits, so small that millions of them can be kept.
struct Candidate {
  PlanFloor floor;
  std::int64_t number = 0;  ///< in the order of the space
  std::int32_t pipeline = 1;
  std::int32_t virtual_stages = 1;
  std::int32_t shard = 0;
  kernels::PipelineOrder order = kernels::PipelineOrder::one_f_one_b;
  kernels::Sharding sharding = kernels::Sharding::none;
  bool full = false;  ///< the floor is the full one, see shape_price.hpp
};

/// The shapes of a space, and what their pieces cost, as far as it is known.
struct PricedShapes {
  std::vector<kernels::Plan> plans;
  std::vector<std::optional<PieceCosts>> costs;

  [[nodiscard]] static std::size_t index(const Candidate& candidate);
  [[nodiscard]] kernels::Plan plan(const Candidate& candidate) const;
};

class Sieve {
 public:
  /// All must outlive this; each of the shapes is for one thread at a time.
  Sieve(const Job& job, const kernels::PlanSpace& space, PricedShapes& shapes);

  /// Bounds the plans of a shape and keeps those that may fit.
  void add(std::size_t shape);

  /// Gives a candidate its full floor.
  void bound(Candidate& candidate);

  [[nodiscard]] FoundPlan predicted(const Candidate& candidate);

  std::vector<Candidate> candidates;
  SearchCounts counts;
  std::string misfit;

 private:
  /// @returns whether plans with the ranks of this one fit the model and the machine
  [[nodiscard]] bool fits(std::size_t shape, const kernels::Plan& plan);
  void consider(const kernels::Plan& plan, std::int64_t number);

  Job job_;
  const kernels::PlanSpace& space_;
  PricedShapes& shapes_;
  topology::Bytes capacity_;
  Groups groups_;
  PipelineFloors floors_;
  ShapePrice price_;
  topology::Seconds time_;  // of the pipeline at hand
};

}  // namespace bench
