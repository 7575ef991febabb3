// The operations of a pass of a micro-batch through a chunk of layers as a graph: what waits for
// what. Times and overlaps are those of `placed` and of the step.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/training/chunk_time.hpp"
#include "kernels/training/pipeline.hpp"

namespace bench {

enum class NodeKind { compute, host, collective, send, receive };

/// What the members of a group, or one rank, do at one place of the graph.
struct WorkNode {
  const char* name = "";
  NodeKind kind = NodeKind::compute;
  topology::Seconds time;  ///< alone; what is received takes it once it was sent
  topology::Flops flops;   ///< of element-wise work one for each element
  topology::Bytes bytes;   ///< read and written, sent, or the size of the collective
  kernels::Collective collective = kernels::Collective::all_reduce;
  const Group* group = nullptr;
  std::int64_t hop = 0;             ///< of a message: members from here to the other one
  std::int64_t tag = 0;             ///< messages of a pass are counted
  std::vector<std::int64_t> after;  ///< places in the graph, or `entry`
};

struct PassGraph {
  static constexpr std::int64_t entry = -1;  ///< stands for all that the pass waits for

  std::vector<WorkNode> nodes;     ///< each after those that it waits for
  std::vector<std::int64_t> ends;  ///< what waits for the pass waits for these
  std::int64_t messages = 0;
};

/// Backward passes with those of the weights, where nothing splits them. All must outlive it.
[[nodiscard]] PassGraph pass_graph(const Job& job,
                                   const OperationTimes& times,
                                   const kernels::Stage& stage,
                                   kernels::Pass pass);

/// A node for element-wise work.
[[nodiscard]] WorkNode streaming_node(const Job& job,
                                      const OperationTimes& times,
                                      const char* name,
                                      topology::Bytes bytes);

[[nodiscard]] WorkNode collective_node(const OperationTimes& times,
                                       const char* name,
                                       kernels::Collective collective,
                                       Group& group,
                                       topology::Bytes size);

}  // namespace bench
