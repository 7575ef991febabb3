#include "bench/exchange/msccl_check.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace bench {
namespace {

class MscclChecks {
 public:
  explicit MscclChecks(const MscclAlgorithm& algorithm) : algorithm_(algorithm) {}

  void connections() {
    for (std::size_t g = 0; g < algorithm_.gpus.size(); ++g)
      for (const MscclBlock& block : algorithm_.gpus[g].blocks)
        for (const bool out : {true, false}) connection(static_cast<std::int64_t>(g), block, out);
  }

  void steps() const {
    for (const MscclGpu& gpu : algorithm_.gpus)
      for (const MscclBlock& block : gpu.blocks)
        for (const MscclStep& step : block.steps) {
          peers(block, step);
          if (step.waits_for_block >= 0) wait(gpu, step);
        }
  }

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    fail_in_line(algorithm_, line, what);
  }

  void connection(std::int64_t gpu, const MscclBlock& block, bool out) {
    const std::int64_t peer = out ? block.send : block.receive;
    if (peer < 0) return;
    if (peer == gpu) fail(block.line, fmt::format("gpu {} is its own peer", gpu));
    const MscclConnection way{out ? gpu : peer, out ? peer : gpu, block.channel};
    const auto [at, is_new] = lines_.try_emplace({way, out}, block.line);
    if (is_new) return;
    fail(block.line,
         fmt::format(
             "gpu {}: a second thread block {} gpu {} on channel {}, the first is in line {}",
             gpu,
             out ? "sends to" : "receives from",
             peer,
             block.channel,
             at->second));
  }

  void peers(const MscclBlock& block, const MscclStep& step) const {
    if (sends(step.action) && block.send < 0)
      fail(step.line, R"(sends, but its thread block has send="-1")");
    if (receives(step.action) && block.receive < 0)
      fail(step.line, R"(receives, but its thread block has recv="-1")");
  }

  void wait(const MscclGpu& gpu, const MscclStep& step) const {
    const auto on = static_cast<std::size_t>(step.waits_for_block);
    if (on >= gpu.blocks.size())
      fail(step.line,
           fmt::format("depid=\"{}\": its gpu has {} thread blocks", on, gpu.blocks.size()));
    const auto& steps = gpu.blocks[on].steps;
    if (step.waits_for_step < 0 || static_cast<std::size_t>(step.waits_for_step) >= steps.size())
      fail(step.line,
           fmt::format(
               "deps=\"{}\": thread block {} has {} steps", step.waits_for_step, on, steps.size()));
    if (!steps[static_cast<std::size_t>(step.waits_for_step)].is_waited_for)
      fail(step.line,
           fmt::format("waits for step {} of thread block {}, whose hasdep is not 1",
                       step.waits_for_step,
                       on));
  }

  const MscclAlgorithm& algorithm_;
  std::map<std::pair<MscclConnection, bool>, std::size_t> lines_;  ///< of either end
};

}  // namespace

void fail_in_line(const MscclAlgorithm& algorithm, std::size_t line, const std::string& what) {
  topology::usage_error(fmt::format("{}:{}: {}", algorithm.path, line, what));
}

void check_msccl(const MscclAlgorithm& algorithm) {
  MscclChecks checks(algorithm);
  checks.connections();
  checks.steps();
}

}  // namespace bench
