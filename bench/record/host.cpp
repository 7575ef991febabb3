#include "bench/record/host.hpp"

#include <array>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <hwloc.h>
#include <sys/utsname.h>

namespace bench {

namespace {

struct DestroyTopology {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
};

using Topology = std::unique_ptr<hwloc_topology, DestroyTopology>;

Topology load_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return nullptr;
  Topology topology(raw);
  if (hwloc_topology_load(raw) != 0) return nullptr;
  return topology;
}

int count(hwloc_topology_t topology, hwloc_obj_type_t type) {
  const int number = hwloc_get_nbobjs_by_type(topology, type);
  return number < 0 ? 0 : number;
}

std::string caches(hwloc_topology_t topology) {
  constexpr std::array types{HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L1CACHE};
  std::string text;
  for (const hwloc_obj_type_t type : types) {
    const hwloc_obj* first = hwloc_get_obj_by_type(topology, type, 0);
    if (first == nullptr) continue;
    text += fmt::format("{}{} {} x {} KiB",
                        text.empty() ? "" : ", ",
                        hwloc_obj_type_string(type),
                        count(topology, type),
                        first->attr->cache.size / 1024);
  }
  return text;
}

std::string binding(hwloc_topology_t topology) {
  const std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)> set(hwloc_bitmap_alloc(),
                                                                          hwloc_bitmap_free);
  if (hwloc_get_cpubind(topology, set.get(), HWLOC_CPUBIND_PROCESS) != 0) return {};
  char* text = nullptr;
  if (hwloc_bitmap_list_asprintf(&text, set.get()) < 0) return {};
  const std::unique_ptr<char, decltype(&std::free)> owner(text, std::free);
  return text;
}

std::string cpu_model(hwloc_topology_t topology) {
  for (const hwloc_obj_type_t type : {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_MACHINE}) {
    hwloc_obj* object = hwloc_get_obj_by_type(topology, type, 0);
    const char* model =
        object == nullptr ? nullptr : hwloc_obj_get_info_by_name(object, "CPUModel");
    if (model != nullptr) return model;
  }
  return {};
}

void add_topology(Host& host) {
  const Topology topology = load_topology();
  if (!topology) return;
  host.cpu = cpu_model(topology.get());
  host.packages = count(topology.get(), HWLOC_OBJ_PACKAGE);
  host.numa_nodes = count(topology.get(), HWLOC_OBJ_NUMANODE);
  host.cores = count(topology.get(), HWLOC_OBJ_CORE);
  host.threads = count(topology.get(), HWLOC_OBJ_PU);
  host.caches = caches(topology.get());
  host.binding = binding(topology.get());
}

}  // namespace

Host this_host() {
  Host host;
  utsname system{};
  if (uname(&system) == 0) {
    const char* node = static_cast<const char*>(system.nodename);
    host.name = node;
    host.kernel = fmt::format("{} {} {}",
                              static_cast<const char*>(system.sysname),
                              static_cast<const char*>(system.release),
                              static_cast<const char*>(system.machine));
  }
  add_topology(host);
  return host;
}

}  // namespace bench
