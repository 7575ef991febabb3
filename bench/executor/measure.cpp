#include "bench/executor/measure.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include "bench/executor/plan.hpp"
#include "bench/executor/program_execution.hpp"
#include "bench/executor/ranks.hpp"
#include "bench/executor/statistics.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;
using ByteSpan = std::span<std::byte>;

constexpr std::int64_t largest_batch = 1000;
constexpr std::size_t page = 4096;
constexpr int samples_between_looks = 5;

double memory_of_host() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// All ranks must agree that the buffers fit before anyone touches them.
void check_memory(std::size_t bytes_per_rank) {
  const BufferMemory memory =
      buffer_memory(static_cast<double>(bytes_per_rank), on_this_host().size);
  int refused = memory.fits() ? 0 : 1;
  MPI_Allreduce(MPI_IN_PLACE, &refused, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (refused != 0) memory.refuse();
}

}  // namespace

bool BufferMemory::fits() const {
  return needed <= 0.9 * of_host;
}

void BufferMemory::refuse() const {
  throw topology::Error(
      topology::ErrorKind::environment,
      fmt::format("the buffers of {} ranks on this host need {:.1f} GiB of its {:.1f} GiB of "
                  "memory; choose a smaller -e",
                  ranks,
                  needed / 1073741824.0,
                  of_host / 1073741824.0));
}

BufferMemory buffer_memory(double bytes_per_rank, int ranks) {
  return {ranks, bytes_per_rank * ranks, memory_of_host()};
}

double Measurement::quantile(double q) const {
  return bench::quantile(seconds, q);
}

double Measurement::median() const {
  return bench::median(seconds);
}

std::int64_t elements(Collective collective,
                      std::int64_t bytes,
                      topology::DataType type,
                      std::int64_t ranks) {
  if (collective == Collective::barrier) return 0;
  // What is moved are whole bytes: elements of half a byte go in pairs.
  const double size = topology::size_of(type).value();
  const auto unit = static_cast<std::int64_t>(std::ceil(size));
  const auto in_unit = static_cast<std::int64_t>(static_cast<double>(unit) / size);
  const std::int64_t units = bytes / unit;
  if (bytes % unit != 0 || units == 0)
    topology::usage_error(fmt::format("size {} B is not a whole number of {} elements of {} B",
                                      bytes,
                                      topology::name(type),
                                      size));
  if (!kernels::info(collective).chunked_ends) return units * in_unit;
  if (units < ranks)
    topology::usage_error(fmt::format(
        "size {} B does not divide into {} {} element{} for each of {} ranks; the smallest size "
        "for {} is {} B",
        bytes,
        in_unit == 1 ? "one" : "two",
        topology::name(type),
        in_unit == 1 ? "" : "s",
        ranks,
        kernels::info(collective).name,
        ranks * unit));
  return units / ranks * ranks * in_unit;
}

/// The buffers of a rank, which every operation uses, and what must be in them afterwards. The full
/// vector is `count` elements, one chunk of it belongs to each rank.
class Measure::State {
 public:
  /// @param make an operation for one of the lowerings
  template <class Make>
  State(Collective collective,
        std::int64_t ranks,
        std::int64_t count,
        const MeasureOptions& options,
        const Make& make)
      : collective_(collective),
        ranks_(ranks),
        rank_(world().rank),
        payload_{count, options.type, options.op},
        options_(options),
        start_line_(options.start),
        pattern_(options.type, options.op, ranks_) {
    const std::size_t bytes = static_cast<std::size_t>(count) * payload_.element();
    check_memory(vectors_of_a_rank * bytes);
    allocate(bytes);
    for (const Lowering lowering : options.lowerings)
      operations_.push_back(make(lowering, payload_, shared_ ? &*shared_ : nullptr));
  }

  std::vector<Measurement> run(bool in_place) {
    std::vector<Measurement> results;
    for (const auto& operation : operations_) {
      Measurement& result = results.emplace_back();
      const bool check = options_.check && operation->has_result();
      result.wrong = check ? checked_run(*operation, in_place) : -1;
      for (int i = 0; i < options_.warmup; ++i) operate(*operation, in_place);
      result.batch = batch(*operation, in_place);
    }
    for (int s = 0; s < options_.samples; ++s) {
      if (s % samples_between_looks == 0) look_again(in_place);
      for (std::size_t i = 0; i < results.size(); ++i) {
        const std::size_t turn = (static_cast<std::size_t>(s) + i) % results.size();
        Measurement& result = results[turn];
        result.seconds.push_back(timed(*operations_[turn], in_place, result.batch));
      }
    }
    for (Measurement& result : results) {
      result.own = result.seconds;
      MPI_Allreduce(result.own.data(),
                    result.seconds.data(),
                    static_cast<int>(result.own.size()),
                    MPI_DOUBLE,
                    MPI_MAX,
                    MPI_COMM_WORLD);
    }
    return results;
  }

 private:
  /// A guest may have been moved: a few of the samples, so that the median is of one placement.
  /// Calls that are not timed bring the caches back to what calls leave.
  void look_again(bool in_place) {
    for (const auto& operation : operations_) operation->look_again();
    for (const auto& operation : operations_) operate(*operation, in_place);
  }

