#include "bench/program/measured_record.hpp"

#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include "bench/executor/fit.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/executor/ranks.hpp"
#include "bench/program/rows.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

/// Rank 0's number on every rank.
std::int64_t shared(std::int64_t number) {
  return std::stoll(MpiSession::share(std::to_string(number)));
}

/// The host of each rank, on rank 0. Collective.
std::vector<Table::Row> rank_rows() {
  constexpr std::size_t longest = 64;  // of a name, with its end
  std::array<char, longest> here{};
  ::gethostname(here.data(), here.size() - 1);
  const auto ranks = static_cast<std::size_t>(world().size);
  std::vector<char> all(ranks * longest);
  MPI_Gather(here.data(), longest, MPI_CHAR, all.data(), longest, MPI_CHAR, 0, MPI_COMM_WORLD);
  std::vector<Table::Row> rows;
  rows.reserve(ranks);
  for (std::size_t rank = 0; rank < ranks; ++rank)
    rows.push_back({std::string(&all[rank * longest])});
  return rows;
}

const Measurement& measurement(const CollectiveRow& row, bool in_place, bool library) {
  if (library) return in_place ? row.beside_in_place : row.beside_out_of_place;
  return in_place ? row.in_place : row.out_of_place;
}

}  // namespace

MeasuredRecord::MeasuredRecord(ResultFile* file, const std::string& ranks_beside, Extent extent)
    : against_mpi_(extent.against_mpi) {
  if (file != nullptr) table_.emplace(file->table(measured_collective));
  const std::int64_t rows_of_point = rows(against_mpi_);
  finished_ = shared(table_ ? table_->finished() : 0) / rows_of_point;
  if (ranks_beside.empty()) return;
  ranks_.emplace(ranks_beside,
                 RankSamples::Extent{extent.points * rows_of_point, extent.samples},
                 finished_ > 0);
  const std::vector<Table::Row> hosts = rank_rows();
  if (file == nullptr) return;
  file->table(measured_rank).append_all(hosts);
  file->attribute(measured_collective.group,
                  "rank_samples",
                  RankSamples::beside(ranks_beside).filename().string());
}

void MeasuredRecord::skip() {
  row_ += rows(against_mpi_);
  if (table_) (void)table_->skip(rows(against_mpi_));
}

void MeasuredRecord::add(const CollectiveRow& row) {
  for (const bool library : {false, true})
    for (const bool in_place : {false, true})
      if (!library || against_mpi_) add(row, in_place, library);
}

void MeasuredRecord::add(const CollectiveRow& row, bool in_place, bool library) {
  const Measurement& what = measurement(row, in_place, library);
  // The ranks' first: a row that is there has all that belongs to it.
  if (ranks_) ranks_->write(row_, what.own);
  ++row_;
  if (table_) table_->append(measured_row(row, in_place, library), what.seconds);
}

void MeasuredRecord::complete() {
  if (ranks_) ranks_->complete();
}

void record_models(ResultFile& file, const std::vector<Way>& ways) {
  for (const Way& way : ways)
    file.text(file.of_this_part(fmt::format("inputs/host_{}.toml", name(way.lowering))),
              topology::to_toml(way.model));
}

}  // namespace bench
