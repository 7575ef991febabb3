#include "bench/program/goodput_record.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "bench/executor/statistics.hpp"
#include "bench/program/modelled_tables.hpp"
#include "bench/reliability/levers.hpp"
#include "bench/reliability/runs.hpp"
#include "kernels/reliability/goodput.hpp"
#include "topology/parse.hpp"
#include "topology/shipped.hpp"

namespace bench {
namespace {

using kernels::Recovery;
using kernels::Reliability;
using kernels::Run;
using kernels::RunPart;
using topology::Seconds;
using topology::Sourced;
using topology::Status;

/// Runs that are written together: their cells take 30 MB, and few visits to the disk are left.
constexpr std::size_t runs_at_once = 65536;

template <class Q>
Table::Row failure_figure(const GoodputJob& job,
                          const char* key,
                          const Sourced<Q>& figure,
                          double value) {
  return {job.machine.name,
          job.machine.chip.name,
          std::string(),
          fmt::format("failures.{}", key),
          value,
          std::string(topology::base_unit<Q>()),
          std::string(topology::name(figure.status)),
          figure.source.empty() ? "set on the command line" : figure.source};
}

/// As figures of the chip are.
std::vector<Table::Row> failure_rows(const GoodputJob& job) {
  std::vector<Table::Row> rows{failure_figure(job, "rate", job.rate, job.rate.value.value()),
                               failure_figure(job, "replaced", job.replaced, job.replaced.value)};
  topology::each_time_of_failures(job.failures, [&](const char* key, const Sourced<Seconds>& time) {
    rows.push_back(failure_figure(job, key, time, time.value.value()));
  });
  return rows;
}

/// Of what a save costs.
Status of_saving(const GoodputJob& job) {
  return job.reliability.writing > Seconds{} ? job.failures.snapshot.status
                                             : job.failures.checkpoint.status;
}

/// Of a lever. What only a flag can set is assumed.
Status origin_of(const GoodputJob& job, const std::string& figure) {
  const topology::Failures& f = job.failures;
  for (const auto& [name, status] : {std::pair{"failure rate", job.rate.status},
                                     std::pair{"detection", f.detection.status},
                                     std::pair{"restart", f.restart.status},
                                     std::pair{"reload", f.reload.status},
                                     std::pair{"regrouping", f.regrouping.status},
                                     std::pair{"cost of a checkpoint", of_saving(job)},
                                     std::pair{"writing of a checkpoint", f.checkpoint.status},
                                     std::pair{"repair", f.repair.status}})
    if (figure == name) return status;
  return Status::assumed;
}

/// Of one part of the time.
Status part_origin(const GoodputJob& job, RunPart part) {
  const topology::Failures& f = job.failures;
  const Status rate = job.rate.status;
  switch (part) {
    case RunPart::checkpoints:
    case RunPart::lost:
      return std::max({rate, of_saving(job), job.best ? Status::published : Status::assumed});
    case RunPart::recovery:
      return std::max({rate, f.detection.status, f.restart.status, f.reload.status});
    case RunPart::regroup:
      return std::max({rate, f.detection.status, f.regrouping.status});
    case RunPart::waiting:
      return std::max({rate, job.replaced.status, f.repair.status});
    default:  // noise, which a flag gives
      return Status::assumed;
  }
}

Status origin_of_most(const GoodputJob& job, const Run& mean) {
  const auto most = std::max_element(mean.of.begin() + 1, mean.of.end()) - mean.of.begin();
  return part_origin(job, static_cast<RunPart>(most));
}

void add_times(Table::Row& row, const Run& run) {
  for (const Seconds part : run.of) row.emplace_back(part.value());
}

void add_job(Table::Row& row, const GoodputJob& job) {
  const Reliability& r = job.reliability;
  const bool replicas = r.recovery == Recovery::replica;
  const Table::Row cells{r.chips,
                         job.duration.value(),
                         job.runs,
                         static_cast<std::int64_t>(job.seed),
                         r.rate.value(),
                         r.mean_time().value(),
                         r.shape,
                         std::string(replicas ? "replica" : "restart"),
                         replicas ? r.replica : std::int64_t{-1},
                         r.unit,
                         r.spare.value_or(-1),
                         r.replaced,
                         r.detection.value(),
                         r.restart.value(),
                         r.reload.value(),
                         replicas ? r.regrouping.value() : std::numeric_limits<double>::quiet_NaN(),
                         r.saving.value(),
                         r.writing.value(),
                         r.interval.value(),
                         std::int64_t{job.best ? 1 : 0},
                         r.repair.value(),
                         r.straggling};
  row.insert(row.end(), cells.begin(), cells.end());
}

double mean_failures(const std::vector<Run>& runs) {
  const double sum = std::accumulate(runs.begin(), runs.end(), 0.0, [](double all, const Run& run) {
    return all + static_cast<double>(run.failures);
  });
  return sum / static_cast<double>(runs.size());
}

Table::Row goodput_row(const GoodputJob& job, const std::vector<Run>& runs) {
  const Run mean = mean_run(runs);
  const std::vector<double> shares = goodputs(runs);
  Table::Row row{job.machine.name, job.machine.chip.name, job.failures.name};
  add_job(row, job);
  for (const double value : {mean[RunPart::useful] / mean.total(),
                             quantile(shares, 0.05),
                             quantile(shares, 0.5),
                             quantile(shares, 0.95),
                             kernels::expected_goodput(job.reliability),
                             mean_failures(runs)})
    row.emplace_back(value);
  add_times(row, mean);
  row.emplace_back(std::string(topology::name(origin_of_most(job, mean))));
  return row;
}

std::vector<Table::Row> lever_rows(const GoodputJob& job, std::int64_t point) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<Table::Row> rows;
  for (const Lever& lever : levers(job.reliability, job.best))
    rows.push_back({point,
                    lever.figure,
                    lever.half.value_or(none),
                    lever.twice.value_or(none),
                    std::string(topology::name(origin_of(job, lever.figure)))});
  return rows;
}

void append_runs(Table table, const std::vector<Run>& runs, std::int64_t point) {
  const std::vector<double> shares = goodputs(runs);
  std::vector<Table::Row> rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    rows.push_back({point, static_cast<std::int64_t>(i), shares[i], runs[i].failures});
    add_times(rows.back(), runs[i]);
    if (rows.size() < runs_at_once && i + 1 < runs.size()) continue;
    table.append_all(rows);
    rows.clear();
  }
}

}  // namespace

ResultFile goodput_file(const GoodputOptions& asked, const GoodputJob& job) {
  ResultFile file = modelled_file(
      {asked.output, asked.force, asked.system, asked.overrides}, job.machine, failure_rows(job));
  for (const topology::Document& document :
       topology::load_chain(topology::failures_shelf, asked.failures))
    file.text(fmt::format("inputs/failures/{}.toml", topology::stem(document.name())),
              document.text());
  return file;
}

void record_goodput(ResultFile& file,
                    const std::string& path,
                    const GoodputJob& job,
                    const std::vector<Run>& runs) {
  Table jobs = file.table(modelled_goodput);
  file.table(modelled_goodput_lever).append_all(lever_rows(job, jobs.points()));
  append_runs(file.table(modelled_goodput_run), runs, jobs.points());
  jobs.append(goodput_row(job, runs));
  file.complete();
  fmt::print(stderr, "results: {}\n", path);
}

}  // namespace bench
