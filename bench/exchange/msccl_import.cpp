#include "bench/exchange/msccl_import.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/exchange/chunk_order.hpp"
#include "bench/exchange/msccl_check.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Buffer;
using kernels::Message;
using kernels::Program;
using kernels::ProgramRound;
using kernels::Spot;

/// Sent and not received yet.
struct InFlight {
  std::size_t round = 0;
  Spot source;
  std::int64_t count = 0;
  StepId step;
  std::size_t line = 0;
};

/// How far a thread block is.
struct Progress {
  std::size_t step = 0;
  std::size_t ready = 0;                 ///< the round in which the next step can begin
  std::optional<std::size_t> receiving;  ///< the round of the step before, if that received
  std::vector<std::pair<Spot, std::int64_t>> written;  ///< received in that round
  std::vector<std::size_t> ended;  ///< by step: the round from which on others can go on

  [[nodiscard]] bool wrote(const Spot& place, std::int64_t count) const {
    return std::any_of(written.begin(), written.end(), [&](const auto& w) {
      return w.first.buffer == place.buffer && w.first.cell < place.cell + count &&
             place.cell < w.first.cell + w.second;
    });
  }
};

class Importer {
 public:
  explicit Importer(const MscclAlgorithm& algorithm)
      : algorithm_(algorithm), order_(algorithm), scratch_(algorithm.gpus.size()) {
    program_.collective = algorithm.collective;
    program_.ranks = static_cast<std::int64_t>(algorithm.gpus.size());
    program_.name = "msccl:" + algorithm.path;
    program_.in_place = algorithm.in_place;
    program_.chunks = algorithm.chunks;
    for (std::size_t g = 0; g < algorithm.gpus.size(); ++g) {
      scratch_[g] = algorithm.gpus[g].scratch_chunks;
      progress_.emplace_back(algorithm.gpus[g].blocks.size());
    }
  }

