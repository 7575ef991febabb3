#include "bench/exchange/msccl_file.hpp"

#include <fmt/format.h>

#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;

const char* msccl_name(Collective collective) {
  for (const MscclName& known : msccl_collectives)
    if (known.collective == collective) return known.name;
  topology::usage_error(std::string("MSCCL has no ") + kernels::info(collective).name);
}

void append(std::string& xml, const MscclBlock& block, std::size_t id) {
  xml += fmt::format("    <tb id=\"{}\" send=\"{}\" recv=\"{}\" chan=\"{}\">\n",
                     id,
                     block.send,
                     block.receive,
                     block.channel);
  for (std::size_t s = 0; s < block.steps.size(); ++s) {
    const MscclStep& step = block.steps[s];
    xml += fmt::format(
        "      <step s=\"{}\" type=\"{}\" srcbuf=\"{}\" srcoff=\"{}\" dstbuf=\"{}\" dstoff=\"{}\" "
        "cnt=\"{}\" depid=\"{}\" deps=\"{}\" hasdep=\"{}\"/>\n",
        s,
        msccl_step_names[static_cast<std::size_t>(step.action)],
        step.source.buffer,
        step.source.offset,
        step.target.buffer,
        step.target.offset,
        step.count,
        step.waits_for_block,
        step.waits_for_step,
        step.is_waited_for ? 1 : 0);
  }
  xml += "    </tb>\n";
}

}  // namespace

std::int64_t chunks_of(const MscclAlgorithm& algorithm, const MscclGpu& gpu, char buffer) {
  const auto each = algorithm.chunks / static_cast<std::int64_t>(algorithm.gpus.size());
  const kernels::CollectiveInfo& what = kernels::info(algorithm.collective);
  if (buffer == 's') return gpu.scratch_chunks;
  if (buffer == 'i') return what.from == kernels::Holder::owner ? each : algorithm.chunks;
  const bool one = what.to == kernels::Holder::owner && what.id != Collective::all_to_all;
  return one ? each : algorithm.chunks;
}

std::string to_xml(const MscclAlgorithm& algorithm) {
  std::string xml = fmt::format(
      "<algo name=\"{}\" proto=\"Simple\" nchunksperloop=\"{}\" ngpus=\"{}\" coll=\"{}\" "
      "inplace=\"{}\" nchannels=\"{}\" outofplace=\"{}\" minBytes=\"0\" maxBytes=\"0\">\n",
      algorithm.name,
      algorithm.chunks,
      algorithm.gpus.size(),
      msccl_name(algorithm.collective),
      algorithm.in_place ? 1 : 0,
      algorithm.channels,
      algorithm.in_place ? 0 : 1);
  for (std::size_t g = 0; g < algorithm.gpus.size(); ++g) {
    const MscclGpu& gpu = algorithm.gpus[g];
    xml += fmt::format("  <gpu id=\"{}\" i_chunks=\"{}\" o_chunks=\"{}\" s_chunks=\"{}\">\n",
                       g,
                       gpu.input_chunks,
                       gpu.output_chunks,
                       gpu.scratch_chunks);
    for (std::size_t b = 0; b < gpu.blocks.size(); ++b) append(xml, gpu.blocks[b], b);
    xml += "  </gpu>\n";
  }
  return xml + "</algo>\n";
}

}  // namespace bench
