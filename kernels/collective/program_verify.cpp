#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/collective/program.hpp"

namespace kernels {
namespace {

constexpr std::int64_t nothing = -1;

/// What is in every cell of every rank.
class Cells {
 public:
  explicit Cells(const Program& program)
      : program_(program),
        per_rank_((program.in_place ? 1 : 2) * program.cells() + program.scratch),
        words_(static_cast<std::size_t>(program.ranks) / 64 + 1) {
    const auto all = static_cast<std::size_t>(program.ranks * per_rank_);
    what_.assign(all, nothing);
    bits_.resize(all * words_);
    const Buffer start = program.in_place ? Buffer::output : Buffer::input;
    for (Rank r = 0; r < program.ranks; ++r)
      for (std::int64_t c = 0; c < program.cells(); ++c)
        if (holds(info(program.collective).from, r, program.owner(c))) {
          what_[index(r, {start, c})] = identity(r, c);
          insert(index(r, {start, c}), r);
        }
  }

  /// Of which part of which vector: an all-to-all has a vector for each rank.
  [[nodiscard]] std::int64_t identity(Rank rank, std::int64_t cell) const {
    return program_.collective == Collective::all_to_all ? rank * program_.cells() + cell : cell;
  }

  [[nodiscard]] std::size_t index(Rank rank, const Spot& place) const {
    std::int64_t base = 0;
    if (place.buffer == Buffer::scratch) base = per_rank_ - program_.scratch;
    if (place.buffer == Buffer::output && !program_.in_place) base = program_.cells();
    return static_cast<std::size_t>(rank * per_rank_ + base + place.cell);
  }

  [[nodiscard]] std::size_t size() const { return what_.size(); }

  [[nodiscard]] std::size_t words() const { return words_; }

  std::int64_t& what(std::size_t i) { return what_[i]; }

  std::span<std::uint64_t> set(std::size_t i) { return {&bits_[i * words_], words_}; }

  void insert(std::size_t i, Rank rank) {
    set(i)[static_cast<std::size_t>(rank) / 64] |= 1ULL << (static_cast<std::uint64_t>(rank) % 64);
  }

 private:
  const Program& program_;
  std::int64_t per_rank_;
  std::size_t words_;
  std::vector<std::int64_t> what_;
  std::vector<std::uint64_t> bits_;
};

class Verifier {
 public:
  explicit Verifier(const Program& program)
      : program_(program), cells_(program), written_(cells_.size(), nothing) {}

  Verdict verify() {
    for (const ProgramRound& round : program_.rounds) {
      read(round);
      for (const bool local : {true, false})
        if (Verdict verdict = apply(round, local); !verdict.ok) return verdict;
      ++round_;
    }
    return finished();
  }

 private:
  /// All sources of a round, before anything is written.
  void read(const ProgramRound& round) {
    payload_.clear();
    sets_.clear();
    for (const Message& m : round)
      for (const Move& move : m.moves)
        for (std::int64_t i = 0; i < move.cells; ++i) {
          const std::size_t from = cells_.index(m.from, {move.from.buffer, move.from.cell + i});
          payload_.push_back(cells_.what(from));
          const auto set = cells_.set(from);
          sets_.insert(sets_.end(), set.begin(), set.end());
        }
  }

  Verdict apply(const ProgramRound& round, bool local) {
    std::size_t next = 0;
    for (const Message& m : round)
      for (const Move& move : m.moves)
        for (std::int64_t i = 0; i < move.cells; ++i, ++next) {
          if (m.local() != local) continue;
          const Spot to{move.to.buffer, move.to.cell + i};
          if (const char* wrong = put(m, cells_.index(m.to, to), next))
            return {false,
                    fmt::format("round {}, rank {} to {}, {} {}: {}",
                                round_,
                                m.from,
                                m.to,
                                name_of(to.buffer),
                                to.cell,
                                wrong)};
        }
    return {};
  }

  /// @return what is wrong
  const char* put(const Message& m, std::size_t to, std::size_t next) {
    const std::int64_t what = payload_[next];
    const std::span<const std::uint64_t> arriving(&sets_[next * cells_.words()], cells_.words());
    if (what == nothing) return "sent before anything was there";
    if (m.reduce) return add(to, what, arriving);
    if (!m.local() && std::exchange(written_[to], round_) == round_)
      return "written twice at the same time";
    cells_.what(to) = what;
    std::copy(arriving.begin(), arriving.end(), cells_.set(to).begin());
    return nullptr;
  }

  const char* add(std::size_t to, std::int64_t what, std::span<const std::uint64_t> arriving) {
    if (!info(program_.collective).reduces) return "this collective adds nothing up";
    if (cells_.what(to) == nothing) return "added to what is not there";
    if (cells_.what(to) != what) return "added to another part of the vector";
    const auto mine = cells_.set(to);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      if ((mine[i] & arriving[i]) != 0) return "a contribution counted twice";
      mine[i] |= arriving[i];
    }
    return nullptr;
  }

  Verdict finished() {
    for (Rank r = 0; r < program_.ranks; ++r)
      for (std::int64_t c = 0; c < program_.cells(); ++c)
        if (const char* wrong = wrong_at_end(r, c))
          return {false, fmt::format("at the end, rank {} {} in output {}", r, wrong, c)};
    return {};
  }

  const char* wrong_at_end(Rank rank, std::int64_t cell) {
    const bool to_all = program_.collective == Collective::all_to_all;
    const Rank source = program_.owner(cell);
    if (!to_all && !holds(info(program_.collective).to, rank, source)) return nullptr;
    const std::int64_t per_rank = program_.cells() / program_.ranks;
    const std::int64_t wanted =
        to_all ? cells_.identity(source, rank * per_rank + cell % per_rank) : cell;
    const std::size_t at = cells_.index(rank, {Buffer::output, cell});
    if (cells_.what(at) == nothing) return "has nothing";
    if (cells_.what(at) != wanted) return "has another part of the vector";
    return complete(at, source) ? nullptr : "lacks contributions";
  }

  bool complete(std::size_t at, Rank owner) {
    std::vector<std::uint64_t> wanted(cells_.words());
    for (Rank r = 0; r < program_.ranks; ++r)
      if (program_.collective == Collective::all_to_all
              ? r == owner
              : holds(info(program_.collective).from, r, owner))
        wanted[static_cast<std::size_t>(r) / 64] |= 1ULL << (static_cast<std::uint64_t>(r) % 64);
    return std::equal(wanted.begin(), wanted.end(), cells_.set(at).begin());
  }

  static const char* name_of(Buffer buffer) {
    return buffer == Buffer::input ? "input" : buffer == Buffer::output ? "output" : "scratch";
  }

  const Program& program_;
  Cells cells_;
  std::vector<std::int64_t> written_;  ///< round in which a message overwrote a cell last
  std::int64_t round_ = 0;
  std::vector<std::int64_t> payload_;
  std::vector<std::uint64_t> sets_;
};

}  // namespace

Verdict verify(const Program& program) {
  return Verifier(program).verify();
}

}  // namespace kernels
