// The groups of chips that communicate in training jobs on one machine, and how long that takes
// them. What is known of them stays for the next plan, whatever of it is the same.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/executor/candidates.hpp"
#include "bench/training/spending.hpp"
#include "topology/machine.hpp"

namespace bench {

/// Chips a stride apart, as topology::axis has them.
class Group {
 public:
  Group(const topology::Machine& whole, std::int64_t stride, std::int64_t members);
  Group(const Group&) = delete;
  Group(Group&&) = delete;
  Group& operator=(const Group&) = delete;
  Group& operator=(Group&&) = delete;
  ~Group() = default;

  [[nodiscard]] const topology::Machine& machine() const { return machine_; }

  [[nodiscard]] std::int64_t stride() const { return stride_; }

  [[nodiscard]] std::int64_t members() const { return members_; }

  /// `algorithm` as in `predict`; always the same one.
  [[nodiscard]] const Taken& collective(kernels::Collective collective,
                                        topology::Bytes size,
                                        const std::string& algorithm);

  /// To the next member, over the slowest level that neighbours cross.
  [[nodiscard]] Taken transfer(topology::Bytes size) const;

 private:
  using Call = std::pair<kernels::Collective, double>;

  [[nodiscard]] Taken predicted(const Call& call, const std::string& algorithm);
  /// Times by level of the group at the levels of the whole machine.
  [[nodiscard]] Taken spread(topology::Seconds time,
                             const std::vector<topology::Seconds>& by_level) const;

  topology::Machine machine_;
  std::int64_t stride_;
  std::int64_t members_;
  std::size_t levels_;                 ///< of the whole machine
  std::vector<std::size_t> level_of_;  ///< there, of each level of the group; last: of none
  std::map<kernels::Collective, Candidates> candidates_;
  std::map<Call, Taken> known_;
};

class Groups {
 public:
  /// From now on those of this machine, with this algorithm. Groups that came from here before stay
  /// good where both are the same in all that counts for the time of a collective.
  void use(const topology::Machine& machine, const std::string& algorithm);

  /// @throws Error(usage) where they do not divide the levels, see topology::axis
  [[nodiscard]] Group& group(const topology::Machine& machine,
                             std::int64_t stride,
                             std::int64_t members);

 private:
  std::vector<double> figures_;
  std::string names_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::unique_ptr<Group>> groups_;
};

}  // namespace bench
