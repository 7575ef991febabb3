// One point of a collective: what was asked, and what came out. The tables on the terminal and in
// the results file are made of these.
#pragma once

#include <cstdint>
#include <string>

#include "bench/executor/measure.hpp"
#include "bench/executor/predict.hpp"
#include "kernels/collective/collective.hpp"
#include "topology/machine.hpp"

namespace bench {

struct CollectiveRow {
  kernels::Collective collective = kernels::Collective::all_reduce;
  std::int64_t ranks = 0;
  std::int64_t bytes = 0;  ///< of the elements that are really moved, see `elements`
  std::int64_t count = 0;
  topology::DataType type = topology::DataType::f32;
  std::string op;  ///< "none" where nothing is reduced
  Prediction prediction;
  Lowering lowering = Lowering::messages;
  Measurement out_of_place;  ///< empty when only predicted
  Measurement in_place;
  Measurement library_out_of_place;  ///< MPI's own call in the same run; empty if not asked for
  Measurement library_in_place;

  /// Algorithm and bus bandwidth in bytes per second.
  [[nodiscard]] double algbw(double seconds) const;
  [[nodiscard]] double busbw(double seconds) const;
  /// Median of the faster placement: out of place the input is copied first, but for an all-to-all,
  /// which copies in place. The model charges neither copy.
  [[nodiscard]] double without_copy() const;
  /// Wrong elements in both placements.
  [[nodiscard]] std::int64_t wrong() const;
};

/// A point before anything is known of it. @throws Error(usage), see `elements`
[[nodiscard]] CollectiveRow point(kernels::Collective collective,
                                  std::int64_t bytes,
                                  const MeasureOptions& options,
                                  std::int64_t ranks);

[[nodiscard]] CollectiveRow predict_point(kernels::Collective collective,
                                          std::int64_t bytes,
                                          const MeasureOptions& options,
                                          const std::string& algorithm,
                                          const topology::Machine& machine,
                                          const PredictOptions& asked = {});

/// How schedules are carried out here: through shared memory where all ranks are on one host.
/// Collective. @param text "auto", "host" or "messages" @throws Error(usage)
[[nodiscard]] Lowering choose_lowering(const std::string& text);

/// Measures with the algorithm that `model` predicts to be best ("auto") or the one that is named.
/// Collective over all ranks, whose number is the model's chips. The lowerings asked for are one
/// for schedules and, after it, the library's where that stands beside.
[[nodiscard]] CollectiveRow measure_point(kernels::Collective collective,
                                          std::int64_t bytes,
                                          const MeasureOptions& options,
                                          const std::string& algorithm,
                                          const topology::Machine& model);

}  // namespace bench
