#include "kernels/distributed/distributed_matmul.hpp"

#include <charconv>
#include <vector>

#include "kernels/matmul/range.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

using topology::Bytes;

std::int64_t wrapped(std::int64_t value, std::int64_t parts) {
  const std::int64_t rest = value % parts;
  return rest < 0 ? rest + parts : rest;
}

std::int64_t index(const Cut& cut, const Place& place, std::int64_t turn) {
  return place.row * cut.by_row + place.column * cut.by_column + (cut.turns ? turn : 0);
}

/// The turns of a layer.
Range share(const DistributedMatmul& program, std::int64_t layer) {
  return part(program.turn.parts, program.grid.layers, layer);
}

Bytes bytes(const DistributedMatmul& program, Matrix matrix, std::int64_t elements) {
  return static_cast<double>(elements) * topology::size_of(program.type(matrix));
}

Bytes bytes_at(const DistributedMatmul& program, Matrix matrix, const Place& at, std::int64_t q) {
  return bytes(program, matrix, block(program, matrix, cell(program, at, q)).elements());
}

/// What comes of an operand before the first step: its copy from layer 0, and its way to the rank
/// that begins with it.
Bytes bytes_before(const DistributedMatmul& program, Matrix matrix, const Place& place) {
  const Travel& travel = program.travel(matrix);
  Bytes sum;
  const std::int64_t here = member(program, matrix, place);
  if (place.layer > 0)
    for (std::int64_t q = 0; q < program.turn.parts; ++q)
      if (owner(program, matrix, q) == here) sum += bytes_at(program, matrix, place, q);
  const std::int64_t first = turn(program, place, 0);
  if (travel.motion == Motion::ring && owner(program, matrix, first) != here)
    sum += bytes_at(program, matrix, place, first);
  return sum;
}

/// What comes of an operand for one step.
Bytes bytes_for(const DistributedMatmul& program,
                Matrix matrix,
                const Place& place,
                std::int64_t step) {
  const std::int64_t q = turn(program, place, step);
  const bool comes = program.travel(matrix).motion == Motion::ring
                         ? step > 0
                         : owner(program, matrix, q) != member(program, matrix, place);
  return comes ? bytes_at(program, matrix, place, q) : Bytes();
}

}  // namespace

std::string ProcessGrid::text() const {
  std::string text = std::to_string(rows) + "x" + std::to_string(columns);
  if (layers > 1) text += "x" + std::to_string(layers);
  return text;
}

ProcessGrid parse_grid(const std::string& text) {
  std::vector<std::int64_t> numbers;
  std::int64_t room = 1000000000000;  // ranks: their product stays in 64 bits
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  for (bool more = true; more && good;) {
    std::int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    good = error == std::errc() && number > 0 && number <= room;
    if (good) room /= number;
    numbers.push_back(number);
    more = next != end && *next == 'x';
    at = more ? next + 1 : next;
  }
  if (!good || at != end || numbers.size() < 2 || numbers.size() > 3)
    topology::usage_error("grid '" + text +
                          "': expected rows x columns, 4x4, or with layers 4x4x2");
  return {numbers[0], numbers[1], numbers.size() > 2 ? numbers[2] : 1};
}

const Travel& DistributedMatmul::travel(Matrix matrix) const {
  if (matrix == Matrix::a) return a;
  return matrix == Matrix::b ? b : c;
}

bool DistributedMatmul::turns(Matrix matrix) const {
  if (matrix == Matrix::a) return m.turns || k.turns;
  return matrix == Matrix::b ? k.turns || n.turns : m.turns || n.turns;
}

topology::DataType DistributedMatmul::type(Matrix matrix) const {
  return matrix == Matrix::c ? accumulator(shape.type) : shape.type;
}

std::int64_t steps(const DistributedMatmul& program, std::int64_t layer) {
  return share(program, layer).size();
}

std::int64_t steps(const DistributedMatmul& program) {
  return ceil_div(program.turn.parts, program.grid.layers);
}

std::int64_t turn(const DistributedMatmul& program, const Place& place, std::int64_t step) {
  const Turn& t = program.turn;
  return wrapped(place.row * t.by_row + place.column * t.by_column + step * t.by_step + t.base +
                     share(program, place.layer).begin,
                 t.parts);
}

