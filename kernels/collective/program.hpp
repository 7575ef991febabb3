// A collective spelled out: every message of every rank, round by round. What a schedule says in a
// small tree, but also what no tree can say: programs of others, in which each rank may do
// something of its own. For what is exchanged with other tools; nothing of it grows well beyond
// some thousand ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/collective/schedule.hpp"
#include "kernels/collective/verify.hpp"

namespace kernels {

/// The vector as a rank has it at the start, as it must have it at the end, and room between. In
/// place there is no input: the output has it at the start.
enum class Buffer : std::uint8_t { input, output, scratch };

/// A cell is the least part of a vector that is moved for itself. Cells of input and output count
/// through the whole vector, also where a rank has one chunk of it.
struct Spot {
  Buffer buffer = Buffer::output;
  std::int64_t cell = 0;
};

/// Cells in a row.
struct Move {
  Spot from;
  Spot to;
  std::int64_t cells = 1;
};

/// Between two ranks, or within one.
struct Message {
  Rank from = 0;
  Rank to = 0;
  bool reduce = false;    ///< into what the receiver has, or it is overwritten
  std::int64_t lane = 0;  ///< messages between two ranks in one round differ in it
  std::vector<Move> moves;
  double share = 0;           ///< of the vector, what it carries
  std::int64_t elements = 0;  ///< the same of a vector of so many as the program's count

  [[nodiscard]] bool local() const { return from == to; }
};

/// What is sent in a round is read before anything is written; then what stays within a rank is
/// written, then what arrives.
using ProgramRound = std::vector<Message>;

struct Program {
  Collective collective = Collective::all_reduce;
  Rank ranks = 0;
  std::string name;                    ///< of the algorithm
  bool in_place = true;                ///< there is no input
  std::int64_t chunks = 1;             ///< equal parts of the vector
  std::vector<double> cuts{0.0, 1.0};  ///< of each chunk, into cells
  std::int64_t scratch = 0;            ///< cells of each rank
  std::int64_t count = 0;              ///< elements of the vector; 0: not known
  std::vector<ProgramRound> rounds;

  [[nodiscard]] std::int64_t cells_per_chunk() const {
    return static_cast<std::int64_t>(cuts.size()) - 1;
  }

  [[nodiscard]] std::int64_t cells() const { return chunks * cells_per_chunk(); }

  /// What of the vector lies before a cell, as a share of it. Scratch goes on like the vector.
  [[nodiscard]] double share_before(std::int64_t cell) const;

  /// The same in whole elements of a vector of `all`.
  [[nodiscard]] std::int64_t elements_before(std::int64_t cell, std::int64_t all) const;

  /// Counts what a message carries by its moves.
  void weigh(Message& message) const;

  /// The rank whose chunk a cell is in.
  [[nodiscard]] Rank owner(std::int64_t cell) const { return cell * ranks / cells(); }

  /// Between ranks.
  [[nodiscard]] std::int64_t messages() const;
};

/// Messages that a schedule comes to, without spelling it out.
[[nodiscard]] double count_messages(const Schedule& schedule);

/// What to spell out of a schedule.
struct Spelling {
  std::int64_t count = 0;  ///< elements of the vector, where whole ones matter
  bool moves = true;       ///< else what messages carry is counted, but not where it is
};

/// The schedule spelled out; its slices one round behind the other. Each rank's own block of an
/// all-to-all is copied in the first round. Moves are many: 40 bytes for each chunk and lane.
/// @throws Error(usage) where a switch adds up, where there is nothing to move, and for programs of
/// more messages or ranks than can be spelled out
[[nodiscard]] Program spell_out(const Schedule& schedule, const Spelling& what = {});

/// Most ranks, messages and moves that are spelled out.
inline constexpr Rank most_program_ranks = 4096;
inline constexpr double most_program_messages = 4e6;
inline constexpr std::size_t most_program_moves = 4'000'000;

/// Does a program do what its collective promises? Follows what is in every cell of every rank: of
/// which part of the vector it is, and whose contributions are in it, exactly once. Memory is bits
/// of ranks x ranks x cells of a rank.
[[nodiscard]] Verdict verify(const Program& program);

}  // namespace kernels
