// What takes write into the next slot on the way: how much is still put, and all ranks of every
// algorithm gone through step by step in one process.
#include "bench/executor/pass_on.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "bench/executor/plan.hpp"
#include "bench/executor/user_buffers.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/sanitized.hpp"

namespace {

using bench::HostStep;
using bench::PassedOn;
using bench::Put;
using bench::Take;
using kernels::Collective;
using kernels::Schedule;

constexpr std::int64_t vector_count = 840;  // divides by all numbers of ranks here
constexpr std::size_t vector_bytes = 4 * vector_count;

std::vector<HostStep> plan_of(const Schedule& schedule, int rank, PassedOn passed_on) {
  const bool chunked = kernels::info(schedule.collective).chunked_ends;
  const std::size_t stride =
      chunked ? vector_bytes / static_cast<std::size_t>(schedule.ranks()) : 0;
  return bench::host_plan(schedule, rank, {vector_count, 4, stride}, passed_on);
}

std::size_t put_bytes(const Schedule& schedule) {
  std::size_t bytes = 0;
  for (const HostStep& step : plan_of(schedule, 1, PassedOn::by_take))
    for (const Put& put : step.puts) bytes += put.bytes;
  return bytes;
}

/// Only what comes from the input is put: of a ring one chunk, of a direct all-reduce the n - 1
/// that others reduce.
TEST(PassOn, WhatIsPutIsTheInput) {
  for (const std::int64_t n : {2, 3, 4, 5}) {
    const auto group = fixtures::switched(n);
    const std::size_t chunk = vector_bytes / static_cast<std::size_t>(n);
    EXPECT_EQ(put_bytes(kernels::build(Collective::all_reduce, group, "ring")), chunk) << n;
    EXPECT_EQ(put_bytes(kernels::build(Collective::all_gather, group, "ring")), chunk) << n;
    EXPECT_EQ(put_bytes(kernels::build(Collective::all_reduce, group, "direct")),
              chunk * static_cast<std::size_t>(n - 1))
        << n;
  }
}

TEST(PassOn, CutsWhereOnlyAPartIsPut) {
  HostStep before;
  before.takes.push_back({100, 50, false, {{1, false, false, 7}}, {}});
  HostStep after;
  after.puts.push_back({true, 120, 20, 10});   // inside
  after.puts.push_back({true, 140, 40, 60});   // beyond the end
  after.puts.push_back({false, 100, 90, 50});  // of the input
  bench::pass_on(before, after);
  ASSERT_EQ(before.takes.size(), 4U);
  const std::vector<std::size_t> begins{100, 120, 130, 140};
  const std::vector<std::optional<std::size_t>> slots{{}, 20, {}, 40};
  for (std::size_t t = 0; t < 4; ++t) {
    EXPECT_EQ(before.takes[t].user, begins[t]);
    EXPECT_EQ(before.takes[t].bytes, t == 0 ? 20U : 10U);
    EXPECT_EQ(before.takes[t].from[0].at, begins[t] - 100 + 7);
    EXPECT_EQ(before.takes[t].passed_on, slots[t]);
  }
  ASSERT_EQ(after.puts.size(), 2U);
  EXPECT_EQ(after.puts[0].user, 150U);
  EXPECT_EQ(after.puts[0].slot, 50U);
  EXPECT_EQ(after.puts[0].bytes, 50U);
  EXPECT_FALSE(after.puts[1].from_output);
}

/// A take that another one of the step changes is not what is put.
TEST(PassOn, OnlyTheLastTakeOfAByte) {
  HostStep before;
  before.takes.push_back({0, 8, false, {{1, false, false, 0}}, {}});
  before.takes.push_back({0, 8, false, {{0, true, true, 0}, {2, false, false, 0}}, {}});
  HostStep after;
  after.puts.push_back({true, 0, 0, 8});
  bench::pass_on(before, after);
  EXPECT_FALSE(before.takes[0].passed_on);
  EXPECT_TRUE(before.takes[1].passed_on);
  EXPECT_TRUE(after.puts.empty());
}

/// All ranks of a schedule, each step carried out on every rank before the next begins.
class InTurns {
 public:
  InTurns(const Schedule& schedule, bench::PastCache around, bool in_place)
      : schedule_(schedule), pattern_(payload.type, payload.op, schedule.ranks()) {
    for (int r = 0; r < static_cast<int>(schedule.ranks()); ++r) {
      plans_.push_back(plan_of(schedule, r, PassedOn::by_take));
      inputs_.emplace_back(vector_bytes, std::byte{0xff});
      outputs_.emplace_back(vector_bytes, std::byte{0xff});
      buffers_.emplace_back(payload, around);
    }
    for (std::size_t r = 0; r < plans_.size(); ++r) {
      auto& source = in_place ? outputs_[r] : inputs_[r];
      for (std::int64_t c = 0; c < schedule.ranks(); ++c)
        if (kernels::holds(info().from, static_cast<int>(r), c))
          pattern_.fill(chunk(source, c), static_cast<std::int64_t>(r), first(c));
      buffers_[r].use(source, outputs_[r]);
    }
  }

