// Machines of the published tables, which give a chip, how many, how they share servers and the
// rate of the network.
#pragma once

#include <cstdint>
#include <string>

#include "topology/machine.hpp"

namespace bench {

/// Where a measurement was made. What is 0 was not published: the system file has it.
struct PublishedSite {
  std::string chip;            ///< as the tables name it: "H100-80"
  std::int64_t chips = 0;      ///< ranks
  std::int64_t node_size = 0;  ///< of these in one fast domain: a server, an NVL72, a slice
  double net_gbps = 0;         ///< of the network between them, Gbit/s a chip
  std::string where{};         ///< names of software and links, which may have figures of their own
};

struct PublishedMachine {
  topology::Machine machine;
  std::string algorithm;      ///< what its library would choose, for `predict`: "nccl" or "auto"
  double ranks_per_chip = 1;  ///< that bring as many bytes each to one chip of the machine
};

/// Ranks are spread evenly: over as large domains as divide them, at most the full ones.
/// @throws Error(usage) for a chip without a system, with the names that have one, and where ranks
/// that share a chip do not divide
[[nodiscard]] PublishedMachine published_machine(const PublishedSite& site);

/// The machine alone.
[[nodiscard]] topology::Machine published_machine(const std::string& chip,
                                                  std::int64_t chips,
                                                  std::int64_t node_size,
                                                  double net_gbps);

/// Chips that share a fast domain where all of it is used. @throws as published_machine
[[nodiscard]] std::int64_t full_domain(const PublishedSite& site);

/// Are servers joined to one fast domain, so that a table's count of nodes says nothing of it?
[[nodiscard]] bool domain_spans_servers(const std::string& chip);

}  // namespace bench
