#include "kernels/matmul/block.hpp"

// Vectors of unknown length (SVE, RVV) cannot be array members, which the register tile needs; such
// CPUs use their fixed-length unit. SSSE3 without SSE4 is older than 2008.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/block.cpp"
#include <hwy/foreach_target.h>
// The others need the target chosen by the line above.
#include <hwy/highway.h>

#include "kernels/matmul/dot.hpp"
#include "kernels/matmul/quads.hpp"

#undef KERNELS_TARGET
#undef KERNELS_BEFORE_TARGET
#undef KERNELS_AFTER_TARGET
#define KERNELS_TARGET HWY_NAMESPACE
#define KERNELS_BEFORE_TARGET HWY_BEFORE_NAMESPACE
#define KERNELS_AFTER_TARGET HWY_AFTER_NAMESPACE
#include "kernels/matmul/packed-inl.hpp"
#include "kernels/matmul/units-inl.hpp"

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

const char* target_name() {
  return hwy::TargetName(HWY_TARGET);
}

std::int64_t target() {
  return HWY_TARGET;
}

const KernelsF32& kernels_f32() {
  static const KernelsF32 all = kernels_of<FloatUnit<float>>(target_name());
  return all;
}

const KernelsF64& kernels_f64() {
  static const KernelsF64 all = kernels_of<FloatUnit<double>>(target_name());
  return all;
}

const KernelsBf16& kernels_bf16() {
  static const KernelsBf16 all = kernels_of<WideBf16Unit>(target_name());
  return all;
}

const KernelsI8& kernels_i8() {
  static const KernelsI8 all = kernels_of<BytesUnit>(target_name());
  return all;
}

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kernels {

HWY_EXPORT(target);
HWY_EXPORT(kernels_f32);
HWY_EXPORT(kernels_f64);
HWY_EXPORT(kernels_bf16);
HWY_EXPORT(kernels_i8);

bool chose_avx512() {
  return (HWY_DYNAMIC_DISPATCH(target)() & (HWY_AVX3 | HWY_AVX3_DL)) != 0;
}

bool chose_avx2() {
  return HWY_DYNAMIC_DISPATCH(target)() == HWY_AVX2;
}

template <>
const KernelsF32& block_kernels() {
  return HWY_DYNAMIC_DISPATCH(kernels_f32)();
}

template <>
const KernelsF64& block_kernels() {
  return HWY_DYNAMIC_DISPATCH(kernels_f64)();
}

template <>
const KernelsBf16& block_kernels() {
  if (has_dot(topology::DataType::bf16)) return dot_kernels_bf16();
  return HWY_DYNAMIC_DISPATCH(kernels_bf16)();
}

template <>
const KernelsI8& block_kernels() {
  if (has_dot(topology::DataType::i8)) return dot_kernels_i8();
  if (chose_avx2()) return quad_kernels();
  return widened_kernels_i8();
}

const KernelsI8& widened_kernels_i8() {
  return HWY_DYNAMIC_DISPATCH(kernels_i8)();
}

}  // namespace kernels
#endif
