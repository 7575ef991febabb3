// The record of results: what is written is read back, and a run that ends early loses nothing.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <hdf5.h>
#include <nlohmann/json.hpp>

#include "bench/record/provenance.hpp"
#include "bench/record/read.hpp"
#include "bench/record/result_file.hpp"
#include "bench/record/schema.hpp"
#include "tests/sanitized.hpp"
#include "topology/error.hpp"

namespace {

using bench::Cell;
using bench::ReadFile;
using bench::ReadTable;
using bench::ResultFile;
using bench::Table;
namespace fs = std::filesystem;

class RecordTest : public testing::Test {
 protected:
  RecordTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("rainier_record_") + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  ~RecordTest() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path path(const std::string& name = "run.h5") const { return folder_ / name; }

 private:
  fs::path folder_;
};

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

template <class Act>
std::string message_of(Act&& act) {
  try {
    act();
  } catch (const topology::Error& error) {
    EXPECT_EQ(error.kind(), topology::ErrorKind::environment) << error.what();
    return error.what();
  }
  return "no error";
}

std::string open_message(const fs::path& path) {
  return message_of([&] { const ReadFile file(path); });
}

std::vector<Cell> matmul(std::int64_t m) {
  using Text = std::string;
  return {Text("blocked"),
          Text("f32"),
          Text("µ"),
          m,
          m,
          m,
          std::int64_t{2},
          1e-3,
          2e-3,
          2e9,
          3e9,
          10.0};
}

std::vector<Cell> prediction(std::int64_t m) {
  using Text = std::string;
  return {Text("trainium2"),
          Text("bf16"),
          Text(""),
          m,
          m,
          m,
          1e-3,
          2e9,
          0.5,
          0.6,
          5e-4,
          Text("compute"),
          10.0,
          Text("published")};
}

void write_modelled(const fs::path& path) {
  ResultFile file = ResultFile::create(path);
  file.text("inputs/run.toml", "title = \"x\"\n");
  Table table = file.table(bench::modelled_matmul);
  for (std::int64_t m = 0; m < 1500; ++m) table.append(prediction(m));
  file.complete();
}

TEST_F(RecordTest, ReadsBackWhatItWrote) {
  const std::vector<double> few{1e-3};
  const std::vector<double> more{1e-3, 2e-3, 3e-3};
  {
    ResultFile file = ResultFile::create(path());
    Table table = file.table(bench::measured_matmul);
    table.append(matmul(1), few);
    table.append(matmul(2), more);
    table.append(matmul(3));
    file.text("inputs/systems/µ.toml", "a = 1\n");
    file.attribute("measured/host", "cores", std::int64_t{2});
    file.attribute("/", "title", std::string("test"));
    file.complete();
  }
  const ReadFile file(path());
  EXPECT_EQ(file.status(), "complete");
  EXPECT_EQ(file.last_point(), 3);
  EXPECT_EQ(file.text("inputs/systems/µ.toml"), "a = 1\n");
  EXPECT_EQ(file.attribute("measured/host", "cores"), Cell(std::int64_t{2}));
  EXPECT_EQ(file.attribute("/", "title"), Cell(std::string("test")));
  const ReadTable table = file.table("measured/matmul");
  ASSERT_EQ(table.points(), 3U);
  EXPECT_EQ(table.integers("m"), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(table.floats("rate"), std::vector<double>(3, 2e9));
  EXPECT_EQ(table.texts("label"), std::vector<std::string>(3, "µ"));
  ASSERT_EQ(table.samples(0).size(), 3U);
  EXPECT_EQ(table.samples(0)[0], 1e-3);
  EXPECT_TRUE(std::isnan(table.samples(0)[1]));
  EXPECT_EQ(table.samples(1)[2], 3e-3);
  EXPECT_TRUE(std::isnan(table.samples(2)[0]));
  EXPECT_FALSE(fs::exists(path("run.h5.partial")));
}

TEST_F(RecordTest, ManyPointsAtOnceAreTheSameAsOneByOne) {
  constexpr std::int64_t points = fixtures::sanitized ? 20000 : 100000;
  {
    ResultFile file = ResultFile::create(path());
    Table table = file.table(bench::modelled_matmul);
    std::vector<Table::Row> rows;
    for (std::int64_t m = 0; m < points; ++m) rows.push_back(prediction(m));
    table.append(prediction(-1));
    table.append_all(rows);
    file.complete();
  }
  const ReadTable table = ReadFile(path()).table("modelled/matmul");
  ASSERT_EQ(table.points(), std::size_t{points + 1});
  EXPECT_EQ(table.integers("m").back(), points - 1);
  EXPECT_EQ(table.texts("bound_by").back(), "compute");
}

TEST_F(RecordTest, SameModelledRunGivesSameBytes) {
  write_modelled(path("a.h5"));
  write_modelled(path("b.h5"));
  EXPECT_GT(content(path("a.h5")).size(), 100000U);
  EXPECT_TRUE(content(path("a.h5")) == content(path("b.h5")));
}

TEST_F(RecordTest, UnfinishedRunLeavesItsPoints) {
  {
    ResultFile file = ResultFile::create(path());
    Table table = file.table(bench::modelled_matmul);
    table.append(prediction(7));
  }
  EXPECT_FALSE(fs::exists(path()));
  const ReadFile file(path("run.h5.partial"));
  EXPECT_EQ(file.status(), "running");
  EXPECT_EQ(file.table("modelled/matmul").integers("m"), std::vector<std::int64_t>{7});
}

TEST_F(RecordTest, FailedRunSaysWhy) {
  ResultFile::create(path()).fail("2 wrong elements");
  const ReadFile file(path("run.h5.partial"));
  EXPECT_EQ(file.status(), "failed");
  EXPECT_EQ(file.attribute("/", "failure"), Cell(std::string("2 wrong elements")));
}

TEST_F(RecordTest, NeverOverwritesUnasked) {
  write_modelled(path());
  EXPECT_NE(message_of([&] { write_modelled(path()); }).find("run.h5 exists"), std::string::npos);
  { ResultFile::create(path(), {.overwrite = true}).complete(); }
  EXPECT_EQ(ReadFile(path()).last_point(), 0);
  {
    ResultFile file = ResultFile::create(path("cut.h5"));
    file.table(bench::modelled_matmul).append(prediction(7));
  }
  EXPECT_NE(message_of([&] { write_modelled(path("cut.h5")); }).find("holds 1 finished points"),
            std::string::npos);
}

TEST_F(RecordTest, TwoRunsDoNotWriteOneFile) {
  const ResultFile file = ResultFile::create(path());
  EXPECT_NE(message_of([&] { write_modelled(path()); }).find("another run"), std::string::npos);
}

TEST_F(RecordTest, UnwritablePlaceIsSaid) {
  write(path("file"), "x");
  EXPECT_NE(message_of([&] { write_modelled(path("file/run.h5")); }).find("file"),
            std::string::npos);
}

TEST_F(RecordTest, EachUnreadableFileHasItsMessage) {
  EXPECT_NE(open_message(path()).find("no such file"), std::string::npos);
  write(path("notes.txt"), "Lorem ipsum");
  EXPECT_NE(open_message(path("notes.txt")).find("is not an HDF5 file"), std::string::npos);
  write(path("empty.h5"), "");
  EXPECT_NE(open_message(path("empty.h5")).find("is empty"), std::string::npos);
  write_modelled(path());
  const std::string whole = content(path());
  write(path("cut.h5"), whole.substr(0, whole.size() / 2));
  EXPECT_NE(open_message(path("cut.h5")).find("is not a complete HDF5 file; was the run cut off?"),
            std::string::npos);
  H5Fclose(H5Fcreate(path("other.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  EXPECT_NE(open_message(path("other.h5")).find("another program"), std::string::npos);
}

TEST_F(RecordTest, NewerMajorSchemaIsRefused) {
  for (const std::string version : {"2.0", "1.7"}) {
    ResultFile file = ResultFile::create(path(), {.overwrite = true});
    file.attribute("/", "schema_version", version);
    file.complete();
    EXPECT_EQ(open_message(path()).find("newer") != std::string::npos, version == "2.0");
  }
}

TEST_F(RecordTest, MissingTablesAndColumnsAreSaid) {
  write_modelled(path());
  const ReadFile file(path());
  EXPECT_NE(message_of([&] { (void)file.table("measured/matmul"); }).find("measured/matmul"),
            std::string::npos);
  const ReadTable table = file.table("modelled/matmul");
  EXPECT_NE(message_of([&] { (void)table.floats("tiem"); }).find("no column 'tiem'"),
            std::string::npos);
  EXPECT_NE(message_of([&] { (void)table.floats("m"); }).find("another type"), std::string::npos);
}

TEST_F(RecordTest, WrongRowIsABug) {
  ResultFile file = ResultFile::create(path());
  Table table = file.table(bench::modelled_matmul);
  EXPECT_THROW(table.append(matmul(1)), topology::Error);
  auto row = prediction(1);
  row.front() = 1.0;
  EXPECT_THROW(table.append(row), topology::Error);
  EXPECT_EQ(table.points(), 0);
}

TEST(Provenance, IsJsonWithoutSecrets) {
  setenv("OMP_NUM_THREADS", "2", 1);
  setenv("SLURM_JWT_TOKEN", "hidden", 1);
  setenv("MY_PASSWORD", "hidden", 1);
  const bench::Provenance provenance{{"rainier", "run", "\xff"}, "MPI 3.1", {}};
  const auto json = nlohmann::json::parse(bench::manifest_json(provenance));
  EXPECT_EQ(json["start"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(json["environment"]["OMP_NUM_THREADS"], "2");
  EXPECT_FALSE(json["host"]["name"].get<std::string>().empty());
  EXPECT_EQ(json.dump().find("hidden"), std::string::npos);
}

}  // namespace
