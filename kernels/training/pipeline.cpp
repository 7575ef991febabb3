#include "kernels/training/pipeline.hpp"

#include <fmt/format.h>

#include "kernels/training/chosen_programs.hpp"
#include "kernels/training/pipeline_program.hpp"
#include "kernels/training/pipeline_runner.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

void check(const Pipeline& p) {
  topology::expects(p.times.size() == static_cast<std::size_t>(pipeline_depth(p)),
                    "each chunk has times");
  if (p.ranks < 1 || p.micro_batches < 1) topology::usage_error("a pipeline needs micro-batches");
  constexpr std::int64_t most_passes = 100'000'000;  // 24 B each
  if (p.micro_batches > most_passes / (3 * pipeline_depth(p)))
    topology::usage_error(fmt::format(
        "{} micro-batches through {} chunks of layers are more passes than can be timed "
        "one by one ({}): choose fewer sequences a step, or larger micro-batches",
        p.micro_batches,
        pipeline_depth(p),
        most_passes));
  const bool several = p.chunks > 1;
  if (p.order == PipelineOrder::interleaved && several && p.micro_batches % p.ranks != 0)
    topology::usage_error(fmt::format(
        "an interleaved pipeline of {} ranks needs a multiple of {} micro-batches, not {}",
        p.ranks,
        p.ranks,
        p.micro_batches));
  const bool two = p.order == PipelineOrder::zb_v || p.order == PipelineOrder::dual_pipe;
  if (two ? p.chunks != 2 : several && p.order != PipelineOrder::interleaved)
    topology::usage_error(fmt::format("pipeline {} takes {} chunks of layers a rank, not {}",
                                      name(p.order),
                                      two ? "two" : "one",
                                      p.chunks));
  if (p.order == PipelineOrder::dual_pipe && (p.ranks % 2 != 0 || p.micro_batches % 2 != 0))
    topology::usage_error("dualpipe needs an even count of ranks and of micro-batches");
}

PipelineRun best_of_chosen(const Pipeline& p) {
  PipelineRun best;
  const std::shared_ptr<const ChosenPrograms> chosen = chosen_programs(p);
  for (const std::vector<PipelineProgram>& programs : *chosen) {
    PipelineRun run = follow(p, programs);
    if (best.ranks.empty() || run.time < best.time) best = std::move(run);
  }
  return best;
}

}  // namespace

std::int64_t rank_of(const Pipeline& pipeline, std::int64_t chunk) {
  const std::int64_t rank = chunk % pipeline.ranks;
  const bool back = pipeline.order == PipelineOrder::zb_v && chunk / pipeline.ranks % 2 == 1;
  return back ? pipeline.ranks - 1 - rank : rank;
}

std::vector<HeldChunk> chunks_of(const Pipeline& pipeline, std::int64_t rank) {
  if (pipeline.order == PipelineOrder::dual_pipe)
    return {{rank, pipeline.micro_batches / 2},
            {pipeline.ranks - 1 - rank, pipeline.micro_batches / 2}};
  std::vector<HeldChunk> held;
  for (std::int64_t c = 0; c < pipeline_depth(pipeline); ++c)
    if (rank_of(pipeline, c) == rank) held.push_back({c, pipeline.micro_batches});
  return held;
}

PipelineRun run(const Pipeline& pipeline) {
  check(pipeline);
  if (is_greedy(pipeline.order)) return best_of_chosen(pipeline);
  std::vector<PipelineProgram> programs;
  for (std::int64_t r = 0; r < pipeline.ranks; ++r) programs.push_back(program_of(pipeline, r));
  return follow(pipeline, programs);
}

}  // namespace kernels
