#include "kernels/matmul/operands.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "topology/error.hpp"

namespace kernels {
namespace {

void check_length(const char* operand, std::int64_t rows, std::int64_t cols, std::size_t length) {
  if (cols != 0 && rows > std::numeric_limits<std::int64_t>::max() / cols)
    topology::usage_error(std::string("matmul: ") + operand + " has more than 2^63 elements");
  const std::int64_t wanted = rows * cols;
  if (std::cmp_equal(length, wanted)) return;
  topology::usage_error(std::string("matmul: ") + operand + " holds " + std::to_string(length) +
                        " elements, the shape asks for " + std::to_string(rows) + " x " +
                        std::to_string(cols) + " = " + std::to_string(wanted));
}

}  // namespace

void check_operands(
    const Gemm& shape, topology::DataType type, std::size_t a, std::size_t b, std::size_t c) {
  if (shape.type != type)
    topology::usage_error(std::string("matmul: the shape is of ") + topology::name(shape.type) +
                          ", the operands are of " + topology::name(type));
  if (shape.m < 0 || shape.n < 0 || shape.k < 0)
    topology::usage_error("matmul: m, n and k must not be negative");
  check_length("A", shape.m, shape.k, a);
  check_length("B", shape.k, shape.n, b);
  check_length("C", shape.m, shape.n, c);
}

}  // namespace kernels
