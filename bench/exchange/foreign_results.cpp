#include "bench/exchange/foreign_results.hpp"

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "topology/error.hpp"

namespace bench {
namespace {

using ForeignJson = nlohmann::json;

constexpr double si_giga = 1e9;
constexpr double binary_giga = 1073741824;
constexpr double foreign_micro = 1e-6;

/// What nccl-tests calls its programs.
struct ForeignProgram {
  const char* name;
  kernels::Collective collective;
};

constexpr std::array nccl_programs{
    ForeignProgram{"all_reduce_perf", kernels::Collective::all_reduce},
    ForeignProgram{"all_gather_perf", kernels::Collective::all_gather},
    ForeignProgram{"reduce_scatter_perf", kernels::Collective::reduce_scatter},
    ForeignProgram{"alltoall_perf", kernels::Collective::all_to_all},
    ForeignProgram{"broadcast_perf", kernels::Collective::broadcast},
    ForeignProgram{"reduce_perf", kernels::Collective::reduce},
    ForeignProgram{"gather_perf", kernels::Collective::gather},
    ForeignProgram{"scatter_perf", kernels::Collective::scatter}};

/// One row of a file, for errors that name it.
class ForeignRow {
 public:
  ForeignRow(const std::string& path, std::size_t number, const ForeignJson& json)
      : where_(fmt::format("{}: row {}", path, number)), json_(json) {}

  [[nodiscard]] double number(const ForeignJson& from, const char* key) const {
    const ForeignJson& value = at(from, key);
    if (value.is_number()) return value.get<double>();
    if (value.is_string()) return number_in(value.get<std::string>(), key);
    fail(key, "expected a number");
  }

  [[nodiscard]] double number(const char* key) const { return number(json_, key); }

  /// Bytes of a vector: whole, and not more than a double counts one by one.
  [[nodiscard]] std::int64_t size(const char* key) const {
    const double value = number(key);
    if (!(value >= 0 && value <= 9007199254740992.0) || value != std::floor(value))
      fail(key, "expected a number of bytes");
    return static_cast<std::int64_t>(value);
  }

  [[nodiscard]] double seconds(const ForeignJson& from, const char* key) const {
    return seconds_in(number(from, key), key);
  }

  [[nodiscard]] double seconds(const char* key) const { return seconds(json_, key); }

  /// Of microseconds; no time is none, or less, or none that can be counted.
  [[nodiscard]] double seconds_in(double us, const char* key) const {
    if (!(us > 0 && std::isfinite(us))) fail(key, "expected a time in microseconds above 0");
    return us * foreign_micro;
  }

  [[nodiscard]] std::string text(const char* key) const {
    const ForeignJson& value = at(json_, key);
    if (!value.is_string()) fail(key, "expected a text");
    return value.get<std::string>();
  }

  [[nodiscard]] const ForeignJson* object(const std::string& key) const {
    const auto found = json_.find(key);
    return found != json_.end() && found->is_object() ? &*found : nullptr;
  }

  [[noreturn]] void fail(std::string_view key, std::string_view what) const {
    topology::usage_error(fmt::format("{}: '{}': {}", where_, key, what));
  }

 private:
  [[nodiscard]] const ForeignJson& at(const ForeignJson& from, const char* key) const {
    const auto found = from.find(key);
    if (found == from.end()) fail(key, "is missing");
    return *found;
  }

  [[nodiscard]] double number_in(const std::string& text, const char* key) const {
    std::size_t read = 0;
    double value = 0;
    try {
      value = std::stod(text, &read);
    } catch (const std::exception&) {
      fail(key, "expected a number");
    }
    if (read != text.size()) fail(key, "expected a number");
    return value;
  }

