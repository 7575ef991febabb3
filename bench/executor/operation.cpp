#include "bench/executor/operation.hpp"

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <mpi.h>

#include "bench/executor/combine.hpp"
#include "bench/executor/execution.hpp"
#include "bench/executor/host_execution.hpp"
#include "bench/executor/mixed_execution.hpp"
#include "bench/executor/plan.hpp"
#include "bench/executor/ranks.hpp"
#include "bench/executor/symmetric_execution.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;
using Input = std::span<const std::byte>;
using Output = std::span<std::byte>;

void copy(Input from, Output to) {
  std::memcpy(to.data(), from.data(), from.size());
}

/// Where chunks are in a vector.
class Chunks {
 public:
  Chunks(std::int64_t ranks, const Payload& payload) : ranks_(ranks), payload_(payload) {}

  template <class Bytes>
  [[nodiscard]] std::span<Bytes> of(std::span<Bytes> vector, std::int64_t chunk) const {
    const std::size_t begin = chunk_begin(chunk, ranks_, payload_.count, payload_.element());
    const std::size_t end = chunk_begin(chunk + 1, ranks_, payload_.count, payload_.element());
    return vector.subspan(begin, end - begin);
  }

  template <class Bytes>
  [[nodiscard]] std::span<Bytes> own(std::span<Bytes> vector) const {
    return of(vector, world().rank);
  }

  /// Those that a rank has at the start.
  void copy_held(kernels::Holder holder, Input from, Output to) const {
    if (holder == kernels::Holder::everyone) return copy(from, to);
    for (std::int64_t c = 0; c < ranks_; ++c)
      if (kernels::holds(holder, world().rank, c)) copy(of(from, c), of(to, c));
  }

 private:
  std::int64_t ranks_;
  Payload payload_;
};

class ByMessages : public Operation {
 public:
  ByMessages(const kernels::Schedule& schedule, const Payload& payload)
      : collective_(schedule.collective),
        chunks_(schedule.ranks(), payload),
        execution_(schedule, world().rank, payload) {}

  void out_of_place(Input input, Output output) override {
    if (collective_ == Collective::all_to_all) {
      execution_.run(input, output);
      copy(chunks_.own(input), chunks_.own(output));
      return;
    }
    // The messages are of the output, the input is left alone.
    chunks_.copy_held(kernels::info(collective_).from, input, output);
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
  Chunks chunks_;
  Execution execution_;
};

/// Through shared memory, in one of three ways.
template <class Execution>
class OnHost : public Operation {
 public:
  template <class... Arguments>
  explicit OnHost(const kernels::Schedule& schedule, Arguments&&... arguments)
      : execution_(schedule, std::forward<Arguments>(arguments)...),
        needs_room_(schedule.collective == Collective::all_to_all &&
                    !execution_.puts_before_it_takes()) {}

  void out_of_place(Input input, Output output) override { execution_.run(input, output); }

  void look_again() override {
    if constexpr (requires { execution_.look_again(); }) execution_.look_again();
  }

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

/// Reads and writes as many bytes as an all-reduce or an all-to-all must.
class ByCopy : public Operation {
 public:
  void out_of_place(Input input, Output output) override {
    copy_into({output.data(), true}, input.data(), input.size());
  }

  void in_place(Output buffer, Output spare) override { out_of_place(buffer, spare); }

  [[nodiscard]] bool has_result() const override { return false; }
};

class ByLibrary : public Operation {
 public:
  ByLibrary(Collective collective, std::int64_t ranks, const Payload& payload)
      : collective_(collective),
        chunks_(ranks, payload),
        type_(mpi_type(payload.type)),
        op_(payload.op == Operator::sum ? MPI_SUM : MPI_MAX),
        count_(static_cast<int>(payload.count)),
        each_(count_ / static_cast<int>(ranks)),
        counts_(static_cast<std::size_t>(ranks), each_) {
    if (!library_can(payload))
      topology::usage_error("MPI has no data type for bf16 and counts up to 2^31 elements");
  }

