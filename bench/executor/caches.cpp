#include "bench/executor/caches.hpp"

#include <hwloc.h>

namespace bench {
namespace {

std::size_t size_of(hwloc_topology_t topology, hwloc_obj_type_t type, std::size_t usual) {
  const hwloc_obj* const first = hwloc_get_obj_by_type(topology, type, 0);
  return first == nullptr ? usual : static_cast<std::size_t>(first->attr->cache.size);
}

Caches found() {
  Caches all;
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) return all;
  hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_cache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
  if (hwloc_topology_load(topology) == 0)
    all = {size_of(topology, HWLOC_OBJ_L2CACHE, all.own),
           size_of(topology, HWLOC_OBJ_L3CACHE, all.last)};
  hwloc_topology_destroy(topology);
  return all;
}

}  // namespace

const Caches& caches() {
  static const Caches all = found();
  return all;
}

}  // namespace bench
