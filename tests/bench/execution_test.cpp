// What a schedule posts on real ranks.
#include "bench/executor/execution.hpp"

#include <gtest/gtest.h>

#include "kernels/collective/ranks.hpp"
#include "kernels/collective/rounds.hpp"
#include "tests/bench/ranks.hpp"
#include "topology/error.hpp"

namespace {

using bench::Operator;
using kernels::Collective;
using topology::DataType;

/// What is posted is what `predict` charges: message for message, byte for byte.
TEST(Execution, SendsWhatTheModelCharges) {
  constexpr std::int64_t per_chunk = 12;  // divides into the lanes of all groups here
  for (const auto& group : fixtures::groups_of_ranks())
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const kernels::Schedule& schedule : fixtures::schedules_for_ranks(row.id, group)) {
        if (fixtures::ranks() < 2) continue;
        const bench::Execution execution(
            schedule,
            bench::world().rank,
            {per_chunk * fixtures::ranks(), DataType::f32, Operator::sum});
        std::size_t step = 0;
        for (const kernels::Round& round : kernels::rounds(schedule))
          for (std::int64_t i = 0; i < round.repeat; ++i, ++step) {
            std::vector<double> charged;
            for (const kernels::Part& part : round.parts) {
              if (kernels::receivers(
                      *part.exchange, part.k + i, bench::world().rank, schedule.extents)
                      .empty())
                continue;  // keeps out of a tree's step
              const double messages = kernels::messages(part.exchange->to, schedule.extents);
              const double bytes = part.share.of(
                  per_chunk * 4 * kernels::chunks_in(part.exchange->chunks, schedule.extents));
              charged.insert(charged.end(), static_cast<std::size_t>(messages), bytes);
            }
            ASSERT_LT(step, execution.steps().size());
            std::vector<double> sent;
            for (const bench::Message& m : execution.steps()[step].sends)
              sent.push_back(static_cast<double>(m.bytes));
            EXPECT_EQ(sent, charged) << schedule.algorithm;
          }
        EXPECT_EQ(step, execution.steps().size());
      }
}

TEST(Execution, RefusesWhatItCannotRunYet) {
  const auto group = fixtures::switched(4);
  for (const auto& schedule : {kernels::build(Collective::all_reduce, group, "ring*4"),
                               kernels::build(Collective::all_to_all, group, "bruck")})
    EXPECT_THROW((void)bench::Execution(schedule, 0, {64, DataType::f32, Operator::sum}),
                 topology::Error)
        << schedule.algorithm;
}

}  // namespace
