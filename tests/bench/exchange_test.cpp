// Collectives spelled out for other tools, and what comes back from these.
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "bench/exchange/foreign_results.hpp"
#include "bench/exchange/msccl_export.hpp"
#include "bench/exchange/program_source.hpp"
#include "bench/executor/predict.hpp"
#include "bench/executor/program_prediction.hpp"
#include "bench/program/nccl_json.hpp"
#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/program.hpp"
#include "kernels/collective/rounds.hpp"
#include "tests/sanitized.hpp"
#include "tests/topology/scratch.hpp"
#include "topology/error.hpp"
#include "topology/machine.hpp"

namespace {

using kernels::Collective;
using kernels::Program;
using topology::Bytes;
using topology::Machine;

/// Bytes take the time of one, gaps between messages that of the other.
constexpr std::array sizes{Bytes(48 << 20), Bytes(8 << 10)};

std::vector<Machine> machines() {
  const Machine rainier = topology::load_system("rainier");
  return {topology::load_system("trn2-server"),
          topology::load_system("trn2-ultraserver"),
          topology::slice(rainier, 128),
          topology::group(rainier, {"pod", "building"}),
          topology::slice(topology::load_system("h100-meta", {"pod.extent=4"}), 64),
          topology::slice(topology::load_system("h100-dgx"), 16)};
}

constexpr double most_messages = fixtures::sanitized ? 2e3 : 5e4;

/// Those that are messages, and not too many.
std::vector<kernels::Schedule> schedules(Collective collective, const Machine& machine) {
  std::vector<kernels::Schedule> all;
  for (const std::string& text : kernels::candidates(collective, machine)) {
    kernels::Schedule schedule = kernels::build(collective, machine, text);
    bool in_switch = false;
    for (const kernels::Round& round : kernels::rounds(schedule))
      for (const kernels::Part& part : round.parts) in_switch |= part.exchange->in_switch;
    if (!in_switch && kernels::count_messages(schedule) < most_messages)
      all.push_back(std::move(schedule));
  }
  return all;
}

void expect_same_time(const kernels::Schedule& schedule,
                      const Program& program,
                      const Machine& machine,
                      Bytes size) {
  const bench::Prediction wanted = bench::predict(schedule, machine, size);
  const bench::Prediction got = bench::predict(program, machine, size);
  constexpr double tolerance = 1e-9;
  const std::string what = machine.name + " " + kernels::info(schedule.collective).name + " " +
                           schedule.algorithm + " " + std::to_string(size.value());
  EXPECT_NEAR(got.time / wanted.time, 1, tolerance) << what;
  EXPECT_NEAR(got.latency / wanted.latency, 1, tolerance) << what;
  EXPECT_NEAR(got.bottleneck()->busy / wanted.bottleneck()->busy, 1, tolerance) << what;
  EXPECT_EQ(got.rounds, wanted.rounds) << what;
}

TEST(Program, OfEveryScheduleMessagesTakeTheTimeThatSymmetryGives) {
  int compared = 0;
  for (const Machine& machine : machines())
    for (const Collective collective : {Collective::all_reduce,
                                        Collective::all_gather,
                                        Collective::reduce_scatter,
                                        Collective::all_to_all})
      for (const kernels::Schedule& schedule : schedules(collective, machine)) {
        const Program program = kernels::spell_out(schedule, {0, false});
        for (const Bytes size : sizes) expect_same_time(schedule, program, machine, size);
        ++compared;
      }
  EXPECT_GT(compared, fixtures::sanitized ? 20 : 60);
}

TEST(Program, OfEveryScheduleDoesWhatTheCollectivePromises) {
  const Machine machine = topology::load_system("trn2-server");
  for (const kernels::CollectiveInfo& what : kernels::collectives()) {
    if (what.id == Collective::barrier) continue;
    for (const kernels::Schedule& schedule : schedules(what.id, machine)) {
      const Program program = kernels::spell_out(schedule);
      EXPECT_NEAR(static_cast<double>(program.messages()), kernels::count_messages(schedule), 1e-6)
          << what.name << " " << schedule.algorithm;
      const kernels::Verdict verdict = kernels::verify(program);
      EXPECT_TRUE(verdict.ok) << what.name << " " << schedule.algorithm << ": " << verdict.reason;
    }
  }
}

/// With message `m` of round `r` left out, doubled, or put one cell further.
std::vector<Program> changed(const Program& right, std::size_t r, std::size_t m) {
  std::vector<Program> all(1, right);
  all[0].rounds[r].erase(all[0].rounds[r].begin() + static_cast<std::ptrdiff_t>(m));
  const kernels::Message& message = right.rounds[r][m];
  if (!message.local()) {
    all.push_back(right);
    all.back().rounds[r].push_back(message);
  }
  if (message.moves.front().to.buffer == kernels::Buffer::output) {
    all.push_back(right);
    kernels::Spot& to = all.back().rounds[r][m].moves.front().to;
    to.cell = (to.cell + 1) % right.cells();
  }
  return all;
}

TEST(Program, ThatIsChangedAnywhereIsRefused) {
  const Machine machine = topology::slice(topology::load_system("h100-dgx"), 4);
  using Case = std::pair<Collective, const char*>;
  for (const auto& [collective, name] : {Case{Collective::all_reduce, "ring"},
                                         Case{Collective::all_reduce, "direct"},
                                         Case{Collective::all_gather, "ring"},
                                         Case{Collective::all_to_all, "pairwise"},
                                         Case{Collective::all_to_all, "bruck"}}) {
    const Program right = kernels::spell_out(kernels::build(collective, machine, name));
    ASSERT_TRUE(kernels::verify(right).ok);
    for (std::size_t r = 0; r < right.rounds.size(); ++r)
      for (std::size_t m = 0; m < right.rounds[r].size(); ++m)
        for (const Program& wrong : changed(right, r, m))
          EXPECT_FALSE(kernels::verify(wrong).ok) << name << " " << r << " " << m;
  }
}

TEST(Program, WithTwoBlocksInEachOthersPlacesIsRefused) {
  const Machine machine = topology::slice(topology::load_system("h100-dgx"), 4);
  Program program = kernels::spell_out(kernels::build(Collective::all_to_all, machine, "direct"));
  std::vector<kernels::Message*> to_first;
  for (kernels::Message& message : program.rounds.front())
    if (message.to == 0 && !message.local()) to_first.push_back(&message);
  ASSERT_EQ(to_first.size(), 3U);
  std::swap(to_first[0]->moves.front().to, to_first[1]->moves.front().to);
  const kernels::Verdict verdict = kernels::verify(program);
  EXPECT_FALSE(verdict.ok);
  fixtures::expect_mentions(verdict.reason, "has another part of the vector");
}

TEST(Program, CellsOfUnevenLanesAddUpToTheVector) {
  const Machine machine = topology::load_system("trn2-ultraserver");
  const Program program =
      kernels::spell_out(kernels::build(Collective::all_reduce, machine, "rhd(x,y,z;balanced)"));
  ASSERT_GT(program.cells_per_chunk(), 1);
  constexpr std::int64_t count = 1'000'003;
  EXPECT_EQ(program.elements_before(0, count), 0);
  EXPECT_EQ(program.elements_before(program.cells(), count), count);
  for (std::int64_t c = 0; c < program.cells(); ++c)
    EXPECT_LE(program.elements_before(c, count), program.elements_before(c + 1, count));
}

TEST(Msccl, WhatIsExportedComesBackWithTheSameMessages) {
  const Machine machine = topology::load_system("trn2-server");
  for (const Collective collective :
       {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter})
    for (const char* name : {"ring", "rhd", "bucket"}) {
      const Program program = kernels::spell_out(kernels::build(collective, machine, name));
      const fixtures::Scratch scratch_file;
      const std::string file =
          scratch_file.write("again.xml", bench::to_xml(bench::msccl_of(program)));
      const Program again = bench::read_msccl(file);
      EXPECT_EQ(again.messages(), program.messages()) << name;
      EXPECT_EQ(again.rounds.size(), program.rounds.size()) << name;
    }
}

constexpr const char* nccl_file = R"({
  "version": 1, "args": ["./build/all_gather_perf", "-b", "1M"], "devices": [{}, {}, {}, {}],
  "results": [{"size": 1048576, "count": 65536, "type": "float", "redop": "none", "root": -1,
    "out_of_place": {"time": 10.0, "alg_bw": 104.8576, "bus_bw": 78.6432, "nwrong": 0},
    "in_place": {"time": 8.0, "alg_bw": 131.072, "bus_bw": 98.304, "nwrong": "N/A"},
    "in_place_per_iter": {"avg_us": 8.0, "times_us": [7.5, 8.5]}}]})";

