#include "kernels/training/config_reader.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "topology/error.hpp"

namespace kernels {
namespace {

using nlohmann::json;

constexpr std::int64_t largest = std::int64_t{1} << 31;  // products of two stay in 64 bits
constexpr std::size_t longest_shown = 40;

constexpr const char* size_expected = "an integer of at least 1";
constexpr const char* count_expected = "an integer of at least 0";
constexpr const char* flag_expected = "true or false";
constexpr const char* text_expected = "a text";

}  // namespace

bool ConfigReader::has(const std::string& key) const {
  const auto member = object_->find(key);
  return member != object_->end() && !member->is_null();
}

bool ConfigReader::is_null(const std::string& key) const {
  const auto member = object_->find(key);
  return member != object_->end() && member->is_null();
}

const json& ConfigReader::at(const std::string& key, const char* expected) const {
  const auto member = object_->find(key);
  if (member == object_->end()) fail(key, fmt::format("the key is missing; expected {}", expected));
  return *member;
}

void ConfigReader::unexpected(const std::string& key,
                              const json& value,
                              const char* expected) const {
  std::string shown = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (shown.size() > longest_shown) {
    shown.resize(longest_shown);
    shown += "...";
  }
  fail(key, fmt::format("expected {}, not {}", expected, shown));
}

std::int64_t ConfigReader::integer(const std::string& key,
                                   const json& value,
                                   std::int64_t least,
                                   const char* expected) const {
  // An unsigned number above 2^63 would turn negative.
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<std::uint64_t>() <= largest);
  const std::int64_t number = fits ? value.get<std::int64_t>() : least - 1;
  if (number >= least) return number;
  const bool too_large = value.is_number_unsigned() && !fits;
  unexpected(key, value, too_large ? "an integer of at most 2^31" : expected);
}

std::int64_t ConfigReader::size(const std::string& key) const {
  return integer(key, at(key, size_expected), 1, size_expected);
}

std::int64_t ConfigReader::size_or(const std::string& key, std::int64_t fallback) const {
  return has(key) ? size(key) : fallback;
}

std::int64_t ConfigReader::count_or(const std::string& key, std::int64_t fallback) const {
  return has(key) ? integer(key, at(key, count_expected), 0, count_expected) : fallback;
}

bool ConfigReader::flag_or(const std::string& key, bool fallback) const {
  if (!has(key)) return fallback;
  const json& value = at(key, flag_expected);
  if (!value.is_boolean()) unexpected(key, value, flag_expected);
  return value.get<bool>();
}

std::string ConfigReader::text(const std::string& key) const {
  const json& value = at(key, text_expected);
  if (!value.is_string()) unexpected(key, value, text_expected);
  return value.get<std::string>();
}

std::string ConfigReader::text_or(const std::string& key, const std::string& fallback) const {
  return has(key) ? text(key) : fallback;
}

std::vector<std::int64_t> ConfigReader::counts(const std::string& key) const {
  std::vector<std::int64_t> all;
  if (!has(key)) return all;
  constexpr const char* expected = "a list of integers of at least 0";
  const json& list = at(key, expected);
  if (!list.is_array()) unexpected(key, list, expected);
  for (const json& element : list) all.push_back(integer(key, element, 0, expected));
  return all;
}

std::vector<std::string> ConfigReader::texts(const std::string& key) const {
  std::vector<std::string> all;
  if (!has(key)) return all;
  constexpr const char* expected = "a list of texts";
  const json& list = at(key, expected);
  if (!list.is_array()) unexpected(key, list, expected);
  for (const json& element : list) {
    if (!element.is_string()) unexpected(key, element, expected);
    all.push_back(element.get<std::string>());
  }
  return all;
}

ConfigReader ConfigReader::object(const std::string& key) const {
  constexpr const char* expected = "an object";
  const json& value = at(key, expected);
  if (!value.is_object()) unexpected(key, value, expected);
  return {value, origin_, path_ + key + "."};
}

void ConfigReader::fail(const std::string& key, const std::string& sentence) const {
  topology::usage_error(fmt::format("{}: {}{}: {}", origin_, path_, key, sentence));
}

}  // namespace kernels
