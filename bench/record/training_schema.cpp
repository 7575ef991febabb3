// The tables of training steps.
#include <array>

#include "bench/record/schema.hpp"
#include "bench/record/units.hpp"

namespace bench {

namespace {

using enum ColumnType;

using units::bytes;
using units::joule;
using units::no_unit;
using units::per_second;
using units::second;

constexpr std::array training_columns{
    Column{"system", text, no_unit, "Modelled system."},
    Column{"chip", text, no_unit, "Chip of the system."},
    Column{"model", text, no_unit, "Model that is trained."},
    Column{"software", text, no_unit, "Framework: what it makes of the chip."},
    Column{"chips", int64, no_unit, "Chips that take part."},
    Column{"tensor", int64, no_unit, "Tensor-parallel ranks."},
    Column{"context", int64, no_unit, "Ranks that split a sequence."},
    Column{"data", int64, no_unit, "Replicas."},
    Column{"pipeline", int64, no_unit, "Ranks of the pipeline."},
    Column{"expert", int64, no_unit, "Ranks that split the experts."},
    Column{"split_experts", int64, no_unit, "1 where tensor ranks split each expert, too, else 0."},
    Column{"grouped_experts", int64, no_unit, "1 where tokens cross once to a group, else 0."},
    Column{"virtual_stages", int64, no_unit, "Chunks of layers on a rank of the pipeline."},
    Column{"schedule", text, no_unit, "Order of the passes of the pipeline."},
    Column{"sequence", int64, no_unit, "Tokens of a sequence."},
    Column{"micro_batch", int64, no_unit, "Sequences that pass the pipeline together."},
    Column{"batch", int64, no_unit, "Sequences of a step, of all replicas."},
    Column{"sequence_parallel",
           int64,
           no_unit,
           "1 where norms and residuals are split over the tensor ranks, else 0."},
    Column{"context_kind", text, no_unit, "How sequences are split: ring or ulysses."},
    Column{"recompute", text, no_unit, "What is computed again backward: none, selective, full."},
    Column{"flash_attention", int64, no_unit, "1 where scores never leave the chip, else 0."},
    Column{"zero", int64, no_unit, "What replicas share: ZeRO stage 0 to 3."},
    Column{"shard", int64, no_unit, "Ranks that share it; 0: all."},
    Column{"expert_imbalance", float64, no_unit, "Busiest expert rank over the mean."},
    Column{"dtype", text, no_unit, "Data type of parameters and activations."},
    Column{"matmul_dtype", text, no_unit, "Data type of the layers' matmuls."},
    Column{"gradient_dtype", text, no_unit, "Data type in which gradients are summed."},
    Column{"time", float64, second, "Predicted time of a step."},
    Column{"tokens", float64, no_unit, "Tokens of a step."},
    Column{"tokens_rate", float64, per_second, "Tokens over time."},
    Column{"mfu", float64, no_unit, "Model FLOPs, causal, over time and peak."},
    Column{"hfu", float64, no_unit, "The same with what is computed again."},
    Column{"peak", float64, per_second, "Published FLOPs per second of all chips, in dtype."},
    Column{"rank", int64, no_unit, "Rank of the pipeline that is through last."},
    Column{"matmul_time", float64, second, "Of the time of that rank: matrix products."},
    Column{"attention_time", float64, second, "Attention."},
    Column{"elementwise_time", float64, second, "Element-wise work, through memory."},
    Column{"launch_time", float64, second, "Waiting for the host to launch operations."},
    Column{"tensor_time", float64, second, "Tensor-parallel communication that nothing hides."},
    Column{"context_time", float64, second, "Context-parallel communication that nothing hides."},
    Column{"expert_time", float64, second, "Expert-parallel communication that nothing hides."},
    Column{"pipeline_time", float64, second, "Sending along the pipeline that nothing hides."},
    Column{"data_time", float64, second, "Data-parallel communication that nothing hides."},
    Column{"bubble_time", float64, second, "Idle in the pipeline."},
    Column{"optimizer_time", float64, second, "Optimizer."},
    Column{"parameter_memory", float64, bytes, "Of the chip that needs most memory: parameters."},
    Column{"gradient_memory", float64, bytes, "Gradients."},
    Column{"optimizer_memory", float64, bytes, "Master copies and moments."},
    Column{"activation_memory", float64, bytes, "Activations of the micro-batches in flight."},
    Column{"working_memory", float64, bytes, "One layer at work or gathered, and the logits."},
    Column{"memory_capacity", float64, bytes, "Memory of a chip; missing where it is not known."},
    Column{"evidence",
           text,
           no_unit,
           "Weakest origin of the figures behind the largest part: published, derived or assumed."},
};

constexpr std::array exposed_columns{
    Column{"row", int64, no_unit, "Row of modelled/training."},
    Column{"axis", text, no_unit, "What communicates: tensor, context, expert, pipeline, data."},
    Column{"level",
           text,
           no_unit,
           "Level of the machine that is waited for; empty for calls and adding up."},
    Column{"time", float64, second, "Time of the step that nothing hides."},
    Column{"evidence",
           text,
           no_unit,
           "Origin of the level's bandwidth: published, derived or assumed; of a call's overhead."},
};

constexpr std::array plan_columns{
    Column{"row", int64, no_unit, "Row of modelled/training."},
    Column{"list",
           text,
           no_unit,
           "time: the fastest; memory: within shares of the memory; chips: on fewer of them."},
    Column{"place", int64, no_unit, "Place in the list, from 0."},
    Column{"chip_time", float64, second, "Of all chips together, for one token."},
    Column{"energy", float64, joule, "For one token; missing where the chip's power is not known."},
    Column{"cost", float64, no_unit, "US dollars a token; missing where the price is not known."},
};

constexpr std::array generation_columns{
    Column{"row", int64, no_unit, "Row of modelled/training."},
    Column{"equal", text, no_unit, "What the systems have equal: chips, power or cost."},
    Column{"speedup", float64, no_unit, "Step of the first system over this one."},
    Column{"energy", float64, joule, "For one token; missing where the chip's power is not known."},
    Column{"energy_evidence", text, no_unit, "Origin of the power; empty where it is not known."},
    Column{"cost", float64, no_unit, "US dollars a token; missing where the price is not known."},
    Column{"cost_evidence", text, no_unit, "Origin of the price; empty where it is not known."},
};

constexpr std::array waterfall_columns{
    Column{"from", text, no_unit, "System that is left."},
    Column{"to", text, no_unit, "System whose figures are taken over."},
    Column{"place", int64, no_unit, "Order in which groups of figures are taken over, from 0."},
    Column{"group", text, no_unit, "Group of figures."},
    Column{"time", float64, second, "Step of the best plan with this group and those before it."},
    Column{"factor", float64, no_unit, "Step before it over this one."},
    Column{"alone", float64, no_unit, "The same if no other group were taken over."},
    Column{"evidence", text, no_unit, "Weakest origin of the group's figures."},
    Column{"plan", text, no_unit, "Best plan, in short."},
};

constexpr std::array resource_columns{
    Column{"system", text, no_unit, "Modelled system."},
    Column{"group", text, no_unit, "Group of figures that cost nothing."},
    Column{"factor", float64, no_unit, "By which the best step would be shorter: a bound."},
};

}  // namespace

constinit const Record modelled_training{
    "modelled/training", "Training steps, predicted", "time", training_columns};
constinit const Record modelled_exposed{"modelled/exposed",
                                        "Communication of the steps that nothing hides, by level",
                                        "time",
                                        exposed_columns};
constinit const Record modelled_plan{
    "modelled/plan", "The best of all plans of a training job", "chip_time", plan_columns};
constinit const Record modelled_generation{"modelled/generation",
                                           "Systems compared by the best plan of each",
                                           "speedup",
                                           generation_columns};
constinit const Record modelled_waterfall{"modelled/waterfall",
                                          "Where the speed-up from a system to another comes from",
                                          "factor",
                                          waterfall_columns};
constinit const Record modelled_free_resource{"modelled/free_resource",
                                              "What a system gains at most from a resource",
                                              "factor",
                                              resource_columns};

}  // namespace bench
