#include "bench/validation/published_chip.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace bench {
namespace {

struct Row {
  std::string_view name_in_table;
  std::string_view file;
};

constexpr std::array rows = {
    Row{"A100-40", "a100-40"},
    Row{"A100-80", "a100"},
    Row{"A100-PCIe", "a100-pcie"},
    Row{"B200-180", "b200"},
    Row{"B300-270", "b300"},
    Row{"GB10", "gb10"},
    Row{"GB200-192", "gb200"},
    Row{"GB300-288", "gb300"},
    Row{"GH200", "gh200"},
    Row{"Gaudi2-96", "gaudi2"},
    Row{"Gaudi3", "gaudi3"},
    Row{"H100-80", "h100"},
    Row{"H100-96", "h100-96"},
    Row{"H20", "h20"},
    Row{"H200-141", "h200"},
    Row{"H800-80", "h800"},
    Row{"MI250X-GCD", "mi250x-gcd"},
    Row{"MI300X", "mi300x"},
    Row{"MI325X", "mi325x"},
    Row{"MI355X", "mi355x"},
    Row{"P100", "p100"},
    Row{"TPU7x", "tpu-v7"},
    Row{"TPU7x-core", "tpu-v7-core"},
    Row{"TPUv4", "tpu-v4"},
    Row{"TPUv5e", "tpu-v5e"},
    Row{"TPUv5p", "tpu-v5p"},
    Row{"TPUv6e", "tpu-v6e"},
    Row{"V100-32", "v100"},
    Row{"trn1", "trainium1"},
};

}  // namespace

std::string published_chip(const std::string& name_in_table) {
  const auto* const row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
    return candidate.name_in_table == name_in_table;
  });
  return row == rows.end() ? std::string() : std::string(row->file);
}

}  // namespace bench
