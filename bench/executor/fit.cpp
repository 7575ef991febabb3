#include "bench/executor/fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>
#include <mpi.h>

#include "bench/executor/host_ranks.hpp"
#include "bench/executor/measure.hpp"
#include "bench/executor/neighbours.hpp"
#include "bench/executor/ranks.hpp"
#include "bench/executor/start_line.hpp"
#include "bench/executor/statistics.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

constexpr int repetitions = 15;
constexpr std::array<int, 12> all_sizes{
    8, 64, 512, 4096, 16384, 65536, 262144, 1048576, 4194304, 8388608, 16777216, 33554432};

std::vector<int> sizes_up_to(int largest) {
  return {all_sizes.begin(), std::upper_bound(all_sizes.begin(), all_sizes.end(), largest)};
}

double slowest(double seconds) {
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return seconds;
}

/// Of one repetition each, the slowest rank's.
template <class Work>
std::vector<double> time_batches(int batch, const Work& work) {
  std::vector<double> seconds;
  for (int r = 0; r < repetitions; ++r) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    for (int i = 0; i < batch; ++i) work();
    seconds.push_back(slowest((MPI_Wtime() - start) / batch));
  }
  return seconds;
}

/// LogGP's gap: what each further message that a rank sends and receives at once takes.
double message_gap(Neighbours& neighbours) {
  constexpr int batch = 50;
  const int many = std::clamp(neighbours.ranks() - 1, 3, 8);
  const auto time = [&](int messages) {
    return median(time_batches(batch, [&] { neighbours.fan(messages); }));
  };
  time(many);  // warm up
  return std::max((time(many) - time(1)) / (many - 1), 0.0);
}

/// What an exchange takes more when it starts alone, as `measure` times operations that are long
/// enough, than in a row of others: processes and the network's queues are asleep.
double start_overhead(Neighbours& neighbours, double in_a_row) {
  if (in_a_row < shortest_sample) return 0;  // operations are timed in a row as well
  constexpr int starts = 40;
  StartLine line(one_clock() ? Start::window : Start::barrier);
  std::vector<double> seconds;
  for (int i = 0; i < starts; ++i) {
    const double begin = line.wait();
    neighbours.exchange(sizeof(double), false);
    const double end = clock_seconds();
    if (line.all_in_time()) seconds.push_back(slowest(end - begin));
  }
  return seconds.empty() ? 0 : std::max(median(seconds) - in_a_row, 0.0);
}

FitPoint time_exchange(Neighbours& neighbours, int bytes, bool add) {
  const std::vector<double> seconds = time_batches(std::clamp((1 << 23) / bytes, 1, 50), [&] {
    neighbours.exchange(static_cast<std::size_t>(bytes), add);
  });
  return {static_cast<double>(bytes),
          median(seconds),
          *std::min_element(seconds.begin(), seconds.end())};
}

/// Seconds for each byte that has arrived to be added to what was sent, on all ranks at once: what
/// an exchange takes more when it does that. By messages it is measured in place, because writing
/// what the neighbour has just read costs several times as much as writing what is one's own.
double reduction_per_byte(Neighbours& neighbours, const std::vector<FitPoint>& exchanges) {
  // minimise sum ((exchange + b x - t) / t)^2 over b
  double above = 0;
  double below = 0;
  for (const FitPoint& p : exchanges) {
    const double both = time_exchange(neighbours, static_cast<int>(p.bytes), true).seconds;
    const double x = p.bytes / both;
    above += x * (1 - p.seconds / both);
    below += x * x;
  }
  return std::max(above / below, 1e-15);
}

/// Bytes per second of the fastest exchange: what the links can do, where the line of the fit is
/// what they do on the average of all sizes. Bounds rest on it.
double best_rate(const std::vector<FitPoint>& points) {
  double best = 0;
  for (const FitPoint& p : points) best = std::max(best, p.bytes / p.fastest);
  return best;
}

/// Ranks that a level of the model joins, and how.
struct FitGroup {
  const char* name;
  const char* domain;
  MPI_Comm ranks;
  Lowering lowering;
};

std::vector<FitGroup> groups_of(const HostRanks& host, Lowering lowering) {
  const int each = host.on_each();
  if (each > 1 && each < world().size)
    return {{"ranks",
             "host",
             host.comm(),
             lowering == Lowering::messages ? Lowering::messages : Lowering::host},
            {"hosts", "job", host.peers(), Lowering::messages}};
  return {{"ranks",
           "job",
           MPI_COMM_WORLD,
           lowering == Lowering::host ? Lowering::host : Lowering::messages}};
}

topology::Level level_of(const FitGroup& group,
                         int size,
                         const std::vector<FitPoint>& points,
                         std::pair<double, double> line) {
  const auto [latency, per_byte] = line;
  const double rate = 1 / per_byte;
  const double best = std::max(rate, best_rate(points));
  const std::string source =
      fmt::format("fitted to exchanges {} of {} to {} B between neighbouring {} of {}",
                  group.lowering == Lowering::host ? "through shared memory" : "by MPI messages",
                  points.front().bytes,
                  points.back().bytes,
                  group.name,
                  size);
  const auto derived = topology::Status::derived;
  topology::Level level;
  level.name = group.name;
  level.domain = group.domain;
  level.shape = topology::LevelShape::all_to_all;
  level.extent = size;
  level.size_source = {size, derived, fmt::format("{} of the {}", group.name, group.domain)};
  level.bandwidth = {topology::BytesPerSecond(best), derived, "the fastest exchange of the fit"};
  level.links = {1, derived, "what one rank sends"};
  level.latency = {topology::Seconds(latency), derived, source};
  level.efficiency = {rate / best, derived, source};
  return level;
}