  void run() {
    std::vector<std::vector<std::byte>> slots(plans_.size(), std::vector<std::byte>(vector_bytes));
    for (std::size_t s = 0; s < plans_[0].size(); ++s) {
      auto next = std::vector(plans_.size(), std::vector<std::byte>(vector_bytes));
      for (std::size_t r = 0; r < plans_.size(); ++r)
        buffers_[r].put(plans_[r][s], 0, slots[r].data());
      const auto arrived = [&](const bench::Operand& o) {
        return slots[static_cast<std::size_t>(o.rank)].data() + o.at;
      };
      for (std::size_t r = 0; r < plans_.size(); ++r)
        for (const Take& take : plans_[r][s].takes)
          buffers_[r].take(take, 0, arrived, next[r].data());
      slots = std::move(next);
    }
  }

  [[nodiscard]] std::int64_t wrong() {
    std::int64_t wrong = 0;
    for (std::size_t r = 0; r < plans_.size(); ++r)
      for (std::int64_t c = 0; c < schedule_.ranks(); ++c)
        if (kernels::holds(info().to, static_cast<int>(r), c))
          wrong += info().reduces
                       ? pattern_.wrong_reduced(chunk(outputs_[r], c), first(c))
                       : pattern_.wrong_copied(chunk(outputs_[r], c),
                                               info().from == kernels::Holder::root ? 0 : c,
                                               first(c));
    return wrong;
  }

 private:
  static constexpr bench::Payload payload{
      vector_count, topology::DataType::i32, bench::Operator::sum};

  [[nodiscard]] const kernels::CollectiveInfo& info() const {
    return kernels::info(schedule_.collective);
  }

  [[nodiscard]] std::int64_t first(std::int64_t c) const {
    return c * vector_count / schedule_.ranks();
  }

  [[nodiscard]] std::span<std::byte> chunk(std::vector<std::byte>& vector, std::int64_t c) const {
    const std::size_t bytes = vector_bytes / static_cast<std::size_t>(schedule_.ranks());
    return {vector.data() + bytes * static_cast<std::size_t>(c), bytes};
  }

  Schedule schedule_;
  bench::Pattern pattern_;
  std::vector<std::vector<HostStep>> plans_;
  std::vector<std::vector<std::byte>> inputs_;
  std::vector<std::vector<std::byte>> outputs_;
  std::vector<bench::UserBuffers> buffers_;
};

TEST(PassOn, EveryAlgorithmIsRight) {
  int schedules = 0;
  for (const kernels::CollectiveInfo& row : kernels::collectives()) {
    if (row.id == Collective::all_to_all || row.id == Collective::barrier) continue;
    for (const std::int64_t n : {2, 3, 4, 5, 6, 7, 8}) {
      if (fixtures::sanitized && n > 5) continue;
      for (const auto& group : {fixtures::switched(n), fixtures::torus({n})})
        for (const std::string& text : kernels::candidates(row.id, group)) {
          const Schedule schedule = kernels::build(row.id, group, text);
          if (!bench::is_measurable(schedule)) continue;
          ++schedules;
          for (const bool in_place : {false, true})
            for (const bench::PastCache around :
                 {bench::PastCache{}, bench::PastCache{true, true, true}}) {
              InTurns ranks(schedule, around, in_place);
              ranks.run();
              EXPECT_EQ(ranks.wrong(), 0)
                  << row.name << " " << text << " on " << n << (in_place ? " in place" : "");
            }
        }
    }
  }
  EXPECT_GT(schedules, 100);
}

}  // namespace