  Program run() {
    for (bool any = true; any;) {
      any = false;
      for (std::size_t g = 0; g < progress_.size(); ++g)
        for (std::size_t b = 0; b < progress_[g].size(); ++b)
          while (advance(g, b)) any = true;
    }
    check_end();
    for (auto& [key, message] : open_) program_.rounds[std::get<0>(key)].push_back(message);
    program_.scratch = *std::max_element(scratch_.begin(), scratch_.end());
    for (ProgramRound& all : program_.rounds)
      for (Message& message : all) program_.weigh(message);
    return std::move(program_);
  }

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    fail_in_line(algorithm_, line, what);
  }

  [[nodiscard]] const MscclBlock& block(std::size_t g, std::size_t b) const {
    return algorithm_.gpus[g].blocks[b];
  }

  [[nodiscard]] MscclConnection incoming(std::size_t g, std::size_t b) const {
    return {block(g, b).receive, static_cast<std::int64_t>(g), block(g, b).channel};
  }

  /// The next step of a thread block, if it can begin.
  bool advance(std::size_t g, std::size_t b) {
    Progress& at = progress_[g][b];
    const auto& steps = block(g, b).steps;
    if (at.step == steps.size()) return false;
    const MscclStep& step = steps[at.step];
    std::size_t ready = at.ready;
    if (step.waits_for_block >= 0) {
      const auto& ended = progress_[g][static_cast<std::size_t>(step.waits_for_block)].ended;
      const auto on = static_cast<std::size_t>(step.waits_for_step);
      if (ended.size() <= on) return false;
      // What it receives may arrive with what it received before, unless it waits for something.
      if (at.receiving && ended[on] > *at.receiving) at.receiving.reset();
      ready = std::max(ready, ended[on]);
    }
    if (receives(step.action) && flying_[incoming(g, b)].empty()) return false;
    const StepId id{g, b, at.step};
    order_.begin(id);
    at.ended.push_back(carry_out(step, id, ready, at));
    at.ready = at.ended.back();
    ++at.step;
    return true;
  }

  /// @return the round from which on others can go on
  std::size_t carry_out(const MscclStep& step, const StepId& id, std::size_t ready, Progress& at) {
    const auto own = static_cast<std::int64_t>(id.gpu);
    if (receives(step.action)) return receive(step, id, ready, at);
    at.receiving.reset();
    if (step.action == MscclAction::nothing) return ready;
    const Spot source = spot(id, step.source, step.count, false);
    if (step.action == MscclAction::send) return send(id, ready, source, step.count);
    const bool reduce = step.action == MscclAction::reduce;
    const Spot target = spot(id, step.target, step.count, true);
    round(ready).push_back({own, own, reduce, 0, {{source, target, step.count}}, 0, 0});
    return ready + 1;
  }

  std::size_t send(const StepId& id, std::size_t ready, const Spot& source, std::int64_t count) {
    const MscclBlock& from = block(id.gpu, id.block);
    flying_[{static_cast<std::int64_t>(id.gpu), from.send, from.channel}].push_back(
        {ready, source, count, id, from.steps[id.step].line});
    return ready;
  }

  std::size_t receive(const MscclStep& step, const StepId& id, std::size_t ready, Progress& at) {
    auto& queue = flying_[incoming(id.gpu, id.block)];
    const InFlight sent = queue.front();
    queue.pop_front();
    if (sent.count != step.count)
      fail(step.line,
           fmt::format("receives {} chunks where gpu {} sends {} (line {})",
                       step.count,
                       sent.step.gpu,
                       sent.count,
                       sent.line));
    order_.receive(id, sent.step);
    const bool kept = step.action != MscclAction::receive_reduce_send;
    const Spot target =
        kept ? spot(id, step.target, step.count, true) : more_scratch(id, step.count);
    const Spot own = adds(step.action) ? spot(id, step.source, step.count, false) : target;
    // Beside what came just before, through the same connection, into other chunks.
    if (at.receiving && !at.wrote(own, step.count) && !at.wrote(target, step.count))
      ready = std::min(ready, *at.receiving);
    const std::size_t when = std::max(ready, sent.round);
    deliver(step, id, sent, when, own, target);
    if (at.receiving != when) at.written.clear();
    at.written.emplace_back(target, step.count);
    at.receiving = when;
    if (!sends(step.action)) return when + 1;
    at.receiving.reset();
    return send(id, when + 1, target, step.count);
  }

  void deliver(const MscclStep& step,
               const StepId& id,
               const InFlight& sent,
               std::size_t when,
               const Spot& own,
               const Spot& target) {
    const auto to = static_cast<std::int64_t>(id.gpu);
    const auto from = static_cast<std::int64_t>(sent.step.gpu);
    const bool reduce = adds(step.action);
    const bool same = own.buffer == target.buffer && own.cell == target.cell;
    if (reduce && !same)
      round(when).push_back({to, to, false, 0, {{own, target, step.count}}, 0, 0});
    if (when == sent.round)
      return put(from, to, reduce, when, id, {sent.source, target, step.count});
    const Spot waits = more_scratch(id, step.count);
    put(from, to, false, sent.round, id, {sent.source, waits, step.count});
    round(when).push_back({to, to, reduce, 0, {{waits, target, step.count}}, 0, 0});
  }

  /// What comes through one connection in a round is one message.
  void put(std::int64_t from,
           std::int64_t to,
           bool reduce,
           std::size_t when,
           const StepId& id,
           const kernels::Move& move) {
    static_cast<void>(round(when));
    const auto lane = static_cast<std::int64_t>(2 * id.block + (reduce ? 1 : 0));
    Message& message =
        open_.try_emplace({when, from, to, lane}, Message{from, to, reduce, lane, {}, 0, 0})
            .first->second;
    message.moves.push_back(move);
  }

  ProgramRound& round(std::size_t number) {
    if (program_.rounds.size() <= number) program_.rounds.resize(number + 1);
    return program_.rounds[number];
  }

  /// Where a chunk is in the program, noted as used.
  Spot spot(const StepId& id, const MscclChunk& chunk, std::int64_t count, bool writes) {
    const Spot place = where(static_cast<std::int64_t>(id.gpu), chunk);
    if (const auto other = order_.use(id, place, count, writes))
      fail(
          line_of(id),
          fmt::format("gpu {}: thread block {} uses {}{} and so does thread block {} (line {}), in "
                      "no order",
                      id.gpu,
                      id.block,
                      chunk.buffer,
                      chunk.offset,
                      other->block,
                      line_of(*other)));
    return place;
  }

  [[nodiscard]] std::size_t line_of(const StepId& id) const {
    return block(id.gpu, id.block).steps[id.step].line;
  }

  [[nodiscard]] Spot where(std::int64_t gpu, const MscclChunk& chunk) const {
    if (chunk.buffer == 's') return {Buffer::scratch, chunk.offset};
    const auto length = chunks_of(algorithm_, algorithm_.gpus[0], chunk.buffer);
    const std::int64_t first = length < algorithm_.chunks ? gpu * length : 0;
    const bool input = chunk.buffer == 'i' && !algorithm_.in_place;
    return {input ? Buffer::input : Buffer::output, first + chunk.offset};
  }

  Spot more_scratch(const StepId& id, std::int64_t count) {
    std::int64_t& taken = scratch_[id.gpu];
    return {Buffer::scratch, std::exchange(taken, taken + count)};
  }

  void check_end() const {
    for (std::size_t g = 0; g < progress_.size(); ++g)
      for (std::size_t b = 0; b < progress_[g].size(); ++b)
        if (progress_[g][b].step < block(g, b).steps.size()) stuck(g, b);
    for (const auto& [way, queue] : flying_)
      if (!queue.empty())
        fail(queue.front().line,
             fmt::format("gpu {} sends to gpu {} on channel {}, which does not receive it",
                         way.from,
                         way.to,
                         way.channel));
  }

  [[noreturn]] void stuck(std::size_t g, std::size_t b) const {
    const std::size_t number = progress_[g][b].step;
    const MscclStep& step = block(g, b).steps[number];
    const auto on = static_cast<std::size_t>(step.waits_for_block);
    const bool waits =
        step.waits_for_block >= 0 &&
        progress_[g][on].ended.size() <= static_cast<std::size_t>(step.waits_for_step);
    const std::string what =
        waits ? fmt::format("step {} of thread block {}", step.waits_for_step, on)
              : fmt::format("a message of gpu {} on channel {} that is not sent",
                            block(g, b).receive,
                            block(g, b).channel);
    fail(step.line,
         fmt::format("deadlock: step {} of thread block {} of gpu {} waits forever for {}",
                     number,
                     b,
                     g,
                     what));
  }

  const MscclAlgorithm& algorithm_;
  Program program_;
  ChunkOrder order_;
  std::vector<std::int64_t> scratch_;            ///< taken, of each GPU
  std::vector<std::vector<Progress>> progress_;  ///< by GPU and thread block
  std::map<MscclConnection, std::deque<InFlight>> flying_;
  std::map<std::tuple<std::size_t, std::int64_t, std::int64_t, std::int64_t>, Message> open_;
};

}  // namespace

Program program_of(const MscclAlgorithm& algorithm) {
  check_msccl(algorithm);
  return Importer(algorithm).run();
}

}  // namespace bench
