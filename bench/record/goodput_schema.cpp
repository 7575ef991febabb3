// The tables of runs that failures interrupt.
#include <array>

#include "bench/record/schema.hpp"
#include "bench/record/units.hpp"

namespace bench {

namespace {

using enum ColumnType;

using units::no_unit;
using units::per_second;
using units::second;

constexpr std::array goodput_columns{
    Column{"system", text, no_unit, "Modelled system."},
    Column{"chip", text, no_unit, "Chip of the system."},
    Column{"failures", text, no_unit, "Who counted failures: name of the file."},
    Column{"chips", int64, no_unit, "Chips that take part."},
    Column{"duration", float64, second, "Length of a run."},
    Column{"runs", int64, no_unit, "Runs drawn at random."},
    Column{"seed", int64, no_unit, "Seed of them."},
    Column{"rate", float64, per_second, "Failures of one chip."},
    Column{"mtbf", float64, second, "Mean time between failures of the whole job."},
    Column{"shape", float64, no_unit, "Of the Weibull law of that time; 1: exponential."},
    Column{"recovery", text, no_unit, "Who stops after a failure: restart (all) or replica."},
    Column{"replica", int64, no_unit, "Chips of a replica; missing where all restart."},
    Column{"unit", int64, no_unit, "Chips that are replaced together."},
    Column{"spares", int64, no_unit, "Units beside those that work; missing: always one more."},
    Column{"replaced", float64, no_unit, "Share of the failures after which a unit is replaced."},
    Column{"detection", float64, second, "Until a failure is noticed."},
    Column{"restart", float64, second, "Restart of the processes."},
    Column{"reload", float64, second, "Reload of the state."},
    Column{"regrouping", float64, second, "Of the other replicas; missing where all restart."},
    Column{"saving", float64, second, "Time that work stops for a checkpoint."},
    Column{"writing", float64, second, "Time that it is written beside work before it counts."},
    Column{"interval", float64, second, "Work between two checkpoints; 0: there are none."},
    Column{"best_interval", int64, no_unit, "1 where that is the best one, 0 where it was given."},
    Column{"repair", float64, second, "Until a unit that was replaced is a spare."},
    Column{"straggling", float64, no_unit, "Wait of a step for its slowest chip, over its time."},
    Column{"goodput", float64, no_unit, "Share of useful work, mean of the runs."},
    Column{"goodput_q05", float64, no_unit, "5 % of the runs have less."},
    Column{"goodput_q50", float64, no_unit, "Half of the runs have less."},
    Column{"goodput_q95", float64, no_unit, "95 % of the runs have less."},
    Column{"closed_form", float64, no_unit, "Expected goodput where failures are exponential."},
    Column{"interruptions", float64, no_unit, "Failures of a run, mean of the runs."},
    Column{"useful_time", float64, second, "Useful work, mean of the runs."},
    Column{"straggler_time", float64, second, "Steps that wait for their slowest chip."},
    Column{"checkpoint_time", float64, second, "Checkpoints that work stops for."},
    Column{"lost_time", float64, second, "Work since the last checkpoint that counted."},
    Column{"recovery_time", float64, second, "Detection, restart and reload."},
    Column{"regroup_time", float64, second, "Detection and regrouping of the other replicas."},
    Column{"waiting_time", float64, second, "Waiting for a unit to be repaired."},
    Column{"evidence",
           text,
           no_unit,
           "Weakest origin of the figures behind the largest loss: published, derived or assumed."},
};

constexpr std::array goodput_lever_columns{
    Column{"row", int64, no_unit, "Row of modelled/goodput."},
    Column{"figure", text, no_unit, "Figure of the job that is changed."},
    Column{"half",
           float64,
           no_unit,
           "Change of the closed form with half of it; missing: no such job."},
    Column{"twice",
           float64,
           no_unit,
           "Change of the closed form with twice of it; missing: no such job."},
    Column{"evidence", text, no_unit, "Origin of the figure: published, derived or assumed."},
};

constexpr std::array goodput_run_columns{
    Column{"row", int64, no_unit, "Row of modelled/goodput."},
    Column{"run", int64, no_unit, "Number of the run."},
    Column{"goodput", float64, no_unit, "Share of useful work."},
    Column{"interruptions", int64, no_unit, "Failures of the run."},
    Column{"useful_time", float64, second, "Useful work."},
    Column{"straggler_time", float64, second, "Steps that wait for their slowest chip."},
    Column{"checkpoint_time", float64, second, "Checkpoints that work stops for."},
    Column{"lost_time", float64, second, "Work since the last checkpoint that counted."},
    Column{"recovery_time", float64, second, "Detection, restart and reload."},
    Column{"regroup_time", float64, second, "Detection and regrouping of the other replicas."},
    Column{"waiting_time", float64, second, "Waiting for a unit to be repaired."},
};

}  // namespace

constinit const Record modelled_goodput{
    "modelled/goodput", "What failures leave of a run of days", "goodput", goodput_columns};
constinit const Record modelled_goodput_lever{
    "modelled/goodput_lever", "What would change the goodput", "half", goodput_lever_columns};
constinit const Record modelled_goodput_run{
    "modelled/goodput_run", "Each of the runs drawn at random", "goodput", goodput_run_columns};

}  // namespace bench
