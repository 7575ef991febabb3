#include "bench/executor/operation.hpp"

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <mpi.h>

#include "bench/executor/execution.hpp"
#include "bench/executor/host_execution.hpp"
#include "bench/executor/plan.hpp"
#include "bench/executor/symmetric_execution.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;
using Input = std::span<const std::byte>;
using Output = std::span<std::byte>;

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

void copy(Input from, Output to) {
  std::memcpy(to.data(), from.data(), from.size());
}

/// Where the chunk of this rank is in a vector.
struct OwnChunk {
  std::size_t begin = 0;
  std::size_t bytes = 0;

  OwnChunk(std::int64_t ranks, const Payload& payload)
      : begin(chunk_begin(world_rank(), ranks, payload.count, payload.element())),
        bytes(chunk_begin(world_rank() + 1, ranks, payload.count, payload.element()) - begin) {}

  template <class Bytes>
  [[nodiscard]] std::span<Bytes> of(std::span<Bytes> vector) const {
    return vector.subspan(begin, bytes);
  }
};

class ByMessages : public Operation {
 public:
  ByMessages(const kernels::Schedule& schedule, const Payload& payload)
      : collective_(schedule.collective),
        own_(schedule.ranks(), payload),
        execution_(schedule, world_rank(), payload.count, payload.type, payload.op) {}

  void out_of_place(Input input, Output output) override {
    if (collective_ == Collective::all_to_all) {
      execution_.run(input, output);
      copy(own_.of(input), own_.of(output));
      return;
    }
    // A reduction works in its output and leaves the input alone.
    if (collective_ == Collective::all_gather)
      copy(own_.of(input), own_.of(output));
    else
      copy(input, output);
    execution_.run(output, output);
  }

  void in_place(Output buffer, Output spare) override {
    if (collective_ != Collective::all_to_all) return execution_.run(buffer, buffer);
    // There is no room to receive: the input moves aside first.
    copy(buffer, spare);
    out_of_place(spare, buffer);
  }

 private:
  Collective collective_;
  OwnChunk own_;
  Execution execution_;
};

/// Through shared memory, in either of two ways.
template <class Execution>
class OnHost : public Operation {
 public:
  template <class... Arguments>
  explicit OnHost(const kernels::Schedule& schedule, Arguments&&... arguments)
      : execution_(schedule, std::forward<Arguments>(arguments)...),
        needs_room_(schedule.collective == Collective::all_to_all &&
                    !execution_.puts_before_it_takes()) {}

  void out_of_place(Input input, Output output) override { execution_.run(input, output); }

  void in_place(Output buffer, Output spare) override {
    if (!needs_room_) return execution_.run(buffer, buffer);
    copy(buffer, spare);
    execution_.run(spare, buffer);
  }

 private:
  Execution execution_;
  bool needs_room_;  // in place
};

MPI_Datatype mpi_type(topology::DataType type) {
  switch (type) {
    case topology::DataType::f64:
      return MPI_DOUBLE;
    case topology::DataType::f32:
      return MPI_FLOAT;
    case topology::DataType::i32:
      return MPI_INT32_T;
    default:
      return MPI_DATATYPE_NULL;
  }
}

class ByLibrary : public Operation {
 public:
  ByLibrary(const kernels::Schedule& schedule, const Payload& payload)
      : collective_(schedule.collective),
        own_(schedule.ranks(), payload),
        type_(mpi_type(payload.type)),
        op_(payload.op == Operator::sum ? MPI_SUM : MPI_MAX),
        count_(static_cast<int>(payload.count)),
        each_(count_ / static_cast<int>(schedule.ranks())),
        counts_(static_cast<std::size_t>(schedule.ranks()), each_) {
    if (!library_can(payload))
      topology::usage_error("MPI has no data type for bf16 and counts up to 2^31 elements");
  }

  void out_of_place(Input input, Output output) override {
    const bool gathers = collective_ == Collective::all_gather;
    const bool scatters = collective_ == Collective::reduce_scatter;
    call(gathers ? own_.of(input).data() : input.data(),
         scatters ? own_.of(output).data() : output.data());
  }

  void in_place(Output buffer, Output /*spare*/) override { call(MPI_IN_PLACE, buffer.data()); }

  [[nodiscard]] bool result_in_front() const override {
    return collective_ == Collective::reduce_scatter;
  }

 private:
  void call(const void* from, void* to) {
    switch (collective_) {
      case Collective::all_reduce:
        MPI_Allreduce(from, to, count_, type_, op_, MPI_COMM_WORLD);
        return;
      case Collective::reduce_scatter:  // MPI_Reduce_scatter_block takes up to six times as long
        MPI_Reduce_scatter(from, to, counts_.data(), type_, op_, MPI_COMM_WORLD);
        return;
      case Collective::all_gather:
        MPI_Allgather(from, each_, type_, to, each_, type_, MPI_COMM_WORLD);
        return;
      default:
        MPI_Alltoall(from, each_, type_, to, each_, type_, MPI_COMM_WORLD);
    }
  }

  Collective collective_;
  OwnChunk own_;
  MPI_Datatype type_;
  MPI_Op op_;
  int count_;
  int each_;
  std::vector<int> counts_;
};

}  // namespace

const char* name(Lowering lowering) {
  switch (lowering) {
    case Lowering::messages:
      return "messages";
    case Lowering::host:
      return "host";
    case Lowering::symmetric:
      return "symmetric";
    case Lowering::library:
      return "MPI";
  }
  return "";
}

bool library_can(const Payload& payload) {
  return mpi_type(payload.type) != MPI_DATATYPE_NULL &&
         payload.count <= std::numeric_limits<int>::max();
}

std::unique_ptr<Operation> make_operation(Lowering lowering,
                                          const kernels::Schedule& schedule,
                                          const Payload& payload,
                                          const HostMemory* vectors) {
  const auto& [count, type, op] = payload;
  switch (lowering) {
    case Lowering::host:
      return std::make_unique<OnHost<HostExecution>>(schedule, world_rank(), count, type, op);
    case Lowering::symmetric:
      topology::expects(vectors != nullptr, "symmetric buffers are allocated before");
      return std::make_unique<OnHost<SymmetricExecution>>(schedule, count, type, op, *vectors);
    case Lowering::library:
      return std::make_unique<ByLibrary>(schedule, payload);
    case Lowering::messages:
      break;
  }
  return std::make_unique<ByMessages>(schedule, payload);
}

}  // namespace bench
