#include "bench/training/spending.hpp"

#include <algorithm>

namespace bench {
namespace {

using topology::Seconds;
using ByLevel = std::vector<Seconds>;

void add_to(ByLevel& sums, const ByLevel& values, double times) {
  sums.resize(std::max(sums.size(), values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += times * values[i];
}

std::size_t index(Spent axis) {
  return static_cast<std::size_t>(axis) - static_cast<std::size_t>(exposed_axes.front());
}

}  // namespace

const char* name(Spent spent) {
  static constexpr std::array<const char*, spent_kinds> names{"matmul",
                                                              "attention",
                                                              "element-wise",
                                                              "launch",
                                                              "tensor parallel",
                                                              "context parallel",
                                                              "expert parallel",
                                                              "pipeline transfer",
                                                              "data parallel",
                                                              "bubble",
                                                              "optimizer"};
  return names.at(static_cast<std::size_t>(spent));
}

void Taken::add(const Taken& other, double times) {
  time += times * other.time;
  add_to(by_level, other.by_level, times);
}

Seconds Spending::total() const {
  Seconds sum;
  for (const Seconds part : of) sum += part;
  return sum;
}

void Spending::add(const Spending& other, double times) {
  for (std::size_t i = 0; i < of.size(); ++i) of[i] += times * other.of[i];
  for (std::size_t i = 0; i < exposed.size(); ++i) add_to(exposed[i], other.exposed[i], times);
}

void Spending::wait(Spent axis, Seconds left, const Taken& taken) {
  if (taken.time.value() <= 0) return;
  (*this)[axis] += left;
  add_to(exposed[index(axis)], taken.by_level, left / taken.time);
}

Seconds Spending::exposed_on(Spent axis, std::size_t level) const {
  const ByLevel& levels = exposed[index(axis)];
  return level < levels.size() ? levels[level] : Seconds();
}

}  // namespace bench
