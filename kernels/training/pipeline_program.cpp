#include "kernels/training/pipeline_program.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

constexpr std::array order_names{"gpipe", "1f1b", "interleaved", "zb-h1", "zb-v", "dualpipe"};

PipelineProgram gpipe(const Pipeline& p, std::int64_t rank) {
  PipelineProgram program;
  for (std::int64_t m = 0; m < p.micro_batches; ++m) program.push_back({Pass::forward, rank, m});
  for (std::int64_t m = 0; m < p.micro_batches; ++m) program.push_back({Pass::backward, rank, m});
  return program;
}

/// The i-th pass of a rank with several chunks: as many micro-batches as there are ranks through
/// one chunk, then through the next.
ProgramStep interleaved_step(const Pipeline& p, std::int64_t rank, Pass pass, std::int64_t i) {
  const std::int64_t round = p.ranks * p.chunks;
  const std::int64_t up = i % round / p.ranks;
  const std::int64_t chunk = pass == Pass::forward ? up : p.chunks - 1 - up;
  return {pass, chunk * p.ranks + rank, i / round * p.ranks + i % p.ranks};
}

/// One forward, one backward after as many forward passes as fill the ranks behind this one.
PipelineProgram interleaved(const Pipeline& p, std::int64_t rank) {
  const std::int64_t all = p.micro_batches * p.chunks;
  const std::int64_t ahead =
      p.chunks == 1 ? p.ranks - 1 - rank : 2 * (p.ranks - 1 - rank) + (p.chunks - 1) * p.ranks;
  const std::int64_t warm_up = std::min(ahead, all);
  PipelineProgram program;
  for (std::int64_t i = 0; i < warm_up; ++i)
    program.push_back(interleaved_step(p, rank, Pass::forward, i));
  for (std::int64_t i = 0; i < all; ++i) {
    if (warm_up + i < all) program.push_back(interleaved_step(p, rank, Pass::forward, warm_up + i));
    program.push_back(interleaved_step(p, rank, Pass::backward, i));
  }
  return program;
}

/// 1F1B where the weights of a micro-batch come `rank` backward passes later, so that all ranks
/// hold as many activations as the first one does anyway, and the last passes of the weights fill
/// the bubble at the end.
PipelineProgram zb_h1(const Pipeline& p, std::int64_t rank) {
  PipelineProgram program;
  std::int64_t weights = 0;
  for (const ProgramStep& step : interleaved(p, rank)) {
    program.push_back(step);
    if (step.pass == Pass::backward && step.micro_batch >= rank)
      program.push_back({Pass::weights, rank, weights++});
  }
  for (; weights < p.micro_batches; ++weights) program.push_back({Pass::weights, rank, weights});
  return program;
}

}  // namespace

PipelineProgram program_of(const Pipeline& pipeline, std::int64_t rank) {
  switch (pipeline.order) {
    case PipelineOrder::gpipe:
      return gpipe(pipeline, rank);
    case PipelineOrder::zb_h1:
      return zb_h1(pipeline, rank);
    default:
      return interleaved(pipeline, rank);
  }
}

const char* name(PipelineOrder order) {
  return order_names.at(static_cast<std::size_t>(order));
}

PipelineOrder pipeline_order(const std::string& text) {
  for (std::size_t i = 0; i < order_names.size(); ++i)
    if (text == order_names.at(i)) return static_cast<PipelineOrder>(i);
  topology::usage_error(topology::unknown_name("pipeline order", text, pipeline_order_names()));
}

std::vector<std::string> pipeline_order_names() {
  return {order_names.begin(), order_names.end()};
}

}  // namespace kernels