void note_errors(LevelFit& fit, std::pair<double, double> line) {
  std::vector<double> errors;
  for (const FitPoint& p : fit.points)
    errors.push_back(std::abs((line.first + line.second * p.bytes) / p.seconds - 1));
  fit.median_error = median(errors);
  fit.worst_error = *std::max_element(errors.begin(), errors.end());
}

/// Adds a level to the fit.
void add_level(HostFit& fit, const FitGroup& group, int largest) {
  const std::vector<int> sizes = sizes_up_to(largest);
  Neighbours neighbours(group.ranks, group.lowering, static_cast<std::size_t>(sizes.back()));
  LevelFit& of = fit.levels.emplace_back();
  for (const int bytes : sizes) {
    time_exchange(neighbours, std::min(bytes, 65536), false);  // warm up
    of.points.push_back(time_exchange(neighbours, bytes, false));
  }
  const std::pair<double, double> line = fit_line(of.points);
  topology::Level& level =
      fit.machine.levels.emplace_back(level_of(group, neighbours.ranks(), of.points, line));
  const auto derived = topology::Status::derived;
  if (group.lowering == Lowering::messages)
    level.gap = {topology::Seconds(message_gap(neighbours)),
                 derived,
                 "several small messages at once, above one"};
  const double overhead = std::max(start_overhead(neighbours, of.points.front().seconds),
                                   fit.machine.overhead.value.value());
  fit.machine.overhead = {topology::Seconds(overhead),
                          derived,
                          overhead > 0
                              ? "an exchange that starts alone, above one in a row of others"
                              : "contained in the fitted latency"};
  if (!fit.machine.reduction)  // the innermost level adds up most
    fit.machine.reduction = {
        topology::BytesPerSecond(1 / reduction_per_byte(neighbours, of.points)),
        derived,
        "exchanges followed by adding f32, above exchanges alone"};
  note_errors(of, line);
}

}  // namespace

std::pair<double, double> fit_line(const std::vector<FitPoint>& points) {
  // minimise sum (( a + b x - t ) / t)^2: normal equations with weights 1/t^2
  double w = 0;
  double wx = 0;
  double wxx = 0;
  double wt = 0;
  double wxt = 0;
  for (const FitPoint& p : points) {
    const double weight = 1 / (p.seconds * p.seconds);
    w += weight;
    wx += weight * p.bytes;
    wxx += weight * p.bytes * p.bytes;
    wt += weight * p.seconds;
    wxt += weight * p.bytes * p.seconds;
  }
  const double determinant = w * wxx - wx * wx;
  const double a = (wxx * wt - wx * wxt) / determinant;
  const double b = (w * wxt - wx * wt) / determinant;
  return {std::max(a, 1e-9), std::max(b, 1e-15)};
}

std::string describe(const topology::Machine& host) {
  constexpr double beyond_memory = 1e12;  // such a rate is a difference of two times that are alike
  const bool several = host.levels.size() > 1;
  std::string text;
  for (const topology::Level& level : host.levels) {
    if (!text.empty()) text += "; ";
    if (several) text += level.name + ": ";
    text += fmt::format("latency {}, {} per rank",
                        topology::format(level.latency.value),
                        topology::format(level.reached()));
    if (level.gap.value > topology::Seconds())
      text += ", gap " + topology::format(level.gap.value) + " between messages";
  }
  const std::string next = several ? "; " : ", ";
  if (host.overhead.value > topology::Seconds())
    text += next + topology::format(host.overhead.value) + " to start";
  if (!host.reduction) return text;
  if (host.reduction->value.value() > beyond_memory)
    return text + next + "reduction in no more time";
  return text + next + "reduction " + topology::format(host.reduction->value);
}

int largest_exchange() {
  const char* const text = std::getenv("RAINIER_FIT_MAXBYTES");
  if (text == nullptr) return all_sizes.back();
  constexpr double least = 4096;
  const double most = all_sizes.back();
  try {
    return static_cast<int>(std::clamp(topology::parse_size(text).value(), least, most));
  } catch (const topology::Error& error) {
    topology::usage_error(fmt::format("RAINIER_FIT_MAXBYTES: {}", error.what()));
  }
}

HostFit fit_host(Lowering lowering, int largest) {
  HostFit fit;
  fit.machine.name = "host";
  fit.machine.title = fmt::format("this machine under MPI, {} ranks", world().size);
  fit.machine.chip.name = "host";
  fit.machine.chip.title = "a CPU core under MPI";
  const HostRanks host;
  for (const FitGroup& group : groups_of(host, lowering)) add_level(fit, group, largest);
  return fit;
}

}  // namespace bench
