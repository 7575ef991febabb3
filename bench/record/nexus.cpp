#include "bench/record/nexus.hpp"

#include <string>

#include "bench/record/attribute.hpp"
#include "bench/record/group.hpp"

namespace bench {
namespace {

/// Of several candidates the first stays the default.
void write_once(hid_t group, const char* attribute, const std::string& value) {
  if (!has_attribute(group, attribute)) write_attribute(group, attribute, value);
}

}  // namespace

void mark_as_plot(hid_t file, const Record& record) {
  if (record.signal == nullptr) return;
  const std::string path = record.group;
  const std::string entry = path.substr(0, path.find('/'));

  const GroupHandle data = open_or_create_group(file, path);
  write_attribute(data.get(), "NX_class", "NXdata");
  write_attribute(data.get(), "signal", record.signal);
  write_attribute(data.get(), "axes", "point");
  write_attribute(data.get(), "title", record.title);

  const GroupHandle above = open_or_create_group(file, entry);
  write_once(above.get(), "NX_class", "NXentry");
  write_once(above.get(), "default", path.substr(entry.size() + 1));

  const GroupHandle root = open_or_create_group(file, "/");
  write_once(root.get(), "NX_class", "NXroot");
  write_once(root.get(), "default", entry);
}

}  // namespace bench
