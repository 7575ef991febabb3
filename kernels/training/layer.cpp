// The operations of a layer. Bytes of element-wise work count each tensor that is read or written,
// with the usual fusions: bias, dropout and residual in one, activation and gate in one, scale,
// mask and softmax in one (Korthikanti et al., arXiv:2205.05198, section 4, names the tensors).
#include <algorithm>
#include <string_view>

#include "kernels/training/counts.hpp"
#include "kernels/training/operation.hpp"
#include "kernels/training/passes.hpp"

namespace kernels {
namespace {

using topology::Flops;

class LayerWriter {
 public:
  LayerWriter(const Model& model, const Layer& layer, const Plan& plan)
      : model_(model),
        layer_(layer),
        plan_(plan),
        passes_(plan),
        element_(topology::size_of(plan.type).value()),
        tokens_(plan.tokens()),
        split_(plan.sequence_parallel ? plan.tensor : 1) {}

  LayerWork write() {
    norm("norm");
    attention();
    if (!layer_.parallel) {  // else both are summed at once (PaLM, arXiv:2204.02311, section 2)
      leave("sum of attention");
      residual();
      norm("norm");
    }
    if (layer_.experts)
      experts(*layer_.experts);
    else
      dense(layer_.mlp, !layer_.parallel);
    residual();
    return passes_.take();
  }

 private:
  /// Bytes of `width` elements for each token of this rank.
  [[nodiscard]] double bytes(std::int64_t width) const {
    return element_ * static_cast<double>(tokens_) * static_cast<double>(width);
  }

  /// Outside attention and MLP, where sequence parallelism splits the tokens.
  [[nodiscard]] double outside() const {
    return bytes(model_.hidden) / static_cast<double>(split_);
  }

  void norm(const char* name) { passes_.elementwise(name, 2 * outside(), 3 * outside()); }

  void residual() { passes_.elementwise("residual", 3 * outside(), 2 * outside()); }

  /// Into a block that the tensor axis shares, after the matmul that needs it: in chunks it may run
  /// beside that one. Without sequence parallelism all have the input, and its gradient is summed
  /// backward.
  void enter(const char* name) {
    if (plan_.tensor == 1 || !plan_.sequence_parallel) return;
    passes_.collective(
        name, Collective::all_gather, Axis::tensor, bytes(model_.hidden), plan_.overlap_tensor);
  }

  /// An all-reduce stands for that of the forward pass here and the one of `enter` backward.
  void leave(const char* name) {
    if (plan_.tensor == 1) return;
    passes_.collective(
        name,
        plan_.sequence_parallel ? Collective::reduce_scatter : Collective::all_reduce,
        Axis::tensor,
        bytes(model_.hidden),
        plan_.overlap_tensor);
  }

  [[nodiscard]] std::int64_t of_rank(std::int64_t width) const {
    return std::max<std::int64_t>(1, width / plan_.tensor);
  }

  /// Keys and values may be fewer than the ranks: each has one copy at least.
  [[nodiscard]] std::int64_t key_value_heads() const {
    return of_rank(layer_.attention.key_value_heads);
  }

  void projections() {
    const Attention& a = layer_.attention;
    if (!a.latent) {
      const std::int64_t width =
          of_rank(a.heads) * a.head_size + key_value_heads() * (a.head_size + a.value_size);
      passes_.linear("query, key, value", tokens_, width, model_.hidden);
      enter("gather of the input");
      return;
    }
    const Latent& l = *a.latent;
    const std::int64_t query = of_rank(a.heads) * (a.head_size + l.rotary);
    const std::int64_t down = l.query_rank + l.key_value_rank + l.rotary;
    passes_.linear("latents", tokens_, down, model_.hidden);
    enter("gather of the input");
    passes_.elementwise("norm of the latents", 2 * bytes(down), 3 * bytes(down));
    if (l.query_rank > 0)
      passes_.linear("query", tokens_, query, l.query_rank);
    else
      passes_.linear("query", tokens_, query, model_.hidden);
    passes_.linear(
        "key, value", tokens_, of_rank(a.heads) * (a.head_size + a.value_size), l.key_value_rank);
  }

  [[nodiscard]] std::int64_t query_size() const {
    const Attention& a = layer_.attention;
    return a.head_size + (a.latent ? a.latent->rotary : 0);
  }

