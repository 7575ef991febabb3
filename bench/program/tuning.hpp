// A tuning table: which algorithm a group of chips uses for a collective from which size on. What
// `auto` chose can be saved as one, read back, edited.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "kernels/collective/collective.hpp"
#include "topology/machine.hpp"

namespace bench {

class Tuning {
 public:
  explicit Tuning(topology::Machine group) : group_(std::move(group)) {}

  /// @throws Error(usage) with file, line and what was expected: also for a table of another number
  /// of chips and for algorithms that the group cannot run
  [[nodiscard]] static Tuning load(const std::string& path, const topology::Machine& group);

  /// Of the largest size that is not above `bytes`; of the smallest one below all of them.
  /// @throws Error(usage) where the table has no such collective
  [[nodiscard]] const std::string& at(kernels::Collective collective, std::int64_t bytes) const;

  /// Replaces what the table says of a collective. Sizes with the algorithm of the size before are
  /// left out.
  void set(kernels::Collective collective, const std::map<std::int64_t, std::string>& choices);

  [[nodiscard]] std::string to_toml() const;

 private:
  std::string path_;  ///< where it was read from
  topology::Machine group_;
  std::map<kernels::Collective, std::map<std::int64_t, std::string>> choices_;
};

/// Writes the choices into a table, beside those of other collectives that the file holds already.
/// @throws Error(usage) when the file is something else, Error(environment) when it cannot be
/// written
void save_tuning(const std::string& path,
                 const topology::Machine& group,
                 kernels::Collective collective,
                 const std::map<std::int64_t, std::string>& choices);

/// An algorithm as the user names it: the same for all sizes, or "file:PATH", a tuning table.
class AlgorithmChoice {
 public:
  AlgorithmChoice(const std::string& text,
                  kernels::Collective collective,
                  const topology::Machine& group);

  [[nodiscard]] const std::string& at(std::int64_t bytes) const;

 private:
  std::string text_;
  kernels::Collective collective_;
  std::optional<Tuning> tuning_;
};

}  // namespace bench
