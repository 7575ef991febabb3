#include "bench/program/collective_row.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "bench/exchange/program_source.hpp"
#include "bench/executor/fit.hpp"
#include "bench/executor/host_ranks.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/executor/plan.hpp"
#include "bench/executor/program_execution.hpp"
#include "bench/executor/program_prediction.hpp"
#include "bench/executor/ranks.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace bench {

double CollectiveRow::algbw(double seconds) const {
  return static_cast<double>(bytes) / seconds;
}

double CollectiveRow::busbw(double seconds) const {
  return algbw(seconds) * kernels::busbw_factor(collective, ranks);
}

double CollectiveRow::faster_placement() const {
  return std::min(out_of_place.median(), in_place.median());
}

std::string CollectiveRow::how() const {
  const bool somehow = lowering == Lowering::messages || lowering == Lowering::mixed;
  return prediction.algorithm + (somehow ? std::string(" by ") + medium(lowering) : "");
}

std::int64_t CollectiveRow::wrong() const {
  std::int64_t sum = 0;
  for (const Measurement* m : {&out_of_place, &in_place, &beside_out_of_place, &beside_in_place})
    sum += std::max<std::int64_t>(m->wrong, 0);
  return sum;
}

namespace {

void set_count(CollectiveRow& row, std::int64_t count) {
  row.count = count;
  row.bytes =
      static_cast<std::int64_t>((static_cast<double>(count) * topology::size_of(row.type)).value());
}

/// Of a schedule, or of a program of others.
Measure make_measure(const CollectiveRow& row,
                     const topology::Machine& model,
                     const MeasureOptions& options) {
  const std::string& algorithm = row.prediction.algorithm;
  if (is_program(algorithm)) return {program_named(algorithm, row.collective), row.count, options};
  return {kernels::build(row.collective, model, algorithm), row.count, options};
}

}  // namespace

CollectiveRow point(kernels::Collective collective,
                    std::int64_t bytes,
                    const MeasureOptions& options,
                    std::int64_t ranks) {
  CollectiveRow row;
  row.collective = collective;
  row.ranks = ranks;
  row.type = options.type;
  set_count(row, elements(collective, bytes, options.type, ranks));
  row.op = kernels::info(collective).reduces ? name(options.op) : "none";
  return row;
}

CollectiveRow predict_point(kernels::Collective collective,
                            std::int64_t bytes,
                            const MeasureOptions& options,
                            const std::string& algorithm,
                            const topology::Machine& machine,
                            const PredictOptions& asked) {
  CollectiveRow row = point(collective, bytes, options, machine.chips());
  if (is_program(algorithm)) {
    const kernels::Program& program = program_named(algorithm, collective);
    set_count(row, whole_elements(program, row.count));
    row.prediction = predict(program, machine, topology::Bytes(static_cast<double>(row.bytes)));
    return row;
  }
  const topology::Bytes size(static_cast<double>(row.bytes));
  row.prediction = predict(collective, machine, size, algorithm, asked);
  return row;
}

namespace {

/// The same on all ranks.
Lowering fullest_use_of_memory() {
  const int most = HostRanks().most();
  if (most == world().size) return Lowering::host;
  return most > 1 ? Lowering::mixed : Lowering::messages;
}

[[noreturn]] void refuse(const std::string& text, Lowering instead) {
  const char* const why = instead == Lowering::host    ? "all ranks are on one host"
                          : instead == Lowering::mixed ? "the ranks are on more than one host"
                                                       : "no two ranks share a host";
  topology::usage_error(
      fmt::format("--lowering {}: {}; use --lowering {}", text, why, name(instead)));
}

}  // namespace

std::vector<Lowering> lowerings(const std::string& text) {
  if (text == "messages") return {Lowering::messages};
  if (text != "auto" && text != "host" && text != "mixed")
    topology::usage_error(topology::unknown_name(
        "lowering", text, std::vector<std::string>{"auto", "host", "mixed", "messages"}));
  const Lowering best = fullest_use_of_memory();
  if (text == "auto")
    return best == Lowering::messages ? std::vector{best} : std::vector{best, Lowering::messages};
  if (text != name(best)) refuse(text, best);
  return {best};
}

