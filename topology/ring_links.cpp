#include "topology/ring_links.hpp"

namespace topology {
namespace {

/// Adds `bytes` to `length` consecutive links from `first` on.
void walk(std::vector<double>& links, std::int64_t first, std::int64_t length, double bytes) {
  const auto n = static_cast<std::int64_t>(links.size());
  for (std::int64_t i = 0; i < length; ++i)
    links[static_cast<std::size_t>((first + i) % n)] += bytes;
}

}  // namespace

double share_up(std::int64_t ahead, std::int64_t n) {
  if (n <= 2 || 2 * ahead < n) return 1;  // two members have one link, in one direction each
  return 2 * ahead == n ? 0.5 : 0;
}

void send(RingLinks& links, std::int64_t from, std::int64_t ahead, double bytes) {
  const auto n = static_cast<std::int64_t>(links[up].size());
  const double part = share_up(ahead, n);
  if (part > 0) walk(links[up], from, ahead, bytes * part);
  if (part < 1) walk(links[down], from + ahead + 1, n - ahead, bytes * (1 - part));
}

}  // namespace topology
