#include "bench/program/measured_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include <fmt/format.h>

#include "bench/executor/statistics.hpp"

namespace bench {

MeasuredTable::MeasuredTable(TableStyle style, std::optional<Lowering> beside, bool speaks)
    : style_(style), beside_(style == TableStyle::text ? beside : std::nullopt), speaks_(speaks) {
  if (!speaks_) return;
  if (beside_)
    print_compared_header(name(*beside_));
  else
    print_measured_header(style_);
}

void MeasuredTable::add(const CollectiveRow& row) {
  if (!speaks_) return;
  if (!beside_) {
    print_measured(row, style_);
  } else {
    print_compared(row);
    note(row.out_of_place, row.beside_out_of_place);
    note(row.in_place, row.beside_in_place);
  }
  std::fflush(stdout);
}

void MeasuredTable::end() const {
  if (!speaks_ || logarithms_.empty()) return;
  const double sum = std::accumulate(logarithms_.begin(), logarithms_.end(), 0.0);
  fmt::print("# {:.2f} times as fast as {} in the geometric mean, {:.2f} at worst\n",
             std::exp(sum / static_cast<double>(logarithms_.size())),
             beside_ == Lowering::copy ? "the copy" : "MPI",
             std::exp(*std::min_element(logarithms_.begin(), logarithms_.end())));
}

void MeasuredTable::note(const Measurement& ours, const Measurement& library) {
  logarithms_.push_back(std::log(median(ratios(library.seconds, ours.seconds))));
}

}  // namespace bench
