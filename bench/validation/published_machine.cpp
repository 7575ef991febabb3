#include "bench/validation/published_machine.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "bench/validation/published_chip.hpp"
#include "topology/chip.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace bench {
namespace {

using topology::Level;
using topology::LevelShape;
using topology::Machine;
using topology::Status;

struct MachineRow {
  std::string_view chip;
  std::string_view system;
  std::string_view algorithm;
  std::string_view where{};             ///< in the names of software and links; "": any
  std::int64_t most_in_node = 1 << 20;  ///< of chips in a fast domain
  std::int64_t closes_at = 1;  ///< a dimension of a torus has its wrap-around in multiples of this
  std::int64_t host = 0;       ///< most chips behind one host: a torus goes on beyond it
  bool spans_servers = false;
  double ranks_per_chip = 1;
};

// The first that fits.
constexpr std::array machine_rows = {
    MachineRow{.chip = "A100-40", .system = "a100-dgx", .algorithm = "nccl"},
    MachineRow{.chip = "A100-80", .system = "a100-dgx", .algorithm = "nccl"},
    MachineRow{.chip = "A100-PCIe", .system = "a100-pcie", .algorithm = "nccl"},
    MachineRow{.chip = "B200-180", .system = "b200-xla", .algorithm = "nccl", .where = "XLA"},
    MachineRow{.chip = "B200-180", .system = "b200-cloud", .algorithm = "nccl", .where = "EFA"},
    MachineRow{.chip = "B200-180", .system = "b200-hgx", .algorithm = "nccl"},
    MachineRow{.chip = "B300-270", .system = "b300-hgx", .algorithm = "nccl"},
    MachineRow{.chip = "GB10", .system = "gb10-spark", .algorithm = "nccl"},
    MachineRow{
        .chip = "GB200-192", .system = "gb200-nvl72", .algorithm = "nccl", .spans_servers = true},
    MachineRow{
        .chip = "GB300-288", .system = "gb300-nvl72", .algorithm = "nccl", .spans_servers = true},
    MachineRow{.chip = "GH200", .system = "gh200-quad", .algorithm = "nccl"},
    MachineRow{.chip = "Gaudi2-96", .system = "gaudi2-server", .algorithm = "auto"},
    MachineRow{.chip = "Gaudi3", .system = "gaudi3-server", .algorithm = "auto"},
    MachineRow{.chip = "H100-80", .system = "h100-xla", .algorithm = "nccl", .where = "XLA"},
    MachineRow{.chip = "H100-80", .system = "h100-cloud", .algorithm = "nccl", .where = "EFA"},
    MachineRow{.chip = "H100-80", .system = "h100-cloud", .algorithm = "nccl", .where = "TCPXO"},
    MachineRow{.chip = "H100-80", .system = "h100-dgx", .algorithm = "nccl"},
    MachineRow{.chip = "H100-96", .system = "h100-dgx", .algorithm = "nccl"},
    MachineRow{.chip = "H20", .system = "h100-dgx", .algorithm = "nccl"},
    MachineRow{.chip = "H200-141", .system = "h100-cloud", .algorithm = "nccl", .where = "EFA"},
    MachineRow{.chip = "H200-141", .system = "h100-dgx", .algorithm = "nccl"},
    MachineRow{.chip = "H800-80", .system = "h800-hgx", .algorithm = "nccl"},
    MachineRow{.chip = "MI250X-GCD", .system = "mi250x-frontier", .algorithm = "nccl"},
    MachineRow{.chip = "MI300X", .system = "mi300x-xla", .algorithm = "nccl", .where = "XLA"},
    MachineRow{.chip = "MI300X", .system = "mi300x-server", .algorithm = "nccl"},
    MachineRow{.chip = "MI325X", .system = "mi325x-server", .algorithm = "nccl"},
    MachineRow{.chip = "MI355X", .system = "mi355x-server", .algorithm = "nccl"},
    MachineRow{.chip = "P100", .system = "p100-pcie", .algorithm = "nccl"},
    MachineRow{.chip = "TPU7x",
               .system = "tpu-v7",
               .algorithm = "auto",
               .closes_at = 4,
               .host = 4,
               .ranks_per_chip = 2},
    MachineRow{.chip = "TPUv4", .system = "tpu-v4", .algorithm = "auto", .closes_at = 4, .host = 4},
    MachineRow{
        .chip = "TPUv5e", .system = "tpu-v5e", .algorithm = "auto", .closes_at = 16, .host = 8},
    MachineRow{
        .chip = "TPUv5p", .system = "tpu-v5p", .algorithm = "auto", .closes_at = 4, .host = 4},
    MachineRow{
        .chip = "TPUv6e", .system = "tpu-v6e", .algorithm = "auto", .closes_at = 16, .host = 8},
    MachineRow{.chip = "V100-32", .system = "v100-dgx1", .algorithm = "nccl", .most_in_node = 8},
    MachineRow{.chip = "V100-32", .system = "v100-dgx2h", .algorithm = "nccl"},
    MachineRow{.chip = "trn1", .system = "trn1-cores", .algorithm = "auto", .where = "nccom"},
    MachineRow{.chip = "trn1", .system = "trn1-cluster", .algorithm = "auto", .closes_at = 4},
};

[[noreturn]] void refuse_chip(const std::string& chip) {
  std::vector<std::string> names;
  for (const MachineRow& row : machine_rows)
    if (names.empty() || names.back() != row.chip) names.emplace_back(row.chip);
  topology::usage_error(topology::unknown_name("chip", chip, names));
}

const MachineRow& row_of(const PublishedSite& site) {
  const std::int64_t in_node = site.node_size > 0 ? site.node_size : site.chips;
  const auto* const row =
      std::find_if(machine_rows.begin(), machine_rows.end(), [&](const MachineRow& candidate) {
        return candidate.chip == site.chip && in_node <= candidate.most_in_node &&
               site.where.find(candidate.where) != std::string::npos;
      });
  if (row == machine_rows.end()) refuse_chip(site.chip);
  return *row;
}

void set_extent(Level& level, std::int64_t extent) {
  level.extent = extent;
  level.size_source = {extent, Status::published, "with the measurement"};
}

/// Extents as equal as the prime factors of n allow, the largest factors dealt first.
std::vector<std::int64_t> balanced_extents(std::int64_t n, std::size_t dimensions) {
  std::vector<std::int64_t> primes;
  for (std::int64_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p) primes.push_back(p);
  if (n > 1) primes.push_back(n);
  std::reverse(primes.begin(), primes.end());
  std::vector<std::int64_t> extents(dimensions, 1);
  for (const std::int64_t prime : primes)
    *std::min_element(extents.begin(), extents.end()) *= prime;
  std::sort(extents.begin(), extents.end());
  return extents;
}

/// A line of more than two chips has one ring, there and back, where a torus has two.
void open_up(Level& ring) {
  ring.bandwidth = {ring.bandwidth.value / 2,
                    Status::derived,
                    ring.bandwidth.source + "; halved: no wrap-around of this extent"};
}

std::int64_t take(std::int64_t& left, std::int64_t members, const PublishedSite& site) {
  if (members < 1 || left % members != 0)
    topology::usage_error(fmt::format(
        "{} ranks of {} do not divide into groups of {}", site.chips, site.chip, members));
  left /= members;
  return members;
}

/// The chips of a fast domain: on one switch, or over a torus, each of its members full.
void fill(Machine& machine, std::int64_t chips, const MachineRow& row, const PublishedSite& site) {
  std::vector<Level*> switches;
  std::vector<Level*> torus;
  for (Level& level : machine.levels) {
    if (level.shape == LevelShape::clos) continue;
    if (level.shape == LevelShape::ring)
      torus.push_back(&level);
    else
      switches.push_back(&level);
  }
  for (Level* level : switches)
    set_extent(*level, take(chips, torus.empty() ? chips : std::min(level->extent, chips), site));
  if (torus.empty()) return;
  const auto extents = balanced_extents(chips, torus.size());
  for (std::size_t d = 0; d < torus.size(); ++d) {
    set_extent(*torus[d], extents[d]);
    if (extents[d] > 2 && extents[d] % row.closes_at != 0) open_up(*torus[d]);
  }
}

/// Chips of a full fast domain.
std::int64_t domain(const Machine& machine) {
  std::int64_t chips = 1;
  for (const Level& level : machine.levels)
    if (level.shape != LevelShape::clos) chips *= level.extent;
  return chips;
}

void set_network(Machine& machine, std::int64_t domains, double gbps) {
  Level& network = machine.levels.back();
  if (domains > 1 && network.shape != LevelShape::clos)
    topology::usage_error(machine.name + " has no network to join domains");
  if (network.shape != LevelShape::clos) return;
  set_extent(network, domains);
  if (gbps > 0)
    network.bandwidth = {
        topology::BytesPerSecond(gbps * 1e9 / 8), Status::published, "with the measurement"};
}

}  // namespace

