#include "bench/distributed/matmul_execution.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "bench/distributed/matmul_streams.hpp"
#include "kernels/matmul/blocked.hpp"
#include "kernels/matmul/elements.hpp"
#include "kernels/matmul/reference.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Gemm;
using kernels::Matrix;
using topology::DataType;

/// Between pieces of a multiplication MPI gets to move messages on; each piece packs B anew.
constexpr std::int64_t most_pieces = 4;
constexpr std::int64_t least_rows = 48;

MPI_Datatype type_of_sums(DataType accumulator) {
  if (accumulator == DataType::f64) return MPI_DOUBLE;
  return accumulator == DataType::i32 ? MPI_INT32_T : MPI_FLOAT;
}

template <class Element>
std::vector<Element> magnitudes(std::vector<Element> values) {
  for (Element& value : values) {
    if constexpr (std::is_same_v<Element, kernels::BFloat16>)
      value = Element(std::fabs(static_cast<float>(value)));
    else if constexpr (std::is_floating_point_v<Element>)
      value = std::fabs(value);
  }
  return values;
}

template <class Element>
std::span<Element> first(std::span<Element> values, std::int64_t count) {
  return values.first(static_cast<std::size_t>(count));
}

template <class T>
class TypedExecution final : public MatmulExecution {
  using A = typename T::A;
  using B = typename T::B;
  using C = typename T::C;

 public:
  explicit TypedExecution(const kernels::DistributedMatmul& program)
      : program_(program),
        grid_(program.grid),
        steps_(kernels::steps(program, grid_.place().layer)),
        a_(program, Matrix::a, grid_),
        b_(program, Matrix::b, grid_),
        c_(program, grid_) {}

  void run() override {
    a_.begin();
    b_.begin();
    c_.begin();
    for (std::int64_t step = 0; step < steps_; ++step) {
      requests_.clear();
      if (step + 1 < steps_) {
        a_.start_next(step, requests_);
        b_.start_next(step, requests_);
      }
      const std::span<C> product = c_.start(step, requests_);
      multiply(gemm_at(step), a_.current(), b_.current(), product);
      MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
      a_.advance();
      b_.advance();
      c_.finish(step);
    }
    c_.end(type_of_sums(kernels::accumulator(program_.shape.type)));
  }

  void multiply_only() override {
    make_alone();
    requests_.clear();
    const bool adds = !program_.turns(Matrix::c) || program_.c.motion == kernels::Motion::ring;
    for (std::int64_t step = 0; step < steps_; ++step) {
      const Gemm shape = gemm_at(step);
      const std::span<C> product = first(std::span(alone_c_), shape.m * shape.n);
      multiply(shape,
               first(std::span<const A>(alone_a_), shape.m * shape.k),
               first(std::span<const B>(alone_b_), shape.k * shape.n),
               product);
      if (adds && step > 0) add<C>(first(std::span(alone_sum_), shape.m * shape.n), product);
    }
  }

  [[nodiscard]] Checked check(double most) const override {
    double work = 0;
    c_.each_result([&](const kernels::MatrixBlock& block, const std::vector<C>&) {
      work += static_cast<double>(block.elements()) * static_cast<double>(program_.shape.k);
    });
    const auto stride = static_cast<std::int64_t>(std::max(std::ceil(work / most), 1.0));
    std::array<std::int64_t, 2> counts{};
    c_.each_result([&](const kernels::MatrixBlock& block, const std::vector<C>& sum) {
      for (std::int64_t row = 0; row < block.rows; row += stride) {
        counts[0] += block.cols;
        counts[1] += wrong_in_row(block, row, sum);
      }
    });
    MPI_Allreduce(MPI_IN_PLACE, counts.data(), 2, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    return {counts[0], counts[1]};
  }

  [[nodiscard]] topology::Bytes moved() const override {
    return topology::Bytes(static_cast<double>(a_.moved() + b_.moved() + c_.moved()));
  }

 private:
  [[nodiscard]] Gemm gemm_at(std::int64_t step) const {
    const std::int64_t turn = kernels::turn(program_, grid_.place(), step);
    return kernels::gemm(program_, kernels::cell(program_, grid_.place(), turn));
  }

  void multiply(const Gemm& shape, std::span<const A> a, std::span<const B> b, std::span<C> c) {
    const std::int64_t pieces = std::clamp<std::int64_t>(shape.m / least_rows, 1, most_pieces);
    for (std::int64_t p = 0; p < pieces; ++p) {
      const std::int64_t begin = shape.m * p / pieces;
      const std::int64_t rows = shape.m * (p + 1) / pieces - begin;
      const auto of = [&](auto matrix, std::int64_t cols) {
        return matrix.subspan(static_cast<std::size_t>(begin * cols),
                              static_cast<std::size_t>(rows * cols));
      };
      kernels::multiply({rows, shape.n, shape.k, shape.type}, of(a, shape.k), b, of(c, shape.n), 1);
      int done = 0;
      MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done, MPI_STATUSES_IGNORE);
    }
  }

