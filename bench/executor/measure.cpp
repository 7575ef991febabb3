#include "bench/executor/measure.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include "bench/executor/execution.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;
using Buffer = std::vector<std::byte>;

/// One clock pair and one barrier exit cost about half a microsecond: short operations are timed in
/// batches of at least this long.
constexpr double shortest_sample = 50e-6;
constexpr std::int64_t largest_batch = 256;

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

/// All ranks must agree that the buffers fit before anyone touches them.
void check_memory(std::size_t bytes_per_rank) {
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  int ranks = 1;
  MPI_Comm_size(host, &ranks);
  MPI_Comm_free(&host);
  const double needed = static_cast<double>(bytes_per_rank) * ranks;
  const auto pages = static_cast<double>(sysconf(_SC_PHYS_PAGES));
  const double memory = pages * static_cast<double>(sysconf(_SC_PAGESIZE));
  int refused = needed > 0.9 * memory ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &refused, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (refused != 0)
    throw topology::Error(
        topology::ErrorKind::environment,
        fmt::format("the buffers of {} ranks on this host need {:.1f} GiB of its {:.1f} GiB of "
                    "memory; choose a smaller -e",
                    ranks,
                    needed / 1073741824.0,
                    memory / 1073741824.0));
}

}  // namespace

double Measurement::quantile(double q) const {
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) return std::nan("");
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return std::lerp(sorted[low], sorted[high], at - static_cast<double>(low));
}

double Measurement::median() const {
  return quantile(0.5);
}

std::int64_t elements(Collective collective,
                      std::int64_t bytes,
                      topology::DataType type,
                      std::int64_t ranks) {
  if (collective == Collective::barrier) return 0;
  const auto element = static_cast<std::int64_t>(topology::size_of(type).value());
  const std::int64_t count = bytes / element;
  if (bytes % element != 0 || count == 0)
    topology::usage_error(fmt::format("size {} B is not a whole number of {} elements of {} B",
                                      bytes,
                                      topology::name(type),
                                      element));
  if (!kernels::info(collective).chunked_ends) return count;
  if (count < ranks)
    topology::usage_error(fmt::format(
        "size {} B does not divide into one {} element for each of {} ranks; the smallest size "
        "for {} is {} B",
        bytes,
        topology::name(type),
        ranks,
        kernels::info(collective).name,
        ranks * element));
  return count / ranks * ranks;
}

/// The buffers and how each collective uses them. The full vector of `count` elements is `whole_`,
/// one chunk per rank is `chunk_`.
class Measure::State {
 public:
  State(const kernels::Schedule& schedule, std::int64_t count, const MeasureOptions& options)
      : collective_(schedule.collective),
        ranks_(schedule.ranks()),
        rank_(world_rank()),
        count_(count),
        element_(static_cast<std::size_t>(topology::size_of(options.type).value())),
        options_(options),
        pattern_(options.type, options.op, ranks_) {
    const std::size_t bytes = static_cast<std::size_t>(count) * element_;
    check_memory(3 * bytes);  // input, output, and what a reduction keeps in flight
    execution_.emplace_back(schedule, rank_, count, options.type, options.op);
    input_.resize(bytes);
    output_.resize(bytes);
  }

  Measurement run(bool in_place) {
    Measurement result;
    result.wrong = options_.check ? checked_run(in_place) : -1;
    for (int i = 0; i < options_.warmup; ++i) operate(in_place);
    result.batch = batch(in_place);
    for (int s = 0; s < options_.samples; ++s)
      result.seconds.push_back(timed(in_place, result.batch));
    MPI_Allreduce(MPI_IN_PLACE,
                  result.seconds.data(),
                  static_cast<int>(result.seconds.size()),
                  MPI_DOUBLE,
                  MPI_MAX,
                  MPI_COMM_WORLD);
    return result;
  }

 private:
  [[nodiscard]] std::size_t begin(std::int64_t c) const {
    return chunk_begin(c, ranks_, count_, element_);
  }

  [[nodiscard]] std::span<std::byte> chunk(Buffer& buffer, std::int64_t c) const {
    return std::span(buffer).subspan(begin(c), begin(c + 1) - begin(c));
  }

  [[nodiscard]] std::int64_t first_element(std::int64_t c) const {
    return static_cast<std::int64_t>(begin(c) / element_);
  }

  static void copy(std::span<const std::byte> from, std::span<std::byte> to) {
    std::memcpy(to.data(), from.data(), from.size());
  }

  /// One operation as a user calls it, out of place from input_ to output_ or in place in output_.
  void operate(bool in_place) {
    Execution& execution = execution_.front();
    if (collective_ == Collective::all_to_all) {
      // In place there is no room to receive: the input moves aside first.
      if (in_place) copy(output_, input_);
      execution.run(input_, output_);
      copy(chunk(input_, rank_), chunk(output_, rank_));
      return;
    }
    if (collective_ == Collective::all_gather) {
      if (!in_place) copy(chunk(input_, rank_), chunk(output_, rank_));
    } else if (!in_place) {
      copy(input_, output_);  // a reduction works in its output and leaves the input alone
    }
    execution.run(output_, output_);
  }

  void fill(bool in_place) {
    Buffer& source = in_place ? output_ : input_;
    if (in_place) input_.assign(input_.size(), std::byte{0xff});
    output_.assign(output_.size(), std::byte{0xff});
    if (collective_ == Collective::all_gather)
      pattern_.fill(chunk(source, rank_), rank_, first_element(rank_));
    else
      pattern_.fill(source, rank_, 0);
  }

  /// Elements that are wrong on this rank.
  [[nodiscard]] std::int64_t wrong_here() {
    if (collective_ == Collective::all_reduce) return pattern_.wrong_reduced(output_, 0);
    if (collective_ == Collective::reduce_scatter)
      return pattern_.wrong_reduced(chunk(output_, rank_), first_element(rank_));
    std::int64_t wrong = 0;
    for (std::int64_t c = 0; c < ranks_; ++c) {
      const bool gather = collective_ == Collective::all_gather;
      wrong += pattern_.wrong_copied(chunk(output_, c), c, first_element(gather ? c : rank_));
    }
    return wrong;
  }

  std::int64_t checked_run(bool in_place) {
    fill(in_place);
    operate(in_place);
    std::int64_t wrong = wrong_here();
    MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    return wrong;
  }

  double timed(bool in_place, std::int64_t times) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    for (std::int64_t i = 0; i < times; ++i) operate(in_place);
    return (MPI_Wtime() - start) / static_cast<double>(times);
  }

  std::int64_t batch(bool in_place) {
    double once = timed(in_place, 1);
    MPI_Allreduce(MPI_IN_PLACE, &once, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    const double wanted = std::ceil(shortest_sample / std::max(once, 1e-9));
    return static_cast<std::int64_t>(std::clamp(wanted, 1.0, static_cast<double>(largest_batch)));
  }

  Collective collective_;
  std::int64_t ranks_;
  int rank_;
  std::int64_t count_;
  std::size_t element_;
  MeasureOptions options_;
  Pattern pattern_;
  std::vector<Execution> execution_;  // one, made after the memory check
  Buffer input_;
  Buffer output_;
};

Measure::Measure(const kernels::Schedule& schedule,
                 std::int64_t count,
                 const MeasureOptions& options)
    : state_(std::make_unique<State>(schedule, count, options)) {}

Measure::~Measure() = default;
Measure::Measure(Measure&&) noexcept = default;
Measure& Measure::operator=(Measure&&) noexcept = default;

Measurement Measure::run(bool in_place) {
  return state_->run(in_place);
}

}  // namespace bench
