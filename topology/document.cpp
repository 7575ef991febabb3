#include "topology/document.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include <fmt/format.h>

#include "topology/names.hpp"
#include "topology/text_file.hpp"
#include "topology/toml_value.hpp"

namespace topology {

struct TomlFile {
  std::string name;
  std::string text;
  std::vector<std::string> lines;
  toml::table content;
};

struct Table::State {
  const TomlFile* file = nullptr;
  const toml::table* content = nullptr;  // null: not in the file
  std::string path;                      // "memory.bandwidth", "" for the root
  toml::source_position where;
  std::vector<std::string> known;
  std::map<std::string, std::vector<std::unique_ptr<Table>>> children;

  [[nodiscard]] const toml::node* find(const std::string& key) const {
    return content == nullptr ? nullptr : content->get(key);
  }

  [[nodiscard]] std::string path_to(const std::string& key) const {
    return path.empty() ? key : path + "." + key;
  }

  /// The table below, `node` or absent.
  [[nodiscard]] std::unique_ptr<Table> below(const std::string& key, const toml::node* node) const {
    auto state = std::make_unique<State>();
    state->file = file;
    state->path = path_to(key);
    state->content = node == nullptr ? nullptr : node->as_table();
    state->where = node == nullptr ? where : node->source().begin;
    return std::make_unique<Table>(std::move(state));
  }
};

namespace {

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

/// file:line: sentence, the line, a caret under the column, the hint.
[[noreturn]] void complain(const TomlFile& file,
                           toml::source_position at,
                           const std::string& sentence,
                           const std::string& hint) {
  std::string message = fmt::format("{}:{}: {}", file.name, at.line, sentence);
  if (at.line >= 1 && at.line <= file.lines.size()) {
    const std::string number = std::to_string(at.line);
    const std::size_t indent = at.column > 0 ? at.column - 1 : 0;
    message += fmt::format("\n  {} | {}\n  {} | {}^",
                           number,
                           file.lines[at.line - 1],
                           std::string(number.size(), ' '),
                           std::string(indent, ' '));
  }
  if (!hint.empty()) message += "\n" + hint;
  usage_error(message);
}

std::string suggestion(const std::string& near) {
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

}  // namespace

const char* name(Status status) {
  static constexpr std::array names = {"published", "derived", "assumed"};
  return names.at(static_cast<std::size_t>(status));
}

Table::Table(std::unique_ptr<State> state) : state_(std::move(state)) {}

Table::~Table() = default;

bool Table::is_known(const std::string& key) const {
  const auto& known = state_->known;
  return std::find(known.begin(), known.end(), key) != known.end();
}

bool Table::has(const std::string& key) {
  if (!is_known(key)) state_->known.push_back(key);
  return state_->find(key) != nullptr;
}

bool Table::exists() const {
  return state_->content != nullptr;
}

template <class T>
T Table::get(const std::string& key) {
  if (!has(key)) missing(key);
  try {
    return TomlValue<T>::read(state_->path_to(key), *state_->find(key));
  } catch (const Error& error) {
    fail(key, error.what());
  }
}

template std::string Table::get(const std::string&);
template std::int64_t Table::get(const std::string&);
template double Table::get(const std::string&);
template bool Table::get(const std::string&);
template std::vector<std::string> Table::get(const std::string&);
template std::vector<std::int64_t> Table::get(const std::string&);
template std::vector<std::vector<std::int64_t>> Table::get(const std::string&);

// A number without quotes reaches the parser of units as text, which then asks for the unit.
std::string Table::value_text(const std::string& key) {
  if (!has(key)) missing(key);
  const toml::node& node = *state_->find(key);
  if (const auto integer = node.value_exact<std::int64_t>()) return std::to_string(*integer);
  if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
  return get<std::string>(key);
}

Status Table::status(const std::string& key) {
  return parsed(key, [](std::string_view text) {
    std::vector<std::string> names;
    for (const Status status : {Status::published, Status::derived, Status::assumed}) {
      if (text == topology::name(status)) return status;
      names.emplace_back(topology::name(status));
    }
    usage_error(unknown_name("status", text, names));
  });
}

std::string Table::source(const std::string& key) {
  auto text = get<std::string>(key);
  if (text.empty()) fail(key, "an empty source", "name who says so, or how it was derived");
  return text;
}

Table& Table::table(const std::string& key) {
  const bool there = has(key);
  auto& members = state_->children[key];
  if (!members.empty()) return *members.front();
  const toml::node* node = there ? state_->find(key) : nullptr;
  if (there && !node->is_table())
    fail(key,
         fmt::format("{}: expected a table, not {}", state_->path_to(key), kind(*node)),
         R"(a figure is { value = "2.9 TB/s", status = "published", source = "who says so" })");
  members.push_back(state_->below(key, node));
  return *members.front();
}

bool Table::holds_tables(const std::string& key) {
  if (!has(key)) return false;
  const toml::array* array = state_->find(key)->as_array();
  return array != nullptr && array->is_homogeneous(toml::node_type::table);
}

std::vector<Table*> Table::tables(const std::string& key) {
  auto& members = state_->children[key];
  if (has(key) && members.empty()) {
    const toml::node& node = *state_->find(key);
    const toml::array* array = node.as_array();
    if (array == nullptr || !array->is_homogeneous(toml::node_type::table))
      fail(key, fmt::format("{}: expected a list of tables, each opened by [[{}]]", key, key));
    for (const toml::node& element : *array) members.push_back(state_->below(key, &element));
  }
  std::vector<Table*> all;
  for (const auto& member : members) all.push_back(member.get());
  return all;
}

std::pair<Table*, std::string> Table::at(std::string_view path) {
  Table* here = this;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    here = &here->table(std::string(path.substr(0, dot)));
    path.remove_prefix(dot + 1);
  }
  return {here, std::string(path)};
}

std::string Table::place() const {
  return state_->path.empty() ? "" : fmt::format(" in [{}]", state_->path);
}

void Table::finish() const {
  if (!exists()) return;
  for (const auto& [key, node] : *state_->content) {
    const std::string typed(key.str());
    if (is_known(typed)) continue;
    complain(*state_->file,
             key.source().begin,
             fmt::format(
                 "unknown key '{}'{}{}", typed, place(), suggestion(nearest(typed, state_->known))),
             fmt::format("known keys: {}", fmt::join(state_->known, ", ")));
  }
  for (const auto& [key, members] : state_->children)
    for (const auto& member : members) member->finish();
}

// A misspelt key is also a missing one; pointing at what was typed says more.
void Table::missing(const std::string& key) const {
  const std::vector<std::string> wanted = {key};
  if (exists())
    for (const auto& [other, node] : *state_->content) {
      const std::string typed(other.str());
      if (is_known(typed) || nearest(typed, wanted).empty()) continue;
      complain(*state_->file,
               other.source().begin,
               fmt::format("unknown key '{}'{}{}", typed, place(), suggestion(key)),
               "");
    }
  fail(key, fmt::format("missing key '{}'{}", key, place()));
}

void Table::fail(const std::string& key,
                 const std::string& sentence,
                 const std::string& hint) const {
  const toml::node* node = state_->find(key);
  complain(*state_->file, node == nullptr ? state_->where : node->source().begin, sentence, hint);
}

Document Document::load(const std::string& path) {
  return {path, read_text(path)};
}

Document::Document(std::string name, std::string text) : file_(std::make_unique<TomlFile>()) {
  file_->name = std::move(name);
  file_->text = std::move(text);
  file_->lines = split_lines(file_->text);
  try {
    file_->content = toml::parse(std::string_view(file_->text), std::string_view(file_->name));
  } catch (const toml::parse_error& error) {
    complain(*file_, error.source().begin, std::string(error.description()), "");
  }
  auto state = std::make_unique<Table::State>();
  state->file = file_.get();
  state->content = &file_->content;
  state->where = {1, 1};
  root_ = std::make_unique<Table>(std::move(state));
}

Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

const std::string& Document::name() const {
  return file_->name;
}

const std::string& Document::text() const {
  return file_->text;
}

Table& Document::root() {
  return *root_;
}

}  // namespace topology
