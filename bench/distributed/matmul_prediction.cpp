#include "bench/distributed/matmul_prediction.hpp"

#include <optional>

#include <fmt/format.h>

#include "bench/executor/predict.hpp"
#include "kernels/distributed/communication_bound.hpp"
#include "topology/axis.hpp"
#include "topology/error.hpp"
#include "topology/traffic.hpp"

namespace bench {
namespace {

using kernels::DistributedMatmul;
using kernels::Matrix;
using kernels::Motion;
using topology::Bytes;
using topology::Machine;
using topology::Seconds;

/// Ranks of a grid that talk to each other; none where they are one.
struct GridLines {
  std::optional<Machine> row;
  std::optional<Machine> column;
  std::optional<Machine> layers;

  [[nodiscard]] const std::optional<Machine>& of(kernels::Line line) const {
    return line == kernels::Line::row ? row : column;
  }
};

std::optional<Machine> line(const Machine& machine,
                            const char* what,
                            std::int64_t stride,
                            std::int64_t members) {
  if (members < 2) return std::nullopt;
  try {
    return topology::axis(machine, stride, members);
  } catch (const topology::Error& error) {
    topology::usage_error(fmt::format("{} of {} chips: {}", what, members, error.what()));
  }
}

GridLines lines(const kernels::ProcessGrid& grid, const Machine& machine) {
  if (grid.ranks() != machine.chips())
    topology::usage_error(fmt::format("a grid of {} is {} ranks, {} has {} chips",
                                      grid.text(),
                                      grid.ranks(),
                                      machine.name,
                                      machine.chips()));
  return {line(machine, "rows", 1, grid.columns),
          line(machine, "columns", grid.columns, grid.rows),
          line(machine, "layers", grid.columns * grid.rows, grid.layers)};
}

/// Two parts of one ring, or two tiers of a Clos: a chip has one NIC for all of them.
bool share_links(const Machine& a, const Machine& b) {
  for (const topology::Level& one : a.levels)
    for (const topology::Level& other : b.levels)
      if (one.name == other.name ||
          (one.shape == topology::LevelShape::clos && other.shape == topology::LevelShape::clos))
        return true;
  return false;
}

Seconds shift_on(const Machine& group, std::size_t level, std::int64_t distance, Bytes bytes) {
  topology::Traffic traffic(group);
  traffic.add(level, {.kind = topology::DigitMap::Kind::add, .operand = distance}, bytes);
  return traffic.time().total();
}

/// Of every member's block, to the next one or the one before: as the slowest level does it.
Seconds shift(const Machine& group, Bytes bytes, std::int64_t direction) {
  Seconds slowest;
  for (std::size_t l = 0; l < group.levels.size(); ++l)
    slowest = std::max(slowest, shift_on(group, l, direction, bytes));
  return slowest;
}

/// By as many places as takes longest.
Seconds longest_shift(const Machine& group, Bytes bytes) {
  Seconds slowest;
  for (std::size_t l = 0; l < group.levels.size(); ++l) {
    // On a ring half way around; through a switch all distances are alike.
    const bool ring = group.levels[l].shape == topology::LevelShape::ring;
    const std::int64_t farthest = ring ? group.levels[l].extent / 2 : 1;
    for (std::int64_t d = 1; d <= farthest; ++d)
      slowest = std::max(slowest, shift_on(group, l, d, bytes));
  }
  return slowest;
}

Seconds call(kernels::Collective collective, const std::optional<Machine>& group, Bytes bytes) {
  return group ? predict(collective, *group, bytes, "auto").time : Seconds();
}

/// Times of what moves, of the longest blocks.
class Moves {
 public:
  Moves(const DistributedMatmul& program, const Machine& machine)
      : program_(program), lines_(lines(program.grid, machine)) {}

  /// Beside a multiplication.
  [[nodiscard]] Seconds in_step() const {
    return beside(Matrix::a, Matrix::b, [this](Matrix x) { return step(x); }) + step(Matrix::c);
  }

  [[nodiscard]] Seconds before() const {
    const Seconds turn = beside(Matrix::a, Matrix::b, [this](Matrix x) { return first_turn(x); });
    return copies() + turn;
  }

  [[nodiscard]] Seconds after() const {
    return call(kernels::Collective::reduce, lines_.layers, bytes(Matrix::c));
  }

