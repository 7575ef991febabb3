// A count of a transformer the slow way: tensor by tensor, as its code would create and use them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace fixtures {

/// Every parameter and every matrix product of one token, in a sequence of a certain length.
class Tally {
 public:
  explicit Tally(std::int64_t sequence) : sequence_(sequence) {}

  /// y = x A (+ b); `met` by the token, unlike an expert that it does not take.
  void linear(std::int64_t inputs, std::int64_t outputs, bool bias = false, bool met = true) {
    const std::int64_t size = inputs * outputs + (bias ? outputs : 0);
    parameters_ += size;
    if (!met) return;
    active_ += size;
    flops_ += 2.0 * static_cast<double>(inputs) * static_cast<double>(outputs);
  }

  /// A bias, a norm, or a table that is looked up.
  void vector(std::int64_t size) {
    parameters_ += size;
    active_ += size;
  }

  void layer_norm(std::int64_t size) { vector(2 * size); }

  /// The output product with a table that is already counted.
  void reuse(std::int64_t inputs, std::int64_t outputs) {
    flops_ += 2.0 * static_cast<double>(inputs) * static_cast<double>(outputs);
  }

  /// Half of the square, or of each chunk's; or the band of a window.
  void attend(std::int64_t heads,
              std::int64_t key_size,
              std::int64_t value_size,
              std::int64_t window = 0,
              bool chunked = false) {
    double pairs = 0;  // between the midpoints of tokens: half of itself
    for (std::int64_t query = 0; query < sequence_; ++query) {
      const double before = static_cast<double>(query) + 0.5;
      const auto w = static_cast<double>(window);
      if (window == 0)
        pairs += before;
      else if (chunked)
        pairs += static_cast<double>(query % window) + 0.5;
      else
        pairs += std::min(before, w);
    }
    flops_ += 2.0 * static_cast<double>(heads * (key_size + value_size)) * pairs /
              static_cast<double>(sequence_);
  }

  void gated_mlp(std::int64_t hidden, std::int64_t width, bool met = true) {
    linear(hidden, width, false, met);
    linear(hidden, width, false, met);
    linear(width, hidden, false, met);
  }

  void experts(std::int64_t hidden, std::int64_t width, std::int64_t count, std::int64_t chosen) {
    linear(hidden, count);
    for (std::int64_t e = 0; e < count; ++e) gated_mlp(hidden, width, e < chosen);
  }

  [[nodiscard]] std::int64_t parameters() const { return parameters_; }

  [[nodiscard]] std::int64_t active() const { return active_; }

  [[nodiscard]] double flops() const { return flops_; }

  [[nodiscard]] std::int64_t sequence() const { return sequence_; }

 private:
  std::int64_t sequence_;
  std::int64_t parameters_ = 0;
  std::int64_t active_ = 0;
  double flops_ = 0;
};

}  // namespace fixtures
