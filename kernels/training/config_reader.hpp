// One object of a config.json: what is asked for is typed and checked.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace kernels {

/// Refers to the parsed text, which must outlive it. Every complaint names file, key and what was
/// expected.
class ConfigReader {
 public:
  ConfigReader(const nlohmann::json& object, std::string origin, std::string path = "")
      : object_(&object), origin_(std::move(origin)), path_(std::move(path)) {}

  [[nodiscard]] bool has(const std::string& key) const;  ///< and is not null
  [[nodiscard]] bool is_null(const std::string& key) const;

  /// More than 0.
  [[nodiscard]] std::int64_t size(const std::string& key) const;
  /// `fallback` where the key is absent or null.
  [[nodiscard]] std::int64_t size_or(const std::string& key, std::int64_t fallback) const;
  /// 0 or more.
  [[nodiscard]] std::int64_t count_or(const std::string& key, std::int64_t fallback) const;
  [[nodiscard]] bool flag_or(const std::string& key, bool fallback) const;
  [[nodiscard]] std::string text(const std::string& key) const;
  [[nodiscard]] std::string text_or(const std::string& key, const std::string& fallback) const;
  /// Empty where the key is absent or null.
  [[nodiscard]] std::vector<std::int64_t> counts(const std::string& key) const;
  [[nodiscard]] std::vector<std::string> texts(const std::string& key) const;
  /// The object below a key.
  [[nodiscard]] ConfigReader object(const std::string& key) const;

  /// @throws topology::Error(usage): "FILE: KEY: SENTENCE"
  [[noreturn]] void fail(const std::string& key, const std::string& sentence) const;

 private:
  [[nodiscard]] const nlohmann::json& at(const std::string& key, const char* expected) const;
  [[noreturn]] void unexpected(const std::string& key,
                               const nlohmann::json& value,
                               const char* expected) const;
  [[nodiscard]] std::int64_t integer(const std::string& key,
                                     const nlohmann::json& value,
                                     std::int64_t least,
                                     const char* expected) const;

  const nlohmann::json* object_;
  std::string origin_;
  std::string path_;  ///< of the object, with a dot behind: "text_config."
};

}  // namespace kernels
