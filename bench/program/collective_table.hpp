// The table that `rainier collective` prints: nccl-tests' columns, then what the model says.
// Its header lines are an interface (scripts key on them): version 1.
#pragma once

#include "bench/program/collective_row.hpp"

namespace bench {

/// `osu` is what OSU's micro-benchmarks print: sizes and microseconds; `none` leaves stdout to
/// others.
enum class TableStyle { text, csv, osu, none };

void print_measured_header(TableStyle style);
void print_measured(const CollectiveRow& row, TableStyle style);
/// Beside MPI's own call, as text.
void print_compared_header(const char* theirs);
void print_compared(const CollectiveRow& row);
void print_predicted_header(TableStyle style);
void print_predicted(const CollectiveRow& row, TableStyle style);

}  // namespace bench