TEST(ForeignResults, GigabytesOfNcclTestsAreDecimal) {
  const fixtures::Scratch scratch_file;
  const std::string file = scratch_file.write("nccl.json", nccl_file);
  ASSERT_TRUE(bench::is_foreign(file));
  const auto points = bench::read_foreign(file);
  ASSERT_EQ(points.size(), 2U);
  const bench::ForeignPoint& out = points[0];
  EXPECT_EQ(out.tool, "nccl-tests");
  EXPECT_EQ(out.collective, Collective::all_gather);
  EXPECT_EQ(out.ranks, 4);
  EXPECT_EQ(out.type, "float");
  EXPECT_EQ(out.size, 1 << 20);
  EXPECT_FALSE(out.in_place);
  EXPECT_DOUBLE_EQ(out.seconds, 10e-6);
  EXPECT_DOUBLE_EQ(out.algbw, 1048576 / 10e-6);  // 1 MiB in 10 us
  EXPECT_DOUBLE_EQ(out.busbw, out.algbw * 3 / 4);
  EXPECT_TRUE(out.samples.empty());
  EXPECT_TRUE(points[1].in_place);
  EXPECT_DOUBLE_EQ(points[1].algbw, 1048576 / 8e-6);
  ASSERT_EQ(points[1].samples.size(), 2U);
  EXPECT_DOUBLE_EQ(points[1].samples[0], 7.5e-6);
}

