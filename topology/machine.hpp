// A machine is a chip and a product of levels: chip (c0, c1, …) sits at digit c_i of level i,
// level 0 varies fastest. 524,288 chips are six levels; nothing is stored per chip.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topology/chip.hpp"
#include "topology/quantity.hpp"
#include "topology/sourced.hpp"

namespace topology {

/// How the members of a level reach each other.
///   ring        a link to the next and the previous member of the same line (torus dimension);
///               messages move along the line only, all other digits equal
///   all_to_all  a non-blocking switch: any chip of the domain to any other through own ports
///   mesh        a link from every member to every other one
///   clos        a tier of a folded Clos. Consecutive clos levels share one NIC per chip; a tier's
///               bandwidth is what a chip gets through that tier (NIC rate / oversubscription)
enum class LevelShape { ring, all_to_all, mesh, clos };

const char* name(LevelShape shape);

struct Level {
  std::string name;    ///< "x", "pod", …: how flags, files and results call it
  std::string domain;  ///< what one full level makes: "server", "ultraserver", "building"
  LevelShape shape = LevelShape::ring;
  std::int64_t extent = 1;            ///< members
  Sourced<std::int64_t> size_source;  ///< origin of the extent
  Sourced<BytesPerSecond> bandwidth;  ///< one link, one direction
  Sourced<double> links{
      1, Status::derived, "one link"};  ///< parallel links to the switch / each neighbour or peer
  Sourced<Seconds> latency;             ///< one message to the nearest member
  Sourced<Seconds> hop{{}, Status::assumed, "not modelled"};  ///< more per further hop on a ring
  Sourced<Seconds> gap{{}, Status::assumed, "not modelled"};  ///< between messages of one chip
  Sourced<double> efficiency{1, Status::assumed, "ideal links"};  ///< reached share of bandwidth
  /// The switch adds up what it forwards and sends the sum to many (NVLink SHARP), at this share of
  /// the rate that is reached otherwise; 0: it does not.
  Sourced<double> in_switch{0, Status::assumed, "the switch does not add up"};

  /// Any member is reached from a chip's own port.
  [[nodiscard]] bool switched() const { return shape != LevelShape::ring; }

  /// One link of a ring, each way; all links of a chip elsewhere.
  [[nodiscard]] BytesPerSecond port() const {
    const double peers = shape == LevelShape::mesh ? static_cast<double>(extent - 1) : 1.0;
    return bandwidth.value * links.value * peers;
  }

  /// Bytes per second that one chip can inject into this level, raw: a ring of more than two
  /// members has two directions.
  [[nodiscard]] BytesPerSecond injection() const {
    const double directions = shape == LevelShape::ring && extent > 2 ? 2.0 : 1.0;
    return port() * directions;
  }

  /// What a large transfer gets of it.
  [[nodiscard]] BytesPerSecond reached() const { return injection() * efficiency.value; }
};

template <class LevelRef, class Visit>
void each_figure_of_level(LevelRef& level, Visit&& visit) {
  visit("bandwidth", level.bandwidth);
  visit("links", level.links);
  visit("latency", level.latency);
  visit("hop", level.hop);
  visit("gap", level.gap);
  visit("efficiency", level.efficiency);
  visit("in_switch", level.in_switch);
}

struct Machine {
  std::string name;
  std::string title;
  std::string notes;
  Chip chip;
  std::vector<Level> levels;                                       ///< fastest first
  Sourced<Seconds> overhead{{}, Status::assumed, "not modelled"};  ///< once per collective call
  /// Rate at which arriving bytes are reduced; absent: hidden behind the transfer.
  std::optional<Sourced<BytesPerSecond>> reduction;

  [[nodiscard]] std::int64_t chips() const;
  /// Chips between two neighbours of a level: the product of the extents below it.
  [[nodiscard]] std::int64_t stride(std::size_t level) const;
  /// Index of a level by name. @throws Error(usage) with the nearest name.
  [[nodiscard]] std::size_t level(const std::string& level_name) const;
};

/// Whether slice has a part of so many chips.
[[nodiscard]] bool has_part(const Machine& machine, std::int64_t chips);

/// The machine cut down to `chips`: full lower levels, then a part of the next one if that level is
/// switched (a part of a ring is not a ring).
/// @throws Error(usage) that names the nearest counts that work, where there is no such part.
[[nodiscard]] Machine slice(const Machine& machine, std::int64_t chips);

/// The same for what needs no collective: one chip, too, alone on the first level.
[[nodiscard]] Machine part(const Machine& machine, std::int64_t chips);

/// What one group over some of the levels has to itself while all groups of that kind work side by
/// side, one for each setting of the other digits: lines of a torus share no link, and chips that
/// meet on a clos tier have climbed through the tiers below it with the same loads, so the slowest
/// of these counts. Both hold for every exchange that all chips take part in.
/// @throws Error(usage) for an unknown level or one listed twice.
[[nodiscard]] Machine group(const Machine& machine, const std::vector<std::string>& level_names);

[[nodiscard]] std::vector<std::string> system_names();

/// Reads a system by name or path; `extends = "name"`; `overrides` are "level.key=value" (for
/// example `z.bandwidth=200 GB/s`), "chip.key=value", "overhead=…".
/// @throws Error(usage) with file, line, the line itself and what was expected.
[[nodiscard]] Machine load_system(const std::string& name_or_path,
                                  const std::vector<std::string>& overrides = {});

/// The machine as a system file that load_system reads back (a fitted host, a what-if).
/// The chip is written by name.
[[nodiscard]] std::string to_toml(const Machine& machine);

/// Verbatim text of the files a machine was read from, chip first, for the results file.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> source_files(
    const std::string& name_or_path);

}  // namespace topology