  void allocate(std::size_t bytes) {
    // Half a page off, so that a store to one is not taken for a load from the other.
    const std::size_t apart = (bytes / page + 1) * page + page / 2;
    std::byte* memory = nullptr;
    if (options_.symmetric) {
      shared_.emplace(apart + bytes);
      memory = shared_->of(rank_);
    } else {
      // Whole lines, as from the allocators of training frameworks.
      private_.resize(apart + bytes + page);
      memory = private_.data() + page - reinterpret_cast<std::uintptr_t>(private_.data()) % page;
    }
    input_ = {memory, bytes};
    output_ = {memory + apart, bytes};
  }

  [[nodiscard]] ByteSpan chunk(ByteSpan buffer, std::int64_t c) const {
    const std::size_t begin = chunk_begin(c, ranks_, payload_.count, payload_.element());
    const std::size_t end = chunk_begin(c + 1, ranks_, payload_.count, payload_.element());
    return buffer.subspan(begin, end - begin);
  }

  [[nodiscard]] std::int64_t first_element(std::int64_t c) const {
    return c * payload_.count / ranks_;
  }

  /// Out of place from input_ to output_, or in place in output_.
  void operate(Operation& operation, bool in_place) {
    if (in_place)
      operation.in_place(output_, input_);
    else
      operation.out_of_place(input_, output_);
  }

  void fill(bool in_place) {
    const ByteSpan source = in_place ? output_ : input_;
    std::fill(input_.begin(), input_.end(), std::byte{0xff});
    std::fill(output_.begin(), output_.end(), std::byte{0xff});
    for (std::int64_t c = 0; c < ranks_; ++c)
      if (kernels::holds(kernels::info(collective_).from, rank_, c))
        pattern_.fill(chunk(source, c), rank_, first_element(c));
  }

  /// Elements that are wrong on this rank, of those that it must have.
  [[nodiscard]] std::int64_t wrong_here(bool in_front) const {
    const kernels::CollectiveInfo& what = kernels::info(collective_);
    const bool to_all = collective_ == Collective::all_to_all;
    std::int64_t wrong = 0;
    for (std::int64_t c = 0; c < ranks_; ++c) {
      if (!to_all && !kernels::holds(what.to, rank_, c)) continue;
      const ByteSpan there = chunk(output_, in_front ? 0 : c);
      const std::int64_t from = what.from == kernels::Holder::root ? 0 : c;
      wrong += what.reduces ? pattern_.wrong_reduced(there, first_element(c))
                            : pattern_.wrong_copied(there, from, first_element(to_all ? rank_ : c));
    }
    return wrong;
  }

  std::int64_t checked_run(Operation& operation, bool in_place) {
    fill(in_place);
    operate(operation, in_place);
    std::int64_t wrong = wrong_here(in_place && operation.result_in_front());
    MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    return wrong;
  }

  double timed(Operation& operation, bool in_place, std::int64_t times) {
    constexpr int tries = 20;
    for (int i = 0; i < tries; ++i) {
      const double start = start_line_.wait();
      for (std::int64_t t = 0; t < times; ++t) operate(operation, in_place);
      const double end = clock_seconds();
      if (start_line_.all_in_time()) return (end - start) / static_cast<double>(times);
    }
    throw topology::Error(topology::ErrorKind::environment,
                          fmt::format("--start window: some rank came late {} times in a row; use "
                                      "--start barrier",
                                      tries));
  }

  std::int64_t batch(Operation& operation, bool in_place) {
    double once = timed(operation, in_place, 1);
    MPI_Allreduce(MPI_IN_PLACE, &once, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    const double wanted = std::ceil(shortest_sample / std::max(once, 1e-9));
    return static_cast<std::int64_t>(std::clamp(wanted, 1.0, static_cast<double>(largest_batch)));
  }

  Collective collective_;
  std::int64_t ranks_;
  int rank_;
  Payload payload_;
  MeasureOptions options_;
  StartLine start_line_;
  Pattern pattern_;
  std::vector<std::byte> private_;  // both buffers, allocated after the memory check
  std::optional<HostMemory> shared_;
  std::vector<std::unique_ptr<Operation>> operations_;
  ByteSpan input_;
  ByteSpan output_;
};

Measure::Measure(const kernels::Schedule& schedule,
                 std::int64_t count,
                 const MeasureOptions& options)
    : state_(std::make_unique<State>(
          schedule.collective,
          schedule.ranks(),
          count,
          options,
          [&](Lowering lowering, const Payload& payload, const HostMemory* vectors) {
            return make_operation(lowering, schedule, payload, vectors);
          })) {}

Measure::Measure(const kernels::Program& program, std::int64_t count, const MeasureOptions& options)
    : state_(std::make_unique<State>(
          program.collective,
          program.ranks,
          count,
          options,
          [&](Lowering lowering, const Payload& payload, const HostMemory* /*vectors*/) {
            if (lowering == Lowering::library)
              return make_library_operation(program.collective, program.ranks, payload);
            return make_operation(program, payload);
          })) {}

Measure::~Measure() = default;
Measure::Measure(Measure&&) noexcept = default;
Measure& Measure::operator=(Measure&&) noexcept = default;

std::vector<Measurement> Measure::run(bool in_place) {
  return state_->run(in_place);
}

}  // namespace bench