PublishedMachine published_machine(const PublishedSite& site) {
  const MachineRow& row = row_of(site);
  PublishedMachine result{topology::load_system(std::string(row.system)),
                          std::string(row.algorithm),
                          row.ranks_per_chip};
  Machine& machine = result.machine;
  if (const std::string chip = published_chip(site.chip); !chip.empty())
    machine.chip = topology::load_chip(chip);
  const bool of_a_host = site.node_size >= 4 && site.node_size <= row.host;
  const std::int64_t full = site.node_size > 0 && !of_a_host ? site.node_size : domain(machine);
  std::int64_t inside = std::min(full, site.chips);
  while (site.chips % inside != 0) --inside;
  fill(machine, inside, row, site);
  set_network(machine, site.chips / inside, site.net_gbps);
  std::erase_if(machine.levels, [](const Level& level) { return level.extent == 1; });
  topology::expects(machine.chips() == site.chips, "the extents multiply to the chips");
  machine.name = fmt::format("{} of {}", site.chips, row.system);
  return result;
}

Machine published_machine(const std::string& chip,
                          std::int64_t chips,
                          std::int64_t node_size,
                          double net_gbps) {
  return published_machine(PublishedSite{chip, chips, node_size, net_gbps}).machine;
}

std::int64_t full_domain(const PublishedSite& site) {
  return domain(topology::load_system(std::string(row_of(site).system)));
}

bool domain_spans_servers(const std::string& chip) {
  return std::any_of(machine_rows.begin(), machine_rows.end(), [&chip](const MachineRow& row) {
    return row.chip == chip && row.spans_servers;
  });
}

}  // namespace bench
