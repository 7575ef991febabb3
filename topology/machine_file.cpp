// System files: reading, overriding, writing.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/machine.hpp"
#include "topology/names.hpp"
#include "topology/override.hpp"
#include "topology/shipped.hpp"

namespace topology {
namespace {

constexpr double most_chips = 1e12;
// Machines beyond these are slips, and would take minutes a collective: some algorithms send from
// each member to all, along a ring through all members between.
constexpr double most_members = 65536;
constexpr double most_members_of_ring = 4096;

LevelShape parse_shape(std::string_view text) {
  std::vector<std::string> names;
  for (const LevelShape shape :
       {LevelShape::ring, LevelShape::all_to_all, LevelShape::mesh, LevelShape::clos}) {
    if (text == name(shape)) return shape;
    names.emplace_back(name(shape));
  }
  usage_error(unknown_name("shape", text, names));
}

/// Algorithms and overrides spell level names: rhd(x,y)+ring(pod), pod.bandwidth=….
std::string parse_level_name(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!plain)
    usage_error(fmt::format("'{}' is no name of a level: small letters, digits, - and _", text));
  for (const char* taken : {"chip", "overhead", "reduction"})
    if (text == taken) usage_error(fmt::format("'{}' is taken: no level can have that name", text));
  return std::string(text);
}

std::string members_complaint(double members, LevelShape shape) {
  const bool ring = shape == LevelShape::ring;
  const double most = ring ? most_members_of_ring : most_members;
  if (members >= 1 && members <= most && members == std::floor(members)) return "";
  return fmt::format("an extent {}is a whole number of members from 1 to {}, not {}",
                     ring ? "of a ring " : "",
                     most,
                     members);
}

void set_extent(const Sourced<double>& extent, Level& level) {
  const auto members = static_cast<std::int64_t>(extent.value);
  level.extent = members;
  level.size_source = {members, extent.status, extent.source};
}

void read_extent(Table& table, Level& level) {
  const auto extent = table.figure<double>("extent");
  const std::string wrong = members_complaint(extent.value, level.shape);
  if (!wrong.empty()) table.table("extent").fail("value", wrong);
  set_extent(extent, level);
}

/// A new level states all it needs; one that the extended file has changes what it states.
void read_level(Table& table, bool is_new, Level& level) {
  const auto states = [&table, is_new](const std::string& key) { return table.has(key) || is_new; };
  if (states("domain")) level.domain = table.get<std::string>("domain");
  if (states("shape")) level.shape = table.parsed("shape", parse_shape);
  if (states("extent")) read_extent(table, level);
  each_figure_of_level(level, [&](const char* key, auto& figure) {
    const std::string_view name(key);
    const bool needed = is_new && (name == "bandwidth" || name == "latency");
    if (table.has(key) || needed) figure = table.figure<decltype(figure.value)>(key);
  });
}

void read_levels(Table& root, std::vector<Level>& levels) {
  std::vector<std::string> seen;
  for (Table* table : root.tables("level")) {
    const std::string name = table->parsed("name", parse_level_name);
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      table->fail("name", fmt::format("a second level '{}'", name));
    seen.push_back(name);
    auto level = std::find_if(
        levels.begin(), levels.end(), [&name](const Level& l) { return l.name == name; });
    const bool is_new = level == levels.end();
    if (is_new) {
      level = levels.emplace(levels.end());
      level->name = name;
    }
    read_level(*table, is_new, *level);
  }
}

/// @return the path of the chip's file; `inherited` if this document names none
std::string read_chip_path(Document& document, const std::string& inherited) {
  Table& root = document.root();
  if (!root.has("chip") && !inherited.empty()) return inherited;
  return root.parsed("chip", [&document](std::string_view text) {
    return find_file(chip_shelf, std::string(text), document.name());
  });
}

void check_chips(const Machine& machine) {
  double chips = 1;
  for (const Level& level : machine.levels) chips *= static_cast<double>(level.extent);
  if (chips > most_chips)
    usage_error(fmt::format("{} has {} chips; the most is {}", machine.name, chips, most_chips));
}

/// Reads all but the chip. @return the path of the chip's file
std::string read(std::vector<Document>& chain, Machine& machine) {
  std::string chip;
  for (Document& document : chain) {
    Table& root = document.root();
    machine.name = stem(document.name());
    if (root.has("title") || machine.title.empty()) machine.title = root.get<std::string>("title");
    machine.notes = root.get_or("notes", machine.notes);
    chip = read_chip_path(document, chip);
    if (root.has("overhead")) machine.overhead = root.figure<Seconds>("overhead");
    if (root.has("reduction")) machine.reduction = root.figure<BytesPerSecond>("reduction");
    read_levels(root, machine.levels);
    root.finish();
    if (machine.levels.empty()) root.fail("level", "a system has at least one [[level]]");
  }
  return chip;
}

void apply_to_level(const Override& change, Level& level) {
  std::vector<std::string> known = {"extent"};
  const std::string key = change.key.substr(level.name.size() + 1);
  bool found = key == "extent";
  if (found) {
    const auto extent = overridden<double>(change);
    const std::string wrong = members_complaint(extent.value, level.shape);
    if (!wrong.empty()) usage_error(change.key + ": " + wrong);
    set_extent(extent, level);
  }
  each_figure_of_level(level, [&](const char* name, auto& figure) {
    known.emplace_back(name);
    if (key != name) return;
    figure = overridden<decltype(figure.value)>(change);
    found = true;
  });
  if (!found) usage_error(unknown_name("key of level " + level.name, key, known));
}

void apply(const Override& change, Machine& machine) {
  if (change.key == "overhead") {
    machine.overhead = overridden<Seconds>(change);
    return;
  }
  if (change.key == "reduction") {
    machine.reduction = overridden<BytesPerSecond>(change);
    return;
  }
  const std::size_t dot = change.key.find('.');
  const std::string head = change.key.substr(0, dot);
  std::vector<std::string> known;
  for (Level& level : machine.levels) {
    if (level.name == head && dot != std::string::npos) return apply_to_level(change, level);
    known.push_back(level.name);
  }
  known.insert(known.end(), {"chip", "overhead", "reduction"});
  usage_error(unknown_name("level or key", head, known));
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      result += std::string("\\") + c;
    else if (code < 0x20 || code == 0x7f)
      result += fmt::format("\\u{:04x}", code);
    else
      result += c;
  }
  return result + "\"";
}

