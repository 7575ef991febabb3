// MSCCL's XML as it stands: what each thread block of each GPU does, step by step. What its numbers
// mean together is for msccl_import and msccl_export.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/collective/collective.hpp"

namespace bench {

/// Of a step, in the order of their names in `msccl_step_names`.
enum class MscclAction {
  send,                      ///< s
  receive,                   ///< r
  receive_reduce,            ///< rrc: dst = src + what arrives
  receive_send,              ///< rcs
  receive_reduce_send_copy,  ///< rrcs
  receive_reduce_send,       ///< rrs: what is sent on is kept nowhere
  copy,                      ///< cpy
  reduce,                    ///< re: dst = dst + src
  nothing,                   ///< nop: waits
};

inline constexpr std::array msccl_step_names{
    "s", "r", "rrc", "rcs", "rrcs", "rrs", "cpy", "re", "nop"};

struct MscclName {
  const char* name;
  kernels::Collective collective;
};

/// As MSCCL writes them; with underscores, too.
inline constexpr std::array msccl_collectives{
    MscclName{"allreduce", kernels::Collective::all_reduce},
    MscclName{"allgather", kernels::Collective::all_gather},
    MscclName{"reduce_scatter", kernels::Collective::reduce_scatter},
    MscclName{"alltoall", kernels::Collective::all_to_all},
    MscclName{"broadcast", kernels::Collective::broadcast},
    MscclName{"reduce", kernels::Collective::reduce},
    MscclName{"gather", kernels::Collective::gather},
    MscclName{"scatter", kernels::Collective::scatter}};

[[nodiscard]] constexpr bool sends(MscclAction action) {
  return action == MscclAction::send || action == MscclAction::receive_send ||
         action == MscclAction::receive_reduce_send_copy ||
         action == MscclAction::receive_reduce_send;
}

[[nodiscard]] constexpr bool receives(MscclAction action) {
  return action >= MscclAction::receive && action <= MscclAction::receive_reduce_send;
}

/// What arrives, to what there is.
[[nodiscard]] constexpr bool adds(MscclAction action) {
  return action == MscclAction::receive_reduce || action == MscclAction::receive_reduce_send_copy ||
         action == MscclAction::receive_reduce_send;
}

/// A chunk of a buffer: input, output or scratch.
struct MscclChunk {
  char buffer = 'i';
  std::int64_t offset = 0;
};

struct MscclStep {
  MscclAction action = MscclAction::nothing;
  MscclChunk source;
  MscclChunk target;
  std::int64_t count = 0;
  std::int64_t waits_for_block = -1;  ///< of the same GPU; -1: for none
  std::int64_t waits_for_step = -1;
  bool is_waited_for = false;
  std::size_t line = 0;  ///< of the file
};

/// At most one GPU that it sends to and one that it receives from; -1: none.
struct MscclBlock {
  std::int64_t send = -1;
  std::int64_t receive = -1;
  std::int64_t channel = 0;
  std::vector<MscclStep> steps;
  std::size_t line = 0;
};

struct MscclGpu {
  std::int64_t input_chunks = 0;
  std::int64_t output_chunks = 0;
  std::int64_t scratch_chunks = 0;
  std::vector<MscclBlock> blocks;
};

struct MscclAlgorithm {
  std::string path;  ///< that it was read from
  std::string name;
  kernels::Collective collective = kernels::Collective::all_reduce;
  bool in_place = false;
  std::int64_t chunks = 1;  ///< of the vector
  std::int64_t channels = 1;
  std::vector<MscclGpu> gpus;
};

[[nodiscard]] std::string to_xml(const MscclAlgorithm& algorithm);

/// @throws Error(usage) with file, line and what was expected
[[nodiscard]] MscclAlgorithm read_msccl_file(const std::string& path);

/// Offsets that a GPU's buffer has.
[[nodiscard]] std::int64_t chunks_of(const MscclAlgorithm& algorithm,
                                     const MscclGpu& gpu,
                                     char buffer);

}  // namespace bench