  void out_of_place(Input input, Output output) override {
    if (collective_ == Collective::broadcast && world().rank == 0) copy(input, output);
    const bool has_chunk =
        collective_ == Collective::all_gather || collective_ == Collective::gather;
    const bool gets_chunk =
        collective_ == Collective::reduce_scatter || collective_ == Collective::scatter;
    call(has_chunk ? chunks_.own(input).data() : input.data(),
         gets_chunk ? chunks_.own(output).data() : output.data());
  }

  void in_place(Output buffer, Output /*spare*/) override {
    const bool root = world().rank == 0;
    std::byte* const own = chunks_.own(buffer).data();
    switch (collective_) {
      case Collective::reduce:
        return call(root ? MPI_IN_PLACE : buffer.data(), buffer.data());
      case Collective::gather:
        return call(root ? MPI_IN_PLACE : own, buffer.data());
      case Collective::scatter:
        return call(buffer.data(), root ? MPI_IN_PLACE : own);
      default:
        return call(MPI_IN_PLACE, buffer.data());
    }
  }

  [[nodiscard]] bool result_in_front() const override {
    return collective_ == Collective::reduce_scatter;
  }

 private:
  void call(const void* from, void* to) {
    MPI_Comm all = MPI_COMM_WORLD;
    switch (collective_) {
      case Collective::all_reduce:
        MPI_Allreduce(from, to, count_, type_, op_, all);
        return;
      case Collective::reduce_scatter:  // MPI_Reduce_scatter_block takes up to six times as long
        MPI_Reduce_scatter(from, to, counts_.data(), type_, op_, all);
        return;
      case Collective::all_gather:
        MPI_Allgather(from, each_, type_, to, each_, type_, all);
        return;
      case Collective::all_to_all:
        MPI_Alltoall(from, each_, type_, to, each_, type_, all);
        return;
      case Collective::broadcast:
        MPI_Bcast(to, count_, type_, 0, all);
        return;
      case Collective::reduce:
        MPI_Reduce(from, to, count_, type_, op_, 0, all);
        return;
      case Collective::gather:
        MPI_Gather(from, each_, type_, to, each_, type_, 0, all);
        return;
      case Collective::scatter:
        MPI_Scatter(from, each_, type_, to, each_, type_, 0, all);
        return;
      case Collective::barrier:
        MPI_Barrier(all);
    }
  }

  Collective collective_;
  Chunks chunks_;
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
    case Lowering::mixed:
      return "mixed";
    case Lowering::symmetric:
      return "symmetric";
    case Lowering::library:
      return "MPI";
    case Lowering::copy:
      return "copy";
  }
  return "";
}

const char* medium(Lowering lowering) {
  switch (lowering) {
    case Lowering::host:
    case Lowering::symmetric:
      return "shared memory";
    case Lowering::mixed:
      return "shared memory and messages";
    case Lowering::messages:
    case Lowering::library:
    case Lowering::copy:
      break;
  }
  return "messages";
}

bool library_can(const Payload& payload) {
  return mpi_type(payload.type) != MPI_DATATYPE_NULL &&
         payload.count <= std::numeric_limits<int>::max();
}

std::unique_ptr<Operation> make_library_operation(kernels::Collective collective,
                                                  std::int64_t ranks,
                                                  const Payload& payload) {
  return std::make_unique<ByLibrary>(collective, ranks, payload);
}

std::unique_ptr<Operation> make_operation(Lowering lowering,
                                          const kernels::Schedule& schedule,
                                          const Payload& payload,
                                          const HostMemory* vectors) {
  switch (lowering) {
    case Lowering::host:
      return std::make_unique<OnHost<HostExecution>>(schedule, world().rank, payload);
    case Lowering::mixed:
      return std::make_unique<OnHost<MixedExecution>>(schedule, world().rank, payload);
    case Lowering::symmetric:
      topology::expects(vectors != nullptr, "symmetric buffers are allocated before");
      return std::make_unique<OnHost<SymmetricExecution>>(schedule, payload, *vectors);
    case Lowering::library:
      return make_library_operation(schedule.collective, schedule.ranks(), payload);
    case Lowering::copy:
      return std::make_unique<ByCopy>();
    case Lowering::messages:
      break;
  }
  return std::make_unique<ByMessages>(schedule, payload);
}

}  // namespace bench
