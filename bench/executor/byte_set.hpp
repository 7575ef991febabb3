// A set of bytes, as stretches of a vector.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>

namespace bench {

struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

class ByteSet {
 public:
  void add(ByteRange part) {
    auto at = spans_.upper_bound(part.end);
    while (at != spans_.begin()) {
      --at;
      if (at->second < part.begin) break;
      part = {std::min(part.begin, at->first), std::max(part.end, at->second)};
      at = spans_.erase(at);
    }
    spans_[part.begin] = part.end;
  }

  /// `visit(bytes, inside)` for each stretch of `part` that is wholly the one or the other.
  template <class Visit>
  void stretches(ByteRange part, Visit&& visit) const {
    std::size_t at = part.begin;
    for (const auto& [begin, end] : spans_) {
      if (end <= at || begin >= part.end) continue;
      if (begin > at) visit(ByteRange{at, begin}, false);
      visit(ByteRange{std::max(at, begin), std::min(end, part.end)}, true);
      at = end;
    }
    if (at < part.end) visit(ByteRange{at, part.end}, false);
  }

 private:
  std::map<std::size_t, std::size_t> spans_;
};

}  // namespace bench
