#include "bench/exchange/msccl_export.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Buffer;
using kernels::Message;
using kernels::Move;
using kernels::Program;
using kernels::Spot;

/// Chunks of MSCCL are alike: the least number of them in a chunk of the program with which all its
/// cuts are between two.
std::int64_t chunks_per_chunk(const Program& program) {
  constexpr std::int64_t most = 4096;
  constexpr double tolerance = 1e-6;
  for (std::int64_t n = program.cells_per_chunk(); n <= most; ++n)
    if (std::all_of(program.cuts.begin(), program.cuts.end(), [n](double cut) {
          const double at = cut * static_cast<double>(n);
          return std::abs(at - std::round(at)) < tolerance;
        }))
      return n;
  topology::usage_error(fmt::format(
      "'{}' has lanes whose shares are no multiples of a part of 1/{} or more; MSCCL's chunks are "
      "alike (leave out 'balanced')",
      program.name,
      most));
}

/// A step of one GPU.
struct StepPlace {
  std::int64_t block = 0;
  std::int64_t step = 0;
};

using StepPlaces = std::vector<StepPlace>;

/// What a rank has to do with one round.
struct RankRound {
  std::vector<const Message*> sends;
  std::vector<const Message*> receives;
  std::vector<const Message*> local;
};

bool overlap(const Spot& a, std::int64_t a_cells, const Spot& b, std::int64_t b_cells) {
  return a.buffer == b.buffer && a.cell < b.cell + b_cells && b.cell < a.cell + a_cells;
}

/// Does `message` write where `other` reads, or, for two that arrive, writes?
bool writes_into(const Message& message, const Message& other, Spot Move::*end) {
  for (const Move& mine : message.moves)
    for (const Move& theirs : other.moves)
      if (overlap(mine.to, mine.cells, theirs.*end, theirs.cells)) return true;
  return false;
}

class GpuWriter {
 public:
  GpuWriter(const Program& program, std::int64_t per_chunk)
      : program_(program), per_chunk_(per_chunk) {
    scratch_ = units(program.scratch);
    gpu_.scratch_chunks = scratch_;
    const kernels::CollectiveInfo& what = kernels::info(program.collective);
    vector_ = what.from == kernels::Holder::owner ? 'o' : 'i';
  }

  void add(const RankRound& round) {
    StepPlaces now;
    std::vector<std::pair<const Message*, std::int64_t>> aside;  // reduced from scratch, later
    const StepPlaces before = joined(done_, round.sends.size() + round.receives.size());
    for (const Message* m : round.sends) now.push_back(send(*m, before));
    for (const Message* m : round.local) now.push_back(copy(*m, before));
    const StepPlaces sent = now;
    std::int64_t room = scratch_;
    for (const Message* m : round.receives) {
      const bool shared = m->reduce && shares_target(*m, round.receives);
      if (shared) aside.emplace_back(m, room);
      now.push_back(receive(*m,
                            before,
                            shared ? StepPlaces{} : read_by(*m, round.sends, sent),
                            shared ? &room : nullptr));
    }
    gpu_.scratch_chunks = std::max(gpu_.scratch_chunks, room);
    if (!now.empty()) done_ = now;
    if (!aside.empty()) reduce_aside(aside);
  }

  MscclGpu take() {
    for (MscclBlock& block : gpu_.blocks) block.channel = 0;
    return std::move(gpu_);
  }

 private:
  enum class Role { send, receive, local, gather };

  [[nodiscard]] std::int64_t units(std::int64_t cell) const {
    const std::int64_t cells = program_.cells_per_chunk();
    const double cut = program_.cuts[static_cast<std::size_t>(cell % cells)];
    return cell / cells * per_chunk_ + std::llround(cut * static_cast<double>(per_chunk_));
  }

  [[nodiscard]] MscclChunk chunk(const Spot& spot) const {
    const std::array letters{'i', program_.in_place ? vector_ : 'o', 's'};
    return {letters[static_cast<std::size_t>(spot.buffer)], units(spot.cell)};
  }

  [[nodiscard]] std::int64_t length(const Move& move) const {
    return units(move.from.cell + move.cells) - units(move.from.cell);
  }

  std::int64_t block_of(Role role, std::int64_t peer) {
    const auto [found, is_new] = blocks_.try_emplace({role, peer}, gpu_.blocks.size());
    if (is_new) {
      MscclBlock& block = gpu_.blocks.emplace_back();
      if (role == Role::send) block.send = peer;
      if (role == Role::receive) block.receive = peer;
    }
    return static_cast<std::int64_t>(found->second);
  }

  /// A step waits for one other; the rest is waited for by steps that do nothing.
  void wait(std::int64_t block, const StepPlaces& on) {
    for (const StepPlace& place : on)
      if (place.block != block) waiting_[block].push_back(place);
  }

  StepPlace append(std::int64_t block, const MscclStep& step) {
    auto& steps = gpu_.blocks[static_cast<std::size_t>(block)].steps;
    const StepPlaces on = std::exchange(waiting_[block], {});
    for (std::size_t i = 0; i + 1 < on.size(); ++i) steps.push_back(waiting({}, on[i]));
    steps.push_back(on.empty() ? step : waiting(step, on.back()));
    return {block, static_cast<std::int64_t>(steps.size()) - 1};
  }

