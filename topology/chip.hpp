// One accelerator generation: every figure with unit, status and source.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/quantity.hpp"
#include "topology/sourced.hpp"

namespace topology {

enum class DataType { f64, f32, tf32, f16, bf16, fp8, fp4, i32, i8 };
inline constexpr int data_types = 9;

/// @return "f32", "bf16", …
const char* name(DataType type);
/// Accepts our names and the common aliases (fp32, float, bfloat16, …). @throws Error(usage)
DataType data_type(std::string_view text);
/// Storage size; fp4 is half a byte.
Bytes size_of(DataType type);

template <class Q>
using Figure = std::optional<Sourced<Q>>;  ///< absent: nobody has published or assumed it

/// Rates of one data type. `peak` is what the vendor prints and what MFU divides by; `roof` is what
/// the tensor engines alone can do, which no matmul exceeds; `efficiency` is the share of the roof
/// that a large matmul reaches.
struct ComputeRate {
  Figure<FlopsPerSecond> peak;
  Figure<FlopsPerSecond> roof;
  Figure<double> efficiency;
};

struct Chip {
  std::string name;   ///< file name without .toml
  std::string title;  ///< "AWS Trainium2"
  std::string notes;  ///< conflicts between sources and the choice made

  std::array<ComputeRate, data_types> compute;

  Figure<Bytes> memory_capacity;
  Figure<BytesPerSecond> memory_bandwidth;
  Figure<double> memory_efficiency;
  Figure<BytesPerSecond> cache_bandwidth;  ///< of operands to the tiles of all cores together
  Figure<Bytes> sbuf;
  Figure<Bytes> psum;

  Figure<Hertz> tensor_clock;
  Figure<Hertz> burst_clock;  ///< for microseconds on an otherwise idle chip; absent: tensor_clock
  Figure<double> cores;
  Figure<double> logical_cores;
  Figure<double> tile_k;  ///< contraction, partitions of the array; absent: a core holds tiles of C
  Figure<double> tile_m;  ///< stationary free dimension, or rows of the largest tile of C
  Figure<double> tile_n;  ///< moving free dimension, or columns of the largest tile of C
  Figure<Seconds> ramp;   ///< time from half to full rate after idling (dI/dt limit)
  Figure<Seconds> launch;  ///< of a kernel that does nothing

  Figure<double> dma_engines;
  Figure<BytesPerSecond> dma_bandwidth;
  Figure<Seconds> dma_start;
  Figure<double> collective_cores;

  Figure<Watts> power;
  Figure<Watts> power_all_in;
  Figure<DollarsPerSecond> price;

  [[nodiscard]] const ComputeRate& rate(DataType type) const {
    return compute[static_cast<std::size_t>(type)];
  }
};

/// Visits every figure with its TOML key path, e.g. ("memory.bandwidth", chip.memory_bandwidth).
/// The reader, `show` and the results file all walk this one list. `compute.<type>.<what>` are
/// visited for every data type.
template <class ChipRef, class Visit>
void each_figure(ChipRef& chip, Visit&& visit) {
  for (int t = 0; t < data_types; ++t) {
    const std::string prefix = std::string("compute.") + name(static_cast<DataType>(t)) + ".";
    auto& rate = chip.compute[static_cast<std::size_t>(t)];
    visit(prefix + "peak", rate.peak);
    visit(prefix + "roof", rate.roof);
    visit(prefix + "efficiency", rate.efficiency);
  }
  visit("memory.capacity", chip.memory_capacity);
  visit("memory.bandwidth", chip.memory_bandwidth);
  visit("memory.efficiency", chip.memory_efficiency);
  visit("memory.cache_bandwidth", chip.cache_bandwidth);
  visit("memory.sbuf", chip.sbuf);
  visit("memory.psum", chip.psum);
  visit("engine.clock", chip.tensor_clock);
  visit("engine.burst_clock", chip.burst_clock);
  visit("engine.cores", chip.cores);
  visit("engine.logical_cores", chip.logical_cores);
  visit("engine.tile_k", chip.tile_k);
  visit("engine.tile_m", chip.tile_m);
  visit("engine.tile_n", chip.tile_n);
  visit("engine.ramp", chip.ramp);
  visit("engine.launch", chip.launch);
  visit("dma.engines", chip.dma_engines);
  visit("dma.bandwidth", chip.dma_bandwidth);
  visit("dma.start", chip.dma_start);
  visit("dma.collective_cores", chip.collective_cores);
  visit("power.chip", chip.power);
  visit("power.all_in", chip.power_all_in);
  visit("price.hourly", chip.price);
}

/// Names of the chip files that ship with the program, sorted.
[[nodiscard]] std::vector<std::string> chip_names();

/// Reads a chip by name (of a shipped file) or path (ends in .toml); `extends = "name"` starts from
/// another chip. `overrides` are "key=value" texts such as `memory.bandwidth=4 TB/s`.
/// @throws Error(usage) with file, line, the line itself and what was expected.
[[nodiscard]] Chip load_chip(const std::string& name_or_path,
                             const std::vector<std::string>& overrides = {});

}  // namespace topology
