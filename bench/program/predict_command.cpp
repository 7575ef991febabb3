#include "bench/program/predict_command.hpp"

#include <map>

#include <fmt/format.h>

#include "bench/exchange/program_source.hpp"
#include "bench/program/explain_table.hpp"
#include "bench/program/link_table.hpp"
#include "bench/program/modelled_tables.hpp"
#include "bench/program/nccl_json.hpp"
#include "bench/program/tuning.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

void print_points(const PredictRequest& request,
                  const topology::Machine& machine,
                  const std::vector<CollectiveRow>& rows) {
  if (request.style == TableStyle::text)
    fmt::print(
        "# {} over {} chips of {} ({}), predicted\n"
        "# GB/s = 10^9 B/s per chip and direction; busbw = algbw x {:.6g}\n",
        kernels::info(request.collective).name,
        machine.chips(),
        machine.name,
        machine.chip.title,
        kernels::busbw_factor(request.collective, machine.chips()));
  if (request.style == TableStyle::text && request.flags.imbalance != 1)
    fmt::print("# one chip receives {:.6g} times the mean\n", request.flags.imbalance);
  print_predicted_header(request.style);
  for (const CollectiveRow& row : rows) print_predicted(row, request.style);
}

void print_all_links(const PredictRequest& request, const std::vector<CollectiveRow>& rows) {
  if (request.style == TableStyle::text)
    fmt::print("\n# links of one line per level, all lines alike; busy = share of the time\n");
  print_links_header(request.style);
  for (const CollectiveRow& row : rows) print_links(row, request.style);
}

void record(const PredictRequest& request,
            const topology::Machine& machine,
            const std::vector<CollectiveRow>& rows) {
  ResultFile file = results_file(request, machine);
  ModelledTables(file, request.flags.links).append(rows, machine);
  file.complete();
  fmt::print(stderr, "results: {}\n", request.flags.output);
}

/// The size that is really moved stands in the rows.
void print_explanations(const PredictRequest& request,
                        const topology::Machine& machine,
                        const std::vector<CollectiveRow>& rows) {
  constexpr std::size_t shown = 5;
  for (const CollectiveRow& row : rows)
    print_explanation(row.bytes,
                      predict_all(request.collective,
                                  machine,
                                  topology::Bytes(static_cast<double>(row.bytes)),
                                  {nullptr, request.flags.imbalance}),
                      shown);
}

void save_choices(const PredictRequest& request,
                  const topology::Machine& machine,
                  const std::vector<CollectiveRow>& rows) {
  std::map<std::int64_t, std::string> choices;
  for (const CollectiveRow& row : rows) choices[row.bytes] = row.prediction.algorithm;
  save_tuning(request.flags.save_tuning, machine, request.collective, choices);
  fmt::print(stderr, "tuning table: {}\n", request.flags.save_tuning);
}

void check(const PredictRequest& request, const topology::Machine& machine) {
  const PredictFlags& flags = request.flags;
  if (flags.imbalance != 1 && request.collective != kernels::Collective::all_to_all)
    topology::usage_error("--imbalance is about what the chips receive in an all_to_all");
  if (flags.imbalance != 1 && is_program(request.algorithm))
    topology::usage_error(request.algorithm +
                          ": an imbalance is known for direct exchanges of an all_to_all only");
  if (flags.imbalance > static_cast<double>(machine.chips()))
    topology::usage_error(
        fmt::format("--imbalance {:.6g}: expected what the busiest chip receives over the mean, 1 "
                    "to the number of chips ({})",
                    flags.imbalance,
                    machine.chips()));
  if ((flags.explain || !flags.save_tuning.empty()) && request.algorithm != "auto")
    topology::usage_error("--explain and --save-tuning are about what --algorithm auto chooses");
  if ((flags.explain || flags.links) && request.style != TableStyle::text &&
      request.style != TableStyle::csv)
    topology::usage_error("--explain and --links leave no room on stdout for another format");
  if (flags.explain && request.style == TableStyle::csv)
    topology::usage_error("--explain prints text; leave out --csv");
}

}  // namespace

ResultFile results_file(const PredictRequest& request, const topology::Machine& machine) {
  return modelled_file(
      {request.flags.output, request.flags.force, request.system, request.overrides}, machine);
}

void predict_table(const PredictRequest& request, const topology::Machine& machine) {
  check(request, machine);
  const AlgorithmChoice algorithm(request.algorithm, request.collective, machine);
  std::vector<CollectiveRow> rows;  // all of them first: an error leaves no half table
  rows.reserve(request.sizes.size());
  for (const std::int64_t bytes : request.sizes)
    rows.push_back(predict_point(request.collective,
                                 bytes,
                                 request.options,
                                 algorithm.at(bytes),
                                 machine,
                                 {nullptr, request.flags.imbalance}));
  if (!request.flags.save_tuning.empty()) save_choices(request, machine, rows);
  if (!request.flags.output.empty()) record(request, machine, rows);
  if (!request.nccl_json.empty())
    write_nccl_json(request.nccl_json,
                    {request.collective, machine.chips(), true, request.options, {}, {}, rows});
  const bool only_links = request.flags.links && request.style == TableStyle::csv;
  if (!only_links) print_points(request, machine, rows);
  if (request.flags.explain) print_explanations(request, machine, rows);
  if (request.flags.links) print_all_links(request, rows);
}

}  // namespace bench
