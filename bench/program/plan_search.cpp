#include "bench/program/plan_search.hpp"

#include <chrono>
#include <cstdio>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include "topology/error.hpp"

namespace bench {
namespace {

/// A plan as bytes; what its time goes into is predicted once more.
struct Sent {
  kernels::Plan plan;
  double time = 0;
  double memory = 0;
  double mfu = 0;
  std::int64_t number = 0;
};

static_assert(std::is_trivially_copyable_v<Sent>);

std::vector<Sent> packed(const std::vector<FoundPlan>& plans) {
  std::vector<Sent> all;
  all.reserve(plans.size());
  for (const FoundPlan& found : plans)
    all.push_back({found.plan, found.time.value(), found.memory.value(), found.mfu, found.number});
  return all;
}

std::vector<FoundPlan> unpacked(const std::vector<Sent>& plans) {
  std::vector<FoundPlan> all;
  all.reserve(plans.size());
  for (const Sent& sent : plans)
    all.push_back({sent.plan,
                   topology::Seconds(sent.time),
                   topology::Bytes(sent.memory),
                   {},
                   sent.mfu,
                   sent.number});
  return all;
}

/// Of all ranks, on rank 0.
std::vector<Sent> gathered(const std::vector<Sent>& mine, int ranks, int rank) {
  const auto bytes = static_cast<int>(mine.size() * sizeof(Sent));
  std::vector<int> counts(static_cast<std::size_t>(ranks));
  MPI_Gather(&bytes, 1, MPI_INT, counts.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<int> places(counts.size());
  int sum = 0;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    places[r] = sum;
    sum += counts[r];
  }
  std::vector<Sent> all(rank == 0 ? static_cast<std::size_t>(sum) / sizeof(Sent) : 0);
  MPI_Gatherv(mine.data(),
              bytes,
              MPI_BYTE,
              all.data(),
              counts.data(),
              places.data(),
              MPI_BYTE,
              0,
              MPI_COMM_WORLD);
  return all;
}

SearchCounts summed(const SearchCounts& mine) {
  SearchCounts sum;
  MPI_Reduce(&mine,
             &sum,
             sizeof(SearchCounts) / sizeof(std::int64_t),
             MPI_INT64_T,
             MPI_SUM,
             0,
             MPI_COMM_WORLD);
  return sum;
}

/// How far it is and how long the rest may take, a few times a second.
class Progress {
 public:
  void operator()(double share) {
    const auto now = std::chrono::steady_clock::now();
    if (now - said_ < std::chrono::milliseconds(200) || share <= 0) return;
    said_ = now;
    const double took = std::chrono::duration<double>(now - begin_).count();
    fmt::print(stderr, "\rplans: {:3.0f} %, {:.0f} s left ", 100 * share, took / share - took);
    std::fflush(stderr);
    shown_ = true;
  }

  void end() const {
    if (shown_) fmt::print(stderr, "\r{:40}\r", "");
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point said_ = begin_;
  bool shown_ = false;
};

}  // namespace

SearchResult search_on_ranks(const MpiSession& session,
                             const Job& job,
                             const kernels::PlanSpace& space,
                             const SearchOptions& options) {
  SearchOptions of_rank = options;
  of_rank.part = session.rank();
  of_rank.parts = session.size();
  Progress progress;
  if (session.rank() == 0 && isatty(STDERR_FILENO) != 0)
    of_rank.progress = [&](double share) { progress(share); };
  SearchResult mine = search(job, space, of_rank);
  progress.end();
  if (session.size() == 1) return mine;
  SearchResult all;
  all.best = unpacked(gathered(packed(mine.best), session.size(), session.rank()));
  all.front = unpacked(gathered(packed(mine.front), session.size(), session.rank()));
  SearchResult merged;
  merged.add(all, options.keep, memory_capacity(job.machine));
  merged.counts = summed(mine.counts);
  merged.misfit = mine.misfit;
  Job one = job;
  for (auto* list : {&merged.best, &merged.front})
    for (FoundPlan& found : *list) {
      one.plan = found.plan;
      found.spending = predict_step(one).spending;
    }
  return merged;
}

std::vector<PartPlan> search_fewer_chips(const MpiSession& session,
                                         const Job& job,
                                         const SpaceOf& space) {
  SearchOptions options;
  options.keep = 1;
  options.front = false;
  std::vector<PartPlan> parts;
  for (std::int64_t chips = job.machine.chips(); chips % 2 == 0 && chips > 2;) {
    chips /= 2;
    if (!topology::has_part(job.machine, chips)) continue;
    Job part = job;
    part.machine = topology::slice(job.machine, chips);
    const SearchResult found = search_on_ranks(session, part, space(part), options);
    int fits = found.best.empty() ? 0 : 1;
    if (session.size() > 1) MPI_Bcast(&fits, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (fits == 0) break;
    if (session.rank() == 0) parts.push_back({chips, found.best.front()});
  }
  return parts;
}

}  // namespace bench
