// The numbers in the algorithms' headers, derived from their schedules by counting.
#include "kernels/collective/schedule.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include <gtest/gtest.h>

#include "kernels/collective/algorithm.hpp"
#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/ranks.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using kernels::Collective;

struct Count {
  std::int64_t rounds = 0;
  double chunks_sent = 0;  // by rank 0
  double chunks_received = 0;
};

Count count(const kernels::Schedule& schedule) {
  Count total;
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (std::int64_t i = 0; i < round.repeat; ++i, ++total.rounds)
      for (const kernels::Part& part : round.parts) {
        const double share = part.share.of(1.0);
        const auto& e = schedule.extents;
        for (const kernels::Rank to : kernels::receivers(*part.exchange, part.k + i, 0, e))
          total.chunks_sent +=
              share * static_cast<double>(
                          kernels::chunks_between(*part.exchange, part.k + i, 0, to, e).size());
        for (const auto from : kernels::senders(*part.exchange, part.k + i, 0, e))
          total.chunks_received +=
              share * static_cast<double>(
                          kernels::chunks_between(*part.exchange, part.k + i, from, 0, e).size());
      }
  return total;
}

std::int64_t ceil_log2(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(n - 1)));
}

/// Steps and chunks sent per rank of the reduce-scatter, or of the all-reduce in one piece, over
/// one level of n members: the numbers of the algorithms' headers.
Count promised(const std::string& algorithm, std::int64_t n) {
  const auto members = static_cast<double>(n);
  const std::int64_t log = std::countr_zero(static_cast<std::uint64_t>(n));
  if (algorithm == "oneshot") return {1, (members - 1) * members, (members - 1) * members};
  if (algorithm == "doubling") {  // rank 0 takes part in both steps of the fold, if there is one
    const auto whole = static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(n))) - 1;
    const bool folds = !std::has_single_bit(static_cast<std::uint64_t>(n));
    const double all = static_cast<double>(whole + (folds ? 1 : 0)) * members;
    return {whole + (folds ? 2 : 0), all, all};
  }
  if (algorithm == "butterfly")
    return {static_cast<std::int64_t>(kernels::factors(n, 4).size()), members - 1, members - 1};
  const std::map<std::string, std::int64_t> steps{{"ring", n - 1},
                                                  {"flat", n - 1},
                                                  {"biring", n / 2},
                                                  {"bucket", n - 1},
                                                  {"rhd", log},
                                                  {"xor", log},
                                                  {"swing", log},
                                                  {"direct", 1}};
  return {steps.at(algorithm), members - 1, members - 1};
}

void expect_count(const kernels::Schedule& schedule, Count wanted, const std::string& what) {
  const Count got = count(schedule);
  EXPECT_EQ(got.rounds, wanted.rounds) << what;
  EXPECT_DOUBLE_EQ(got.chunks_sent, wanted.chunks_sent) << what;
  EXPECT_DOUBLE_EQ(got.chunks_received, wanted.chunks_received) << what;
}

TEST(Schedule, FactorsMultiplyAndKeepToTheRadix) {
  using Factors = std::vector<std::int64_t>;
  EXPECT_EQ(kernels::factors(64, 4), (Factors{4, 4, 4}));
  EXPECT_EQ(kernels::factors(32, 4), (Factors{4, 4, 2}));
  EXPECT_EQ(kernels::factors(12, 4), (Factors{4, 3}));
  EXPECT_EQ(kernels::factors(35, 4), (Factors{5, 7}));
  EXPECT_EQ(kernels::factors(1, 4), Factors{});
}

