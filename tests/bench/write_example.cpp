// Writes a small results file with every table.
//   write_example PATH [POINTS] [stop|kill|full|samples]
// stop ends without completing after POINTS points of each table, kill ends by SIGKILL, full sets a
// size limit that the file soon meets: the disk is full. samples writes only the tables that have
// them, which have columns of every type.
#include <csignal>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

#include "bench/record/provenance.hpp"
#include "bench/record/result_file.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"

namespace {

bench::Cell cell(const bench::Column& column, std::int64_t point) {
  if (column.type == bench::ColumnType::int64) return point;
  if (column.type == bench::ColumnType::text)
    return std::string(column.name) + (point % 2 == 0 ? " µ" : "") + std::to_string(point);
  return point == 3 ? std::numeric_limits<double>::quiet_NaN() : 0.5 * static_cast<double>(point);
}

std::vector<bench::Cell> row(const bench::Record& record, std::int64_t point) {
  std::vector<bench::Cell> cells;
  for (const bench::Column& column : record.columns)
    if (column.type != bench::ColumnType::samples) cells.push_back(cell(column, point));
  return cells;
}

bool has_samples(const bench::Record& record) {
  return record.columns.back().type == bench::ColumnType::samples;
}

void write_table(bench::ResultFile& file, const bench::Record& record, std::int64_t points) {
  bench::Table table = file.table(record);
  for (std::int64_t point = 0; point < points; ++point) {
    if (has_samples(record)) {
      const std::vector<double> samples(static_cast<std::size_t>(point % 5), 1e-6);
      table.append(row(record, point), samples);
    } else {
      table.append(row(record, point));
    }
    std::printf("%s %lld\n", record.group, static_cast<long long>(point + 1));
    std::fflush(stdout);
  }
}

void limit_file_size(rlim_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_FSIZE, &limit);
}

void write(const std::string& path, std::int64_t points, std::string_view end) {
  bench::ResultFile file = bench::ResultFile::create(path, {.creator = "rainier example"});
  file.text("inputs/systems/example.toml", "title = \"µ\"\n");
  file.attribute("measured/host", "cores", std::int64_t{2});
  if (end == "full") limit_file_size(rlim_t{400} * 1024);
  for (const bench::Record* record : bench::records())
    if (end != "samples" || has_samples(*record)) write_table(file, *record, points);
  if (end == "kill") std::raise(SIGKILL);
  if (end != "stop") file.complete();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    write(argv[1], argc > 2 ? std::stoll(argv[2]) : 5, argc > 3 ? argv[3] : "");
    return 0;
  } catch (const topology::Error& error) {
    std::fprintf(stderr, "write_example: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
