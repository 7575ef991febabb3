#include "bench/program/modelled_tables.hpp"

#include <fmt/format.h>

#include "bench/program/recorded_command.hpp"
#include "bench/program/rows.hpp"

namespace bench {
namespace {

void move_to_end(std::vector<Table::Row>& rows, std::vector<Table::Row>&& more) {
  for (Table::Row& row : more) rows.push_back(std::move(row));
}

}  // namespace

ModelledTables::ModelledTables(ResultFile& file, bool links)
    : points_(file.table(modelled_collective)), classes_(file.table(modelled_link_class)) {
  if (links) links_.emplace(file.table(modelled_link));
}

void ModelledTables::append(std::span<const CollectiveRow> rows, const topology::Machine& group) {
  std::vector<Table::Row> points;
  std::vector<Table::Row> classes;
  std::vector<Table::Row> links;
  for (const CollectiveRow& row : rows) {
    const std::int64_t point = points_.points() + static_cast<std::int64_t>(points.size());
    points.push_back(modelled_row(row, group));
    move_to_end(classes, link_class_rows(row.prediction, group, point));
    if (links_) move_to_end(links, link_rows(row.prediction, point));
  }
  points_.append_all(points);
  classes_.append_all(classes);
  if (links_) links_->append_all(links);
}

void record_inputs(ResultFile& file, const std::string& system, const std::string& name) {
  for (const auto& [path, text] : topology::source_files(system))
    file.text(fmt::format("inputs/systems/{}/{}", name, path), text);
}

ResultFile modelled_file(const ResultsRequest& request,
                         const topology::Machine& machine,
                         std::span<const Table::Row> more) {
  ResultFile file = ResultFile::create(request.output, result_options(request.force));
  record_inputs(file, request.system, machine.name);
  if (!request.overrides.empty())
    file.text("inputs/overrides", fmt::format("{}\n", fmt::join(request.overrides, "\n")));
  std::vector<Table::Row> figures = figure_rows(machine);
  figures.insert(figures.end(), more.begin(), more.end());
  file.table(systems_figures).append_all(figures);
  return file;
}

}  // namespace bench
