// One point of a collective: what was asked, and what came out. The tables on the terminal and in
// the results file are made of these.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/executor/measure.hpp"
#include "bench/executor/ping_pong.hpp"
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
  Measurement beside_out_of_place;  ///< MPI's own call, or a copy, in turns; empty if not asked for
  Measurement beside_in_place;
  CoreToCore core_to_core;  ///< around the measurement

  /// Algorithm and bus bandwidth in bytes per second.
  [[nodiscard]] double algbw(double seconds) const;
  [[nodiscard]] double busbw(double seconds) const;
  /// Its median: by messages the other one copies the input first, which no model charges.
  [[nodiscard]] double faster_placement() const;
  /// "ring(ranks)", and if so "by messages" or "by shared memory and messages".
  [[nodiscard]] std::string how() const;
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

/// A way to carry schedules out, and the model of this machine that goes with it.
struct Way {
  Lowering lowering = Lowering::messages;
  topology::Machine model;
};

/// How schedules can be carried out here: through shared memory where all ranks are on one host,
/// through shared memory and messages where ranks of several share some, and by messages. The same
/// on all ranks. Collective. @param text "auto", what makes most of shared memory and messages;
/// "host", "mixed" or "messages" @throws Error(usage)
[[nodiscard]] std::vector<Lowering> lowerings(const std::string& text);

/// Each with its fit, a second or two. Collective.
[[nodiscard]] std::vector<Way> fit_ways(const std::vector<Lowering>& lowerings);

/// A way, and the algorithm that goes with it.
struct TriedWay {
  const Way* way = nullptr;
  std::string algorithm;
};

/// The fastest in a short trial of both placements: a fit knows nothing of caches and of who has
/// written last, nor how often a step goes over the same bytes. For "auto" the algorithms are those
/// that a model has near its best. Collective; all ranks come to the same. @param ways outlive it
[[nodiscard]] TriedWay fastest(const std::vector<Way>& ways,
                               kernels::Collective collective,
                               std::int64_t bytes,
                               MeasureOptions options,
                               const std::string& algorithm);

/// Measures with the algorithm that the model predicts to be best ("auto") or the one that is
/// named. Collective over all ranks, whose number is the model's chips. @param options where its
/// lowerings hold the library's, that is measured beside it
[[nodiscard]] CollectiveRow measure_point(kernels::Collective collective,
                                          std::int64_t bytes,
                                          MeasureOptions options,
                                          const std::string& algorithm,
                                          const Way& way);

}  // namespace bench
