// A TOML file with strict access: what is asked for is typed and checked, and what was never asked
// for is an error. Every complaint carries file, line, the line itself and what was expected.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "topology/error.hpp"
#include "topology/parse.hpp"
#include "topology/sourced.hpp"

namespace topology {

/// Of the parts of a chip or a port: more than any has, and their products stay in 64 bits.
inline constexpr std::int64_t most_parts = 1048576;

/// Is the key, of a table or a whole path, one of a count of parts?
[[nodiscard]] inline bool counts_parts(std::string_view key) {
  const std::string_view last = key.substr(key.rfind('.') + 1);
  return last == "links" || last.ends_with("cores") || last.ends_with("engines") ||
         last.starts_with("tile_");
}

/// The complaint about a plain number, or "".
[[nodiscard]] inline std::string complaint_of_number(std::string_view key, double value) {
  if (counts_parts(key) && value > static_cast<double>(most_parts))
    return "the most is " + std::to_string(most_parts);
  const bool in_switch = key.ends_with("in_switch");
  if ((in_switch || key.ends_with("efficiency")) && value > 1) return "a share is at most 1";
  return value > 0 || (in_switch && value == 0) ? "" : "must be more than 0";
}

/// What no figure can be: a size or rate that is not positive, a negative time, a share above 1 (a
/// key that ends in "efficiency" or "in_switch"; the latter may be 0), more parts than any machine
/// has. @return the complaint, or "" if the value is fine
template <class Q>
[[nodiscard]] std::string complaint(std::string_view key, Q value) {
  if constexpr (std::is_same_v<Q, double>) {
    return complaint_of_number(key, value);
  } else if constexpr (std::is_same_v<Q, Seconds>) {
    return value >= Seconds{} ? "" : "a time is not negative";
  } else {
    return value > Q{} ? "" : "must be more than 0";
  }
}

struct TomlFile;

/// One table of a document. Remembers which keys were asked for; a reader asks for everything it
/// knows and then calls finish() on the root.
class Table {
 public:
  struct State;
  explicit Table(std::unique_ptr<State> state);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  Table(Table&&) = delete;
  Table& operator=(Table&&) = delete;
  ~Table();

  /// Whether the key is there; from then on it is a known key.
  [[nodiscard]] bool has(const std::string& key);
  /// Whether the table itself is in the file.
  [[nodiscard]] bool exists() const;

  /// T is std::string, std::int64_t, double (an integer will do), bool, or std::vector of
  /// std::string, std::int64_t or std::vector<std::int64_t>.
  template <class T>
  [[nodiscard]] T get(const std::string& key);

  template <class T>
  [[nodiscard]] T get_or(const std::string& key, T fallback) {
    return has(key) ? get<T>(key) : std::move(fallback);
  }

  /// `convert` applied to the text of a key; its complaints get file and line. For example
  /// parsed("begin", parse_size), parsed("datatype", data_type), parsed("gap", parse<Seconds>).
  template <class Convert>
  [[nodiscard]] auto parsed(const std::string& key, Convert convert) {
    return located(key, convert, get<std::string>(key));
  }

  /// { value = "2.9 TB/s", status = "published", source = "…" }; the value of a dimensionless
  /// figure is a number.
  template <class Q>
  [[nodiscard]] Sourced<Q> figure(const std::string& key);

  /// A table below this one; if it is not in the file, an empty one that does not exist().
  [[nodiscard]] Table& table(const std::string& key);
  /// Whether the key is there and an array of tables.
  [[nodiscard]] bool holds_tables(const std::string& key);
  /// The members of an array of tables; none if it is not in the file.
  [[nodiscard]] std::vector<Table*> tables(const std::string& key);

  /// The table a dotted path leads to and the last key of the path: "memory.bandwidth".
  [[nodiscard]] std::pair<Table*, std::string> at(std::string_view path);

  /// @throws Error(usage) for the first key here or below that nobody asked for
  void finish() const;

  /// Reports `sentence` about the value of `key`, or about the table where it has no such key.
  [[noreturn]] void fail(const std::string& key,
                         const std::string& sentence,
                         const std::string& hint = "") const;

 private:
  template <class Convert>
  auto located(const std::string& key, Convert convert, const std::string& text) {
    try {
      return convert(std::string_view(text));
    } catch (const Error& error) {
      fail(key, error.what());
    }
  }

  [[nodiscard]] std::string value_text(const std::string& key);
  [[nodiscard]] Status status(const std::string& key);
  [[nodiscard]] std::string source(const std::string& key);
  [[nodiscard]] std::string place() const;
  [[nodiscard]] bool is_known(const std::string& key) const;
  [[noreturn]] void missing(const std::string& key) const;

  std::unique_ptr<State> state_;
};

template <class Q>
Sourced<Q> Table::figure(const std::string& key) {
  Table& parts = table(key);
  if (!parts.exists()) missing(key);
  const auto read = [&key](std::string_view text) {
    const Q value = parse<Q>(text);
    const std::string wrong = complaint(key, value);
    if (!wrong.empty()) usage_error(key + " is '" + std::string(text) + "': " + wrong);
    return value;
  };
  return {parts.located("value", read, parts.value_text("value")),
          parts.status("status"),
          parts.source("source")};
}

class Document {
 public:
  /// @throws Error(usage) if the file cannot be read or is not TOML
  [[nodiscard]] static Document load(const std::string& path);

  /// `name` stands for the file in messages.
  Document(std::string name, std::string text);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  Document(Document&& other) noexcept;
  Document& operator=(Document&& other) noexcept;
  ~Document();

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] Table& root();

 private:
  std::unique_ptr<TomlFile> file_;
  std::unique_ptr<Table> root_;
};

}  // namespace topology
