// Typed values of toml++ nodes. Private to document.cpp: nobody else sees the library.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "topology/error.hpp"

namespace topology {

inline const char* kind(const toml::node& node) {
  struct Row {
    toml::node_type type;
    const char* words;
  };

  static constexpr std::array rows = {
      Row{toml::node_type::table, "a table"},
      Row{toml::node_type::array, "a list"},
      Row{toml::node_type::string, "a text"},
      Row{toml::node_type::integer, "an integer"},
      Row{toml::node_type::floating_point, "a number"},
      Row{toml::node_type::boolean, "true or false"},
  };
  for (const Row& row : rows)
    if (row.type == node.type()) return row.words;
  return "a date or time";
}

template <class T>
inline constexpr const char* expected_kind = "a list";
template <>
inline constexpr const char* expected_kind<std::string> = "a text in quotes";
template <>
inline constexpr const char* expected_kind<std::int64_t> = "an integer";
template <>
inline constexpr const char* expected_kind<double> = "a number";
template <>
inline constexpr const char* expected_kind<bool> = "true or false";

[[noreturn]] inline void wrong_kind(const std::string& key,
                                    const char* expected,
                                    const toml::node& node) {
  usage_error(fmt::format("{}: expected {}, not {}", key, expected, kind(node)));
}

/// Reads a node as a T. @throws Error(usage) without a place where it is something else
template <class T>
struct TomlValue {
  static T read(const std::string& key, const toml::node& node) {
    if constexpr (std::is_same_v<T, double>)
      if (const auto integer = node.value_exact<std::int64_t>())
        return static_cast<double>(*integer);
    const auto value = node.value_exact<T>();
    if (!value) wrong_kind(key, expected_kind<T>, node);
    return *value;
  }
};

template <class T>
struct TomlValue<std::vector<T>> {
  static std::vector<T> read(const std::string& key, const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr) wrong_kind(key, expected_kind<std::vector<T>>, node);
    std::vector<T> values;
    for (const toml::node& element : *array)
      values.push_back(TomlValue<T>::read(key + ", in the list", element));
    return values;
  }
};

}  // namespace topology
