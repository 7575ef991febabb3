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

  void connections() const {
    std::map<std::pair<MscclConnection, bool>, std::size_t> lines;
    for (std::size_t g = 0; g < algorithm_.gpus.size(); ++g)
      for (const MscclBlock& b : algorithm_.gpus[g].blocks) {
        const auto own = static_cast<std::int64_t>(g);
        for (const bool out : {true, false}) {
          const std::int64_t peer = out ? b.send : b.receive;
          if (peer < 0) continue;
          if (peer == own)
            fail_in_line(algorithm_, b.line, fmt::format("gpu {} is its own peer", g));
          const MscclConnection way{out ? own : peer, out ? peer : own, b.channel};
          if (const auto [at, is_new] = lines.try_emplace({way, out}, b.line); !is_new)
            fail_in_line(
                algorithm_,
                b.line,
                fmt::format("gpu {}: a second thread block {} gpu {} on channel {}, the first is "
                            "in line {}",
                            g,
                            out ? "sends to" : "receives from",
                            peer,
                            b.channel,
                            at->second));
        }
      }
  }

  void waits() const {
    for (const MscclGpu& gpu : algorithm_.gpus)
      for (const MscclBlock& b : gpu.blocks)
        for (const MscclStep& step : b.steps) {
          if (sends(step.action) && b.send < 0)
            fail_in_line(algorithm_, step.line, "sends, but its thread block has send=\"-1\"");
          if (receives(step.action) && b.receive < 0)
            fail_in_line(algorithm_, step.line, "receives, but its thread block has recv=\"-1\"");
          if (step.waits_for_block >= 0) wait(gpu, step);
        }
  }

 private:
  void wait(const MscclGpu& gpu, const MscclStep& step) const {
    const auto on = static_cast<std::size_t>(step.waits_for_block);
    if (on >= gpu.blocks.size())
      fail_in_line(
          algorithm_,
          step.line,
          fmt::format("depid=\"{}\": its gpu has {} thread blocks", on, gpu.blocks.size()));
    const auto& steps = gpu.blocks[on].steps;
    if (step.waits_for_step < 0 || static_cast<std::size_t>(step.waits_for_step) >= steps.size())
      fail_in_line(
          algorithm_,
          step.line,
          fmt::format(
              "deps=\"{}\": thread block {} has {} steps", step.waits_for_step, on, steps.size()));
    if (!steps[static_cast<std::size_t>(step.waits_for_step)].is_waited_for)
      fail_in_line(algorithm_,
                   step.line,
                   fmt::format("waits for step {} of thread block {}, whose hasdep is not 1",
                               step.waits_for_step,
                               on));
  }

  const MscclAlgorithm& algorithm_;
};

}  // namespace

void fail_in_line(const MscclAlgorithm& algorithm, std::size_t line, const std::string& what) {
  topology::usage_error(fmt::format("{}:{}: {}", algorithm.path, line, what));
}

void check_msccl(const MscclAlgorithm& algorithm) {
  const MscclChecks checks(algorithm);
  checks.connections();
  checks.waits();
}

}  // namespace bench
