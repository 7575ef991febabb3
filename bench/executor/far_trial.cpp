#include "bench/executor/far_trial.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "bench/executor/combine.hpp"
#include "bench/executor/past_cache.hpp"
#include "bench/executor/statistics.hpp"

namespace bench {
namespace {

/// What is put at a time, and enough for the two ways to differ clearly.
constexpr std::size_t most_tried = 64 << 10;
constexpr std::size_t least_tried = 16 << 10;

/// How many times as fast, so that near ranks are never called far: they take 0.7 times as long
/// through the cache, far ones 3 to 4 times.
constexpr double clearly = 1.5;

/// What needs no trial. Ranks that share a core share its caches, and the clock cannot tell who had
/// it.
std::optional<bool> known(std::size_t bytes, int ranks) {
  using std::string_view_literals::operator""sv;
  if (const char* const said = std::getenv("RAINIER_OTHERS"); said != nullptr)
    return said == "far"sv;
  const bool alone = ranks <= static_cast<int>(std::thread::hardware_concurrency());
  if (ranks < 2 || !alone || bytes < least_past_cache) return false;
  return {};
}

}  // namespace

FarTrial::FarTrial(std::size_t bytes, MPI_Comm ranks) : ranks_(ranks) {
  int size = 0;
  MPI_Comm_size(ranks, &size);
  known_ = known(bytes, size);
  if (known_) return;
  const std::size_t part = std::clamp(bytes / 2, least_tried, most_tried);
  mine_.resize(part);
  sum_.resize(part);
  window_.emplace(part, ranks);
  // With half of the ranks in between, which are those of another socket if there are two.
  from_ = (window_->rank() + size / 2) % size;
  to_ = (window_->rank() + size - size / 2) % size;
}

bool FarTrial::far() {
  if (known_) return *known_;
  // Each way has every other slot. The first time round does not count: what takes long is to write
  // lines that others have read and still have in their cache.
  const std::uint64_t slots = window_->slots();
  std::array<std::vector<double>, 2> seconds;
  for (std::uint64_t s = 0; s < 2 * slots; ++s) {
    const std::size_t around = step_ % slots % 2;
    const double once = exchange(around == 1);
    if (s >= slots) seconds[around].push_back(once);
  }
  return median(seconds[0]) > clearly * median(seconds[1]);
}

double FarTrial::exchange(bool around) {
  if (step_ >= window_->slots()) window_->wait_for(to_, step_ - window_->slots() + 2);
  const double start = MPI_Wtime();
  copy_into({window_->slot(window_->rank(), step_), around}, mine_.data(), mine_.size());
  window_->publish(++step_);
  window_->wait_for(from_, step_);
  const std::array<const std::byte*, 2> operands{mine_.data(), window_->slot(from_, step_ - 1)};
  combine(topology::DataType::i32, Operator::sum, {sum_.data()}, operands, sum_.size());
  double seconds = MPI_Wtime() - start;
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, ranks_);
  return seconds;
}

}  // namespace bench
