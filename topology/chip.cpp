#include "topology/chip.hpp"

#include <algorithm>
#include <utility>

#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/override.hpp"
#include "topology/shipped.hpp"

namespace topology {
namespace {

struct TypeRow {
  const char* name;
  double bytes;
  std::array<const char*, 4> aliases;
};

/// In the order of DataType.
constexpr std::array<TypeRow, data_types> type_rows = {{
    {"f64", 8, {"fp64", "float64", "double", ""}},
    {"f32", 4, {"fp32", "float32", "float", "single"}},
    {"tf32", 4, {"tensorfloat32", "", "", ""}},
    {"f16", 2, {"fp16", "float16", "half", ""}},
    {"bf16", 2, {"bfloat16", "", "", ""}},
    {"fp8", 1, {"f8", "float8", "mxfp8", ""}},
    {"fp4", 0.5, {"f4", "float4", "mxfp4", ""}},
    {"i32", 4, {"int32", "int", "", ""}},
    {"i8", 1, {"int8", "", "", ""}},
}};

const TypeRow& row(DataType type) {
  return type_rows.at(static_cast<std::size_t>(type));
}

bool is_called(const TypeRow& row, std::string_view text) {
  return text == row.name ||
         std::find(row.aliases.begin(), row.aliases.end(), text) != row.aliases.end();
}

/// Takes over what the file states; what it leaves out stays as the file it extends has it.
void read(Document& document, Chip& chip) {
  Table& root = document.root();
  if (root.has("title") || chip.title.empty()) chip.title = root.get<std::string>("title");
  chip.notes = root.get_or("notes", chip.notes);
  each_figure(chip, [&root](const std::string& path, auto& figure) {
    const auto [table, key] = root.at(path);
    if (table->has(key)) figure = table->template figure<decltype(figure->value)>(key);
  });
  root.finish();
}

void apply(const Override& change, Chip& chip) {
  bool found = false;
  std::vector<std::string> known;
  each_figure(chip, [&](const std::string& path, auto& figure) {
    known.push_back(path);
    if (path != change.key) return;
    figure = overridden<decltype(figure->value)>(change);
    found = true;
  });
  if (!found) usage_error(unknown_name("figure of a chip", change.key, known));
}

}  // namespace

const char* name(DataType type) {
  return row(type).name;
}

Bytes size_of(DataType type) {
  return Bytes(row(type).bytes);
}

DataType data_type(std::string_view text) {
  std::vector<std::string> names;
  for (int t = 0; t < data_types; ++t) {
    const auto type = static_cast<DataType>(t);
    if (!text.empty() && is_called(row(type), text)) return type;
    names.emplace_back(name(type));
  }
  usage_error(unknown_name("data type", text, names));
}

std::vector<std::string> chip_names() {
  return shipped_names(chip_shelf);
}

Chip load_chip(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  Chip chip;
  for (Document& document : load_chain(chip_shelf, name_or_path)) {
    read(document, chip);
    chip.name = stem(document.name());
  }
  for (const std::string& text : overrides) apply(split_override(text), chip);
  return chip;
}

}  // namespace topology