template <class Q>
std::string line(const char* key, const Sourced<Q>& figure) {
  const std::string text = format_exact(figure.value);
  return fmt::format("{} = {{ value = {}, status = \"{}\", source = {} }}\n",
                     key,
                     std::is_same_v<Q, double> ? text : quoted(text),
                     name(figure.status),
                     quoted(figure.source.empty() ? "not stated" : figure.source));
}

std::string level_to_toml(const Level& level) {
  std::string text = fmt::format("\n[[level]]\nname = {}\ndomain = {}\nshape = \"{}\"\n",
                                 quoted(level.name),
                                 quoted(level.domain),
                                 name(level.shape));
  text += line(
      "extent",
      Sourced<double>{
          static_cast<double>(level.extent), level.size_source.status, level.size_source.source});
  each_figure_of_level(level,
                       [&text](const char* key, const auto& figure) { text += line(key, figure); });
  return text;
}

}  // namespace

std::vector<std::string> system_names() {
  return shipped_names(system_shelf);
}

Machine load_system(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  auto chain = load_chain(system_shelf, name_or_path);
  Machine machine;
  const std::string chip = read(chain, machine);
  const std::string prefix = "chip.";
  std::vector<std::string> of_chip;
  for (const std::string& text : overrides)
    if (text.starts_with(prefix))
      of_chip.push_back(text.substr(prefix.size()));
    else
      apply(split_override(text), machine);
  machine.chip = load_chip(chip, of_chip);
  check_chips(machine);
  return machine;
}

std::string to_toml(const Machine& machine) {
  std::string text = fmt::format("title = {}\n", quoted(machine.title));
  if (!machine.notes.empty()) text += fmt::format("notes = {}\n", quoted(machine.notes));
  text += fmt::format("chip = {}\n", quoted(machine.chip.name));
  text += line("overhead", machine.overhead);
  if (machine.reduction) text += line("reduction", *machine.reduction);
  for (const Level& level : machine.levels) text += level_to_toml(level);
  return text;
}

std::vector<std::pair<std::string, std::string>> source_files(const std::string& name_or_path) {
  auto systems = load_chain(system_shelf, name_or_path);
  Machine machine;
  const std::string chip = read(systems, machine);
  std::vector<std::pair<std::string, std::string>> files;
  for (const Document& document : load_chain(chip_shelf, chip))
    files.emplace_back(label(document.name()), document.text());
  for (const Document& document : systems)
    files.emplace_back(label(document.name()), document.text());
  return files;
}

}  // namespace topology
