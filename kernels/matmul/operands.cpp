#include "kernels/matmul/operands.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "topology/error.hpp"

namespace kernels {
namespace {

void check_length(const char* operand,
                  std::int64_t batch,
                  std::int64_t rows,
                  std::int64_t cols,
                  std::size_t length) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (cols != 0 && rows != 0 && rows > most / cols / batch)
    topology::usage_error(std::string("matmul: ") + operand + " has more than 2^63 elements");
  const std::int64_t wanted = batch * rows * cols;
  if (std::cmp_equal(length, wanted)) return;
  const std::string times = batch == 1 ? "" : std::to_string(batch) + " times ";
  topology::usage_error(std::string("matmul: ") + operand + " holds " + std::to_string(length) +
                        " elements, the shape asks for " + times + std::to_string(rows) + " x " +
                        std::to_string(cols) + " = " + std::to_string(wanted));
}

}  // namespace

void check_operands(const Gemm& shape,
                    topology::DataType type,
                    std::size_t a,
                    std::size_t b,
                    std::size_t c,
                    std::int64_t batch) {
  if (shape.type != type)
    topology::usage_error(std::string("matmul: the shape is of ") + topology::name(shape.type) +
                          ", the operands are of " + topology::name(type));
  if (shape.m < 0 || shape.n < 0 || shape.k < 0)
    topology::usage_error("matmul: m, n and k must not be negative");
  if (batch < 1) topology::usage_error("matmul: a batch has at least one matmul");
  check_length("A", batch, shape.m, shape.k, a);
  check_length("B", batch, shape.k, shape.n, b);
  check_length("C", batch, shape.m, shape.n, c);
}

}  // namespace kernels
