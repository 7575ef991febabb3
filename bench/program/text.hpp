// Prose on a terminal.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

/// `text` in lines of at most `width` characters, broken at spaces; lines after the first begin
/// with `indent` spaces, which are not counted.
[[nodiscard]] std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace bench
