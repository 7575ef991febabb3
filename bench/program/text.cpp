#include "bench/program/text.hpp"

#include <sstream>

namespace bench {

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::string all;
  std::size_t used = 0;
  std::istringstream words(text);
  for (std::string word; words >> word; used += word.size()) {
    if (used > 0 && used + 1 + word.size() > width) {
      all += "\n" + std::string(indent, ' ');
      used = 0;
    } else if (used > 0) {
      all += ' ';
      ++used;
    }
    all += word;
  }
  return all;
}

}  // namespace bench