TEST(Schedule, StepsAndBytesAreWhatTheHeadersPromise) {
  for (std::int64_t n = 2; n <= 17; ++n)
    for (const kernels::Algorithm& algorithm : kernels::algorithms()) {
      if (algorithm.phase == nullptr || algorithm.name == std::string("doubletree")) continue;
      if (algorithm.in_switch) continue;  // what is on its ports is not what messages say
      if (algorithm.powers_of_two && !std::has_single_bit(static_cast<std::uint64_t>(n))) continue;
      for (const auto& machine : {fixtures::switched(n), fixtures::torus({n})}) {
        const std::string what = algorithm.name + std::string(" over ") + std::to_string(n);
        Count wanted = promised(algorithm.name, n);
        if (!algorithm.all_reduces) {
          for (const Collective c : {Collective::reduce_scatter, Collective::all_gather})
            expect_count(kernels::build(c, machine, algorithm.name), wanted, what);
          wanted = {2 * wanted.rounds, 2 * wanted.chunks_sent, 2 * wanted.chunks_received};
        }
        expect_count(kernels::build(Collective::all_reduce, machine, algorithm.name), wanted, what);
      }
    }
}

/// Chunks that a rank sends and receives over the whole schedule.
struct Moved {
  std::int64_t rounds = 0;
  std::vector<double> sent;
  std::vector<double> received;
};

Moved moved(const kernels::Schedule& schedule) {
  const auto n = static_cast<std::size_t>(schedule.ranks());
  Moved all{0, std::vector<double>(n), std::vector<double>(n)};
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (std::int64_t i = 0; i < round.repeat; ++i, ++all.rounds)
      for (const kernels::Part& part : round.parts)
        for (std::size_t from = 0; from < n; ++from)
          for (const kernels::Rank to : kernels::receivers(*part.exchange,
                                                           part.k + i,
                                                           static_cast<kernels::Rank>(from),
                                                           schedule.extents)) {
            const auto chunks = kernels::chunks_between(
                *part.exchange, part.k + i, static_cast<kernels::Rank>(from), to, schedule.extents);
            const double amount = part.share.of(1.0) * static_cast<double>(chunks.size());
            all.sent[from] += amount;
            all.received[static_cast<std::size_t>(to)] += amount;
          }
  return all;
}

double most(const std::vector<double>& amounts) {
  return *std::max_element(amounts.begin(), amounts.end());
}

/// As the headers of rooted.cpp and tree.cpp say; bytes in chunks, n of them in a vector.
TEST(Schedule, RootedStepsAndBytesAreWhatTheHeadersPromise) {
  for (std::int64_t n = 2; n <= 33; ++n) {
    const auto machine = fixtures::switched(n);
    const auto all = static_cast<double>(n);
    const auto reduce = [&](const char* name) {
      return moved(kernels::build(Collective::reduce, machine, name));
    };
    for (const char* name : {"binomial", "chain", "tree"}) {
      EXPECT_EQ(reduce(name).rounds, name == std::string("chain") ? n - 1 : ceil_log2(n)) << n;
      EXPECT_EQ(reduce(name).sent, [&] {
        std::vector<double> once(static_cast<std::size_t>(n), all);
        once[0] = 0;
        return once;
      }()) << name;
    }
    EXPECT_LE(most(reduce("chain").received), all);
    EXPECT_LE(most(reduce("tree").received), 2 * all);
    EXPECT_EQ(reduce("binomial").received[0], static_cast<double>(ceil_log2(n)) * all);
    const Moved long_one = reduce("ring");
    EXPECT_EQ(long_one.rounds, n - 1 + ceil_log2(n));
    EXPECT_EQ(long_one.received[0], 2 * (all - 1));
    const Moved gather = moved(kernels::build(Collective::gather, machine, "binomial"));
    EXPECT_EQ(gather.rounds, ceil_log2(n));
    EXPECT_EQ(gather.received[0], all - 1);
    const Moved scatter = moved(kernels::build(Collective::scatter, machine, "binomial"));
    EXPECT_EQ(scatter.sent, gather.received);
    EXPECT_EQ(moved(kernels::build(Collective::barrier, machine, "dissemination")).rounds,
              ceil_log2(n));
    const Moved two = moved(kernels::build(Collective::all_reduce, machine, "doubletree"));
    EXPECT_EQ(two.rounds, 2 * ceil_log2(n));
    EXPECT_LE(most(two.sent), 2 * all);
    EXPECT_LE(most(two.received), 2 * all);
  }
}