TEST(ForeignResults, OursComeBackAsTheyWere) {
  bench::CollectiveRow row;
  row.ranks = 4;
  row.bytes = 1 << 20;
  row.count = row.bytes / 4;
  row.op = "sum";
  row.out_of_place.seconds = {2e-5, 1e-5, 3e-5};
  row.in_place.seconds = {4e-5};
  const fixtures::Scratch folder;
  bench::NcclReport report;
  report.ranks = 4;
  report.rows.push_back(row);
  const std::string file = folder.write("ours.json", bench::nccl_json(report));
  const auto points = bench::read_foreign(file);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].collective, Collective::all_reduce);
  EXPECT_EQ(points[0].ranks, 4);
  EXPECT_EQ(points[0].type, "float");
  EXPECT_DOUBLE_EQ(points[0].seconds, 2e-5);
  EXPECT_DOUBLE_EQ(points[0].busbw, 1048576 / 2e-5 * 1.5);
  ASSERT_EQ(points[0].samples.size(), 3U);
  EXPECT_DOUBLE_EQ(points[0].samples[2], 3e-5);
  EXPECT_TRUE(points[1].in_place);
  EXPECT_DOUBLE_EQ(points[1].seconds, 4e-5);
}

TEST(ForeignResults, GigabytesOfNccomTestAreBinary) {
  // AWS's own example: 33554432 B in 768 us are 43.69e9 B/s, printed as 40.69.
  const fixtures::Scratch folder;
  const std::string file = folder.write("nccom.json", R"json([
    {"size(B)": 33554432, "count(elems)": 8388608, "type": "fp32", "algbw(GB/s)": 40.69,
     "busbw(GB/s)": 78.84, "time:avg(us)": 768.0}])json");
  ASSERT_TRUE(bench::is_foreign(file));
  const auto points = bench::read_foreign(file);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].tool, "nccom-test");
  EXPECT_FALSE(points[0].collective);
  EXPECT_EQ(points[0].ranks, 0);
  EXPECT_EQ(points[0].type, "fp32");
  EXPECT_EQ(points[0].size, 33554432);
  EXPECT_DOUBLE_EQ(points[0].seconds, 768e-6);
  EXPECT_NEAR(points[0].algbw, 33554432 / 768e-6, 1e-4 * points[0].algbw);
  EXPECT_NEAR(points[0].busbw, 78.84 * 1073741824, 1);
}

TEST(ForeignResults, WhatIsSomethingElseIsSaidSo) {
  const fixtures::Scratch folder;
  const std::string other = folder.write("other.json", R"json({"name": "something"})json");
  EXPECT_TRUE(bench::is_foreign(other));
  EXPECT_TRUE(bench::is_foreign(folder.write("bom.json", "\xef\xbb\xbf\r\n[]")));
  EXPECT_FALSE(bench::is_foreign(folder.write("results.h5", "\x89HDF\r\n")));
  EXPECT_FALSE(bench::is_foreign(folder.write("empty", "")));
  EXPECT_FALSE(bench::is_foreign("/no/such/file"));
  fixtures::expect_mentions(
      fixtures::refusal([&] { static_cast<void>(bench::read_foreign(other)); }),
      "expected JSON of nccl-tests");
  const std::string broken =
      folder.write("broken.json", R"json([{"size(B)": 4, "type": "fp32"}])json");
  fixtures::expect_mentions(
      fixtures::refusal([&] { static_cast<void>(bench::read_foreign(broken)); }),
      "row 0: 'time:avg(us)': is missing");
}

TEST(ForeignResults, WhatNoBenchmarkMeasuresIsRefused) {
  const fixtures::Scratch folder;
  const auto refused = [&](const std::string& size, const std::string& time) {
    const std::string file = folder.write(
        "odd.json",
        fmt::format(
            R"json([{{"size(B)": {}, "type": "fp32", "algbw(GB/s)": 1, "busbw(GB/s)": 1, "time:avg(us)": {}}}])json",
            size,
            time));
    return fixtures::refusal([&] { static_cast<void>(bench::read_foreign(file)); });
  };
  for (const char* time : {"0", "-1", "\"nan\"", "\"inf\"", "\"N/A\"", "null"})
    fixtures::expect_mentions(refused("1024", time), "odd.json: row 0: 'time:avg(us)': expected");
  for (const char* size : {"-4", "1e300", "\"nan\"", "10.5", "\"1K\""})
    fixtures::expect_mentions(refused(size, "10"), "odd.json: row 0: 'size(B)': expected");
}

TEST(ForeignResults, AFileThatWasCutOffSaysWhere) {
  const fixtures::Scratch folder;
  const std::string whole = nccl_file;
  const std::string half = folder.write("half.json", whole.substr(0, whole.size() / 2));
  ASSERT_TRUE(bench::is_foreign(half));
  fixtures::expect_mentions(
      fixtures::refusal([&] { static_cast<void>(bench::read_foreign(half)); }),
      fmt::format("half.json: not whole JSON: it breaks off or goes wrong at byte {}",
                  whole.size() / 2 + 1));
}

}  // namespace
