#include "topology/software.hpp"

#include "topology/document.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/override.hpp"
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

void apply(const Override& change, Software& software) {
  bool found = false;
  std::vector<std::string> known;
  each_figure_of_software(software, [&](const std::string& path, auto& figure) {
    known.push_back(path);
    if (path != change.key) return;
    figure = overridden<decltype(figure->value)>(change);
    found = true;
  });
  if (!found) usage_error(unknown_name("figure of a software", change.key, known));
}

}  // namespace

std::vector<std::string> software_names() {
  return shipped_names(software_shelf);
}

Software load_software(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  Software software;
  for (Document& document : load_chain(software_shelf, name_or_path)) {
    read(document, software);
    software.name = stem(document.name());
  }
  for (const std::string& text : overrides) apply(split_override(text), software);
  return software;
}

}  // namespace topology
