#include "bench/program/link_table.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

SingleLink single_link(const topology::LinkClass& of,
                       std::int64_t position,
                       topology::Bytes load,
                       topology::Seconds time) {
  // Message rate is a limit of the chip, whichever way the messages go; bytes are the link's own.
  const double share = of.issue_bound ? 1 : load / of.load;
  return {&of, position, load, of.busy * share / time};
}

}  // namespace

std::vector<SingleLink> single_links(const Prediction& prediction) {
  std::vector<SingleLink> all;
  for (const topology::LinkClass& link : prediction.links) {
    if (link.each.empty()) all.push_back(single_link(link, -1, link.load, prediction.time));
    for (std::size_t i = 0; i < link.each.size(); ++i)
      all.push_back(single_link(link, static_cast<std::int64_t>(i), link.each[i], prediction.time));
  }
  return all;
}

void print_links_header(TableStyle style) {
  if (style == TableStyle::csv) {
    fmt::print(
        "collective,chips,size,link,position,load,capacity,utilisation,evidence,algorithm\n");
    return;
  }
  fmt::print(
      "#{:>11} {:>10} {:>9} {:>16} {:>9} {:>7}  {:<9}  {}\n#{:>11} {:>10} {:>9} {:>16} {:>9}\n",
      "size",
      "link",
      "position",
      "load",
      "capacity",
      "busy",
      "evidence",
      "algorithm",
      "(B)",
      "",
      "(on line)",
      "(B)",
      "(GB/s)");
}

void print_links(const CollectiveRow& row, TableStyle style) {
  for (const SingleLink& link : single_links(row.prediction)) {
    if (style == TableStyle::csv)
      fmt::print("{},{},{},{},{},{:.17g},{:.9g},{:.9g},{},\"{}\"\n",
                 kernels::info(row.collective).name,
                 row.ranks,
                 row.bytes,
                 link.of->name,
                 link.position,
                 link.load.value(),
                 link.of->capacity.value(),
                 link.utilisation,
                 topology::name(link.of->evidence),
                 row.prediction.algorithm);
    else
      fmt::print("{:>12} {:>10} {:>9} {:>16.0f} {:>9.2f} {:>6.1f}%  {:<9}  {}\n",
                 row.bytes,
                 link.of->name,
                 link.position < 0 ? std::string("all") : std::to_string(link.position),
                 link.load.value(),
                 link.of->capacity.value() / 1e9,
                 100 * link.utilisation,
                 topology::name(link.of->evidence),
                 row.prediction.algorithm);
  }
}

}  // namespace bench
