#include "kernels/collective/schedule.hpp"

#include <algorithm>
#include <bit>

namespace kernels {
namespace {

/// The same term when its loop runs backwards: counts how often the digit has yet to move. With
/// n = count + 1, which units and turns divide, floor((n - 2 - k) / unit) is n / unit - 1 -
/// floor((k + 1) / unit).
Affine reversed(Affine term, std::int64_t count) {
  const std::int64_t moves = (count + 1) / term.unit - 1;
  const std::int64_t turns = term.turn > 0 ? (count + 1) / term.turn - 1 : 0;
  term.base += term.slope * (moves - turns);
  term.slope = -term.slope;
  term.ahead = 1 - term.ahead;
  return term;
}

Affine negated(Affine term) {
  term.base = -term.base;
  term.slope = -term.slope;
  return term;
}

Exchange mirror(const Exchange& exchange, std::int64_t count) {
  Exchange back = exchange;
  back.to.operand = reversed(exchange.to.operand, count);
  back.to.map.reversed = !exchange.to.map.reversed;
  if (back.to.at(0).inverse().operand != back.to.at(0).operand)  // else it undoes itself
    back.to.operand = negated(back.to.operand);
  for (DigitRange& range : back.chunks) range.start = reversed(range.start, count);
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

  Node operator()(const Odometer& o) const {  // read backwards it turns over in the same steps
    Odometer back = o;
    for (Exchange& hop : back.hops) hop = mirror(hop, o.steps());
    return back;
  }

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

std::int64_t Odometer::steps() const {
  std::int64_t members = 1;
  for (const std::int64_t n : extents) members *= n;
  return members - 1;
}

std::size_t Odometer::digit(std::int64_t k) const {
  std::size_t d = 0;
  for (std::int64_t turned = k + 1; turned % extents[d] == 0; ++d) turned /= extents[d];
  return d;
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

  void operator()(Odometer& o) const {
    for (Exchange& hop : o.hops) (*this)(hop);
  }

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

namespace {

struct ReachesAll {
  bool operator()(const Exchange& e) const { return e.to.every; }

  bool operator()(const Sequence& s) const { return each(s.steps); }

  bool operator()(const Loop& l) const { return each(l.body); }

  bool operator()(const Odometer& /*o*/) const { return false; }

  bool operator()(const Together& t) const { return each(t.parts); }

  bool operator()(const Lanes& l) const { return each(l.lanes); }

  [[nodiscard]] bool each(const std::vector<Node>& nodes) const {
    return std::all_of(
        nodes.begin(), nodes.end(), [this](const Node& node) { return std::visit(*this, node); });
  }
};

}  // namespace

bool takes_imbalance(const Schedule& schedule) {
  return schedule.collective == Collective::all_to_all && std::visit(ReachesAll{}, schedule.root);
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
    if (box[d].kind == DigitRange::Kind::all) count *= n;
    if (box[d].offsets) count *= static_cast<double>(box[d].offsets->size());
    if (box[d].kind == DigitRange::Kind::span) count *= static_cast<double>(box[d].length);
    if (box[d].kind == DigitRange::Kind::congruent)
      count *= n / static_cast<double>(box[d].modulus);
    if (box[d].kind == DigitRange::Kind::cube) count *= n / (1 << std::popcount(box[d].mask));
  }
  return count;
}

}  // namespace kernels
