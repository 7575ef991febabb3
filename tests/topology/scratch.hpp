// Files for tests that read what they have just written.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "topology/error.hpp"

namespace fixtures {

/// A folder of its own, gone afterwards.
class Scratch {
 public:
  Scratch() : folder_(std::filesystem::path(testing::TempDir()) / unique()) {
    std::filesystem::create_directories(folder_);
  }

  ~Scratch() { std::filesystem::remove_all(folder_); }

  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Scratch(Scratch&&) = delete;
  Scratch& operator=(Scratch&&) = delete;

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }

 private:
  static std::string unique() {
    static int count = 0;
    return "rainier-" + std::to_string(getpid()) + "-" + std::to_string(count++);
  }

  std::filesystem::path folder_;
};

/// What a request is refused with; "" if it is not.
template <class Request>
std::string refusal(Request request) {
  try {
    request();
  } catch (const topology::Error& error) {
    EXPECT_EQ(error.kind(), topology::ErrorKind::usage) << error.what();
    return error.what();
  }
  return "";
}

inline void expect_mentions(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in:\n" << text;
}

}  // namespace fixtures
