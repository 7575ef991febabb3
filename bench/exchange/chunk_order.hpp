// Which steps of an algorithm of MSCCL come before which, and whether two that use the same chunk,
// one of them writing, come in an order at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "bench/exchange/msccl_file.hpp"
#include "kernels/collective/program.hpp"

namespace bench {

struct StepId {
  std::size_t gpu = 0;
  std::size_t block = 0;
  std::size_t step = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes a defaulted <=> for a 0
  friend auto operator<=>(const StepId&, const StepId&) = default;
};

/// Steps are told in an order in which each can begin.
class ChunkOrder {
 public:
  /// Keeps the algorithm by reference.
  explicit ChunkOrder(const MscclAlgorithm& algorithm);

  void begin(const StepId& step);
  /// What a step receives was sent by another.
  void receive(const StepId& step, const StepId& sent);

  /// @return a step that uses one of these chunks before or after this one: nobody knows
  std::optional<StepId> use(const StepId& step,
                            const kernels::Spot& place,
                            std::int64_t count,
                            bool writes);

 private:
  /// Of one chunk.
  struct Uses {
    std::optional<StepId> written;
    std::vector<StepId> read;  ///< since
  };

  /// Steps of each thread block of the same GPU that have ended before, through waits on it alone.
  using LocalClock = std::vector<std::size_t>;

  [[nodiscard]] bool before(const StepId& first, const StepId& step) const;
  [[nodiscard]] bool before_through_others(const StepId& first, const StepId& step) const;

  [[nodiscard]] const MscclStep& at(const StepId& step) const {
    return algorithm_.gpus[step.gpu].blocks[step.block].steps[step.step];
  }

  const MscclAlgorithm& algorithm_;
  std::vector<std::vector<LocalClock>> clocks_;  ///< by GPU and thread block
  std::map<StepId, LocalClock> kept_;            ///< of steps that others wait for
  std::map<StepId, StepId> sent_;                ///< by receiving step
  std::vector<std::map<std::pair<kernels::Buffer, std::int64_t>, Uses>> uses_;  ///< by GPU
};

}  // namespace bench
