#include "bench/exchange/chakra_step.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/exchange/chakra_file.hpp"
#include "bench/exchange/whole_micros.hpp"
#include "bench/training/step_graph.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

/// Of a chip and those that it communicates with.
class Peers {
 public:
  Peers(const Group& group, std::int64_t chip)
      : stride_(group.stride()),
        members_(group.members()),
        first_(chip - chip / stride_ % members_ * stride_),
        mine_(chip / stride_ % members_) {}

  [[nodiscard]] std::int64_t chip(std::int64_t member) const { return first_ + member * stride_; }

  [[nodiscard]] std::int64_t hop(std::int64_t by) const {
    return chip((mine_ + by + members_) % members_);
  }

  [[nodiscard]] std::int64_t members() const { return members_; }

  [[nodiscard]] std::tuple<std::int64_t, std::int64_t, std::int64_t> key() const {
    return {first_, stride_, members_};
  }

 private:
  std::int64_t stride_;
  std::int64_t members_;
  std::int64_t first_;
  std::int64_t mine_;
};

/// Numbered from 1: 0 is all ranks to ASTRA-sim.
class NumberedGroups {
 public:
  std::string number(const Peers& peers) {
    const auto [found, fresh] = numbers_.try_emplace(peers.key(), numbers_.size() + 1);
    std::string number = std::to_string(found->second);
    if (fresh)
      for (std::int64_t m = 0; m < peers.members(); ++m) json_[number].push_back(peers.chip(m));
    return number;
  }

  void write(const std::string& path) const {
    std::ofstream file(path);
    file << json_.dump() << '\n';
    file.close();
    if (!file) throw topology::Error(topology::ErrorKind::environment, path + " cannot be written");
  }

 private:
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::size_t> numbers_;
  nlohmann::ordered_json json_ = nlohmann::ordered_json::object();
};

std::string label(const StepNode& node) {
  constexpr std::array passes{"forward", "backward", "weights"};
  if (node.pass == nullptr) return node.work->name;
  return fmt::format("{} of micro-batch {}, chunk {}: {}",
                     passes.at(static_cast<std::size_t>(node.pass->pass)),
                     node.pass->micro_batch,
                     node.pass->chunk,
                     node.work->name);
}

class ChipTrace {
 public:
  ChipTrace(const std::string& name, std::int64_t chip, NumberedGroups& groups)
      : file_(fmt::format("{}.{}.et", name, chip)), chip_(chip), groups_(groups) {}

  void write(const StepNode& node) {
    const WorkNode& work = *node.work;
    ChakraNode out;
    out.id = node.id;
    out.name = label(node);
    out.after = node.after;
    out.bytes = std::llround(work.bytes.value());
    if (work.kind == NodeKind::compute || work.kind == NodeKind::host) {
      out.on_host = work.kind == NodeKind::host;
      out.operations = std::llround(work.flops.value());
      out.micros = (out.on_host ? host_ : chip_time_).of(work.time);
    } else if (work.kind == NodeKind::collective) {
      add_collective(out, work);
    } else {
      add_message(out, node);
    }
    file_.write(out);
  }

  void close() { file_.close(); }

 private:
  /// The size of an all-gather is what a rank has before.
  void add_collective(ChakraNode& out, const WorkNode& work) {
    const Peers peers(*work.group, chip_);
    out.kind = ChakraKind::collective;
    out.collective = work.collective;
    out.group = groups_.number(peers);
    out.micros = network_.of(work.time);
    if (work.collective == kernels::Collective::all_gather)
      out.bytes = std::llround(work.bytes.value() / static_cast<double>(peers.members()));
  }

  /// What is received takes the time of what is sent.
  void add_message(ChakraNode& out, const StepNode& node) {
    const bool sends = node.work->kind == NodeKind::send;
    const std::int64_t other = Peers(*node.work->group, chip_).hop(node.work->hop);
    out.kind = sends ? ChakraKind::send : ChakraKind::receive;
    out.from = sends ? chip_ : other;
    out.to = sends ? other : chip_;
    out.tag = node.tag;
    if (sends) out.micros = network_.of(node.work->time);
  }

  ChakraFile file_;
  std::int64_t chip_;
  NumberedGroups& groups_;
  WholeMicros chip_time_;
  WholeMicros host_;
  WholeMicros network_;
};

/// Refused where there are more files, or nodes in them, than a simulator can be given.
void check_amount(const StepGraph& graph, std::int64_t ranks, std::int64_t chips_each) {
  constexpr std::int64_t most_files = 4096;
  constexpr std::int64_t most_nodes = 20'000'000;
  const std::int64_t files = ranks * chips_each;
  if (files > most_files)
    topology::usage_error(fmt::format(
        "{} ranks: there is a file for each, up to {} without --force; choose fewer --chips, or "
        "--chakra-ranks pipeline",
        files,
        most_files));
  std::int64_t nodes = 0;
  for (std::int64_t r = 0; r < ranks; ++r)
    graph.walk(r, [&](const StepNode&) { nodes += chips_each; });
  if (nodes > most_nodes)
    topology::usage_error(
        fmt::format("{} nodes in {} files, up to {} without --force: choose a smaller --gbs",
                    nodes,
                    files,
                    most_nodes));
}

}  // namespace

std::int64_t write_chakra_step(const Job& job, const ChakraStepOptions& options) {
  Groups groups;
  const StepGraph graph(job, groups);
  const std::int64_t ranks = job.plan.pipeline;
  const std::int64_t stage = job.plan.chips() / ranks;
  const std::int64_t each = options.all_ranks ? stage : 1;
  if (!options.force) check_amount(graph, ranks, each);
  NumberedGroups numbered;
  for (std::int64_t r = 0; r < ranks; ++r)
    for (std::int64_t i = 0; i < each; ++i) {
      ChipTrace trace(options.name, r * stage + i, numbered);
      graph.walk(r, [&trace](const StepNode& node) { trace.write(node); });
      trace.close();
    }
  numbered.write(options.name + ".json");
  return ranks * each;
}

}  // namespace bench
