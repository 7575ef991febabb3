#include "kernels/training/pipeline.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "topology/error.hpp"

namespace {

using kernels::ChunkTime;
using kernels::Pass;
using kernels::Pipeline;
using kernels::PipelineOrder;
using kernels::PipelineRun;
using kernels::PipelineTask;
using topology::Seconds;

constexpr std::array all_orders{PipelineOrder::gpipe,
                                PipelineOrder::one_f_one_b,
                                PipelineOrder::interleaved,
                                PipelineOrder::zb_h1,
                                PipelineOrder::zb_v,
                                PipelineOrder::dual_pipe};

std::int64_t chunks_of(PipelineOrder order) {
  if (order == PipelineOrder::interleaved) return 3;
  return order == PipelineOrder::zb_v || order == PipelineOrder::dual_pipe ? 2 : 1;
}

std::int64_t depth(const Pipeline& p) {
  return p.order == PipelineOrder::dual_pipe ? p.ranks : p.ranks * p.chunks;
}

/// Every rank has passes of these times in all.
Pipeline even(PipelineOrder order, std::int64_t ranks, std::int64_t micro_batches, ChunkTime rank) {
  Pipeline p;
  p.order = order;
  p.ranks = ranks;
  p.chunks = chunks_of(order);
  p.micro_batches = micro_batches;
  const double share = order == PipelineOrder::dual_pipe ? 1 : static_cast<double>(p.chunks);
  p.times.assign(static_cast<std::size_t>(depth(p)),
                 {rank.forward / share, rank.backward / share, rank.weights / share});
  return p;
}

Pipeline uneven(PipelineOrder order, std::int64_t ranks, std::int64_t micro_batches) {
  Pipeline p = even(order, ranks, micro_batches, {Seconds(1), Seconds(1), Seconds(1)});
  std::mt19937 generator(7);
  std::uniform_real_distribution<double> any(0.5, 2);
  for (ChunkTime& t : p.times)
    t = {Seconds(any(generator)), Seconds(any(generator)), Seconds(any(generator))};
  p.transfer = Seconds(0.25);
  return p;
}

std::vector<std::int64_t> in_flight(const PipelineRun& run) {
  std::vector<std::int64_t> most;
  for (const kernels::PipelineRank& rank : run.ranks) most.push_back(rank.in_flight);
  return most;
}

TEST(Pipeline, BubblesAreTheClosedForms) {
  const double f = 2;
  const double b = 3;
  const double w = 1.5;
  const ChunkTime times{Seconds(f), Seconds(b), Seconds(w)};
  for (const std::int64_t p : {1, 2, 4, 8})
    for (const std::int64_t m : {8, 16, 32}) {
      const double fill = static_cast<double>(p - 1) * (f + b + w);
      for (const auto& [order, expected] :
           std::map<PipelineOrder, double>{{PipelineOrder::gpipe, fill},
                                           {PipelineOrder::one_f_one_b, fill},
                                           {PipelineOrder::interleaved, fill / 3}}) {
        const PipelineRun run = kernels::run(even(order, p, m, times));
        for (std::size_t r = 0; r < run.tasks.size(); ++r)
          EXPECT_NEAR(run.bubble(r).value(), expected, 1e-9) << name(order) << ' ' << p << ' ' << m;
      }
    }
}

// Qi et al., arXiv:2401.10241, table 2: (p - 1)(F + B - W) where the three are equal.
TEST(Pipeline, ZeroBubbleH1LeavesAThird) {
  const ChunkTime times{Seconds(1), Seconds(1), Seconds(1)};
  for (const std::int64_t p : {2, 4, 8})
    for (const std::int64_t m : {8, 16, 32}) {
      const PipelineRun run = kernels::run(even(PipelineOrder::zb_h1, p, m, times));
      EXPECT_NEAR(run.bubble(0).value(), static_cast<double>(p - 1), 1e-9) << p << ' ' << m;
      EXPECT_LE(std::ranges::max(in_flight(run)), p);
    }
}

// The same with two chunks a rank leaves less than H1, and holds no more than twice the chunks.
TEST(Pipeline, ChunksInAVAndFromBothEndsLeaveLess) {
  const ChunkTime times{Seconds(1), Seconds(1), Seconds(1)};
  for (const std::int64_t p : {4, 8})
    for (const PipelineOrder order : {PipelineOrder::zb_v, PipelineOrder::dual_pipe}) {
      const PipelineRun run = kernels::run(even(order, p, 4 * p, times));
      EXPECT_LT(run.bubble(0).value(), static_cast<double>(p - 1)) << name(order) << ' ' << p;
    }
}

// 2 ranks, 2 micro-batches, 1F1B, by hand: forward 1 and 3, backward with weights 2 and 4,
// transfer 1.
//   rank 0: F0 0-1, F1 1-2, B0 waits for rank 1's B0 (9) + 1: 10-12, B1: 17-19
//   rank 1: F0 2-5, B0 5-9, F1 9-12, B1 12-16
TEST(Pipeline, ASmallCaseByHand) {
  Pipeline p;
  p.ranks = 2;
  p.micro_batches = 2;
  p.transfer = Seconds(1);
  p.times = {{Seconds(1), Seconds(1.5), Seconds(0.5)}, {Seconds(3), Seconds(3), Seconds(1)}};
  const PipelineRun run = kernels::run(p);
  EXPECT_DOUBLE_EQ(run.time.value(), 19);
  ASSERT_EQ(run.tasks[0].size(), 4U);
  EXPECT_DOUBLE_EQ(run.tasks[0][2].start.value(), 10);
  EXPECT_DOUBLE_EQ(run.tasks[1][2].start.value(), 9);
  EXPECT_DOUBLE_EQ(run.ranks[0].busy.value(), 6);
}

using Key = std::tuple<Pass, std::int64_t, std::int64_t>;

/// When each pass ran, and where.
struct Ran {
  const PipelineTask* task;
  std::size_t rank;
};

std::map<Key, Ran> by_pass(const PipelineRun& run) {
  std::map<Key, Ran> all;
  for (std::size_t r = 0; r < run.tasks.size(); ++r)
    for (const PipelineTask& task : run.tasks[r]) {
      const bool fresh =
          all.emplace(Key{task.pass, task.chunk, task.micro_batch}, Ran{&task, r}).second;
      EXPECT_TRUE(fresh) << "a pass ran twice";
    }
  return all;
}

void expect_every_pass_once_after_what_it_needs(const Pipeline& p) {
  const PipelineRun run = kernels::run(p);
  ASSERT_EQ(run.tasks.size(), static_cast<std::size_t>(p.ranks));
  const std::map<Key, Ran> ran = by_pass(run);
  const std::int64_t passes = kernels::splits_backward(p.order) ? 3 : 2;
  EXPECT_EQ(ran.size(), static_cast<std::size_t>(passes * depth(p) * p.micro_batches));
  for (const auto& [key, what] : ran) {
    const auto [pass, chunk, micro_batch] = key;
    if (pass == Pass::weights) {
      EXPECT_GE(what.task->start, ran.at({Pass::backward, chunk, micro_batch}).task->end);
      continue;
    }
    const std::int64_t from = pass == Pass::forward ? chunk - 1 : chunk + 1;
    if (from < 0) continue;
    if (from == depth(p)) {
      EXPECT_GE(what.task->start, ran.at({Pass::forward, chunk, micro_batch}).task->end);
      continue;
    }
    const Ran& before = ran.at({pass, from, micro_batch});
    const Seconds moved = before.rank == what.rank ? Seconds() : p.transfer;
    EXPECT_GE(what.task->start.value(), (before.task->end + moved).value() - 1e-12);
  }
}

// Pipelines that differ in one count one after the other: orders are kept, each for its own.
TEST(Pipeline, EveryPassRunsOnceAndAfterWhatItNeeds) {
  for (const PipelineOrder order : all_orders)
    for (const auto& [ranks, micro_batches] :
         {std::array{4, 8}, std::array{2, 8}, std::array{4, 16}, std::array{4, 8}}) {
      SCOPED_TRACE(testing::Message() << name(order) << " " << ranks << " ranks " << micro_batches);
      expect_every_pass_once_after_what_it_needs(uneven(order, ranks, micro_batches));
    }
}

TEST(Pipeline, ARankDoesOneThingAtATime) {
  for (const PipelineOrder order : all_orders) {
    const PipelineRun run = kernels::run(uneven(order, 4, 8));
    for (const std::vector<PipelineTask>& tasks : run.tasks)
      for (std::size_t i = 1; i < tasks.size(); ++i)
        EXPECT_GE(tasks[i].start.value(), tasks[i - 1].end.value() - 1e-12) << name(order);
  }
}

// What is kept of the tasks of a rank is what they come to, chunk by chunk.
TEST(Pipeline, RanksAreWhatTheirTasksComeTo) {
  for (const PipelineOrder order : all_orders) {
    Pipeline p = uneven(order, 4, 8);
    const PipelineRun run = kernels::run(p);
    for (std::size_t r = 0; r < run.ranks.size(); ++r) {
      Seconds busy;
      std::map<std::int64_t, std::int64_t> forward;
      for (const PipelineTask& task : run.tasks[r]) {
        busy += task.end - task.start;
        if (task.pass == Pass::forward) ++forward[task.chunk];
      }
      EXPECT_NEAR(run.ranks[r].busy.value(), busy.value(), 1e-12) << name(order);
      EXPECT_EQ(run.ranks[r].end, run.tasks[r].back().end) << name(order);
      std::map<std::int64_t, std::int64_t> held;
      for (const kernels::HeldChunk& c : kernels::chunks_of(p, static_cast<std::int64_t>(r)))
        held[c.chunk] = c.micro_batches;
      EXPECT_EQ(held, forward) << name(order);
    }
    p.keep_tasks = false;
    EXPECT_EQ(kernels::run(p).time, run.time) << name(order);
    EXPECT_TRUE(kernels::run(p).tasks.empty());
  }
}

TEST(Pipeline, OneForwardOneBackwardHoldsAsManyAsRanksBehind) {
  const ChunkTime times{Seconds(1), Seconds(1), Seconds(1)};
  const PipelineRun run = kernels::run(even(PipelineOrder::one_f_one_b, 4, 16, times));
  EXPECT_EQ(in_flight(run), (std::vector<std::int64_t>{4, 3, 2, 1}));
  const PipelineRun gpipe = kernels::run(even(PipelineOrder::gpipe, 4, 16, times));
  EXPECT_EQ(in_flight(gpipe), (std::vector<std::int64_t>{16, 16, 16, 16}));
}

// Not even where the order is chosen by what is ready first: each list of tasks is a fixed one.
TEST(Pipeline, NoFasterPassMakesARunSlower) {
  for (const PipelineOrder order : all_orders) {
    const Pipeline slow = uneven(order, 4, 16);
    const Seconds before = kernels::run(slow).time;
    for (std::size_t c = 0; c < slow.times.size(); ++c)
      for (const double factor : {0.9, 0.5}) {
        for (Seconds ChunkTime::*pass :
             {&ChunkTime::forward, &ChunkTime::backward, &ChunkTime::weights}) {
          Pipeline fast = slow;
          fast.times[c].*pass = factor * slow.times[c].*pass;
          EXPECT_LE(kernels::run(fast).time.value(), before.value() + 1e-12) << name(order);
        }
      }
  }
}

TEST(Pipeline, ABlockingTransferIsWorkOfTheSender) {
  Pipeline p = even(PipelineOrder::one_f_one_b, 4, 16, {Seconds(1), Seconds(1), Seconds(1)});
  p.transfer = Seconds(0.5);
  const PipelineRun beside = kernels::run(p);
  p.transfer_blocks = true;
  const PipelineRun blocking = kernels::run(p);
  EXPECT_NEAR((blocking.ranks[1].busy - beside.ranks[1].busy).value(), 16 * 2 * 0.5, 1e-9);
  EXPECT_NEAR((blocking.ranks[0].busy - beside.ranks[0].busy).value(), 16 * 0.5, 1e-9);
}

TEST(Pipeline, RefusesCountsThatAnOrderCannotTake) {
  const ChunkTime times{Seconds(1), Seconds(1), Seconds(1)};
  EXPECT_THROW((void)kernels::run(even(PipelineOrder::interleaved, 4, 6, times)), topology::Error);
  EXPECT_THROW((void)kernels::run(even(PipelineOrder::dual_pipe, 4, 7, times)), topology::Error);
  Pipeline two = even(PipelineOrder::interleaved, 4, 8, times);
  two.order = PipelineOrder::one_f_one_b;
  EXPECT_THROW((void)kernels::run(two), topology::Error);
  EXPECT_THROW((void)kernels::pipeline_order("2f2b"), topology::Error);
  EXPECT_EQ(kernels::pipeline_order("zb-v"), PipelineOrder::zb_v);
}

}  // namespace
