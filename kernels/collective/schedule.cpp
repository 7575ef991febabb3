#include "kernels/collective/schedule.hpp"

#include <algorithm>
#include <bit>

namespace kernels {
namespace {

/// The same term when its loop runs backwards.
Affine reversed(Affine term, std::int64_t count) {
  return {term.base + term.slope * (count - 1), -term.slope};
}

Exchange mirror(const Exchange& exchange, std::int64_t count) {
  Exchange back = exchange;
  back.to.operand = reversed(exchange.to.operand, count);
  back.to.map.reversed = !exchange.to.map.reversed;
  if (back.to.at(0).inverse().operand != back.to.at(0).operand)  // else it undoes itself
    back.to.operand = {-back.to.operand.base, -back.to.operand.slope};
  for (Range& range : back.chunks) range.start = reversed(range.start, count);
  back.reduce = false;
  back.anchored_at_receiver = !exchange.anchored_at_receiver;
  return back;
}

std::vector<Node> mirror(const std::vector<Node>& nodes, std::int64_t count);

struct Mirror {
  std::int64_t count;  // trips of the innermost enclosing loop

  Node operator()(const Exchange& exchange) const { return mirror(exchange, count); }

  Node operator()(const Sequence& s) const { return Sequence{mirror(s.steps, count)}; }

  Node operator()(const Loop& l) const { return Loop{l.count, mirror(l.body, l.count)}; }

  Node operator()(const Together& t) const {
    Together back = t;
    for (Node& part : back.parts) part = std::visit(*this, part);
    return back;
  }

  Node operator()(const Lanes& l) const {
    Lanes back = l;
    for (Node& lane : back.lanes) lane = std::visit(*this, lane);
    return back;
  }
};

std::vector<Node> mirror(const std::vector<Node>& nodes, std::int64_t count) {
  std::vector<Node> back(nodes.size());
  std::transform(nodes.rbegin(), nodes.rend(), back.begin(), [count](const Node& node) {
    return std::visit(Mirror{count}, node);
  });
  return back;
}

}  // namespace

std::int64_t Schedule::ranks() const {
  std::int64_t product = 1;
  for (const std::int64_t n : extents) product *= n;
  return product;
}

Node mirror(const Node& node) {
  return std::visit(Mirror{1}, node);
}

namespace {

struct ReserveForRoot {
  const std::vector<std::size_t>& digits;

  void operator()(Exchange& e) const {
    e.at_root.insert(e.at_root.end(), digits.begin(), digits.end());
  }

  void operator()(Sequence& s) const { each(s.steps); }

  void operator()(Loop& l) const { each(l.body); }

  void operator()(Together& t) const { each(t.parts); }

  void operator()(Lanes& l) const { each(l.lanes); }

  void each(std::vector<Node>& nodes) const {
    for (Node& node : nodes) std::visit(*this, node);
  }
};

}  // namespace

void reserve_for_root(Node& node, const std::vector<std::size_t>& digits) {
  if (!digits.empty()) std::visit(ReserveForRoot{digits}, node);
}

double messages(const Partner& to, const std::vector<std::int64_t>& extents) {
  if (!to.every) return 1;
  double members = 1;
  for (const std::size_t d : to.digits) members *= static_cast<double>(extents[d]);
  return members - 1;
}

double chunks_in(const Box& box, const std::vector<std::int64_t>& extents) {
  double count = 1;
  for (std::size_t d = 0; d < box.size(); ++d) {
    const auto n = static_cast<double>(extents[d]);
    if (box[d].kind == Range::Kind::all) count *= n;
    if (box[d].offsets) count *= static_cast<double>(box[d].offsets->size());
    if (box[d].kind == Range::Kind::span) count *= static_cast<double>(box[d].length);
    if (box[d].kind == Range::Kind::congruent) count *= n / static_cast<double>(box[d].modulus);
    if (box[d].kind == Range::Kind::cube) count *= n / (1 << std::popcount(box[d].mask));
  }
  return count;
}

}  // namespace kernels
