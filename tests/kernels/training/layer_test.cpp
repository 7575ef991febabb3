// The operations of a layer against closed forms: FLOPs of the counts, which know no operations,
// and the volumes of communication that the papers give.
#include <numeric>

#include <gtest/gtest.h>

#include "kernels/training/counts.hpp"
#include "kernels/training/operation.hpp"
#include "kernels/training/stage.hpp"
#include "tests/kernels/training/small_models.hpp"
#include "tests/topology/scratch.hpp"

namespace {

using fixtures::experts;
using fixtures::gpt;
using fixtures::latent;
using fixtures::llama;
using fixtures::plan;
using kernels::Axis;
using kernels::Collective;
using kernels::Layer;
using kernels::Model;
using kernels::Operation;
using kernels::Operations;
using kernels::Plan;
using kernels::Work;
using topology::Bytes;

double flops(const Operations& operations) {
  double sum = 0;
  for (const Operation& op : operations) {
    if (op.work == Work::matmul) sum += static_cast<double>(op.batch) * op.gemm.flops().value();
    if (op.work == Work::attention) sum += op.flops.value();
  }
  return sum;
}

double moved(const Operations& operations, Axis axis, Collective collective) {
  double sum = 0;
  for (const Operation& op : operations)
    if (op.work == Work::collective && op.axis == axis && op.collective == collective)
      sum += op.bytes.value();
  return sum;
}

// Times the ranks that share it, a layer's forward pass has the FLOPs that the model counts.
TEST(LayerWork, ForwardFlopsAreThoseOfTheCounts) {
  for (const Model& model : {gpt(), llama(), experts(), latent()})
    for (const std::int64_t tensor : {1, 2, 4, 8}) {
      const Plan p = plan(tensor, true);
      const Layer& layer = model.layers[0].layer;
      const double expected = static_cast<double>(p.tokens()) *
                              layer_flops(layer, model.hidden, p.sequence).total().value();
      // Latents are computed by every tensor rank.
      const double again = layer.attention.latent
                               ? static_cast<double>((tensor - 1) * p.tokens()) * 2 *
                                     static_cast<double>(model.hidden) * (256 + 128 + 32)
                               : 0;
      EXPECT_NEAR(static_cast<double>(tensor) * flops(layer_work(model, layer, p).forward),
                  expected + again,
                  1e-9 * expected)
          << tensor;
    }
}

// Queries that see a window only: w keys each but for the first w, or w / 2 in chunks (Llama 4).
TEST(LayerWork, AttentionOverWindows) {
  const Model model = llama();
  const Plan p = plan();  // 2048 tokens
  const auto attention = [&](std::int64_t window, bool chunked) {
    Layer layer = model.layers[0].layer;
    layer.attention.window = window;
    layer.attention.chunked = chunked;
    for (const Operation& op : layer_work(model, layer, p).forward)
      if (op.work == Work::attention) return op.flops.value();
    return 0.0;
  };
  const double of_a_key = 4.0 * 2048 * 2 * 16 * (64 + 64);  // b s 2 a (d + d)
  EXPECT_EQ(attention(0, false), 1024 * of_a_key);
  EXPECT_EQ(attention(512, false), (512 - 512 * 512 / 2 / 2048.0) * of_a_key);
  EXPECT_EQ(attention(512, true), 256 * of_a_key);
}

TEST(LayerWork, BackwardTakesTwiceTheMatmulsAndFiveHalvesOfAttention) {
  const Model model = llama();
  const kernels::LayerWork work = layer_work(model, model.layers[0].layer, plan());
  double attention = 0;
  for (const Operation& op : work.forward) attention += op.flops.value();
  const double matmuls = flops(work.forward) - attention;
  EXPECT_NEAR(flops(work.backward), matmuls + 2.5 * attention, 1);
  EXPECT_NEAR(flops(work.weights), matmuls, 1);
}

TEST(LayerWork, FullRecomputationIsOneMoreForwardPass) {
  const Model model = llama();
  Plan p = plan(2);
  const kernels::LayerWork kept = layer_work(model, model.layers[0].layer, p);
  p.recompute = kernels::Recompute::full;
  const kernels::LayerWork again = layer_work(model, model.layers[0].layer, p);
  EXPECT_NEAR(flops(again.backward), flops(kept.backward) + flops(kept.forward), 1);
}

// Korthikanti et al., arXiv:2205.05198, section 5: selective recomputation repeats scores and
// softmax, 2 b s^2 h FLOPs of the one matmul among them.
TEST(LayerWork, SelectiveRecomputationRepeatsTheScores) {
  const Model model = gpt();
  Plan p = plan();
  p.flash_attention = false;
  const double kept = flops(layer_work(model, model.layers[0].layer, p).backward);
  p.recompute = kernels::Recompute::selective;
  const double again = flops(layer_work(model, model.layers[0].layer, p).backward);
  EXPECT_NEAR(again - kept, 2.0 * 4 * 2048 * 2048 * 1024, 1);
}

// Megatron-LM: 2 all-reduces of s b h e forward and backward; with sequence parallelism 2
// all-gathers and 2 reduce-scatters each way.
TEST(LayerWork, TensorParallelVolumes) {
  const Model model = gpt();
  const Layer& layer = model.layers[0].layer;
  const double tensor = 2.0 * 4 * 2048 * 1024;  // bytes of s b h
  const kernels::LayerWork plain = layer_work(model, layer, plan(4));
  EXPECT_EQ(moved(plain.forward, Axis::tensor, Collective::all_reduce), 2 * tensor);
  EXPECT_EQ(moved(plain.backward, Axis::tensor, Collective::all_reduce), 2 * tensor);
  const kernels::LayerWork split = layer_work(model, layer, plan(4, true));
  for (const Collective collective : {Collective::all_gather, Collective::reduce_scatter}) {
    EXPECT_EQ(moved(split.forward, Axis::tensor, collective), 2 * tensor);
    EXPECT_EQ(moved(split.backward, Axis::tensor, collective), 2 * tensor);
  }
}

// PaLM, arXiv:2204.02311, section 2, and GPT-J: attention and MLP of the same input are summed in
// one all-reduce.
TEST(LayerWork, ParallelAttentionAndMlpAreSummedOnce) {
  const Model model = gpt();
  Layer layer = model.layers[0].layer;
  layer.parallel = true;
  const double tensor = 2.0 * 4 * 2048 * 1024;
  const kernels::LayerWork plain = layer_work(model, layer, plan(4));
  EXPECT_EQ(moved(plain.forward, Axis::tensor, Collective::all_reduce), tensor);
  EXPECT_EQ(moved(plain.backward, Axis::tensor, Collective::all_reduce), tensor);
  const kernels::LayerWork split = layer_work(model, layer, plan(4, true));
  for (const Collective collective : {Collective::all_gather, Collective::reduce_scatter}) {
    EXPECT_EQ(moved(split.forward, Axis::tensor, collective), tensor);
    EXPECT_EQ(moved(split.backward, Axis::tensor, collective), tensor);
  }
}

// Ring attention: c - 1 blocks of keys and values, 2 b (s / c) a_kv d e bytes each, twice backward.
TEST(LayerWork, ContextParallelBlocks) {
  const Model model = llama();
  Plan p = plan();
  p.context = 4;
  const kernels::LayerWork work = layer_work(model, model.layers[0].layer, p);
  const double block = 2.0 * 4 * (2048.0 / 4) * 8 * 64 * 2;
  const auto expect_one = [](const Operations& operations, double bytes) {
    int found = 0;
    for (const Operation& op : operations) {
      if (op.work != Work::transfer) continue;
      ++found;
      EXPECT_EQ(op.times, 3);
      EXPECT_EQ(op.bytes.value(), bytes);
      EXPECT_TRUE(op.beside);
    }
    EXPECT_EQ(found, 1);
  };
  expect_one(work.forward, block);
  expect_one(work.backward, 2 * block);
}

// DeepSpeed Ulysses, arXiv:2309.14509, section 3.2: queries, keys and values are 3 N h before
// attention and what comes of it N h after, shared by P ranks; as much backward. Of grouped queries
// keys and values are a_kv / a of that, and where they are fewer than ranks each gets a copy.
TEST(LayerWork, ContextParallelHeads) {
  Plan p = plan();
  p.context = 4;
  p.context_kind = kernels::ContextKind::ulysses;
  const double states = 2.0 * 4 * (2048.0 / 4) * 1024;  // e b (s / c) h
  const auto forward = [&p](Model model, std::int64_t key_value_heads) {
    Layer layer = model.layers[0].layer;
    layer.attention.key_value_heads = key_value_heads;
    const kernels::LayerWork work = layer_work(model, layer, p);
    const double bytes = moved(work.forward, Axis::context, Collective::all_to_all);
    EXPECT_EQ(moved(work.backward, Axis::context, Collective::all_to_all), bytes);
    return bytes;
  };
  EXPECT_EQ(forward(gpt(), 16), 4 * states);
  EXPECT_EQ(forward(llama(), 8), (2 + 2 * 8.0 / 16) * states);
  EXPECT_EQ(forward(llama(), 2), (2 + 2 * 4.0 / 16) * states);
}

// A rank of Ulysses has whole heads of queries; of keys and values as well, or a copy of one.
TEST(LayerWork, ContextParallelHeadsAreWhole) {
  Model model = llama();
  kernels::Attention& attention = model.layers[0].layer.attention;
  Plan p = plan();
  p.sequence = 3 * 2048;
  p.batch = p.micro_batch;
  p.context_kind = kernels::ContextKind::ulysses;
  const auto complaint = [&](std::int64_t heads, std::int64_t key_value, std::int64_t ranks) {
    attention.heads = heads;
    attention.key_value_heads = key_value;
    p.context = ranks;
    return fixtures::refusal([&] { check(p, model); });
  };
  EXPECT_EQ(complaint(24, 8, 8), "");
  EXPECT_EQ(complaint(24, 8, 24), "");
  EXPECT_EQ(complaint(24, 1, 6), "");
  fixtures::expect_mentions(complaint(24, 8, 48), "; 1, 2, 4, 8, 24 would do, or a ring");
  fixtures::expect_mentions(complaint(24, 8, 12), "24 heads of queries, 8 of keys and values");
  fixtures::expect_mentions(complaint(24, 8, 16), "cannot be ulysses");
  p.tensor = 4;
  fixtures::expect_mentions(complaint(32, 2, 16), "; 1, 2, 4, 8 would do");
  p.context_kind = kernels::ContextKind::ring;
  EXPECT_EQ(complaint(24, 8, 48), "");
}

// Dispatch and combine, forward and backward: 4 T k h e.
TEST(LayerWork, ExpertParallelVolume) {
  const Model model = experts();
  Plan p = plan();
  p.data = 8;
  p.expert = 8;
  const kernels::LayerWork work = layer_work(model, model.layers[0].layer, p);
  const double tokens = 4.0 * 2048;
  EXPECT_EQ(moved(work.forward, Axis::expert, Collective::all_to_all) +
                moved(work.backward, Axis::expert, Collective::all_to_all),
            4 * tokens * 2 * 1024 * 2);
}

// Tensor ranks share the tokens of experts. Without sequence parallelism each had all of them, and
// has to have all again: s b h e gathered.
TEST(LayerWork, TokensOfExpertsComeTogetherWithoutSequenceParallelism) {
  const Model model = experts();
  const double all = 4.0 * 2048 * 1024 * 2;
  const auto gathered = [&](const Plan& p) {
    const kernels::LayerWork work = layer_work(model, model.layers[0].layer, p);
    return moved(work.forward, Axis::tensor, Collective::all_gather);
  };
  EXPECT_EQ(gathered(plan()), 0);
  EXPECT_EQ(gathered(plan(4)), all);
  EXPECT_EQ(gathered(plan(4, true)), 2 * all);  // before attention and the shared expert
}

// Between groups a token goes once to each that it chooses, inside to each expert (DeepSeek-V3).
TEST(LayerWork, NodeLimitedRoutingCrossesOnceForEachGroup) {
  Model model = experts();
  model.layers[0].layer.experts->groups = 4;
  model.layers[0].layer.experts->groups_chosen = 1;
  Plan p = plan();
  p.data = 8;
  p.expert = 8;
  p.batch = 32;
  p.grouped_experts = true;
  check(p, model);
  const kernels::LayerWork work = layer_work(model, model.layers[0].layer, p);
  const double token = 4.0 * 2048 * 1024 * 2;
  EXPECT_EQ(moved(work.forward, Axis::expert_between, Collective::all_to_all), 2 * token);
  EXPECT_EQ(moved(work.forward, Axis::expert_inside, Collective::all_to_all), 2 * 2 * token);
  EXPECT_EQ(moved(work.forward, Axis::expert, Collective::all_to_all), 0);
  p.expert = 2;
  fixtures::expect_mentions(fixtures::refusal([&] { check(p, model); }), "groups");
}

// Experts over t tensor ranks do the same FLOPs, on the tokens of all ranks: T k h e gathered, and
// as much summed.
TEST(LayerWork, ExpertsOverTheTensorAxis) {
  const Model model = experts();
  const Layer& layer = model.layers[0].layer;
  Plan p = plan(4, true);
  p.data = 8;
  p.expert = 4;
  const kernels::LayerWork whole = layer_work(model, layer, p);
  p.split_experts = true;
  const kernels::LayerWork split = layer_work(model, layer, p);
  EXPECT_NEAR(flops(split.forward), flops(whole.forward), 1);
  const double chosen = 4.0 * 2048 * 2 * 1024 * 2;
  for (const Collective collective : {Collective::all_gather, Collective::reduce_scatter}) {
    EXPECT_EQ(moved(split.forward, Axis::tensor, collective) -
                  moved(whole.forward, Axis::tensor, collective),
              chosen);
    EXPECT_EQ(moved(split.backward, Axis::tensor, collective) -
                  moved(whole.backward, Axis::tensor, collective),
              chosen);
  }
  EXPECT_EQ(moved(split.forward, Axis::expert, Collective::all_to_all),
            moved(whole.forward, Axis::expert, Collective::all_to_all));
}

// The last norm is split as those of the layers are (Korthikanti et al., section 4.2.2).
TEST(HeadWork, ItsNormIsSplitWithTheTokens) {
  const auto norm = [](const Plan& p) {
    const kernels::LayerWork work = head_work(gpt(), p);
    return work.forward.front().bytes.value();
  };
  EXPECT_EQ(norm(plan(4)), norm(plan()));
  EXPECT_EQ(norm(plan(4, true)), norm(plan()) / 4);
}

}  // namespace
