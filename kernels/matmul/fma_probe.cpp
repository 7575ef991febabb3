#include "kernels/matmul/fma_probe.hpp"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/fma_probe.cpp"
#include <hwy/foreach_target.h>
// After the line above, which chooses its target.
#include <cstdint>

#include <hwy/highway.h>

#include "kernels/matmul/dot.hpp"

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// 12 chains hide a latency of 4 to 5 cycles on two pipes and fit 16 registers.
template <class T>
double chains_of(std::int64_t steps) {
  constexpr int chains = 12;
  const hn::ScalableTag<T> tag;
  // x -> 0.999 x + 0.01 stays near 10: no overflow, no subnormals.
  const auto factor = hn::Set(tag, T(0.999));
  const auto term = hn::Set(tag, T(0.01));
  // Unknown to the compiler: with constants, clang saw that the chain starting at 10 stays there,
  // dropped it, and the peak came out as 12/11 of what it is.
  const auto start = static_cast<T>(steps % 2) + T(0.5);
  // NOLINTBEGIN(modernize-avoid-c-arrays, modernize-loop-convert): registers, and HWY_UNROLL needs
  // counted loops.
  hn::Vec<decltype(tag)> sum[chains];
  HWY_UNROLL(12)
  for (int i = 0; i < chains; ++i) sum[i] = hn::Set(tag, start + static_cast<T>(i));
  for (std::int64_t step = 0; step < steps; ++step) {
    HWY_UNROLL(12)
    for (int i = 0; i < chains; ++i) sum[i] = hn::MulAdd(sum[i], factor, term);
  }
  auto total = hn::Zero(tag);
  HWY_UNROLL(12)
  for (int i = 0; i < chains; ++i) total = hn::Add(total, sum[i]);
  // NOLINTEND(modernize-avoid-c-arrays, modernize-loop-convert)
  volatile T kept = hn::GetLane(total);  // else the loop has no purpose
  (void)kept;
  return 2.0 * chains * static_cast<double>(hn::Lanes(tag)) * static_cast<double>(steps);
}

double float_chains(std::int64_t steps) {
  return chains_of<float>(steps);
}

double double_chains(std::int64_t steps) {
  return chains_of<double>(steps);
}

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kernels {

HWY_EXPORT(float_chains);
HWY_EXPORT(double_chains);

topology::Flops run_fma_chains(topology::DataType type, std::int64_t steps) {
  if (has_dot(type)) return run_dot_chains(type, steps);
  return topology::Flops(type == topology::DataType::f64
                             ? HWY_DYNAMIC_DISPATCH(double_chains)(steps)
                             : HWY_DYNAMIC_DISPATCH(float_chains)(steps));
}

}  // namespace kernels
#endif
