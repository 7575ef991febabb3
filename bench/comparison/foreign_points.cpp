#include "bench/comparison/foreign_points.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "bench/exchange/foreign_results.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

/// Our names of types that other tools call otherwise.
std::string our_type(const std::string& theirs) {
  constexpr std::array<std::pair<std::string_view, const char*>, 12> names{{
      {"float", "f32"},
      {"fp32", "f32"},
      {"half", "f16"},
      {"fp16", "f16"},
      {"double", "f64"},
      {"fp64", "f64"},
      {"bfloat16", "bf16"},
      {"int8", "i8"},
      {"uint8", "u8"},
      {"int32", "i32"},
      {"uint32", "u32"},
      {"int64", "i64"},
  }};
  for (const auto& [name, ours] : names)
    if (theirs == name) return ours;
  return theirs;
}

std::string size_and_place(std::int64_t bytes, bool in_place) {
  return topology::format(topology::Bytes(static_cast<double>(bytes))) +
         (in_place ? " in place" : "");
}

}  // namespace

TimedFile foreign_points(const std::string& path) {
  TimedFile file{path, {}, 0, 0, 0};
  for (const ForeignPoint& foreign : read_foreign(path)) {
    TimedPoint point;
    point.kernel = foreign.collective ? kernels::info(*foreign.collective).name : "";
    point.type = our_type(foreign.type);
    point.ranks = foreign.ranks;
    point.name = size_and_place(foreign.size, foreign.in_place);
    point.size = foreign.size;
    point.time = foreign.samples.empty() ? std::vector{foreign.seconds} : foreign.samples;
    file.points.push_back(point);
    if (foreign.wrong > 0) ++file.wrong;
  }
  return file;
}

void speak_alike(std::vector<TimedFile>& files) {
  const auto some = [&](auto lacks) {
    return std::any_of(files.begin(), files.end(), [&](const TimedFile& file) {
      return std::any_of(file.points.begin(), file.points.end(), lacks);
    });
  };
  const bool no_kernel = some([](const TimedPoint& p) { return p.kernel.empty(); });
  const bool no_ranks =
      some([](const TimedPoint& p) { return p.size > 0 && !p.modelled && p.ranks == 0; });
  for (TimedFile& file : files)
    for (TimedPoint& point : file.points) {
      if (point.size == 0 || point.modelled) continue;
      if (no_kernel) point.kernel.clear();
      if (no_ranks) point.ranks = 0;
    }
}

}  // namespace bench
