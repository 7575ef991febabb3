#include "bench/executor/past_cache.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include "bench/executor/combine.hpp"
#include "bench/executor/host_window.hpp"
#include "bench/executor/statistics.hpp"

namespace bench {
namespace {

/// What is put at a time, and enough for the two ways to differ clearly.
constexpr std::size_t most_tried = 64 << 10;
constexpr std::size_t least_tried = 16 << 10;

/// How many times as fast, so that near ranks are never called far.
constexpr double clearly = 1.5;

constexpr std::string_view far_name = "far";

class Trial {
 public:
  /// With half of the ranks in between, which are those of another socket if there are two.
  Trial(std::size_t bytes, MPI_Comm ranks)
      : ranks_(ranks), mine_(bytes), sum_(bytes), window_(bytes, ranks) {
    const int half = window_.ranks() / 2;
    from_ = (window_.rank() + half) % window_.ranks();
    to_ = (window_.rank() + window_.ranks() - half) % window_.ranks();
  }

  /// Seconds of the slowest rank, through the cache and around it: medians of every other slot. The
  /// first time round does not count: what takes long is to write lines that others have read.
  std::array<double, 2> both() {
    std::array<std::vector<double>, 2> seconds;
    const std::uint64_t slots = window_.slots();
    for (std::uint64_t s = 0; s < 2 * slots; ++s) {
      const std::size_t around = s % slots % 2;
      double once = exchange(around == 1);
      MPI_Allreduce(MPI_IN_PLACE, &once, 1, MPI_DOUBLE, MPI_MAX, ranks_);
      if (s >= slots) seconds[around].push_back(once);
    }
    return {median(seconds[0]), median(seconds[1])};
  }

 private:
  double exchange(bool around) {
    if (step_ >= window_.slots()) window_.wait_for(to_, step_ - window_.slots() + 2);
    const double start = MPI_Wtime();
    copy_into({window_.slot(window_.rank(), step_), around}, mine_.data(), mine_.size());
    window_.publish(++step_);
    window_.wait_for(from_, step_);
    const std::array<const std::byte*, 2> operands{mine_.data(), window_.slot(from_, step_ - 1)};
    combine(topology::DataType::i32, Operator::sum, {sum_.data()}, operands, sum_.size());
    return MPI_Wtime() - start;
  }

  MPI_Comm ranks_;
  std::vector<std::byte> mine_;
  std::vector<std::byte> sum_;
  HostWindow window_;
  int from_ = 0;
  int to_ = 0;
  std::uint64_t step_ = 0;
};

/// Bytes of a cache, or what they usually are.
std::size_t size_of(int cache, std::size_t usual) {
  const long bytes = sysconf(cache);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : usual;
}

}  // namespace

bool others_are_far(std::size_t bytes, MPI_Comm ranks) {
  if (const char* const said = std::getenv("RAINIER_OTHERS"); said != nullptr)
    return said == far_name;
  int size = 0;
  MPI_Comm_size(ranks, &size);
  // Ranks that share a core share its caches, and the clock cannot tell who had it.
  const bool alone = size <= static_cast<int>(std::thread::hardware_concurrency());
  if (size < 2 || !alone || bytes < least_past_cache) return false;
  const auto [through, around] =
      Trial(std::clamp(bytes / 2, least_tried, most_tried), ranks).both();
  return through > clearly * around;
}

PastCache past_cache(const Payload& payload, MPI_Comm ranks) {
  int size = 0;
  MPI_Comm_size(ranks, &size);
  const std::size_t bytes = static_cast<std::size_t>(payload.count) * payload.element();
  const std::size_t of_all = 2 * static_cast<std::size_t>(size) * bytes;
  const bool far = others_are_far(bytes, ranks);
  // Whoever reads the result next may have to fetch it from memory: not where a core's own cache
  // would have held it beside the input and the slots.
  const bool far_outputs = far && bytes >= size_of(_SC_LEVEL2_CACHE_SIZE, 1U << 20U) / 4;
  const bool fill = of_all >= size_of(_SC_LEVEL3_CACHE_SIZE, 32U << 20U) / 2;
  return {far_outputs || fill, far_outputs, far};
}

}  // namespace bench