  void attention() {
    const Attention& a = layer_.attention;
    projections();
    const std::int64_t turned = (of_rank(a.heads) + key_value_heads()) * query_size();
    if (model_.positions == 0)
      passes_.elementwise("rotation", 2 * bytes(turned), 2 * bytes(turned));
    if (plan_.context > 1 && plan_.context_kind == ContextKind::ulysses)
      exchange_heads("heads for tokens", of_rank(a.heads) * query_size() + keys_and_values());
    if (plan_.flash_attention)
      flash();
    else
      scores();
    if (plan_.context > 1 && plan_.context_kind == ContextKind::ulysses)
      exchange_heads("tokens for heads", of_rank(a.heads) * a.value_size);
    passes_.linear("output", tokens_, model_.hidden, of_rank(a.heads) * a.value_size);
  }

  /// Elements of a token that go around: each of the ranks gets one head of them at least.
  [[nodiscard]] std::int64_t keys_and_values() const {
    return std::max(key_value_heads(), plan_.context) *
           (query_size() + layer_.attention.value_size);
  }

  /// Every rank has all heads of its tokens, and then all tokens of its heads, or the other way.
  void exchange_heads(const char* name, std::int64_t width) {
    passes_.collective(name, Collective::all_to_all, Axis::context, bytes(width), false);
  }

  /// Keys that a query sees, on average.
  [[nodiscard]] double seen() const {
    return keys_per_query(
        layer_.attention, plan_.sequence, plan_.causal ? Scores::causal : Scores::full);
  }

  void flash() {
    const Attention& a = layer_.attention;
    const auto heads = static_cast<double>(of_rank(a.heads));
    const auto size = static_cast<double>(query_size() + a.value_size);
    const std::int64_t moved = of_rank(a.heads) * (query_size() + a.value_size) +
                               key_value_heads() * (query_size() + a.value_size);
    passes_.attention("attention",
                      Flops(2 * static_cast<double>(tokens_) * seen() * size * heads),
                      seen(),
                      bytes(moved));
    if (plan_.context > 1 && plan_.context_kind == ContextKind::ring)
      passes_.ring("keys and values",
                   Axis::context,
                   bytes(key_value_heads() * (query_size() + a.value_size)),
                   plan_.context - 1);
  }

  /// As four operations through memory; nothing above the diagonal is skipped.
  void scores() {
    const Attention& a = layer_.attention;
    const std::int64_t batch = plan_.micro_batch * of_rank(a.heads);
    const std::int64_t queries = plan_.sequence / plan_.context;
    const double all = static_cast<double>(batch) * static_cast<double>(queries) *
                       static_cast<double>(plan_.sequence);
    const double masked = all * (2 * element_ + 1);  // dropout: with a mask of bytes
    passes_.product("scores", queries, plan_.sequence, query_size(), batch);
    passes_.elementwise("softmax", 2 * element_ * all, 3 * element_ * all);
    passes_.elementwise("dropout of the scores", masked, masked);
    passes_.product("values", queries, a.value_size, plan_.sequence, batch);
  }

  void dense(const Mlp& mlp, bool alone) {
    const std::int64_t width = of_rank(mlp.width);
    passes_.linear("up", tokens_, (mlp.gated ? 2 : 1) * width, model_.hidden);
    if (alone) enter("gather of the input");
    activation(mlp, bytes(width));
    passes_.linear("down", tokens_, model_.hidden, width);
    leave("sum of the MLP");
  }

  void activation(const Mlp& mlp, double of_width) {
    passes_.elementwise(
        "activation", (mlp.gated ? 3 : 2) * of_width, (mlp.gated ? 5 : 3) * of_width);
  }

