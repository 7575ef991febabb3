// The tables of matmuls that many ranks share.
#include <array>

#include "bench/record/schema.hpp"
#include "bench/record/units.hpp"

namespace bench {

namespace {

using enum ColumnType;

using units::bytes;
using units::no_unit;
using units::per_second;
using units::second;

constexpr std::array modelled_columns{
    Column{"system", text, no_unit, "Modelled system."},
    Column{"chip", text, no_unit, "Chip of the system."},
    Column{"algorithm", text, no_unit, "Algorithm that was evaluated."},
    Column{"grid", text, no_unit, "Rows x columns (x layers) of chips."},
    Column{"dtype", text, no_unit, "Data type of the operands."},
    Column{"chips", int64, no_unit, "Chips that take part."},
    Column{"m", int64, no_unit, "Rows of the result."},
    Column{"n", int64, no_unit, "Columns of the result."},
    Column{"k", int64, no_unit, "Contracted dimension."},
    Column{"steps", int64, no_unit, "Multiplications of blocks that follow each other on a chip."},
    Column{"closed_form_bytes",
           float64,
           bytes,
           "Operands that come to a chip and sums that leave it, of the busiest, in closed form."},
    Column{"least_bytes", float64, bytes, "What some chip must move, whatever the algorithm."},
    Column{"time", float64, second, "Predicted time of the product."},
    Column{"compute_time", float64, second, "Multiplications of one chip alone."},
    Column{"exposed_time", float64, second, "Rest of the time: communication that nothing hides."},
    Column{"moving_time", float64, second, "All communication, as if alone."},
    Column{"rate", float64, per_second, "Floating-point operations per second of a chip."},
    Column{"fraction_of_peak", float64, no_unit, "Rate over the published peak."},
    Column{"bound", float64, second, "Lower bound of the time: compute and links."},
    Column{"fraction_of_bound", float64, no_unit, "Bound divided by time; 1 is optimal."},
    Column{"bound_by", text, no_unit, "What sets the bound: compute or links."},
    Column{"evidence",
           text,
           no_unit,
           "Weakest origin of the figures behind the longer of compute and exposed: published, "
           "derived or assumed."},
};

constexpr std::array measured_columns{
    Column{"algorithm", text, no_unit, "Algorithm that ran."},
    Column{"grid", text, no_unit, "Rows x columns (x layers) of ranks."},
    Column{"dtype", text, no_unit, "Data type of the operands."},
    Column{"ranks", int64, no_unit, "MPI ranks that took part."},
    Column{"m", int64, no_unit, "Rows of the result."},
    Column{"n", int64, no_unit, "Columns of the result."},
    Column{"k", int64, no_unit, "Contracted dimension."},
    Column{"steps", int64, no_unit, "Multiplications of blocks that follow each other on a rank."},
    Column{"bytes",
           float64,
           bytes,
           "Operands that came to a rank and sums that left it, counted, of the busiest."},
    Column{"closed_form_bytes",
           float64,
           bytes,
           "The same in closed form, of the longest parts: no rank moves more."},
    Column{"checked", int64, no_unit, "Elements compared with the reference; 0: not checked."},
    Column{"wrong", int64, no_unit, "Wrong ones among them, over all ranks; -1 when not checked."},
    Column{"time", float64, second, "Median time of one product on the slowest rank."},
    Column{"time_min", float64, second, "Shortest time of the samples."},
    Column{"time_p90", float64, second, "Time that nine of ten samples stay below."},
    Column{"compute_time", float64, second, "Median time of the multiplications alone."},
    Column{"rate", float64, per_second, "Floating-point operations per second of a rank."},
    Column{"model", float64, second, "Time that the model of messages expects."},
    Column{"samples", samples, second, "Raw samples, time of one product."},
};

}  // namespace

constinit const Record modelled_distributed_matmul{"modelled/distributed_matmul",
                                                   "Matrix products shared by many chips",
                                                   "rate",
                                                   modelled_columns};
constinit const Record measured_distributed_matmul{
    "measured/distributed_matmul", "Matrix products shared by all ranks", "rate", measured_columns};

}  // namespace bench
