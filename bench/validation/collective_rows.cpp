// Published collectives beside what the model says of them.
#include <algorithm>
#include <regex>

#include <fmt/format.h>

#include "bench/executor/predict.hpp"
#include "bench/validation/comparison.hpp"
#include "bench/validation/published_machine.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

/// "EFA 32x100 Gb/s per node", "4x400 Gb/s IB per 4-GPU node", "200 Gb/s per GPU": Gbit/s a chip;
/// 0 where the text does not say.
double network_gbps(const std::string& link, double chips_per_server) {
  static const std::regex rate(
      R"((?:(\d+)x)?(\d+) Gb/s(?: [A-Z]\w*)?(?: per (?:(\d+)-GPU )?(node|GPU))?)");
  std::smatch found;
  if (!std::regex_search(link, found, rate)) return 0;
  const double ports = found[1].matched ? std::stod(found[1]) : 1;
  const double all = ports * std::stod(found[2]);
  if (found[3].matched) return all / std::stod(found[3]);
  const bool of_a_node = found[4] == "node" || found[1].matched;
  return of_a_node ? all / chips_per_server : all;
}

PublishedSite site_of(const PublishedRow& row) {
  PublishedSite site;
  site.chip = row.text("chip");
  site.chips = row.count("chips");
  site.where = row.text("software") + ", " + row.text("link");
  const std::int64_t nodes = row.count_or("nodes", 1);
  if (!domain_spans_servers(site.chip)) site.node_size = site.chips / nodes;
  if (nodes > 1)  // ports of a server are shared by all chips that it has room for
    site.net_gbps = network_gbps(row.text("link"), static_cast<double>(full_domain(site)));
  return site;
}

/// The exchange of a mixture of experts sends to each expert's rank what it has for it.
kernels::Collective collective_of(const std::string& name) {
  if (name == "moe-dispatch" || name == "moe-combine") return kernels::Collective::all_to_all;
  std::string ours = name;
  std::replace(ours.begin(), ours.end(), '-', '_');
  return kernels::parse_collective(ours);
}

/// What ran, where the table names it; else what the library would choose.
std::string algorithm_of(const PublishedRow& row, const std::string& library) {
  const std::string& named = row.text("algo");
  if (library != "nccl" || row.text("collective") != "all-reduce") return library;
  if (named.starts_with("Ring")) return "nccl:ring";
  if (named.starts_with("NVLS")) return "nccl:nvls";
  return library;
}

void predict_row(Comparison& result, const PublishedRow& row) {
  const double bytes = row.number_or("bytes", 0);
  if (!(bytes > 0)) {
    result.reason = "no size is published";
    return;
  }
  const PublishedMachine published = published_machine(site_of(row));
  const Prediction prediction = predict(collective_of(row.text("collective")),
                                        published.machine,
                                        topology::Bytes(bytes * published.ranks_per_chip),
                                        algorithm_of(row, published.algorithm));
  result.predicted = prediction.time;
  result.reason =
      fmt::format("{}: {} takes longest", prediction.algorithm, prediction.bottleneck_name());
}

Comparison compare(const PublishedRow& row) {
  Comparison result;
  result.id = row.text("id");
  result.set = row.text("set");
  result.quality = row.text("quality");
  result.subject = fmt::format("{} of {} B, {} {}",
                               row.text("collective"),
                               row.text("bytes"),
                               row.text("chips"),
                               row.text("chip"));
  result.measured = topology::Seconds(row.number_or("time_us", 0) * 1e-6);
  try {
    predict_row(result, row);
  } catch (const topology::Error& error) {
    if (error.kind() != topology::ErrorKind::usage) throw;
    result.reason = error.what();
  }
  return result;
}

}  // namespace

std::vector<Comparison> validate_collectives(const std::vector<PublishedRow>& rows) {
  std::vector<Comparison> all;
  all.reserve(rows.size());
  for (const PublishedRow& row : rows) all.push_back(compare(row));
  return all;
}

}  // namespace bench