  /// Blocks that belong to nobody, for multiplications without messages.
  void make_alone() {
    if (!alone_c_.empty()) return;
    const Gemm most = kernels::largest_gemm(program_);
    alone_a_ = elements<A>(Matrix::a, {0, 0, most.m, most.k});
    alone_b_ = elements<B>(Matrix::b, {0, 0, most.k, most.n});
    alone_c_.resize(static_cast<std::size_t>(most.m * most.n));
    alone_sum_ = alone_c_;
  }

  [[nodiscard]] std::int64_t wrong_in_row(const kernels::MatrixBlock& block,
                                          std::int64_t row,
                                          const std::vector<C>& sum) const {
    const std::int64_t k = program_.shape.k;
    const Gemm shape{1, block.cols, k, program_.shape.type};
    const std::vector<A> a = elements<A>(Matrix::a, {block.row + row, 0, 1, k});
    const std::vector<B>& b = columns_of_b(block);
    std::vector<C> expected(static_cast<std::size_t>(block.cols));
    kernels::multiply_reference(shape, a, b, std::span(expected));
    std::vector<C> scale(expected.size());
    if constexpr (std::is_floating_point_v<C>)
      kernels::multiply_reference(shape, magnitudes(a), absolute_b_, std::span(scale));
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (!is_close(sum[static_cast<std::size_t>(row * block.cols) + i], expected[i], scale[i]))
        ++wrong;
    return wrong;
  }

  [[nodiscard]] bool is_close(C value, C expected, C scale) const {
    if constexpr (std::is_floating_point_v<C>) {
      constexpr C u = std::numeric_limits<C>::epsilon() / 2;
      return std::fabs(value - expected) <= static_cast<C>(program_.shape.k + 1) * u * scale;
    } else {
      return value == expected;
    }
  }

  /// All rows of them; the same for one block after the other as a rule.
  const std::vector<B>& columns_of_b(const kernels::MatrixBlock& block) const {
    const kernels::MatrixBlock wanted{0, block.col, program_.shape.k, block.cols};
    if (wanted != made_) {
      reference_b_ = elements<B>(Matrix::b, wanted);
      absolute_b_ = magnitudes(reference_b_);
      made_ = wanted;
    }
    return reference_b_;
  }

  const kernels::DistributedMatmul& program_;
  GridCommunicators grid_;
  std::int64_t steps_;
  OperandStream<A> a_;
  OperandStream<B> b_;
  SumStream<C> c_;
  Requests requests_;
  std::vector<A> alone_a_;
  std::vector<B> alone_b_;
  std::vector<C> alone_c_;
  std::vector<C> alone_sum_;
  mutable kernels::MatrixBlock made_;
  mutable std::vector<B> reference_b_;
  mutable std::vector<B> absolute_b_;
};

void check_sizes(const kernels::DistributedMatmul& program) {
  for (const Matrix matrix : {Matrix::a, Matrix::b, Matrix::c})
    if (const topology::Bytes bytes = largest_block(program, matrix);
        bytes.value() > std::numeric_limits<int>::max())
      topology::usage_error(fmt::format(
          "a block of {:.3g} GB does not fit into one MPI message: choose smaller matrices or more "
          "ranks",
          bytes.value() * 1e-9));
}

}  // namespace

std::unique_ptr<MatmulExecution> make_execution(const kernels::DistributedMatmul& program) {
  check_sizes(program);
  switch (program.shape.type) {
    case DataType::f32:
      return std::make_unique<TypedExecution<kernels::F32>>(program);
    case DataType::f64:
      return std::make_unique<TypedExecution<kernels::F64>>(program);
    case DataType::bf16:
      return std::make_unique<TypedExecution<kernels::Bf16>>(program);
    case DataType::i8:
      return std::make_unique<TypedExecution<kernels::I8>>(program);
    default:
      topology::usage_error(fmt::format("the CPU multiplies f32, f64, bf16 and i8, not {}",
                                        topology::name(program.shape.type)));
  }
}

}  // namespace bench
