#include "topology/failures.hpp"

#include "topology/document.hpp"
#include "topology/shipped.hpp"

namespace topology {
namespace {

constexpr double day = 86400;

void read_classes(Table& root, Failures& failures) {
  const std::vector<Table*> tables = root.tables("class");
  if (tables.empty()) return;
  failures.classes.clear();
  for (Table* table : tables)
    failures.classes.push_back({table->get<std::string>("name"),
                                table->figure<double>("count"),
                                table->get<bool>("replaced")});
}

void read(Document& document, Failures& failures, bool extends) {
  Table& root = document.root();
  failures.title = root.get<std::string>("title");
  failures.notes = root.get_or("notes", failures.notes);
  if (!extends || root.has("exposure")) failures.exposure = root.figure<double>("exposure");
  read_classes(root, failures);
  if (failures.classes.empty()) root.fail("class", "at least one class of failures is counted");
  each_time_of_failures(failures, [&](const char* key, Sourced<Seconds>& time) {
    if (!extends || root.has(key)) time = root.figure<Seconds>(key);
  });
  root.finish();
}

}  // namespace

double Failures::count() const {
  double sum = 0;
  for (const FailureClass& one : classes) sum += one.count.value;
  return sum;
}

Hertz Failures::rate() const {
  return Hertz(count() / (exposure.value * day));
}

Hertz Failures::rate(const FailureClass& of) const {
  return Hertz(of.count.value / (exposure.value * day));
}

double Failures::replaced() const {
  double sum = 0;
  for (const FailureClass& one : classes) sum += one.replaced ? one.count.value : 0;
  return sum / count();
}

std::vector<std::string> failures_names() {
  return shipped_names(failures_shelf);
}

Failures load_failures(const std::string& name_or_path) {
  Failures failures;
  for (Document& document : load_chain(failures_shelf, name_or_path)) {
    read(document, failures, !failures.name.empty());
    failures.name = stem(document.name());
  }
  return failures;
}

}  // namespace topology
