// Operations as they are written down: each adds its forward pass and what follows from it
// backward. Internal to the layer: operation.hpp is what others use.
#pragma once

#include "kernels/training/operation.hpp"

namespace kernels {

class Passes {
 public:
  explicit Passes(const Plan& plan) : plan_(plan) {}

  /// y[m x n] = x[m x k] w[k x n]; backward x' = y' w^T, for the weights w' = x^T y'. `batch`: each
  /// with weights of its own.
  void linear(
      const char* name, std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t batch = 1);
  /// Activations only: both operands need a gradient.
  void product(
      const char* name, std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t batch);
  /// Bytes that are read and written forward and backward.
  void elementwise(const char* name, double forward, double backward);
  /// Backward 2.5 times: five matmuls where there were two, since the scores come again
  /// (arXiv:2205.14135).
  void attention(const char* name, topology::Flops flops, double keys, double bytes);
  /// Backward its mirror: all-gather and reduce-scatter are each other's. `beside`: beside what was
  /// added last, forward and backward.
  void collective(const char* name, Collective collective, Axis axis, double bytes, bool beside);
  /// Of the gradient only: the input was there on all ranks of the axis.
  void summed_backward(const char* name, Axis axis, double bytes);
  /// Blocks that go around beside what was added last: of keys and values; backward twice as many
  /// bytes, with their gradients.
  void ring(const char* name, Axis axis, double bytes, std::int64_t times);

  /// Of all that was added; the backward pass in reverse order. What is recomputed comes first.
  [[nodiscard]] LayerWork take();

 private:
  Plan plan_;
  Operations forward_;
  std::vector<Operations> backward_;  ///< of each, in the order of the forward pass
  Operations weights_;
};

}  // namespace kernels
