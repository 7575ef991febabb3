#include "bench/validation/published_job.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "bench/validation/published_machine.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Layer;
using kernels::Plan;
using topology::DataType;

bool starts(const std::string& text, std::string_view with) {
  return text.rfind(with, 0) == 0;
}

bool contains(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

Layer layer_of(const PublishedRow& row) {
  Layer layer;
  kernels::Attention& a = layer.attention;
  a.heads = row.count("heads");
  a.key_value_heads = row.count("kv_heads");
  a.head_size = row.count("head_dim");
  a.value_size = a.head_size;
  if (starts(row.text("attn"), "MLA")) a.latent = kernels::Latent{1536, 512, 64};
  layer.mlp = {row.count_or("ffn", 0), row.count("glu") == 1, false};
  layer.norm_bias = !layer.mlp.gated;
  layer.parallel = contains(row.text("model"), "parallel block");
  return layer;
}

/// DeepSeek-V3's layers: the first three are dense, one expert is shared.
void add_experts(const PublishedRow& row, const Layer& dense, kernels::Model& model) {
  const std::int64_t leading = dense.attention.latent ? 3 : 0;
  Layer layer = dense;
  layer.mlp = {};
  kernels::Experts experts;
  experts.count = row.count("experts");
  experts.chosen = row.count("topk");
  experts.expert = {row.count("moe_ffn"), row.count("glu") == 1, false};
  if (dense.attention.latent) experts.shared = experts.expert;
  layer.experts = experts;
  const std::int64_t depth = row.count("layers");
  const std::int64_t first = std::min(leading, depth);
  if (first > 0) model.layers.push_back({dense, first});
  model.layers.push_back({layer, depth - first});
}

/// Windows of the attention column: all layers, every second, or five of six.
void add_windows(const PublishedRow& row, kernels::Model& model) {
  const std::string& attention = row.text("attn");
  if (!contains(attention, "sliding window")) return;
  const bool every_second = contains(attention, "alternate");
  const std::int64_t window = every_second ? 128 : 1024;
  const kernels::Layers all = model.layers.back();
  kernels::Layers local = all;
  local.layer.attention.window = window;
  local.count = every_second ? all.count / 2 : all.count * 5 / 6;
  model.layers = {local, {all.layer, all.count - local.count}};
}

kernels::Model model_of(const PublishedRow& row) {
  kernels::Model model;
  model.name = row.text("model");
  model.hidden = row.count("hidden");
  model.vocabulary = row.count("vocab");
  const Layer dense = layer_of(row);
  model.positions = dense.mlp.gated || contains(row.text("attn"), "ALiBi") ? 0 : row.count("seq");
  if (row.text("experts").empty())
    model.layers.push_back({dense, row.count("layers")});
  else
    add_experts(row, dense, model);
  add_windows(row, model);
  return model;
}

DataType matmul_type(const std::string& text) {
  if (starts(text, "nvfp4")) return DataType::fp4;
  if (starts(text, "int8")) return DataType::i8;
  if (starts(text, "fp8") || starts(text, "mxfp8") || starts(text, "FP8")) return DataType::fp8;
  return starts(text, "fp16") ? DataType::f16 : DataType::bf16;
}

/// Ranks that share the states: "fsdp256 x dp4 over DCN", "zero1 within 8 GPUs, …"; 0: all.
std::int64_t sharers_of(const std::string& text) {
  for (const std::string_view before : {"fsdp ", "fsdp", "within "}) {
    const std::size_t at = text.find(before);
    if (at == std::string::npos) continue;
    std::int64_t count = 0;
    for (std::size_t i = at + before.size(); i < text.size() && text[i] >= '0' && text[i] <= '9';
         ++i)
      count = 10 * count + (text[i] - '0');
    if (count > 0) return count;
  }
  return contains(text, "hsdp") ? 8 : 0;
}

/// What the data ranks share, by how its description begins and, where given, what it says.
struct ShardingRow {
  std::string_view begins;
  std::string_view says;
  kernels::Sharding sharding;
};

// The first that fits. Parameters that stay gathered between the passes are gathered once a step.
constexpr std::array sharding_rows{
    ShardingRow{"", "not resharded", kernels::Sharding::gradients},
    ShardingRow{"", "zero2", kernels::Sharding::gradients},
    ShardingRow{"fsdp", "", kernels::Sharding::parameters},
    ShardingRow{"hsdp", "", kernels::Sharding::parameters},
    ShardingRow{"zero3", "", kernels::Sharding::parameters},
    ShardingRow{"zero1", "", kernels::Sharding::optimizer},
    ShardingRow{"dist-opt", "", kernels::Sharding::optimizer},
    ShardingRow{"none", "", kernels::Sharding::none},
};

void set_sharding(const std::string& text, Plan& plan) {
  if (text.empty()) return;
  const auto* const known =
      std::find_if(sharding_rows.begin(), sharding_rows.end(), [&](const ShardingRow& row) {
        return starts(text, row.begins) && contains(text, row.says);
      });
  if (known == sharding_rows.end())
    topology::usage_error("how the data ranks share the states is not known: " + text);
  plan.sharding = known->sharding;
  const std::int64_t sharers = sharers_of(text);
  if (sharers < plan.data * plan.context) plan.shard = sharers;
}

/// Software by its beginning and the chip: the figures of a training framework, and what it hides.
struct SoftwareRow {
  const char* begins;
  const char* file;
  bool overlap_data;
  bool overlap_tensor;
  DataType gradient;
};

constexpr std::array software_rows{
    SoftwareRow{"Megatron-DeepSpeed (Big", "bigscience", false, false, DataType::bf16},
    SoftwareRow{"Megatron-DeepSpeed (Hab", "habana", true, false, DataType::bf16},
    SoftwareRow{"Megatron-DeepSpeed", "megatron-deepspeed", false, false, DataType::f16},
    SoftwareRow{"Megatron-LM", "megatron-lm", false, false, DataType::f32},
    SoftwareRow{"NeMo Framework Launcher", "nemo", true, false, DataType::bf16},
    SoftwareRow{"NeMo", "nemo", true, true, DataType::bf16},
    SoftwareRow{"Megatron", "nemo", true, true, DataType::bf16},
    SoftwareRow{"llm-foundry", "fsdp", true, false, DataType::bf16},
    SoftwareRow{"torchtitan", "fsdp", true, false, DataType::bf16},
    SoftwareRow{"DeepSpeed ZeRO", "deepspeed-zero", true, false, DataType::f16},
    SoftwareRow{"MegaScale", "megatron-lm", true, true, DataType::bf16},
    SoftwareRow{"fms-fsdp", "fsdp", true, false, DataType::bf16},
    SoftwareRow{"MaxText", "xla", true, true, DataType::bf16},
    SoftwareRow{"Pax", "xla", true, true, DataType::bf16},
    SoftwareRow{"InternEvo", "internevo", true, false, DataType::bf16},
    SoftwareRow{"Neuron", "neuron", true, false, DataType::bf16},
    SoftwareRow{"", "default", true, false, DataType::bf16},
};

const SoftwareRow& software_of(const PublishedRow& row) {
  for (const SoftwareRow& known : software_rows)
    if (starts(row.text("software"), known.begins)) return known;
  return software_rows.back();
}

/// That of the chip, where there is one: "nemo-h100".
std::string file_of(const SoftwareRow& software, const std::string& chip) {
  const std::vector<std::string> known = topology::software_names();
  const std::string of_chip = fmt::format("{}-{}", software.file, chip);
  return std::find(known.begin(), known.end(), of_chip) == known.end() ? software.file : of_chip;
}

/// MaxText counts sequences of a device, which with context parallelism are parts of one; where a
/// chip has two devices it takes the sequences, or the ranks of the context axis, of both.
void set_micro_batch(const PublishedRow& row, std::int64_t devices, Plan& plan) {
  double micro = row.number_or("mbs", 1);  // most publications that leave it out mean one
  if (micro < 1) micro *= static_cast<double>(plan.context);
  if (plan.context % devices == 0)
    plan.context /= devices;
  else
    micro *= static_cast<double>(devices);
  if (micro != std::floor(micro) || micro < 1)
    topology::usage_error("the micro-batch is less than a sequence");
  plan.micro_batch = static_cast<std::int64_t>(micro);
}

kernels::Recompute recompute_of(const std::string& text) {
  // MaxText's qkv_proj keeps queries, keys and values, and computes the rest of a layer again.
  for (const std::string_view full : {"full", "custom", "qkv_proj"})
    if (starts(text, full)) return kernels::Recompute::full;
  return starts(text, "selective") ? kernels::Recompute::selective : kernels::Recompute::none;
}

/// Experts split over the tensor axis: as the note says; NeMo does so where it is not told.
bool splits_experts(const PublishedRow& row) {
  if (row.text("experts").empty()) return false;
  const std::string& note = row.text("note");
  const std::size_t at = note.find("ETP ");
  if (at != std::string::npos && at + 4 < note.size()) return note[at + 4] != '1';
  return starts(row.text("software"), "NeMo");
}

/// Not published: as the software does. Paxml has fused attention from Transformer Engine only.
bool fuses_attention(const PublishedRow& row) {
  const std::string& kernel = row.text("attn_kernel");
  const std::string& software = row.text("software");
  if (!kernel.empty()) return !starts(kernel, "unfused");
  return !starts(software, "Pax") || contains(software, "Transformer Engine");
}

Plan plan_of(const PublishedRow& row, std::int64_t devices) {
  Plan plan;
  plan.tensor = row.count_or("TP", 1);
  plan.pipeline = row.count_or("PP", 1);
  plan.context = row.count_or("CP", 1);
  set_micro_batch(row, devices, plan);
  plan.expert = row.count_or("EP", 1);
  plan.split_experts = splits_experts(row) && plan.tensor > 1;
  const std::int64_t chips = row.count("chips");
  const std::int64_t model = plan.tensor * plan.pipeline * plan.context;
  if (chips % model != 0)
    topology::usage_error(
        fmt::format("{} chips are no multiple of tensor x pipeline x context = {}", chips, model));
  plan.data = chips / model;
  plan.virtual_stages = row.count_or("VPP", 1);
  // Interleaved, not how deep: a layer a chunk, with the embedding and the head as one each.
  if (row.text("VPP").empty() && contains(row.text("note"), "interleaved schedule"))
    plan.virtual_stages = (row.count("layers") + 2) / plan.pipeline;
  plan.sequence = row.count("seq");
  plan.batch = row.count("gbs");
  // A table that counts fewer sequences than all replicas take at once means another micro-batch.
  if (plan.batch % (plan.data * plan.micro_batch) != 0 && plan.batch % plan.data == 0)
    plan.micro_batch = std::min(plan.micro_batch, plan.batch / plan.data);
  plan.order = plan.virtual_stages > 1 && plan.pipeline > 1 ? kernels::PipelineOrder::interleaved
                                                            : kernels::PipelineOrder::one_f_one_b;
  if (plan.pipeline == 1) plan.virtual_stages = 1;
  // XLA splits what lies between the blocks over the tensor axis as well.
  const SoftwareRow& software = software_of(row);
  plan.sequence_parallel =
      (row.text("SP") == "y" || std::string_view(software.file) == "xla") && plan.tensor > 1;
  plan.recompute = recompute_of(row.text("recompute"));
  plan.flash_attention = fuses_attention(row);
  set_sharding(row.text("dp_shard"), plan);
  plan.matmul = matmul_type(row.text("dtype"));
  plan.type = plan.matmul == DataType::f16 ? DataType::f16 : DataType::bf16;
  plan.overlap_expert = contains(row.text("note"), "all-to-all overlap");
  plan.overlap_data = software.overlap_data;
  plan.overlap_tensor = software.overlap_tensor;
  plan.gradient = software.gradient;
  return plan;
}

}  // namespace

Job published_job(const PublishedRow& row) {
  Job job;
  job.model = model_of(row);
  const PublishedMachine published = published_machine({row.text("chip"),
                                                        row.count("chips"),
                                                        row.count_or("node_size", 0),
                                                        row.number_or("net_Gbps_per_chip", 0),
                                                        row.text("software")});
  job.plan = plan_of(row, std::llround(published.ranks_per_chip));
  job.machine = published.machine;
  job.algorithm = published.algorithm;
  job.software = topology::load_software(file_of(software_of(row), job.machine.chip.name));
  return job;
}

}  // namespace bench
