#include "bench/executor/caches.hpp"

#include <hwloc.h>

namespace bench {
namespace {

std::size_t bytes_of_first(hwloc_topology_t topology, hwloc_obj_type_t type, std::size_t usual) {
  const hwloc_obj* const first = hwloc_get_obj_by_type(topology, type, 0);
  const std::size_t bytes = first == nullptr ? 0 : first->attr->cache.size;
  return bytes > 0 ? bytes : usual;
}

Caches caches_found() {
  Caches all;
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) return all;
  hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_cache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
  if (hwloc_topology_load(topology) == 0)
    all = {bytes_of_first(topology, HWLOC_OBJ_L2CACHE, all.own),
           bytes_of_first(topology, HWLOC_OBJ_L3CACHE, all.last)};
  hwloc_topology_destroy(topology);
  return all;
}

}  // namespace

const Caches& caches() {
  static const Caches all = caches_found();
  return all;
}

}  // namespace bench