  MscclStep waiting(MscclStep step, const StepPlace& on) {
    step.waits_for_block = on.block;
    step.waits_for_step = on.step;
    gpu_.blocks[static_cast<std::size_t>(on.block)]
        .steps[static_cast<std::size_t>(on.step)]
        .is_waited_for = true;
    return step;
  }

  /// For `waiters` that wait for all of these: one that does it for them, where that saves steps.
  StepPlaces joined(const StepPlaces& on, std::size_t waiters) {
    if (on.size() * waiters <= on.size() + waiters + 2) return on;
    const std::int64_t block = block_of(Role::gather, 0);
    wait(block, on);
    return {append(block, {})};
  }

  StepPlace send(const Message& m, const StepPlaces& before) {
    const std::int64_t block = block_of(Role::send, m.to);
    wait(block, before);
    return append_moves(block, MscclAction::send, m, nullptr);
  }

  StepPlace copy(const Message& m, const StepPlaces& before) {
    const std::int64_t block = block_of(Role::local, 0);
    wait(block, before);
    return append_moves(block, m.reduce ? MscclAction::reduce : MscclAction::copy, m, nullptr);
  }

  StepPlace receive(const Message& m,
                    const StepPlaces& before,
                    const StepPlaces& readers,
                    std::int64_t* room) {
    const std::int64_t block = block_of(Role::receive, m.from);
    wait(block, before);
    wait(block, readers);
    const bool adds = m.reduce && room == nullptr;
    return append_moves(block, adds ? MscclAction::receive_reduce : MscclAction::receive, m, room);
  }

  /// @param room of the scratch, where it lands there
  StepPlace append_moves(std::int64_t block,
                         MscclAction action,
                         const Message& m,
                         std::int64_t* room) {
    StepPlace last;
    for (const Move& move : m.moves) {
      MscclStep step{action, chunk(move.from), chunk(move.to), length(move)};
      if (action == MscclAction::receive_reduce) step.source = step.target;
      if (room != nullptr) step.target = {'s', std::exchange(*room, *room + step.count)};
      last = append(block, step);
    }
    return last;
  }

  static bool shares_target(const Message& m, const std::vector<const Message*>& receives) {
    return std::any_of(receives.begin(), receives.end(), [&m](const Message* other) {
      return other != &m && writes_into(m, *other, &Move::to);
    });
  }

  /// Sends of the round that must have read before a message may be written.
  static StepPlaces read_by(const Message& m,
                            const std::vector<const Message*>& sends,
                            const StepPlaces& sent) {
    StepPlaces readers;
    for (std::size_t i = 0; i < sends.size(); ++i)
      if (writes_into(m, *sends[i], &Move::from)) readers.push_back(sent[i]);
    return readers;
  }

  void reduce_aside(const std::vector<std::pair<const Message*, std::int64_t>>& aside) {
    const std::int64_t block = block_of(Role::local, 0);
    wait(block, done_);
    StepPlace last;
    for (const auto& [m, at] : aside) {
      std::int64_t from = at;
      for (const Move& move : m->moves) {
        const std::int64_t count = length(move);
        last = append(
            block,
            {MscclAction::reduce, {'s', std::exchange(from, from + count)}, chunk(move.to), count});
      }
    }
    done_ = {last};
  }

  const Program& program_;
  std::int64_t per_chunk_;
  char vector_ = 'i';
  std::int64_t scratch_ = 0;  ///< the program's own
  MscclGpu gpu_;
  std::map<std::pair<Role, std::int64_t>, std::size_t> blocks_;
  std::map<std::int64_t, StepPlaces> waiting_;  ///< what the next step of a block waits for
  StepPlaces done_;                             ///< of the last round, one of each block
};

}  // namespace

MscclAlgorithm msccl_of(const Program& program) {
  const std::int64_t per_chunk = chunks_per_chunk(program);
  MscclAlgorithm algorithm;
  algorithm.name = program.name;
  algorithm.collective = program.collective;
  algorithm.in_place = program.in_place;
  algorithm.chunks = program.chunks * per_chunk;
  std::vector<GpuWriter> writers(static_cast<std::size_t>(program.ranks), {program, per_chunk});
  for (const kernels::ProgramRound& round : program.rounds) {
    std::vector<RankRound> shares(writers.size());
    for (const Message& m : round) {
      auto& mine = shares[static_cast<std::size_t>(m.from)];
      (m.local() ? mine.local : mine.sends).push_back(&m);
      if (!m.local()) shares[static_cast<std::size_t>(m.to)].receives.push_back(&m);
    }
    for (std::size_t r = 0; r < writers.size(); ++r) writers[r].add(shares[r]);
  }
  for (GpuWriter& writer : writers) algorithm.gpus.push_back(writer.take());
  for (MscclGpu& gpu : algorithm.gpus) {
    gpu.input_chunks = chunks_of(algorithm, gpu, 'i');
    gpu.output_chunks = chunks_of(algorithm, gpu, 'o');
  }
  return algorithm;
}

}  // namespace bench