  /// Tokens are split over the tensor axis, as sequence parallelism leaves them. Each expert is
  /// whole on its rank (expert tensor parallelism 1), or split over that axis, too, whose ranks
  /// then gather their tokens.
  void experts(const Experts& e) {
    const std::int64_t mine = std::max<std::int64_t>(1, tokens_ / plan_.tensor);
    const std::int64_t here = std::max<std::int64_t>(1, e.count / plan_.expert);
    const std::int64_t split = plan_.split_experts ? plan_.tensor : 1;
    const std::int64_t width = std::max<std::int64_t>(1, e.expert.width / split);
    const double moved =
        static_cast<double>(mine * e.chosen) * element_ * static_cast<double>(model_.hidden);
    const auto copies = static_cast<double>(mine * e.chosen * split);
    passes_.linear("router", mine, e.count, model_.hidden);
    passes_.elementwise("order by expert", 2 * moved, 2 * moved);
    exchange_tokens("to the experts", moved);
    if (split > 1) share_tokens("tokens of the experts", Collective::all_gather, copies);
    const auto each = static_cast<std::int64_t>(
        std::max(1.0, copies * plan_.expert_imbalance / static_cast<double>(here)));
    passes_.linear("experts, up", each, (e.expert.gated ? 2 : 1) * width, model_.hidden, here);
    activation(e.expert, copies * element_ * static_cast<double>(width));
    passes_.linear("experts, down", each, model_.hidden, width, here);
    if (split > 1) share_tokens("sum of the experts", Collective::reduce_scatter, copies);
    exchange_tokens("from the experts", moved);
    passes_.elementwise("order by token", 2 * moved, 2 * moved);
    if (plan_.tensor > 1 && !plan_.sequence_parallel)  // all need all tokens again
      passes_.collective(
          "tokens of all ranks", Collective::all_gather, Axis::tensor, bytes(model_.hidden), false);
    if (e.shared.width > 0) dense(e.shared, true);
  }

  void share_tokens(const char* name, Collective collective, double copies) {
    const double all = copies * element_ * static_cast<double>(model_.hidden);
    passes_.collective(name, collective, Axis::tensor, all, false);
  }

  void exchange_tokens(const char* name, double moved) {
    if (plan_.expert == 1) return;
    const auto exchange = [&](Axis axis, double bytes) {
      passes_.collective(name, Collective::all_to_all, axis, bytes, plan_.overlap_expert);
    };
    if (!plan_.grouped_experts) {
      exchange(Axis::expert, moved);
      return;
    }
    const auto groups = static_cast<double>(layer_.experts->groups_chosen);
    const auto experts = static_cast<double>(layer_.experts->chosen);
    exchange(Axis::expert_between, moved * std::min(1.0, groups / experts));
    exchange(Axis::expert_inside, moved);
  }

  const Model& model_;
  const Layer& layer_;
  const Plan& plan_;
  Passes passes_;
  double element_;
  std::int64_t tokens_;
  std::int64_t split_;
};

}  // namespace

LayerWork layer_work(const Model& model, const Layer& layer, const Plan& plan) {
  LayerWork work = LayerWriter(model, layer, plan).write();
  if (plan.recompute != Recompute::selective || plan.flash_attention) return work;
  // Scores and softmax come again; the matmul of the values needs them only.
  Operations again;
  for (const Operation& op : work.forward)
    for (const char* name : {"scores", "softmax", "dropout of the scores"})
      if (std::string_view(op.name) == name) again.push_back(op);
  work.backward.insert(work.backward.begin(), again.begin(), again.end());
  return work;
}

LayerWork embedding_work(const Model& model, const Plan& plan) {
  Passes passes(plan);
  const double out = topology::size_of(plan.type).value() * static_cast<double>(plan.tokens()) *
                     static_cast<double>(model.hidden);
  passes.elementwise("embedding", 2 * out, 3 * out);
  if (plan.tensor > 1)
    passes.collective("sum of the embedding",
                      plan.sequence_parallel ? Collective::reduce_scatter : Collective::all_reduce,
                      Axis::tensor,
                      out,
                      false);
  return passes.take();
}

LayerWork head_work(const Model& model, const Plan& plan) {
  Plan exact = plan;
  exact.matmul = plan.type;  // logits stay in 16 bits
  exact.recompute = Recompute::none;
  Passes passes(exact);
  const double element = topology::size_of(plan.type).value();
  const auto tokens = static_cast<double>(plan.tokens());
  const double in = element * tokens * static_cast<double>(model.hidden);
  const std::int64_t words = std::max<std::int64_t>(1, model.vocabulary / plan.tensor);
  const double logits = tokens * static_cast<double>(words);
  const double normed = in / static_cast<double>(plan.sequence_parallel ? plan.tensor : 1);
  passes.elementwise("norm", 2 * normed, 3 * normed);
  if (plan.tensor > 1 && plan.sequence_parallel)
    passes.collective("gather of the input", Collective::all_gather, Axis::tensor, in, false);
  if (plan.tensor > 1 && !plan.sequence_parallel)
    passes.summed_backward("sum of the input's gradient", Axis::tensor, in);
  passes.linear("logits", plan.tokens(), words, model.hidden);
  // Into f32, largest, exponentials, sum: 2 + 4, 4, 4 + 4; backward 4 + 2.
  passes.elementwise("loss", 18 * logits, 6 * logits);
  return passes.take();
}

}  // namespace kernels
