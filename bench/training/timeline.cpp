#include "bench/training/timeline.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "bench/training/job_times.hpp"
#include "bench/training/step.hpp"

namespace bench {
namespace {

using kernels::Pass;
using kernels::PipelineTask;
using topology::Seconds;

const char* resource_of(kernels::Work work) {
  return work == kernels::Work::elementwise ? "memory" : "engines";
}

/// Tracks by name, in the order of their first event.
class Writer {
 public:
  void add(const Track& where, TimelineEvent event) {
    if (event.took.value() <= 0) return;
    const auto [found, fresh] =
        known_.try_emplace({where.process, where.resource}, timeline_.tracks.size());
    if (fresh) timeline_.tracks.push_back(where);
    event.track = found->second;
    timeline_.events.push_back(std::move(event));
  }

  Timeline take() { return std::move(timeline_); }

 private:
  std::map<std::pair<std::string, std::string>, std::size_t> known_;
  Timeline timeline_;
};

/// The operations of passes of one chunk, one after the other.
class OperationTracks {
 public:
  OperationTracks(const Job& job, const JobTimes& times, Writer& to, std::string process)
      : job_(job),
        times_(times),
        layers_(job, times.times()),
        to_(to),
        process_(std::move(process)) {}

  /// What a task of the pipeline is made of.
  void pass(const PipelineTask& task) {
    now_ = task.start;
    std::vector<Part> parts = parts_of(job_, times_.stage(task.chunk));
    if (task.pass != Pass::forward) std::reverse(parts.begin(), parts.end());
    for (const Part& each : parts)
      for (std::int64_t i = 0; i < each.count; ++i) part(task.pass, each);
    if (!job_.plan.overlap_pipeline && task.end > now_)
      communicate("to the next rank", Spent::pipeline, now_, times_.transfer(), task.end - now_);
  }

 private:
  void part(Pass pass, const Part& part) {
    const Seconds start = now_;
    const kernels::LayerWork& work = part.work;
    const ChunkSpending spending = layers_.of(work);
    const auto run = [&](const kernels::Operations& operations, const Spending& spent) {
      place(operations);
      now_ += spent.total() - spent[Spent::launch];
      return spent[Spent::launch];
    };
    Seconds waits;
    if (pass == Pass::forward) waits += run(work.forward, spending.forward);
    if (pass == Pass::backward) waits += run(work.backward, spending.backward);
    if (pass == Pass::weights || (pass == Pass::backward && !splits_backward(job_.plan.order)))
      waits += run(work.weights, spending.weights);
    to_.add({process_, "host"}, {0, "launches", now_, waits});
    now_ += waits;
    share(pass, part, start);
  }

  void place(const kernels::Operations& operations) {
    for (const Placed& op : placed(operations, times_.times())) {
      const Spent what = spent_on(*op.operation);
      const Seconds start = now_ + op.start;
      if (op.taken.by_level.empty())
        to_.add({process_, resource_of(op.operation->work)},
                {0, op.operation->name, start, op.taken.time});
      else
        communicate(op.operation->name, what, start, op.taken, op.taken.time);
    }
  }

  /// FSDP: beside the operations, and what is left after them.
  void share(Pass pass, const Part& part, Seconds start) {
    const ChunkTimes::Sharded moves = layers_.sharded(part.piece);
    const ChunkSpending spending = layers_.of(part.work, part.piece);
    const auto [name, taken, left] = [&]() -> std::tuple<const char*, const Taken&, Seconds> {
      if (pass == Pass::forward)
        return {"parameters", moves.forward, spending.forward[Spent::data]};
      if (pass == Pass::weights) return {"gradients", moves.weights, spending.weights[Spent::data]};
      return {"parameters, gradients", moves.backward, spending.backward[Spent::data]};
    }();
    if (taken.time.value() <= 0) return;
    const Seconds beside = std::min(taken.time - left, now_ - start);
    communicate(name, Spent::data, now_ - beside, taken, beside + left);
    now_ += left;
  }

  /// `took` of it, level after level.
  void communicate(
      const std::string& what, Spent axis, Seconds start, const Taken& taken, Seconds took) {
    const double shown = took / taken.time;
    for (std::size_t l = 0; l < taken.by_level.size(); ++l) {
      const Seconds here = shown * taken.by_level[l];
      const std::string where = l < job_.machine.levels.size()
                                    ? "ports of " + job_.machine.levels[l].name
                                    : std::string("calls");
      to_.add({process_, fmt::format("{}: {}", where, name(axis))}, {0, what, start, here});
      start += here;
    }
  }

  const Job& job_;
  const JobTimes& times_;
  ChunkTimes layers_;
  Writer& to_;
  std::string process_;
  Seconds now_;
};

void add_passes(Writer& to, const kernels::PipelineRun& run) {
  constexpr std::array passes{"forward", "backward", "weights"};
  for (std::size_t r = 0; r < run.tasks.size(); ++r)
    for (const PipelineTask& task : run.tasks[r])
      to.add({"pipeline", fmt::format("rank {}", r)},
             {0,
              passes.at(static_cast<std::size_t>(task.pass)),
              task.start,
              task.end - task.start,
              task.chunk,
              task.micro_batch});
}

void add_ends(Writer& to,
              const JobTimes& times,
              const kernels::Pipeline& pipeline,
              const kernels::PipelineRun& run) {
  for (std::int64_t r = 0; r < pipeline.ranks; ++r) {
    const kernels::PipelineRank& rank = run.ranks[static_cast<std::size_t>(r)];
    const Spending after = times.after(pipeline, rank, r);
    const Track track{"pipeline", fmt::format("rank {}", r)};
    const Seconds data = after[Spent::data];
    to.add(track, {0, "gradients, parameters", rank.end, data});
    to.add(track, {0, "optimizer", rank.end + data, after[Spent::optimizer]});
  }
}

}  // namespace

Timeline timeline(const Job& job) {
  Groups groups;
  const Step step = predict_step(job, groups);
  const JobTimes times(job, groups);
  const kernels::Pipeline pipeline = times.pipeline(true);
  const kernels::PipelineRun run = kernels::run(pipeline);
  Writer writer;
  add_passes(writer, run);
  add_ends(writer, times, pipeline, run);
  const std::vector<PipelineTask>& tasks = run.tasks[static_cast<std::size_t>(step.rank)];
  const std::int64_t chunk = tasks.front().chunk;
  OperationTracks operations(
      job, times, writer, fmt::format("rank {}, one micro-batch in chunk {}", step.rank, chunk));
  for (const PipelineTask& task : tasks)
    if (task.chunk == chunk && task.micro_batch == tasks.front().micro_batch) operations.pass(task);
  return writer.take();
}

}  // namespace bench
