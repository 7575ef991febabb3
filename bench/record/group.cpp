#include "bench/record/group.hpp"

#include <algorithm>
#include <vector>

#include "bench/record/hdf5_error.hpp"

namespace bench {

namespace {

std::vector<std::string> steps(const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) names.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

bool has_link(hid_t location, const std::string& name) {
  return checked(H5Lexists(location, name.c_str(), H5P_DEFAULT), "look up", location, name) > 0;
}

GroupHandle open_group(hid_t location, const std::string& name) {
  return GroupHandle(
      checked(H5Gopen2(location, name.c_str(), H5P_DEFAULT), "open the group", location, name));
}

GroupHandle open_or_create_step(hid_t location, const std::string& name) {
  if (has_link(location, name)) return open_group(location, name);
  const PropertyHandle properties(H5Pcreate(H5P_GROUP_CREATE));
  set_group_properties(properties.get());
  return GroupHandle(
      checked(H5Gcreate2(location, name.c_str(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
              "create the group",
              location,
              name));
}

}  // namespace

void set_group_properties(hid_t properties) {
  constexpr unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  H5Pset_link_creation_order(properties, order);
  H5Pset_attr_creation_order(properties, order);
  H5Pset_obj_track_times(properties, false);
}

GroupHandle open_or_create_group(hid_t location, const std::string& path) {
  GroupHandle group = open_group(location, "/");
  for (const std::string& name : steps(path)) group = open_or_create_step(group.get(), name);
  return group;
}

bool has_object(hid_t location, const std::string& path) {
  std::string walked;
  for (const std::string& name : steps(path)) {
    walked += "/" + name;
    if (!has_link(location, walked)) return false;
  }
  return true;
}

}  // namespace bench
