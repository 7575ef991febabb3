#include "bench/program/nccl_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/executor/statistics.hpp"
#include "bench/record/provenance.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using NcclJson = nlohmann::ordered_json;

constexpr double in_us = 1e6;
constexpr double in_gbps = 1e-9;

/// As NCCL calls it, where it has it.
std::string nccl_type(topology::DataType type) {
  using topology::DataType;
  switch (type) {
    case DataType::f64:
      return "double";
    case DataType::f32:
      return "float";
    case DataType::f16:
      return "half";
    case DataType::bf16:
      return "bfloat16";
    case DataType::i32:
      return "int32";
    case DataType::i8:
      return "int8";
    default:
      return topology::name(type);
  }
}

NcclJson placement(const CollectiveRow& row, double seconds, std::int64_t wrong) {
  return {{"time", seconds * in_us},
          {"alg_bw", row.algbw(seconds) * in_gbps},
          {"bus_bw", row.busbw(seconds) * in_gbps},
          {"nwrong", wrong < 0 ? NcclJson("N/A") : NcclJson(wrong)}};
}

NcclJson per_iteration(const Measurement& measured) {
  std::vector<double> us;
  for (const double seconds : measured.seconds) us.push_back(seconds * in_us);
  const auto n = static_cast<double>(us.size());
  const double mean = std::accumulate(us.begin(), us.end(), 0.0) / n;
  const double squares = std::accumulate(us.begin(), us.end(), 0.0, [&](double sum, double t) {
    return sum + (t - mean) * (t - mean);
  });
  const double deviation = us.size() > 1 ? std::sqrt(squares / (n - 1)) : 0;
  return {{"min_us", quantile(us, 0)},
          {"max_us", quantile(us, 1)},
          {"avg_us", mean},
          {"p50_us", quantile(us, 0.5)},
          {"p95_us", quantile(us, 0.95)},
          {"p99_us", quantile(us, 0.99)},
          {"stdev_us", deviation},
          {"cv_pct", 100 * deviation / mean},
          {"times_us", us}};
}

NcclJson model(const CollectiveRow& row) {
  const Prediction& p = row.prediction;
  NcclJson json{{"time", p.time.value() * in_us},
                {"bound", p.bound.time().value() * in_us},
                {"algorithm", p.algorithm},
                {"bottleneck", p.bottleneck_name()}};
  if (!row.out_of_place.seconds.empty())
    json["percent_of_model"] = 100 * p.time.value() / row.faster_placement();
  return json;
}

NcclJson result(const CollectiveRow& row, bool predicted) {
  const bool rooted = kernels::info(row.collective).rooted();
  NcclJson json{{"size", row.bytes},
                {"count", row.count},
                {"type", nccl_type(row.type)},
                {"redop", row.op},
                {"root", rooted ? 0 : -1}};
  if (predicted) {
    json["out_of_place"] = placement(row, row.prediction.time.value(), -1);
    json["in_place"] = json["out_of_place"];
  } else {
    json["out_of_place"] = placement(row, row.out_of_place.median(), row.out_of_place.wrong);
    json["in_place"] = placement(row, row.in_place.median(), row.in_place.wrong);
    json["out_of_place_per_iter"] = per_iteration(row.out_of_place);
    json["in_place_per_iter"] = per_iteration(row.in_place);
    json["lowering"] = medium(row.lowering);
  }
  json["model"] = model(row);
  return json;
}

/// Over all rows and both placements, as nccl-tests has it.
double average_bus_bandwidth(const NcclJson& results) {
  double sum = 0;
  for (const NcclJson& row : results)
    for (const char* placed : {"out_of_place", "in_place"})
      sum += row.at(placed).at("bus_bw").get<double>();
  return results.empty() ? 0 : sum / (2 * static_cast<double>(results.size()));
}

NcclJson configuration(const NcclReport& report) {
  NcclJson json{{"collective", kernels::info(report.collective).name},
                {"ranks", report.ranks},
                {"origin", report.predicted ? "modelled" : "measured"}};
  if (report.predicted) return json;
  json["iterations"] = report.options.samples;
  json["warmup_iterations"] = report.options.warmup;
  json["check"] = report.options.check ? 1 : 0;
  json["time"] = "median of the slowest rank's";
  return json;
}

NcclJson devices(const NcclReport& report) {
  NcclJson all = NcclJson::array();
  for (std::int64_t r = 0; r < report.ranks && !report.predicted; ++r) all.push_back({{"rank", r}});
  return all;
}

/// As nccl-tests: what is there stays, the next one is FILE.1, FILE.2, ….
std::string free_name(const std::string& path) {
  std::string name = path;
  for (int i = 1; std::filesystem::is_regular_file(name); ++i) name = fmt::format("{}.{}", path, i);
  return name;
}

}  // namespace

std::string nccl_json(const NcclReport& report) {
  NcclJson results = NcclJson::array();
  std::int64_t wrong = 0;
  for (const CollectiveRow& row : report.rows) {
    results.push_back(result(row, report.predicted));
    wrong += row.wrong();
  }
  const double average = average_bus_bandwidth(results);
  const NcclJson json{{"version", 1},
                      {"producer", "rainier"},
                      {"start_time", report.start},
                      {"args", program_arguments()},
                      {"env", report.predicted ? std::vector<std::string>() : kept_environment()},
                      {"nccl_version", nullptr},
                      {"config", configuration(report)},
                      {"devices", devices(report)},
                      {"results", results},
                      {"out_of_bounds", {{"count", wrong}, {"okay", wrong == 0}}},
                      {"average_bus_bandwidth", {{"bandwidth", average}, {"okay", true}}},
                      {"errors", NcclJson::array()},
                      {"end_time", report.end}};
  return json.dump(2, ' ', false, NcclJson::error_handler_t::replace) + "\n";
}

void write_nccl_json(const std::string& path, const NcclReport& report) {
  const std::string text = nccl_json(report);
  if (path == "-") {
    fmt::print("{}", text);
    return;
  }
  const std::string name = free_name(path);
  std::ofstream file(name);
  file << text;
  file.close();
  if (!file) throw topology::Error(topology::ErrorKind::environment, name + " cannot be written");
  if (name != path) fmt::print(stderr, "{} exists: written to {}\n", path, name);
}

}  // namespace bench
