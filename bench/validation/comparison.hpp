// A published measurement beside what the model says of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/validation/published.hpp"
#include "topology/quantity.hpp"

namespace bench {

struct Comparison {
  std::string id;
  std::string set;      ///< one publication or table
  std::string quality;  ///< "A" complete and timed directly, "B" one thing assumed, "C" orientation
  std::string subject;  ///< what was run, for people: "gpt3-175b, 512 A100-80, TP 8 PP 8 DP 8"
  topology::Seconds measured;
  std::optional<topology::Seconds> predicted;
  std::string group;   ///< rows that do the same on the same chips; empty: like no other
  double work = 0;     ///< of those, in units of their own: tokens
  std::string reason;  ///< why nothing is predicted, or where the time goes

  /// Signed, relative to the measurement. @pre predicted
  [[nodiscard]] double error() const { return *predicted / measured - 1; }
};

/// One for each row, in their order: a row that cannot be predicted says why.
using Validate = std::vector<Comparison> (*)(const std::vector<PublishedRow>& rows);

[[nodiscard]] std::vector<Comparison> validate_collectives(const std::vector<PublishedRow>& rows);
[[nodiscard]] std::vector<Comparison> validate_matmul(const std::vector<PublishedRow>& rows);
[[nodiscard]] std::vector<Comparison> validate_training(const std::vector<PublishedRow>& rows);

}  // namespace bench
