#include "bench/validation/published_chip.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace bench {
namespace {

struct ChipRow {
  std::string_view name_in_table;
  std::string_view file;
};

constexpr std::array chip_rows = {
    ChipRow{"A100-40", "a100-40"},
    ChipRow{"A100-80", "a100"},
    ChipRow{"A100-PCIe", "a100-pcie"},
    ChipRow{"B200-180", "b200"},
    ChipRow{"B300-270", "b300"},
    ChipRow{"GB10", "gb10"},
    ChipRow{"GB200-192", "gb200"},
    ChipRow{"GB300-288", "gb300"},
    ChipRow{"GH200", "gh200"},
    ChipRow{"Gaudi2-96", "gaudi2"},
    ChipRow{"Gaudi3", "gaudi3"},
    ChipRow{"H100-80", "h100"},
    ChipRow{"H100-96", "h100-96"},
    ChipRow{"H20", "h20"},
    ChipRow{"H200-141", "h200"},
    ChipRow{"H800-80", "h800"},
    ChipRow{"MI250X-GCD", "mi250x-gcd"},
    ChipRow{"MI300X", "mi300x"},
    ChipRow{"MI325X", "mi325x"},
    ChipRow{"MI355X", "mi355x"},
    ChipRow{"P100", "p100"},
    ChipRow{"TPU7x", "tpu-v7"},
    ChipRow{"TPU7x-core", "tpu-v7-core"},
    ChipRow{"TPUv4", "tpu-v4"},
    ChipRow{"TPUv5e", "tpu-v5e"},
    ChipRow{"TPUv5p", "tpu-v5p"},
    ChipRow{"TPUv6e", "tpu-v6e"},
    ChipRow{"V100-32", "v100"},
    ChipRow{"trn1", "trainium1"},
};

}  // namespace

std::string published_chip(const std::string& name_in_table) {
  const auto* const row =
      std::find_if(chip_rows.begin(), chip_rows.end(), [&](const ChipRow& candidate) {
        return candidate.name_in_table == name_in_table;
      });
  return row == chip_rows.end() ? std::string() : std::string(row->file);
}

}  // namespace bench
