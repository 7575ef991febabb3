#include "bench/record/schema.hpp"

#include <array>

#include "bench/record/units.hpp"

namespace bench {

namespace {

using enum ColumnType;

using units::bytes;
using units::bytes_per_second;
using units::no_unit;
using units::per_second;
using units::second;

constexpr std::array figure_columns{
    Column{"system", text, no_unit, "System that the figure belongs to."},
    Column{"chip", text, no_unit, "Chip of that system."},
    Column{"level", text, no_unit, "Level of the machine; empty for a figure of the chip."},
    Column{"key", text, no_unit, "Name of the figure in the system or chip file."},
    Column{"value", float64, no_unit, "Value in SI units; the unit is in column units."},
    Column{"units", text, no_unit, "UDUNITS unit of the value."},
    Column{"status", text, no_unit, "Origin: published, derived or assumed."},
    Column{"source", text, no_unit, "Who says so, or the derivation."},
};

constexpr std::array modelled_collective_columns{
    Column{"system", text, no_unit, "Modelled system."},
    Column{"chip", text, no_unit, "Chip of the system."},
    Column{"collective", text, no_unit, "Collective operation."},
    Column{"algorithm", text, no_unit, "Algorithm whose schedule was evaluated."},
    Column{"dtype", text, no_unit, "Data type of the elements."},
    Column{"chips", int64, no_unit, "Chips that take part."},
    Column{"size", int64, bytes, "Size of the full vector, as nccl-tests counts it."},
    Column{"imbalance",
           float64,
           no_unit,
           "What the busiest chip of an all-to-all receives over the mean; else 1."},
    Column{"time", float64, second, "Predicted time of one operation."},
    Column{"latency_part", float64, second, "Share of the time that does not grow with the size."},
    Column{"bandwidth_part", float64, second, "Share of the time that grows with the size."},
    Column{"algbw", float64, bytes_per_second, "Size divided by time."},
    Column{"busbw", float64, bytes_per_second, "Bus bandwidth, by the factors of nccl-tests."},
    Column{"bound", float64, second, "Lower bound of the time on this machine."},
    Column{"fraction_of_bound", float64, no_unit, "Bound divided by time; 1 is optimal."},
    Column{"bound_by", text, no_unit, "What sets the bound."},
    Column{"bottleneck", text, no_unit, "Most loaded class of links."},
    Column{"bottleneck_bytes", float64, bytes, "Bytes over the most loaded link of that class."},
    Column{"bottleneck_utilisation", float64, no_unit, "Busy share of that link during the time."},
    Column{"rounds", int64, no_unit, "Rounds of messages that follow each other."},
    Column{"classes", int64, no_unit, "Symmetry classes of exchanges that were evaluated."},
    Column{"evidence",
           text,
           no_unit,
           "Origin of the figure that binds: published, derived or assumed."},
};

constexpr std::array modelled_link_class_columns{
    Column{"row", int64, no_unit, "Row of modelled/collective that the links worked for."},
    Column{"level", text, no_unit, "Level of the machine; empty for the memory of the chips."},
    Column{"shape",
           text,
           no_unit,
           "Shape of the level: ring, all_to_all or clos; memory of the chip."},
    Column{"link",
           text,
           no_unit,
           "Links that are alike: the level, with + or - for a direction of a ring; hbm."},
    Column{"load", float64, bytes, "Bytes over the most loaded link of the class."},
    Column{"capacity", float64, bytes_per_second, "Raw bandwidth of one link, one direction."},
    Column{"busy", float64, second, "Time that the most loaded link is busy."},
    Column{"utilisation", float64, no_unit, "Share of the time of the collective that it is busy."},
    Column{"issue_bound",
           int64,
           no_unit,
           "1 when the message rate of the chips keeps it busy, 0 when bytes do."},
    Column{"evidence",
           text,
           no_unit,
           "Origin of the figure behind busy: published, derived or assumed."},
};

constexpr std::array modelled_link_columns{
    Column{"row", int64, no_unit, "Row of modelled/collective that the link worked for."},
    Column{"link", text, no_unit, "Class of the link, as in modelled/link_class."},
    Column{"position",
           int64,
           no_unit,
           "Member of the line that the link leaves; -1: all of the class carry the same."},
    Column{"load", float64, bytes, "Bytes over the link."},
    Column{"utilisation", float64, no_unit, "Share of the time of the collective that it is busy."},
};

constexpr std::array modelled_clock_columns{
    Column{"row", int64, no_unit, "Row of modelled/collective: the same schedule, undisturbed."},
    Column{"seed", int64, no_unit, "Seed of noise and skew."},
    Column{"noise", text, no_unit, "Delay of each chip in each step; empty: none."},
    Column{"skew", text, no_unit, "Start of each chip; empty: all together."},
    Column{"faults", text, no_unit, "Slow chips, degraded and failed links, as flags."},
    Column{"steps", int64, no_unit, "Steps of each clock."},
    Column{"first", float64, second, "When the first chip finishes."},
    Column{"median", float64, second, "When half of the chips have finished."},
    Column{"p99", float64, second, "When 99 of 100 chips have finished."},
    Column{"last", float64, second, "When the last chip finishes."},
    Column{"last_chip", int64, no_unit, "That chip; the first of several."},
};

constexpr std::array modelled_chip_columns{
    Column{"row", int64, no_unit, "Row of modelled/clock."},
    Column{"chip", int64, no_unit, "Number of the chip, the lowest level counting fastest."},
    Column{"finish", float64, second, "When the chip finishes."},
};

constexpr std::array modelled_matmul_columns{
    Column{"chip", text, no_unit, "Modelled chip."},
    Column{"dtype", text, no_unit, "Data type of the operands."},
    Column{"label", text, no_unit, "Where the shape comes from."},
    Column{"m", int64, no_unit, "Rows of the result."},
    Column{"n", int64, no_unit, "Columns of the result."},
    Column{"k", int64, no_unit, "Contracted dimension."},
    Column{"time", float64, second, "Predicted time of one product."},
    Column{"rate", float64, per_second, "Floating-point operations per second, 2mnk over time."},
    Column{"fraction_of_peak", float64, no_unit, "Rate over the published peak, as MFU counts it."},
    Column{"fraction_of_roof", float64, no_unit, "Rate over the roof of the tensor engines."},
    Column{"bound", float64, second, "Lower bound of the time: compute and memory traffic."},
    Column{"bound_by", text, no_unit, "What sets the bound."},
    Column{"intensity", float64, "byte-1", "Floating-point operations per byte of memory traffic."},
    Column{"evidence",
           text,
           no_unit,
           "Origin of the figure that binds: published, derived or assumed."},
};

constexpr std::array measured_collective_columns{
    Column{"collective", text, no_unit, "Collective operation."},
    Column{"algorithm", text, no_unit, "Algorithm that ran; empty where MPI chose its own."},
    Column{"implementation",
           text,
           no_unit,
           "Who ran it and how: rainier, messages, shared memory or both; MPI."},
    Column{"dtype", text, no_unit, "Data type of the elements."},
    Column{"redop", text, no_unit, "Reduction operator; empty where nothing is reduced."},
    Column{"ranks", int64, no_unit, "MPI ranks that took part."},
    Column{"in_place", int64, no_unit, "1 when the send buffer is the receive buffer, else 0."},
    Column{"size", int64, bytes, "Size of the full vector, as nccl-tests counts it."},
    Column{"count", int64, no_unit, "Elements of the full vector."},
    Column{"wrong", int64, no_unit, "Wrong elements over all ranks; -1 when not checked."},
    Column{"time", float64, second, "Median time of one operation on the slowest rank."},
    Column{"time_min", float64, second, "Shortest time of the samples."},
    Column{"time_p90", float64, second, "Time that nine of ten samples stay below."},
    Column{"algbw", float64, bytes_per_second, "Size divided by time."},
    Column{"busbw", float64, bytes_per_second, "Bus bandwidth, by the factors of nccl-tests."},
    Column{"model",
           float64,
           second,
           "Time that the model fitted to this machine expects; missing for MPI's own."},
    Column{"bound", float64, second, "Lower bound of the time on the fitted machine."},
    Column{"batch", int64, no_unit, "Operations per sample, back to back."},
    Column{
        "core_to_core_before",
        float64,
        second,
        "One way of a cache line between ranks 0 and 1 before the point; missing where hosts are "
        "several or ranks share cores."},
    Column{"core_to_core_after", float64, second, "The same after the point."},
    Column{"samples", ColumnType::samples, second, "Raw samples, time per operation."},
};

constexpr std::array measured_rank_columns{
    Column{"host", text, no_unit, "Host that the rank, the number of the row, ran on."},
};

constexpr std::array measured_clock_columns{
    Column{"system", text, no_unit, "Modelled system."},
    Column{"collective", text, no_unit, "Collective operation."},
    Column{"algorithm", text, no_unit, "Algorithm whose schedule was stepped through."},
    Column{"size", int64, bytes, "Size of the full vector, as nccl-tests counts it."},
    Column{"noise", text, no_unit, "Delay of each chip in each step; empty: none."},
    Column{"scaling", text, no_unit, "strong: the same chips on all ranks; weak: on each rank."},
    Column{"ranks", int64, no_unit, "MPI ranks that shared the chips."},
    Column{"threads", int64, no_unit, "Threads of each rank."},
    Column{"chips", int64, no_unit, "Modelled chips."},
    Column{"steps", int64, no_unit, "Steps of each clock."},
    Column{"time", float64, second, "Median time of one run on the slowest rank."},
    Column{"rate", float64, per_second, "Clocks moved per second, chips times steps over time."},
    Column{"efficiency", float64, no_unit, "Rate over that of one rank times the ranks."},
    Column{"samples", ColumnType::samples, second, "Raw samples, time of one run."},
};

constexpr std::array measured_matmul_columns{
    Column{"kernel", text, no_unit, "Kernel or library that ran."},
    Column{"dtype", text, no_unit, "Data type of the operands."},
    Column{"label", text, no_unit, "Where the shape comes from."},
    Column{"m", int64, no_unit, "Rows of the result."},
    Column{"n", int64, no_unit, "Columns of the result."},
    Column{"k", int64, no_unit, "Contracted dimension."},
    Column{"threads", int64, no_unit, "Threads that computed."},
    Column{"time", float64, second, "Median time of one product."},
    Column{"cpu_time", float64, second, "Median CPU time of one product, all threads together."},
    Column{"rate", float64, per_second, "Floating-point operations per second, 2mnk over time."},
    Column{"control",
           float64,
           per_second,
           "What the threads do in registers around each sample, median: the machine's own pace."},
    Column{"intensity", float64, "byte-1", "Floating-point operations per byte of memory traffic."},
    Column{"samples", ColumnType::samples, second, "Raw samples, time per product."},
};

constexpr std::array measured_compute_columns{
    Column{"dtype", text, no_unit, "Data type that is multiplied."},
    Column{"target", text, no_unit, "Vector unit."},
    Column{"threads", int64, no_unit, "Threads that computed at once."},
    Column{"work", float64, no_unit, "Floating-point operations of a sample, all threads."},
    Column{"rate", float64, per_second, "Floating-point operations per second, fastest sample."},
    Column{"samples", ColumnType::samples, second, "Raw samples, time of the slowest thread."},
};

constexpr std::array measured_memory_columns{
    Column{"stream", text, no_unit, "What the loop does: read, or triad as in STREAM."},
    Column{"threads", int64, no_unit, "Threads that streamed at once."},
    Column{"work", float64, bytes, "Bytes of a sample, all threads."},
    Column{"rate", float64, bytes_per_second, "Bytes per second, fastest sample."},
    Column{"samples", ColumnType::samples, second, "Raw samples, time of the slowest thread."},
};

}  // namespace

constinit const Record systems_figures{"systems/figures",
                                       "Every figure of the modelled machines, with its origin",
                                       nullptr,
                                       figure_columns};
constinit const Record modelled_collective{
    "modelled/collective", "Collectives, predicted", "busbw", modelled_collective_columns};
constinit const Record modelled_link_class{
    "modelled/link_class",
    "Links of the predicted collectives, those that are alike in one row",
    "busy",
    modelled_link_class_columns};
constinit const Record modelled_link{
    "modelled/link",
    "Single links of the predicted collectives, where the run asks for them",
    "load",
    modelled_link_columns};
constinit const Record modelled_clock{
    "modelled/clock", "Collectives with a clock for each chip", "last", modelled_clock_columns};
constinit const Record modelled_chip{"modelled/chip",
                                     "Each chip's clock, where the run asks for it",
                                     "finish",
                                     modelled_chip_columns};
constinit const Record modelled_matmul{
    "modelled/matmul", "Matrix products on a chip, predicted", "rate", modelled_matmul_columns};
constinit const Record measured_collective{
    "measured/collective", "Collectives, measured under MPI", "busbw", measured_collective_columns};
constinit const Record measured_rank{
    "measured/rank", "Ranks, where the samples of each are kept", nullptr, measured_rank_columns};
constinit const Record measured_clock{"measured/clock",
                                      "How long the clocks took to run, on some of the ranks",
                                      "rate",
                                      measured_clock_columns};
constinit const Record measured_matmul{
    "measured/matmul", "Matrix products, measured on this host", "rate", measured_matmul_columns};
constinit const Record measured_compute{"measured/compute",
                                        "Peak of this host's cores, by multiply-adds in registers",
                                        "rate",
                                        measured_compute_columns};
constinit const Record measured_memory{"measured/memory",
                                       "Peak of this host's memory, by streaming loops",
                                       "rate",
                                       measured_memory_columns};

std::span<const Record* const> records() {
  static constexpr std::array all{&systems_figures,
                                  &modelled_collective,
                                  &modelled_link_class,
                                  &modelled_link,
                                  &modelled_clock,
                                  &modelled_chip,
                                  &modelled_matmul,
                                  &modelled_training,
                                  &modelled_exposed,
                                  &modelled_plan,
                                  &modelled_generation,
                                  &modelled_waterfall,
                                  &modelled_free_resource,
                                  &modelled_goodput,
                                  &modelled_goodput_lever,
                                  &modelled_goodput_run,
                                  &modelled_distributed_matmul,
                                  &measured_collective,
                                  &measured_rank,
                                  &measured_clock,
                                  &measured_matmul,
                                  &measured_distributed_matmul,
                                  &measured_compute,
                                  &measured_memory};
  return all;
}

}  // namespace bench
