// Small machines with round figures, for tests that compute by hand.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "topology/machine.hpp"

namespace fixtures {

struct LevelShape {
  const char* name;
  topology::LevelShape shape;
  std::int64_t extent;
  double gigabytes_per_second = 100;
};

inline topology::Machine machine(const std::vector<LevelShape>& shapes, double latency = 0) {
  topology::Machine machine;
  machine.name = "test";
  for (const LevelShape& shape : shapes) {
    topology::Level level;
    level.name = shape.name;
    level.domain = shape.name;
    level.shape = shape.shape;
    level.extent = shape.extent;
    level.bandwidth.value = topology::BytesPerSecond(shape.gigabytes_per_second * 1e9);
    level.latency.value = topology::Seconds(latency);
    machine.levels.push_back(level);
  }
  return machine;
}

/// A torus of equal links: "x", "y", … of these extents.
inline topology::Machine torus(const std::vector<std::int64_t>& extents) {
  static constexpr std::array names{"x", "y", "z", "w"};
  std::vector<LevelShape> shapes;
  for (std::size_t d = 0; d < extents.size(); ++d)
    shapes.push_back({names.at(d), topology::LevelShape::ring, extents[d]});
  return machine(shapes);
}

inline topology::Machine switched(std::int64_t n) {
  return machine({{"ranks", topology::LevelShape::all_to_all, n}});
}

inline topology::Machine with_memory(topology::Machine machine, double gigabytes_per_second) {
  machine.chip.memory_bandwidth = {
      topology::BytesPerSecond(gigabytes_per_second * 1e9), topology::Status::published, "test"};
  return machine;
}

}  // namespace fixtures
