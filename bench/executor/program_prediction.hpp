// The reader that computes, of a program: every message on every link that it crosses. Where all
// ranks do alike it comes to the same as `predict` of a schedule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/executor/message_route.hpp"
#include "bench/executor/predict.hpp"
#include "kernels/collective/program.hpp"
#include "topology/machine.hpp"

namespace bench {

/// What one round takes, as ScheduleCost has it: it ends when its slowest message has arrived.
struct ProgramRoundTime {
  std::size_t level = 0;  ///< that is slowest
  topology::Seconds latency;
  topology::Seconds transfer;
  topology::Seconds reduction;

  [[nodiscard]] topology::Seconds total() const { return latency + transfer + reduction; }
};

/// Loads of links, ports and memories, chip by chip.
class LinkLoads {
 public:
  explicit LinkLoads(const topology::Machine& machine);

  /// A message of `size`, or what a rank copies or adds up for itself.
  void add(const kernels::Message& message, topology::Bytes size);
  void accumulate(const LinkLoads& other);

  [[nodiscard]] ProgramRoundTime time() const;
  /// As topology::Traffic has them.
  [[nodiscard]] std::vector<topology::LinkClass> classes() const;

 private:
  struct Load {
    bool used = false;
    std::array<std::vector<double>, 2> bytes;  ///< by chip
    std::vector<double> messages;              ///< sent, by chip
    std::vector<double> gaps;                  ///< between them
    topology::Seconds latency;
  };

  [[nodiscard]] std::optional<topology::LinkClass> link_class(std::size_t level,
                                                              std::size_t direction) const;
  [[nodiscard]] double heaviest(std::size_t level, std::size_t direction) const;
  [[nodiscard]] topology::Seconds transfer(std::size_t level, std::size_t direction) const;
  [[nodiscard]] topology::Seconds issue(std::size_t level) const;
  [[nodiscard]] topology::Seconds memory_busy() const;

  const topology::Machine* machine_;
  std::vector<Load> loads_;
  std::vector<double> touched_;  ///< bytes of each chip's memory
  std::vector<double> reduced_;
};

[[nodiscard]] std::vector<ProgramRoundTime> round_times(const kernels::Program& program,
                                                        const topology::Machine& machine,
                                                        topology::Bytes size);

/// Levels of the machine need not be what the program was made for.
/// @throws Error(usage) where it has another number of chips
[[nodiscard]] Prediction predict(const kernels::Program& program,
                                 const topology::Machine& machine,
                                 topology::Bytes size);

}  // namespace bench
