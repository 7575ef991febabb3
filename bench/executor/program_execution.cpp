#include "bench/executor/program_execution.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <mpi.h>

#include "bench/executor/combine.hpp"
#include "bench/executor/ranks.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Buffer;
using kernels::Program;

/// Bytes of one of the three buffers.
struct Extent {
  Buffer buffer = Buffer::output;
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

/// This rank's end of a message, or both ends of what it does for itself.
struct MessageEnd {
  int peer = 0;
  int tag = 0;
  bool reduce = false;
  std::vector<Extent> from;  ///< of what is sent
  std::vector<Extent> to;    ///< of what arrives
  std::size_t bytes = 0;
  std::size_t at = 0;  ///< in what is packed, or has arrived
};

struct RankStep {
  std::vector<MessageEnd> local;
  std::vector<MessageEnd> sends;
  std::vector<MessageEnd> receives;

  [[nodiscard]] bool empty() const { return local.empty() && sends.empty() && receives.empty(); }
};

/// What one rank does in each round.
class ProgramSteps {
 public:
  ProgramSteps(const Program& program, const Payload& payload)
      : program_(program), payload_(payload) {}

  [[nodiscard]] std::vector<RankStep> of(kernels::Rank rank) const {
    std::vector<RankStep> steps;
    for (const kernels::ProgramRound& round : program_.rounds)
      if (RankStep step = step_of(round, rank); !step.empty()) steps.push_back(std::move(step));
    return steps;
  }

 private:
  /// MPI promises tags up to this. Messages of two rounds may have the same: they do not overtake.
  static constexpr std::int64_t most_tags = 32767;

  [[nodiscard]] RankStep step_of(const kernels::ProgramRound& round, kernels::Rank rank) const {
    RankStep step;
    for (const kernels::Message& m : round)
      if (m.local() && m.from == rank)
        step.local.push_back(end_of(m, rank));
      else if (m.from == rank)
        step.sends.push_back(end_of(m, m.to));
      else if (m.to == rank)
        step.receives.push_back(end_of(m, m.from));
    for (auto* ends : {&step.local, &step.sends, &step.receives}) line_up(*ends);
    return step;
  }

  [[nodiscard]] std::size_t byte(std::int64_t cell) const {
    return static_cast<std::size_t>(program_.elements_before(cell, payload_.count)) *
           payload_.element();
  }

  [[nodiscard]] MessageEnd end_of(const kernels::Message& m, kernels::Rank peer) const {
    MessageEnd end{
        static_cast<int>(peer), static_cast<int>(m.lane % most_tags), m.reduce, {}, {}, 0, 0};
    for (const kernels::Move& move : m.moves) {
      const std::size_t bytes = byte(move.from.cell + move.cells) - byte(move.from.cell);
      end.from.push_back({move.from.buffer, byte(move.from.cell), bytes});
      end.to.push_back({move.to.buffer, byte(move.to.cell), bytes});
      end.bytes += bytes;
    }
    return end;
  }

  static void line_up(std::vector<MessageEnd>& ends) {
    std::size_t at = 0;
    for (MessageEnd& end : ends) end.at = std::exchange(at, at + end.bytes);
  }

  const Program& program_;
  const Payload& payload_;
};

std::size_t bytes_of(const std::vector<MessageEnd>& ends) {
  return ends.empty() ? 0 : ends.back().at + ends.back().bytes;
}

class ByProgram : public Operation {
 public:
  ByProgram(const Program& program, const Payload& payload)
      : in_place_(program.in_place),
        from_(kernels::info(program.collective).from),
        ranks_(program.ranks),
        payload_(payload),
        steps_(ProgramSteps(program, payload).of(world().rank)) {
    for (const RankStep& step : steps_) {
      packed_.resize(std::max(packed_.size(), bytes_of(step.sends)));
      arrived_.resize(std::max(arrived_.size(), bytes_of(step.receives)));
      kept_.resize(std::max(kept_.size(), bytes_of(step.local)));
      requests_.resize(std::max(requests_.size(), step.sends.size() + step.receives.size()));
    }
    const std::int64_t room = program.elements_before(program.scratch, payload.count);
    scratch_.resize(static_cast<std::size_t>(room) * payload.element());
  }