std::vector<Way> fit_ways(const std::vector<Lowering>& lowerings) {
  std::vector<Way> ways;
  ways.reserve(lowerings.size());
  for (const Lowering lowering : lowerings) ways.push_back({lowering, fit_host(lowering).machine});
  return ways;
}

namespace {

/// What "auto" may stand for. On one host what a model calls twice as long may be the faster one;
/// algorithms of the same rounds and time are the same for so few ranks.
std::vector<std::string> algorithms_near_best(const CollectiveRow& row, const Way& way) {
  constexpr double near = 2;
  const std::size_t most = way.lowering == Lowering::host ? 3 : 1;
  std::vector<Prediction> kept;
  for (Prediction& next : predict_all(row.collective,
                                      way.model,
                                      topology::Bytes(static_cast<double>(row.bytes)),
                                      {is_measurable})) {
    if (kept.size() == most || (!kept.empty() && next.time > kept.front().time * near)) break;
    const bool known = std::any_of(kept.begin(), kept.end(), [&](const Prediction& p) {
      return p.rounds == next.rounds && next.time < p.time * 1.001;
    });
    if (!known) kept.push_back(std::move(next));
  }
  std::vector<std::string> names;
  names.reserve(kept.size());
  for (const Prediction& p : kept) names.push_back(p.algorithm);
  return names;
}

std::vector<TriedWay> ways_to_try(const std::vector<Way>& ways,
                                  const CollectiveRow& row,
                                  const std::string& algorithm) {
  std::vector<TriedWay> all;
  for (const Way& way : ways)
    if (algorithm == "auto")
      for (const std::string& name : algorithms_near_best(row, way)) all.push_back({&way, name});
    else
      all.push_back({&way, algorithm});
  // Every rank must try what rank 0 would.
  const auto mine = static_cast<int>(all.size());
  int number = mine;
  MPI_Bcast(&number, 1, MPI_INT, 0, MPI_COMM_WORLD);
  topology::expects(number == mine, "all ranks have the same models");
  for (TriedWay& c : all) c.algorithm = MpiSession::share(c.algorithm);
  return all;
}

}  // namespace

TriedWay fastest(const std::vector<Way>& ways,
                 kernels::Collective collective,
                 std::int64_t bytes,
                 MeasureOptions options,
                 const std::string& algorithm) {
  const CollectiveRow row = point(collective, bytes, options, ways.front().model.chips());
  const std::vector<TriedWay> all = ways_to_try(ways, row, algorithm);
  if (all.size() == 1) return all.front();
  options.lowerings.clear();
  options.check = false;
  options.warmup = 1;
  options.samples = 3;
  // The shortest sample of each in turns: a disturbance only ever adds. Long ones need no second
  // turn.
  constexpr double long_enough = 10e-3;
  const TriedWay* best = &all.front();
  double least = std::numeric_limits<double>::max();
  for (int turn = 0; turn < 2 && (turn == 0 || least < long_enough); ++turn)
    for (const TriedWay& next : all) {
      const CollectiveRow tried =
          measure_point(collective, bytes, options, next.algorithm, *next.way);
      const double time = tried.out_of_place.quantile(0) + tried.in_place.quantile(0);
      if (time < least) best = &next;
      least = std::min(least, time);
    }
  return *best;
}

CollectiveRow measure_point(kernels::Collective collective,
                            std::int64_t bytes,
                            MeasureOptions options,
                            const std::string& algorithm,
                            const Way& way) {
  CollectiveRow row =
      predict_point(collective, bytes, options, algorithm, way.model, {is_measurable});
  // Every rank must run what rank 0 would choose.
  row.prediction.algorithm = MpiSession::share(row.prediction.algorithm);
  row.lowering = way.lowering;
  std::vector<Lowering> all{way.lowering};
  for (const Lowering lowering : options.lowerings)
    if (lowering == Lowering::library || lowering == Lowering::copy) all.push_back(lowering);
  options.lowerings = all;
  Measure measure = make_measure(row, way.model, options);
  const auto run = [&](bool in_place, Measurement& ours, Measurement& library) {
    std::vector<Measurement> results = measure.run(in_place);
    ours = std::move(results.front());
    if (results.size() > 1) library = std::move(results[1]);
  };
  run(false, row.out_of_place, row.beside_out_of_place);
  run(true, row.in_place, row.beside_in_place);
  return row;
}

}  // namespace bench
