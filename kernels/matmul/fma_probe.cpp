#include "kernels/matmul/fma_probe.hpp"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/fma_probe.cpp"
#include <hwy/foreach_target.h>
// After the line above, which chooses its target.
#include <cstdint>

#include <hwy/highway.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/dot.hpp"
#include "kernels/matmul/quads.hpp"
#include "kernels/matmul/units-inl.hpp"

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

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

// NOLINTBEGIN(modernize-avoid-c-arrays, modernize-loop-convert): as above
/// The multiply-adds of bytes in 32 bits. Each multiplies its own sum: products of factors that
/// stay the same would be taken out of the loop.
double byte_chains(std::int64_t steps) {
  constexpr int chains = 12;
  const auto start = static_cast<std::int32_t>(steps);
  const BytesUnit::PackedA pair[2] = {static_cast<BytesUnit::PackedA>(steps), 3};
  const BytesUnit::Factor factor = BytesUnit::broadcast(pair);
  BytesUnit::Vector sum[chains];
  HWY_UNROLL(12)
  for (int i = 0; i < chains; ++i) sum[i] = hn::Set(BytesUnit::Tag(), start + i);
  for (std::int64_t step = 0; step < steps; ++step) {
    HWY_UNROLL(12)
    for (int i = 0; i < chains; ++i) {
      const auto panel = hn::BitCast(hn::DFromV<BytesUnit::Panel>(), sum[i]);
      sum[i] = BytesUnit::multiply_add(factor, panel, sum[i]);
    }
  }
  auto total = BytesUnit::zero();
  HWY_UNROLL(12)
  for (int i = 0; i < chains; ++i) total = hn::Add(total, sum[i]);
  volatile std::int32_t kept = hn::GetLane(total);
  (void)kept;
  return 2.0 * chains * static_cast<double>(BytesUnit::lanes() * BytesUnit::group) *
         static_cast<double>(steps);
}

// NOLINTEND(modernize-avoid-c-arrays, modernize-loop-convert)

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kernels {

HWY_EXPORT(float_chains);
HWY_EXPORT(double_chains);
HWY_EXPORT(byte_chains);

topology::Flops run_fma_chains(topology::DataType type, std::int64_t steps) {
  if (has_dot(type)) return run_dot_chains(type, steps);
  switch (type) {
    case topology::DataType::f64:
      return topology::Flops(HWY_DYNAMIC_DISPATCH(double_chains)(steps));
    case topology::DataType::i8:
      if (chose_avx2()) return run_quad_chains(steps);
      return topology::Flops(HWY_DYNAMIC_DISPATCH(byte_chains)(steps));
    default:
      return topology::Flops(HWY_DYNAMIC_DISPATCH(float_chains)(steps));
  }
}

}  // namespace kernels
#endif