  void out_of_place(std::span<const std::byte> input, std::span<std::byte> output) override {
    if (!in_place_) return run(input, output);
    copy_held(input, output);
    run(output, output);
  }

  void in_place(std::span<std::byte> buffer, std::span<std::byte> spare) override {
    if (in_place_) return run(buffer, buffer);
    copy_held(buffer, spare);
    run(spare, buffer);
  }

 private:
  /// What a rank has at the start.
  void copy_held(std::span<const std::byte> from, std::span<std::byte> to) const {
    const auto rank = static_cast<std::size_t>(world().rank);
    const bool own = from_ == kernels::Holder::owner;
    if (from_ == kernels::Holder::root && rank != 0) return;
    const std::size_t bytes = own ? from.size() / static_cast<std::size_t>(ranks_) : from.size();
    const std::size_t begin = own ? rank * bytes : 0;
    std::memcpy(to.data() + begin, from.data() + begin, bytes);
  }

  void run(std::span<const std::byte> input, std::span<std::byte> output) {
    input_ = input.data();
    output_ = output.data();
    for (const RankStep& step : steps_) {
      const std::size_t requests = post(step);
      for (const MessageEnd& end : step.local) gather(end, kept_);
      MPI_Waitall(static_cast<int>(requests), requests_.data(), MPI_STATUSES_IGNORE);
      for (const MessageEnd& end : step.local) apply(end, kept_);
      for (const MessageEnd& end : step.receives) apply(end, arrived_);
    }
  }

  std::size_t post(const RankStep& step) {
    std::size_t next = 0;
    for (const MessageEnd& end : step.receives)
      MPI_Irecv(arrived_.data() + end.at,
                static_cast<int>(end.bytes),
                MPI_BYTE,
                end.peer,
                end.tag,
                MPI_COMM_WORLD,
                &requests_[next++]);
    for (const MessageEnd& end : step.sends) {
      const bool packed = end.from.size() > 1;
      if (packed) gather(end, packed_);
      MPI_Isend(packed ? packed_.data() + end.at : at(end.from.front()),
                static_cast<int>(end.bytes),
                MPI_BYTE,
                end.peer,
                end.tag,
                MPI_COMM_WORLD,
                &requests_[next++]);
    }
    return next;
  }

  [[nodiscard]] const std::byte* at(const Extent& what) const {
    const std::byte* const base = what.buffer == Buffer::input     ? input_
                                  : what.buffer == Buffer::scratch ? scratch_.data()
                                                                   : output_;
    return base + what.offset;
  }

  void gather(const MessageEnd& end, std::vector<std::byte>& into) const {
    std::byte* to = into.data() + end.at;
    for (const Extent& what : end.from) {
      std::memcpy(to, at(what), what.bytes);
      to += what.bytes;
    }
  }

  void apply(const MessageEnd& end, const std::vector<std::byte>& arrived) {
    const std::byte* from = arrived.data() + end.at;
    for (const Extent& what : end.to) {
      std::byte* const into =
          (what.buffer == Buffer::scratch ? scratch_.data() : output_) + what.offset;
      const std::array<const std::byte*, 2> both{into, from};
      if (end.reduce)
        combine(payload_.type, payload_.op, {into}, both, what.bytes);
      else
        std::memcpy(into, from, what.bytes);
      from += what.bytes;
    }
  }

  bool in_place_;
  kernels::Holder from_;
  std::int64_t ranks_;
  Payload payload_;
  std::vector<RankStep> steps_;
  std::vector<std::byte> scratch_;
  std::vector<std::byte> packed_;  // sends of more than one piece
  std::vector<std::byte> arrived_;
  std::vector<std::byte> kept_;  // of what a rank does for itself, as it was before
  std::vector<MPI_Request> requests_;
  const std::byte* input_ = nullptr;
  std::byte* output_ = nullptr;
};

}  // namespace

std::int64_t whole_elements(const Program& program, std::int64_t count) {
  const std::int64_t whole = count / program.cells() * program.cells();
  if (whole == 0)
    topology::usage_error(
        fmt::format("'{}' cuts the vector into {} chunks, more than its {} elements",
                    program.name,
                    program.cells(),
                    count));
  return whole;
}

std::unique_ptr<Operation> make_operation(const Program& program, const Payload& payload) {
  return std::make_unique<ByProgram>(program, payload);
}

}  // namespace bench