  std::string where_;
  const ForeignJson& json_;
};

kernels::Collective named_collective(const std::string& path, const std::string& name) {
  try {
    return kernels::parse_collective(name);
  } catch (const topology::Error& error) {
    topology::usage_error(path + ": " + error.what());
  }
}

std::optional<kernels::Collective> collective_of(const std::string& path, const ForeignJson& root) {
  const auto config = root.find("config");
  if (config != root.end() && config->is_object() && config->contains("collective") &&
      config->at("collective").is_string())
    return named_collective(path, config->at("collective").get<std::string>());
  const auto arguments = root.find("args");
  if (arguments == root.end() || !arguments->is_array()) return {};
  for (const ForeignJson& argument : *arguments)
    if (argument.is_string())
      for (const ForeignProgram& program : nccl_programs) {
        const auto text = argument.get<std::string>();
        if (text.substr(text.find_last_of('/') + 1) == program.name) return program.collective;
      }
  return {};
}

/// Each rank has a device; a modelled run of ours has none.
std::int64_t ranks_of(const ForeignJson& root) {
  const auto config = root.find("config");
  if (config != root.end() && config->is_object() && config->contains("ranks") &&
      config->at("ranks").is_number_integer())
    return config->at("ranks").get<std::int64_t>();
  const auto devices = root.find("devices");
  const bool listed = devices != root.end() && devices->is_array();
  return listed ? static_cast<std::int64_t>(devices->size()) : 0;
}

std::vector<double> samples_of(const ForeignRow& row, const std::string& placement) {
  std::vector<double> seconds;
  const ForeignJson* each = row.object(placement + "_per_iter");
  if (each == nullptr || !each->contains("times_us")) return seconds;
  for (const ForeignJson& time : each->at("times_us")) {
    if (!time.is_number()) row.fail("times_us", "expected numbers");
    seconds.push_back(row.seconds_in(time.get<double>(), "times_us"));
  }
  return seconds;
}

/// "N/A" where nothing was checked.
std::int64_t wrong_of(const ForeignJson& placement) {
  const auto found = placement.find("nwrong");
  return found != placement.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::vector<ForeignPoint> nccl_points(const std::string& path, const ForeignJson& root) {
  ForeignPoint common;
  common.tool = "nccl-tests";
  common.collective = collective_of(path, root);
  common.ranks = ranks_of(root);
  std::vector<ForeignPoint> points;
  std::size_t number = 0;
  for (const ForeignJson& json : root.at("results")) {
    const ForeignRow row(path, number++, json);
    for (const std::string placement : {"out_of_place", "in_place"}) {
      const ForeignJson* times = row.object(placement);
      if (times == nullptr) continue;
      ForeignPoint& point = points.emplace_back(common);
      point.type = row.text("type");
      point.size = row.size("size");
      point.in_place = placement == "in_place";
      point.seconds = row.seconds(*times, "time");
      point.algbw = row.number(*times, "alg_bw") * si_giga;
      point.busbw = row.number(*times, "bus_bw") * si_giga;
      point.samples = samples_of(row, placement);
      point.wrong = wrong_of(*times);
    }
  }
  return points;
}

std::vector<ForeignPoint> nccom_points(const std::string& path, const ForeignJson& rows) {
  std::vector<ForeignPoint> points;
  std::size_t number = 0;
  for (const ForeignJson& json : rows) {
    const ForeignRow row(path, number++, json);
    ForeignPoint& point = points.emplace_back();
    point.tool = "nccom-test";
    point.type = row.text("type");
    point.size = row.size("size(B)");
    point.seconds = row.seconds("time:avg(us)");
    point.algbw = row.number("algbw(GB/s)") * binary_giga;
    point.busbw = row.number("busbw(GB/s)") * binary_giga;
  }
  return points;
}

bool is_nccl(const ForeignJson& root) {
  return root.is_object() && root.contains("results") && root.at("results").is_array();
}

/// The rows: the file itself, or what stands under its one key that holds them.
const ForeignJson* nccom_rows(const ForeignJson& root) {
  const auto has_rows = [](const ForeignJson& list) {
    return list.is_array() && !list.empty() && list.front().is_object() &&
           list.front().contains("size(B)");
  };
  if (has_rows(root)) return &root;
  if (root.is_object())
    for (const auto& entry : root)
      if (has_rows(entry)) return &entry;
  return nullptr;
}

ForeignJson parsed(const std::string& path) {
  std::ifstream file(path);
  try {
    return ForeignJson::parse(file);
  } catch (const ForeignJson::parse_error& error) {
    topology::usage_error(fmt::format(
        "{}: not whole JSON: it breaks off or goes wrong at byte {}", path, error.byte));
  }
}

}  // namespace

bool is_foreign(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return false;
  std::ifstream file(path);
  std::string first(3, '\0');  // a byte order mark may come first
  file.read(first.data(), 3);
  if (first != "\xef\xbb\xbf") file.seekg(0);
  char begin = 0;
  return file >> std::ws >> begin && (begin == '{' || begin == '[');
}

std::vector<ForeignPoint> read_foreign(const std::string& path) {
  const ForeignJson root = parsed(path);
  if (const ForeignJson* rows = nccom_rows(root)) return nccom_points(path, *rows);
  if (is_nccl(root)) return nccl_points(path, root);
  topology::usage_error(path +
                        ": expected JSON of nccl-tests (with \"results\") or of nccom-test "
                        "(rows with \"size(B)\")");
}

}  // namespace bench
