// Binary tree to a root: member v sends to the one that has v's lowest bit cleared and the next one
// set, or, beyond the last member, the lowest bit cleared; odd members are leaves, member 0 is the
// root with one child. In slices all levels of the tree work at once; an inner member takes in two
// messages and sends one.
//
//   steps              ceil(log2 n) for a slice
//   bytes on the wire  each member sends once and receives at most twice
//   other n            any
//
// Double tree, an all-reduce: a second tree on the members counted from the other end (for an odd n
// from the second), where the leaves of the first are the inner members. Each tree reduces half of
// the vector and sends the sum back, so that every port moves at most one vector in and one out
// each way.
//
//   steps              2 ceil(log2 n)
//   bytes on the wire  at most twice what the rank holds
//   other n            any
//   paper              Sanders, Speck, Traeff: Two-tree algorithms for full bandwidth broadcast,
//                      reduction and scan, Parallel Computing 2009
#include <array>
#include <functional>
#include <map>

#include "kernels/collective/algorithm.hpp"

namespace kernels {
namespace {

using Label = std::function<std::int64_t(std::int64_t)>;

std::int64_t parent(std::int64_t v, std::int64_t n) {
  const std::int64_t lowest = v & -v;
  const std::int64_t up = (v ^ lowest) | (2 * lowest);
  return up < n ? up : v ^ lowest;
}

std::int64_t depth(std::int64_t v, std::int64_t n) {
  std::int64_t depth = 0;
  for (; v != 0; v = parent(v, n)) ++depth;
  return depth;
}

/// Every parent hears from both children at once, the deepest ones first.
Node reduce_up(const Context& context, std::size_t digit, const Label& member) {
  const std::int64_t n = context.extents[digit];
  std::map<std::int64_t, std::array<topology::Pairing::Pairs, 2>, std::greater<>> generations;
  for (std::int64_t v = 1; v < n; ++v) {
    const std::int64_t up = parent(v, n);
    generations[depth(v, n)].at(v < up ? 0 : 1).emplace_back(member(v), member(up));
  }
  Sequence steps;
  for (auto& [level, sides] : generations) {
    Together generation;
    for (topology::Pairing::Pairs& side : sides) {
      if (side.empty()) continue;
      Exchange exchange = between_pairs(context, digit, std::move(side));
      exchange.reduce = true;
      generation.parts.emplace_back(std::move(exchange));
    }
    steps.steps.emplace_back(std::move(generation));
  }
  return steps;
}

Node there_and_back(Node up) {
  Sequence both;
  Node back = mirror(up);
  both.steps.push_back(std::move(up));
  both.steps.push_back(std::move(back));
  return both;
}

}  // namespace

Node tree_reduce(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& /*options*/) {
  return reduce_up(context, digits.front(), [](std::int64_t v) { return v; });
}

Node double_tree_phase(const Context& context,
                       const std::vector<std::size_t>& digits,
                       const PhaseOptions& /*options*/) {
  const std::size_t digit = digits.front();
  const std::int64_t n = context.extents[digit];
  std::vector<Node> trees;
  trees.push_back(there_and_back(reduce_up(context, digit, [](std::int64_t v) { return v; })));
  trees.push_back(there_and_back(reduce_up(
      context, digit, [n](std::int64_t v) { return n % 2 == 0 ? n - 1 - v : (v + 1) % n; })));
  return side_by_side(std::move(trees), 0);
}

}  // namespace kernels
