#include "kernels/matmul/fma_probe.hpp"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/fma_probe.cpp"
#include <hwy/foreach_target.h>
// After the line above, which chooses its target.
#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// 12 chains hide a latency of 4 to 5 cycles on two pipes and fit 16 registers.
double fma_chains(std::int64_t steps) {
  constexpr int chains = 12;
  const hn::ScalableTag<float> tag;
  // x -> 0.999 x + 0.01 stays near 10: no overflow, no subnormals.
  const auto factor = hn::Set(tag, 0.999F);
  const auto term = hn::Set(tag, 0.01F);
  // Unknown to the compiler: with constants, clang saw that the chain starting at 10 stays there,
  // dropped it, and the peak came out as 12/11 of what it is.
  const auto start = static_cast<float>(steps % 2) + 0.5F;
  // NOLINTBEGIN(modernize-avoid-c-arrays, modernize-loop-convert): registers, and HWY_UNROLL needs
  // counted loops.
  hn::Vec<decltype(tag)> sum[chains];
  HWY_UNROLL(12)
  for (int i = 0; i < chains; ++i) sum[i] = hn::Set(tag, start + static_cast<float>(i));
  for (std::int64_t step = 0; step < steps; ++step) {
    HWY_UNROLL(12)
    for (int i = 0; i < chains; ++i) sum[i] = hn::MulAdd(sum[i], factor, term);
  }
  auto total = hn::Zero(tag);
  HWY_UNROLL(12)
  for (int i = 0; i < chains; ++i) total = hn::Add(total, sum[i]);
  // NOLINTEND(modernize-avoid-c-arrays, modernize-loop-convert)
  volatile float kept = hn::GetLane(total);  // else the loop has no purpose
  (void)kept;
  return 2.0 * chains * static_cast<double>(hn::Lanes(tag)) * static_cast<double>(steps);
}

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kernels {

HWY_EXPORT(fma_chains);

topology::Flops run_fma_chains(std::int64_t steps) {
  return topology::Flops(HWY_DYNAMIC_DISPATCH(fma_chains)(steps));
}

}  // namespace kernels
#endif