TEST(Schedule, BineTreesSendToSwingsPartnersFromBothSides) {
  for (std::int64_t n = 2; n <= 64; n *= 2) {
    const auto machine = fixtures::switched(n);
    const Moved reduce = moved(kernels::build(Collective::reduce, machine, "bine"));
    EXPECT_EQ(reduce.rounds, ceil_log2(n));
    std::vector<double> once(static_cast<std::size_t>(n), static_cast<double>(n));
    once[0] = 0;
    EXPECT_EQ(reduce.sent, once);
    EXPECT_EQ(reduce.received[0], static_cast<double>(ceil_log2(n) * n));
    const Moved gather = moved(kernels::build(Collective::gather, machine, "bine"));
    EXPECT_EQ(gather.received[0], static_cast<double>(n - 1));
    EXPECT_EQ(moved(kernels::build(Collective::scatter, machine, "bine")).sent, gather.received);
  }
  const Moved sixteen = moved(kernels::build(Collective::gather, fixtures::switched(16), "bine"));
  // The root hears from 1, -1, 3 and -5 the subtrees of 1, 2, 4 and 8; what hangs there alike.
  EXPECT_EQ(sixteen.sent[1], 1);
  EXPECT_EQ(sixteen.sent[15], 2);
  EXPECT_EQ(sixteen.sent[3], 4);
  EXPECT_EQ(sixteen.sent[11], 8);
}

/// Up the levels, only the lines of the root go on: 3 of 4, then 1 of 2 ranks send in a reduce.
TEST(Schedule, HierarchiesToARootSendFromItsLines) {
  const auto machine = fixtures::torus({4, 2});
  const Moved got = moved(kernels::build(Collective::reduce, machine, "binomial"));
  EXPECT_EQ(got.sent, (std::vector<double>{0, 8, 8, 8, 8, 8, 8, 8}));
  EXPECT_EQ(got.received[0], 3 * 8);
  const Moved gather = moved(kernels::build(Collective::gather, machine, "binomial"));
  EXPECT_EQ(gather.received[0], 7);
}

/// Rounds and blocks sent by a rank, of the N that it holds.
std::pair<std::int64_t, double> all_to_all_of(const topology::Machine& machine,
                                              const std::string& algorithm) {
  const auto schedule = kernels::build(Collective::all_to_all, machine, algorithm);
  std::int64_t steps = 0;
  double blocks = 0;
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (std::int64_t i = 0; i < round.repeat; ++i, ++steps)
      for (const kernels::Part& part : round.parts)
        blocks += kernels::chunks_in(part.exchange->chunks, schedule.extents) *
                  part.exchange->blocks * kernels::messages(part.exchange->to, schedule.extents);
  return {steps, blocks};
}

TEST(Schedule, AllToAllStepsAndBytesAreWhatTheHeadersPromise) {
  for (std::int64_t n = 2; n <= 32; ++n) {
    const auto machine = fixtures::switched(n);
    const auto all = static_cast<double>(n);
    EXPECT_EQ(all_to_all_of(machine, "direct"), std::pair(std::int64_t{1}, all - 1));
    EXPECT_EQ(all_to_all_of(machine, "pairwise"), std::pair(n - 1, all - 1));
    for (const int radix : {2, 3, 8}) {
      std::pair<std::int64_t, double> wanted;
      for (const std::int64_t f : kernels::factors(n, radix)) {
        ++wanted.first;
        wanted.second += all - all / static_cast<double>(f);
      }
      const auto got = all_to_all_of(machine, "bruck(ranks;radix=" + std::to_string(radix) + ")");
      EXPECT_EQ(got.first, wanted.first) << n;
      EXPECT_NEAR(got.second, wanted.second, 1e-12 * all) << n;
    }
    if (!std::has_single_bit(static_cast<std::uint64_t>(n))) continue;
    const std::int64_t log = std::countr_zero(static_cast<std::uint64_t>(n));
    EXPECT_EQ(all_to_all_of(machine, "bruck"), std::pair(log, all / 2 * static_cast<double>(log)));
  }
  // Hierarchical: every level moves all but what stays in the member: 3/4 and 7/8 of 32 blocks.
  const auto machine = fixtures::machine(
      {{"x", topology::LevelShape::ring, 4}, {"pod", topology::LevelShape::clos, 8}});
  EXPECT_EQ(all_to_all_of(machine, "direct(x)+direct(pod)"), std::pair(std::int64_t{2}, 24.0 + 28));
}

