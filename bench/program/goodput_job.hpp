// What rainier goodput is asked for: flags over a system and published failures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/reliability/reliability.hpp"
#include "topology/failures.hpp"
#include "topology/machine.hpp"

namespace bench {

/// Times are texts with a unit; an empty one leaves what the file of failures says.
struct GoodputOptions {
  std::string system = "rainier";
  std::vector<std::string> overrides;
  std::int64_t chips = 0;
  double days = 30;
  std::string failures = "llama3";
  double rate = 0;  ///< failures per chip-hour
  std::string mean_time;
  double shape = 1;
  std::string detection;
  std::string restart;
  std::string reload;
  std::string regrouping;
  std::string checkpoint;
  std::string snapshot;
  std::string repair;
  bool asynchronous = false;
  std::string interval = "auto";
  std::string recovery = "restart";
  std::int64_t replica = 0;
  std::string spares = "auto";
  std::string step;
  std::string noise;
  std::int64_t runs = 1000;
  std::uint64_t seed = 1;
  bool json = false;
  std::string output;
  bool force = false;
};

/// A figure as it stands in the answer.
struct GoodputFigure {
  std::string name;
  std::string value;
  std::string origin;  ///< published, derived, assumed, or given by a flag
  std::string source;
};

struct GoodputJob {
  topology::Machine machine;
  topology::Failures failures;
  topology::Sourced<topology::Hertz> rate;  ///< of failures of a chip
  topology::Sourced<double> replaced;       ///< share of them that replaces a unit
  kernels::Reliability reliability;
  topology::Seconds duration;
  std::string unit;         ///< what is replaced: "ultraserver"
  bool given_rate = false;  ///< by a flag
  bool best = false;        ///< the interval is the best one
  std::int64_t runs = 0;
  std::uint64_t seed = 0;
  std::vector<GoodputFigure> figures;

  /// Too short for closed forms, which are of a run without end: it has seen few failures or
  /// checkpoints, and begins restored and saved.
  [[nodiscard]] bool is_short() const;
};

/// @throws Error(usage) for what cannot be
[[nodiscard]] GoodputJob goodput_job(const GoodputOptions& options);

/// In the unit that people use: "348.5 s", "3.1 h", "54 d".
[[nodiscard]] std::string span_text(topology::Seconds time);

}  // namespace bench