Cell cell(const DistributedMatmul& program, const Place& place, std::int64_t turn) {
  return {
      index(program.m, place, turn), index(program.n, place, turn), index(program.k, place, turn)};
}

MatrixBlock block(const DistributedMatmul& program, Matrix matrix, const Cell& cell) {
  const Range m = part(program.shape.m, program.m.parts, cell.m);
  const Range n = part(program.shape.n, program.n.parts, cell.n);
  const Range k = part(program.shape.k, program.k.parts, cell.k);
  const Range& rows = matrix == Matrix::b ? k : m;
  const Range& cols = matrix == Matrix::a ? k : n;
  return {rows.begin, cols.begin, rows.size(), cols.size()};
}

Gemm gemm(const DistributedMatmul& program, const Cell& cell) {
  const MatrixBlock a = block(program, Matrix::a, cell);
  return {a.rows, block(program, Matrix::c, cell).cols, a.cols, program.shape.type};
}

std::int64_t members(const DistributedMatmul& program, Matrix matrix) {
  return program.travel(matrix).line == Line::row ? program.grid.columns : program.grid.rows;
}

std::int64_t member(const DistributedMatmul& program, Matrix matrix, const Place& place) {
  return program.travel(matrix).line == Line::row ? place.column : place.row;
}

std::int64_t owner(const DistributedMatmul& program, Matrix matrix, std::int64_t turn) {
  if (program.travel(matrix).motion == Motion::still) return 0;  // nobody else's
  return turn * members(program, matrix) / program.turn.parts;
}

bool is_skewed(const DistributedMatmul& program, Matrix matrix) {
  const Travel& travel = program.travel(matrix);
  if (matrix == Matrix::c || travel.motion != Motion::ring) return false;
  const Turn& t = program.turn;
  const std::int64_t along = travel.line == Line::row ? t.by_column : t.by_row;
  const std::int64_t across = travel.line == Line::row ? t.by_row : t.by_column;
  return t.parts > 1 && !(along == 1 && across == 0 && t.base == 0 && program.grid.layers == 1);
}

Gemm largest_gemm(const DistributedMatmul& program) {
  return {ceil_div(program.shape.m, program.m.parts),
          ceil_div(program.shape.n, program.n.parts),
          ceil_div(program.shape.k, program.k.parts),
          program.shape.type};
}

Bytes largest_block(const DistributedMatmul& program, Matrix matrix) {
  const Gemm most = largest_gemm(program);
  return bytes(program,
               matrix,
               (matrix == Matrix::b ? most.k : most.m) * (matrix == Matrix::a ? most.k : most.n));
}

Bytes wire_bytes(const DistributedMatmul& program, const Place& place) {
  Bytes sum;
  const std::int64_t count = steps(program, place.layer);
  for (const Matrix matrix : {Matrix::a, Matrix::b}) {
    if (program.travel(matrix).motion == Motion::still) continue;
    sum += bytes_before(program, matrix, place);
    for (std::int64_t s = 0; s < count; ++s) sum += bytes_for(program, matrix, place, s);
  }
  if (program.c.motion == Motion::ring)
    for (std::int64_t s = 0; s + 1 < count; ++s)
      sum += bytes_at(program, Matrix::c, place, turn(program, place, s));
  if (place.layer > 0) sum += bytes_at(program, Matrix::c, place, turn(program, place, 0));
  return sum;
}

Bytes most_wire_bytes(const DistributedMatmul& program) {
  Bytes sum;
  for (const Matrix matrix : {Matrix::a, Matrix::b, Matrix::c}) {
    const Travel& travel = program.travel(matrix);
    const std::int64_t turns = program.turn.parts;
    const std::int64_t owned = ceil_div(turns, members(program, matrix));
    std::int64_t blocks = 0;
    if (travel.motion == Motion::ring) blocks = steps(program) - 1;
    if (travel.motion == Motion::broadcast)
      blocks = turns - turns / members(program, matrix);  // of all parts but the own ones
    if (is_skewed(program, matrix)) ++blocks;
    if (program.grid.layers > 1) blocks += matrix == Matrix::c ? 1 : owned;
    sum += static_cast<double>(blocks) * largest_block(program, matrix);
  }
  return sum;
}

}  // namespace kernels
