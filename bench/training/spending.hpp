// What a rank's time goes into; communication that nothing hides also by level of the machine.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "topology/quantity.hpp"

namespace bench {

enum class Spent {
  matmul,
  attention,
  elementwise,
  launch,  ///< waiting for the host to launch operations
  tensor,  ///< communication that nothing hides, by axis
  context,
  expert,
  pipeline,
  data,
  bubble,
  optimizer,
};
inline constexpr std::size_t spent_kinds = 11;

inline constexpr std::array exposed_axes{
    Spent::tensor, Spent::context, Spent::expert, Spent::pipeline, Spent::data};

[[nodiscard]] const char* name(Spent spent);

/// How long something takes, and on which levels of the whole machine; the last is what no level
/// takes, see ScheduleCost::by_level.
struct Taken {
  topology::Seconds time;
  std::vector<topology::Seconds> by_level;

  void add(const Taken& other, double times = 1);
};

/// Time by what it goes into.
struct Spending {
  std::array<topology::Seconds, spent_kinds> of{};
  /// Of these, each of exposed_axes by level of the machine, as in Taken; empty: nothing.
  std::array<std::vector<topology::Seconds>, exposed_axes.size()> exposed{};

  topology::Seconds& operator[](Spent spent) { return of[static_cast<std::size_t>(spent)]; }

  const topology::Seconds& operator[](Spent spent) const {
    return of[static_cast<std::size_t>(spent)];
  }

  [[nodiscard]] topology::Seconds total() const;
  void add(const Spending& other, double times = 1);

  /// What is left of a communication beside other work, as its levels share it.
  void wait(Spent axis, topology::Seconds left, const Taken& taken);

  /// Of an axis, on a level or on none (the number of levels).
  [[nodiscard]] topology::Seconds exposed_on(Spent axis, std::size_t level) const;
};

}  // namespace bench
