// Published times of matmuls beside those of the chip files.
#include <limits>
#include <map>

#include <fmt/format.h>

#include "bench/validation/comparison.hpp"
#include "bench/validation/published_chip.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Gemm;
using kernels::GemmTime;
using kernels::TensorEngine;
using topology::Seconds;

/// Each chip file is read once.
using Chips = std::map<std::string, topology::Chip>;

const topology::Chip& chip_of(const std::string& file, Chips& chips) {
  auto found = chips.find(file);
  if (found == chips.end()) found = chips.emplace(file, topology::load_chip(file)).first;
  return found->second;
}

/// "fp16/fp32 accumulate" is f16.
topology::DataType type_of(const PublishedRow& row) {
  const std::string& text = row.text("dtype");
  return topology::data_type(text.substr(0, text.find('/')));
}

/// What the row was measured on says whether power held the clock down.
bool is_burst(const PublishedRow& row) {
  return row.text("conditions").find("idle GPU") != std::string::npos;
}

std::string matmul_subject(const PublishedRow& row) {
  return fmt::format("{} {} {} x ({} x {} x {})",
                     row.text("chip"),
                     row.text("dtype"),
                     row.text("batch"),
                     row.text("M"),
                     row.text("N"),
                     row.text("K"));
}

Seconds measured(const PublishedRow& row) {
  return 1e-6 * Seconds(row.number_or("time_us", std::numeric_limits<double>::quiet_NaN()));
}

std::string where_it_goes(const GemmTime& time, const TensorEngine& engine) {
  const auto us = [](Seconds t) { return t.value() * 1e6; };
  return fmt::format("{} binds: compute {:.4g} us, memory {:.4g} us, launch {:.4g} us",
                     time.binding == GemmTime::Binding::compute ? "compute" : "memory",
                     us(time.compute),
                     us(time.memory),
                     us(engine.launch));
}

void predict_row(const PublishedRow& row, const topology::Chip& chip, Comparison& comparison) {
  const Gemm shape = {row.count("M"), row.count("N"), row.count("K"), type_of(row)};
  TensorEngine engine = kernels::tensor_engine(chip, shape.type);
  if (is_burst(row)) engine = kernels::in_burst(engine);
  const GemmTime time = kernels::predict(shape, engine, row.count_or("batch", 1));
  comparison.predicted = time.time;
  comparison.reason = where_it_goes(time, engine);
}

/// Why there is nothing to predict, or nothing to hold it against; empty where there is.
std::string gap(const PublishedRow& row, const std::string& file) {
  for (const char* column : {"M", "N", "K"})
    if (row.text(column).empty()) return fmt::format("{} is not published", column);
  if (row.text("time_us").empty()) return "no time is published";
  if (file.empty()) return "no chip file of " + row.text("chip");
  return {};
}

}  // namespace

std::vector<Comparison> validate_matmul(const std::vector<PublishedRow>& rows) {
  Chips chips;
  std::vector<Comparison> comparisons;
  comparisons.reserve(rows.size());
  for (const PublishedRow& row : rows) {
    Comparison& comparison = comparisons.emplace_back();
    comparison.id = row.text("id");
    comparison.set = row.text("set");
    comparison.quality = row.text("quality");
    comparison.subject = matmul_subject(row);
    comparison.measured = measured(row);
    const std::string file = published_chip(row.text("chip"));
    comparison.reason = gap(row, file);
    if (!comparison.reason.empty()) continue;
    try {
      predict_row(row, chip_of(file, chips), comparison);
    } catch (const topology::Error& error) {
      comparison.reason = error.what();
    }
  }
  return comparisons;
}

}  // namespace bench
