#include "bench/program/surroundings.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "bench/executor/host_ranks.hpp"
#include "bench/executor/ping_pong.hpp"
#include "bench/executor/ranks.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

bool pairs_on_one_host() {
  return on_one_host() && world().size > 1;
}

}  // namespace

Surroundings::Surroundings() : one_host_(pairs_on_one_host()) {
  if (one_host_) before_ = core_to_core();
}

Surroundings::Seen Surroundings::end() const {
  Seen seen;
  seen.one_host = one_host_;
  seen.before = before_;
  seen.cpu = watch_.share();
  if (one_host_) seen.after = core_to_core();
  return seen;
}

std::string Surroundings::Seen::text() const {
  std::string lines;
  if (one_host)
    lines = fmt::format("# a cache line takes {} from core to core before, {} after\n",
                        topology::format(before),
                        topology::format(after));
  lines += fmt::format(
      "# {} rank{} on {} core{}{}; other processes took {:.0f} % of this host's CPU "
      "time, other guests {:.0f} %\n",
      cpu.ranks,
      cpu.ranks == 1 ? "" : "s",
      cpu.cores,
      cpu.cores == 1 ? "" : "s",
      cpu.oversubscribed() ? ", oversubscribed" : "",
      100 * cpu.foreign,
      100 * cpu.stolen);
  return lines;
}

void Surroundings::Seen::record(ResultFile& file) const {
  constexpr const char* host = "measured/host";
  file.attribute(host, "ranks", std::int64_t{cpu.ranks});
  file.attribute(host, "cores_of_ranks", std::int64_t{cpu.cores});
  file.attribute(host, "foreign_cpu_share", cpu.foreign);
  file.attribute(host, "stolen_cpu_share", cpu.stolen);
  if (!one_host) return;
  file.attribute(host, "core_to_core_before", before.value());
  file.attribute(host, "core_to_core_after", after.value());
}

}  // namespace bench