TEST(Schedule, HierarchySendsWhatItsLevelsLeave) {
  // reduce-scatter over 4x4x4 by rings: 3/4 of 64 chunks, then of 16, then of 4
  const Count got =
      count(kernels::build(Collective::reduce_scatter, fixtures::torus({4, 4, 4}), "ring"));
  EXPECT_EQ(got.rounds, 9);
  EXPECT_DOUBLE_EQ(got.chunks_sent, 48 + 12 + 3);
}

TEST(Schedule, FlatRingVisitsEveryMemberOnce) {
  const auto machine = fixtures::machine({{"x", topology::LevelShape::ring, 4},
                                          {"y", topology::LevelShape::ring, 3},
                                          {"pod", topology::LevelShape::clos, 5}});
  for (const char* text : {"flat", "flat(x,y,pod;ports=1)"})
    for (const Collective c : {Collective::reduce_scatter, Collective::all_gather})
      expect_count(kernels::build(c, machine, text), {59, 59, 59}, text);
  // Every fourth hop of a lane leaves x, every twelfth goes to another pod.
  std::map<std::size_t, std::int64_t> hops;
  const auto one = kernels::build(Collective::all_gather, machine, "flat(x,y,pod;ports=1)");
  for (const kernels::Round& round : kernels::rounds(one))
    hops[round.parts[0].exchange->to.digits[0]] += round.repeat;
  EXPECT_EQ(hops, (std::map<std::size_t, std::int64_t>{{0, 45}, {1, 10}, {2, 4}}));
}

TEST(Schedule, BoxSizesAgreeWithTheChunksThemselves) {
  const auto machine = fixtures::torus({4, 2, 8});
  for (const std::string& text : kernels::candidates(Collective::all_reduce, machine)) {
    const auto schedule = kernels::build(Collective::all_reduce, machine, text);
    for (const kernels::Round& round : kernels::rounds(schedule))
      for (const kernels::Part& part : round.parts)
        for (kernels::Rank rank = 0; rank < schedule.ranks(); rank += 5)
          for (const kernels::Rank to :
               kernels::receivers(*part.exchange, part.k, rank, schedule.extents))
            EXPECT_DOUBLE_EQ(
                kernels::chunks_in(part.exchange->chunks, schedule.extents),
                static_cast<double>(
                    kernels::chunks_between(*part.exchange, part.k, rank, to, schedule.extents)
                        .size()))
                << text;
  }
}

TEST(Schedule, MirrorTwiceIsTheSameTransfers) {
  const auto machine = fixtures::torus({4, 3});
  const auto forth = kernels::build(Collective::reduce_scatter, machine, "ring");
  kernels::Schedule back = forth;
  back.root = kernels::mirror(kernels::mirror(forth.root));
  const auto a = kernels::rounds(forth);
  const auto b = kernels::rounds(back);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t r = 0; r < a.size(); ++r)
    for (std::int64_t k = 0; k < a[r].repeat; ++k)
      for (kernels::Rank rank = 0; rank < forth.ranks(); ++rank) {
        const auto& ea = *a[r].parts[0].exchange;
        const auto& eb = *b[r].parts[0].exchange;
        const auto to = kernels::receivers(ea, k, rank, forth.extents);
        EXPECT_EQ(to, kernels::receivers(eb, k, rank, forth.extents));
        EXPECT_EQ(kernels::chunks_between(ea, k, rank, to[0], forth.extents),
                  kernels::chunks_between(eb, k, rank, to[0], forth.extents));
      }
}

TEST(Schedule, AFlatRingOfHalfAMillionIsOneRound) {
  const auto schedule = kernels::build(Collective::all_reduce, fixtures::switched(524288), "ring");
  const auto rounds = kernels::rounds(schedule);
  ASSERT_EQ(rounds.size(), 2U);
  EXPECT_EQ(rounds[0].repeat, 524287);
}

}  // namespace
