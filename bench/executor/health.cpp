#include "bench/executor/health.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <thread>

#include <mpi.h>

#include "bench/executor/combine.hpp"
#include "bench/executor/cpu_share.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/executor/ranks.hpp"

namespace bench {
namespace {

constexpr int windows = 50;
constexpr int exchanges = 30;
constexpr int message_bytes = 256 << 10;

struct World : Ranks {
  int wave = 0;   ///< of ranks that have a core each at the same time
  int waves = 1;  ///< on the host with the most ranks for its cores

  World() : Ranks(world()) {
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    wave = on_this_host().rank / cores;
    MPI_Allreduce(&wave, &waves, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    ++waves;
  }
};

/// Everybody's samples, by rank.
std::vector<std::vector<Work>> gather(const std::vector<Work>& mine, const World& world) {
  static_assert(sizeof(Work) == 2 * sizeof(double));
  const int doubles = 2 * static_cast<int>(mine.size());
  std::vector<Work> all(mine.size() * static_cast<std::size_t>(world.size));
  MPI_Allgather(mine.data(), doubles, MPI_DOUBLE, all.data(), doubles, MPI_DOUBLE, MPI_COMM_WORLD);
  std::vector<std::vector<Work>> by_rank;
  const auto each = static_cast<std::ptrdiff_t>(mine.size());
  for (auto at = all.begin(); at != all.end(); at += each) by_rank.emplace_back(at, at + each);
  return by_rank;
}

/// What others took of the CPU time of each rank's host since `watch` began.
std::vector<double> taken_since(const CpuWatch& watch, const World& world) {
  const CpuShare share = watch.share();
  const double mine = share.foreign + share.stolen;
  std::vector<double> all(static_cast<std::size_t>(world.size));
  MPI_Allgather(&mine, 1, MPI_DOUBLE, all.data(), 1, MPI_DOUBLE, MPI_COMM_WORLD);
  return all;
}

std::vector<std::string> hosts(const World& world) {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  MPI_Get_processor_name(name.data(), &length);
  std::vector<char> all(name.size() * static_cast<std::size_t>(world.size));
  const int each = static_cast<int>(name.size());
  MPI_Allgather(name.data(), each, MPI_CHAR, all.data(), each, MPI_CHAR, MPI_COMM_WORLD);
  std::vector<std::string> names;
  for (std::size_t r = 0; r < all.size(); r += name.size()) names.emplace_back(&all[r]);
  return names;
}

/// Sums, one sample a window: what stops a rank for a while makes one of them longer.
std::vector<Work> work(double seconds) {
  constexpr std::size_t bytes = 128 << 10;
  std::vector<std::byte> a(bytes);
  std::vector<std::byte> b(bytes);
  const std::array<const std::byte*, 2> both{a.data(), b.data()};
  std::vector<Work> done;
  for (int w = 0; w < windows; ++w) {
    const double start = MPI_Wtime();
    double now = start;
    double sums = 0;
    for (; now - start < seconds / windows; now = MPI_Wtime(), ++sums)
      combine(topology::DataType::f32, Operator::sum, {a.data()}, both, bytes);
    done.push_back({sums, now - start});
  }
  return done;
}

/// One wave after the other, while the rest sleeps.
std::vector<Work> work_in_waves(double seconds, const World& world) {
  std::vector<Work> done;
  for (int wave = 0; wave < world.waves; ++wave) {
    MpiSession::wait_idle();
    if (wave == world.wave) done = work(seconds);
  }
  MpiSession::wait_idle();
  return done;
}

/// Bytes in exchanges with the next rank, where this one begins them.
std::vector<Work> exchange(const World& world) {
  std::vector<std::byte> out(message_bytes);
  std::vector<std::byte> in(message_bytes);
  std::vector<Work> done(exchanges);
  for (const int parity : {0, 1}) {
    const bool begins = world.rank % 2 == parity;
    const int partner = begins ? world.rank + 1 : world.rank - 1;
    MPI_Barrier(MPI_COMM_WORLD);
    if (partner < 0 || partner >= world.size) continue;
    for (Work& one : done) {
      const double start = MPI_Wtime();
      MPI_Sendrecv(out.data(),
                   message_bytes,
                   MPI_BYTE,
                   partner,
                   0,
                   in.data(),
                   message_bytes,
                   MPI_BYTE,
                   partner,
                   0,
                   MPI_COMM_WORLD,
                   MPI_STATUS_IGNORE);
      if (begins) one = {message_bytes, MPI_Wtime() - start};
    }
  }
  return done;
}

}  // namespace

// The usual rate is the upper median: of two, the faster one.
std::vector<Fitness> compare_rates(const std::vector<std::vector<Work>>& all, double threshold) {
  std::vector<double> rates;
  rates.reserve(all.size());
  for (const std::vector<Work>& work : all) rates.push_back(rate(work));
  std::vector<double> sorted = rates;
  std::sort(sorted.begin(), sorted.end());
  const double usual = sorted[sorted.size() / 2];
  std::vector<Fitness> fitness;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Interval interval = rate_interval(all[i]);
    fitness.push_back({rates[i] / usual,
                       {interval.low / usual, interval.high / usual},
                       interval.high / usual < threshold});
  }
  return fitness;
}

Health check_health(const HealthOptions& options) {
  const World world;
  Health health;
  const std::vector<std::string> names = hosts(world);
  work_in_waves(options.seconds / 10, world);  // warm up
  const CpuWatch watch;
  const auto ranks =
      compare_rates(gather(work_in_waves(options.seconds, world), world), options.threshold);
  const std::vector<double> taken = taken_since(watch, world);
  for (int r = 0; r < world.size; ++r) {
    const auto at = static_cast<std::size_t>(r);
    health.ranks.push_back({r, names[at], ranks[at], taken[at]});
  }
  if (world.size < 2 || world.waves > 1) return health;
  auto rates = gather(exchange(world), world);
  rates.pop_back();  // the last has no next
  const auto links = compare_rates(rates, options.threshold);
  for (std::size_t i = 0; i < links.size(); ++i) {
    LinkHealth link{static_cast<int>(i), static_cast<int>(i) + 1, rate(rates[i]), links[i]};
    const bool end_is_slow = health.ranks[i].fitness.slow || health.ranks[i + 1].fitness.slow;
    link.fitness.slow = link.fitness.slow && !end_is_slow;
    health.links.push_back(link);
  }
  return health;
}

}  // namespace bench