  [[nodiscard]] topology::Status origin() const {
    topology::Status weakest = origin(lines_.layers);
    for (const Matrix matrix : {Matrix::a, Matrix::b, Matrix::c})
      if (program_.travel(matrix).motion != Motion::still)
        weakest = std::max(weakest, origin(group(matrix)));
    return weakest;
  }

 private:
  [[nodiscard]] static topology::Status origin(const std::optional<Machine>& line) {
    topology::Status weakest = topology::Status::published;
    if (line)
      for (const topology::Level& level : line->levels)
        weakest = std::max(weakest, level.bandwidth.status);
    return weakest;
  }

  [[nodiscard]] Bytes bytes(Matrix matrix) const { return largest_block(program_, matrix); }

  [[nodiscard]] const std::optional<Machine>& group(Matrix matrix) const {
    return lines_.of(program_.travel(matrix).line);
  }

  [[nodiscard]] Seconds step(Matrix matrix) const {
    const kernels::Travel& travel = program_.travel(matrix);
    if (travel.motion == Motion::still || !group(matrix)) return {};
    if (travel.motion == Motion::ring)
      return shift(*group(matrix), bytes(matrix), travel.direction);
    return call(kernels::Collective::broadcast, group(matrix), bytes(matrix));
  }

  /// What a matrix needs before it can be multiplied.
  [[nodiscard]] Seconds first_turn(Matrix matrix) const {
    if (program_.travel(matrix).motion == Motion::broadcast) return step(matrix);
    if (!is_skewed(program_, matrix) || !group(matrix)) return {};
    return longest_shift(*group(matrix), bytes(matrix));
  }

  [[nodiscard]] Seconds copies() const {
    return call(kernels::Collective::broadcast, lines_.layers, bytes(Matrix::a) + bytes(Matrix::b));
  }

  template <class Time>
  [[nodiscard]] Seconds beside(Matrix one, Matrix other, const Time& time) const {
    const bool both = group(one) && group(other);
    const bool shared = both && share_links(*group(one), *group(other));
    return shared ? time(one) + time(other) : std::max(time(one), time(other));
  }

  const DistributedMatmul& program_;
  GridLines lines_;
};

/// All that a chip can send at once: every level's links, tiers of a Clos once.
topology::BytesPerSecond injection(const Machine& machine) {
  topology::BytesPerSecond sum{};
  bool nic = false;
  for (const topology::Level& level : machine.levels) {
    const bool clos = level.shape == topology::LevelShape::clos;
    if (!clos || !nic) sum += level.injection();
    nic = clos;
  }
  return sum;
}

}  // namespace

BlockTime block_time(const kernels::TensorEngine& engine) {
  kernels::TensorEngine in_line = engine;
  in_line.launch = Seconds();
  return [in_line](const kernels::Gemm& block, bool adds) {
    const kernels::GemmTime alone = kernels::predict(block, in_line);
    if (!adds) return alone.time;
    const kernels::Gemm sums{block.m, block.n, 0, block.type};
    const Seconds added = 2 * sums.bytes() / (in_line.memory_bandwidth * in_line.memory_efficiency);
    return alone.time +
           std::max(Seconds(), alone.memory + added - std::max(alone.compute, alone.memory));
  };
}

MatmulPrediction predict(const DistributedMatmul& program,
                         const Machine& machine,
                         topology::FlopsPerSecond roof,
                         const BlockTime& block_time) {
  const Moves moves(program, machine);
  const auto steps = static_cast<double>(kernels::steps(program));
  const kernels::Gemm block = largest_gemm(program);
  // Where C turns and stays, each block of it is written once.
  const bool adds = !program.turns(Matrix::c) || program.c.motion == Motion::ring;
  const Seconds first = block_time(block, false);
  const Seconds further = block_time(block, adds);
  const Seconds moved = moves.in_step();
  const Seconds around = moves.before() + moves.after();
  MatmulPrediction out;
  out.compute = first + (steps - 1) * further;
  out.moving = around + (steps - 1) * moved;
  out.time = around + first + (steps - 1) * std::max(further, moved);
  const auto ranks = static_cast<double>(program.grid.ranks());
  out.compute_bound = program.shape.flops() / (ranks * roof);
  out.links = moves.origin();
  if (program.grid.ranks() > 1) out.wire_bound = least_wire_bytes(program) / injection(machine);
  return out;
}

}  // namespace bench
