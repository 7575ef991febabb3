#include "topology/software.hpp"

#include "topology/document.hpp"
#include "topology/shipped.hpp"

namespace topology {
namespace {

void read(Document& document, Software& software) {
  Table& root = document.root();
  if (root.has("title") || software.title.empty()) software.title = root.get<std::string>("title");
  software.notes = root.get_or("notes", software.notes);
  each_figure_of_software(software, [&root](const std::string& path, auto& figure) {
    const auto [table, key] = root.at(path);
    if (table->has(key)) figure = table->template figure<decltype(figure->value)>(key);
  });
  root.finish();
}

}  // namespace

std::vector<std::string> software_names() {
  return shipped_names(software_shelf);
}

Software load_software(const std::string& name_or_path) {
  Software software;
  for (Document& document : load_chain(software_shelf, name_or_path)) {
    read(document, software);
    software.name = stem(document.name());
  }
  return software;
}

}  // namespace topology
