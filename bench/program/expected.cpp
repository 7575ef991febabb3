#include "bench/program/expected.hpp"

#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "topology/names.hpp"

namespace bench {
namespace {

/// All of the text, or nothing.
template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stopped != end) return {};
  return number;
}

CLI::Validator expecting(const std::string& what,
                         const std::string& limits,
                         std::function<bool(const std::string&)> is) {
  return {[what, is = std::move(is)](std::string& text) {
            return is(text) ? std::string() : fmt::format("expected {}, not {}", what, text);
          },
          limits};
}

CLI::Validator real(const std::string& limits, std::function<bool(double)> is) {
  return expecting("a number " + limits, limits, [is = std::move(is)](const std::string& text) {
    const auto number = number_of<double>(text);
    return number && std::isfinite(*number) && is(*number);
  });
}

}  // namespace

CLI::Validator whole(std::int64_t least, std::int64_t most) {
  const std::string limits = most == INT64_MAX ? fmt::format("from {} on", least)
                                               : fmt::format("from {} to {}", least, most);
  return expecting("a whole number " + limits, limits, [least, most](const std::string& text) {
    const auto number = number_of<std::int64_t>(text);
    return number && *number >= least && *number <= most;
  });
}

CLI::Validator above_zero() {
  return real("above 0", [](double number) { return number > 0; });
}

CLI::Validator number_from(double low) {
  return real(fmt::format("from {} on", low), [low](double number) { return number >= low; });
}

CLI::Validator number_from(double low, double high) {
  return real(fmt::format("from {} to {}", low, high),
              [low, high](double number) { return number >= low && number <= high; });
}

CLI::Validator one_of(std::vector<std::string> words) {
  const std::string all = fmt::format("{}", fmt::join(words, ", "));
  return {[words = std::move(words), all](std::string& text) {
            for (const std::string& word : words)
              if (word == text) return std::string();
            const std::string near = topology::nearest(text, words);
            return fmt::format("expected one of {}, not {}{}",
                               all,
                               text,
                               near.empty() ? "" : fmt::format("; did you mean {}?", near));
          },
          fmt::format("{{{}}}", all)};
}

}  // namespace bench
