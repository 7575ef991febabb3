#include "bench/program/surroundings.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "bench/executor/host_ranks.hpp"
#include "bench/executor/ping_pong.hpp"
#include "bench/executor/ranks.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

/// Where ranks share cores a cache line waits for the scheduler: that is no distance. The same on
/// all ranks. Collective.
bool cores_of_one_host() {
  return on_one_host() && world().size > 1 && !CpuWatch().share().oversubscribed();
}

}  // namespace

std::string text_of_shares(const CpuShare& cpu) {
  return fmt::format("other processes took {:.0f} % of this host's CPU time, other guests {:.0f} %",
                     100 * cpu.foreign,
                     100 * cpu.stolen);
}

void record_shares(ResultFile& file, const char* group, const CpuShare& cpu) {
  file.attribute(group, "foreign_cpu_share", cpu.foreign);
  file.attribute(group, "stolen_cpu_share", cpu.stolen);
}

Surroundings::Surroundings()
    : cores_of_one_host_(cores_of_one_host()), before_(now()), before_point_(before_) {}

topology::Seconds Surroundings::now() const {
  return cores_of_one_host_ ? core_to_core() : CoreToCore().after;
}

CoreToCore Surroundings::around_point() {
  const topology::Seconds after = now();
  return {std::exchange(before_point_, after), after};
}

Surroundings::Seen Surroundings::end() const {
  const CpuShare cpu = watch_.share();
  return {{before_, now()}, cpu};
}

std::string Surroundings::Seen::text() const {
  std::string lines;
  if (core_to_core.known())
    lines = fmt::format("# a cache line takes {} from core to core before, {} after\n",
                        topology::format(core_to_core.before),
                        topology::format(core_to_core.after));
  lines += fmt::format("# {} rank{} on {} core{}{}; {}\n",
                       cpu.ranks,
                       cpu.ranks == 1 ? "" : "s",
                       cpu.cores,
                       cpu.cores == 1 ? "" : "s",
                       cpu.oversubscribed() ? ", oversubscribed" : "",
                       text_of_shares(cpu));
  return lines;
}

void Surroundings::Seen::record(ResultFile& file) const {
  constexpr const char* host = "measured/host";
  file.attribute(host, "ranks", std::int64_t{cpu.ranks});
  file.attribute(host, "cores_of_ranks", std::int64_t{cpu.cores});
  record_shares(file, host, cpu);
  if (!core_to_core.known()) return;
  file.attribute(host, "core_to_core_before", core_to_core.before.value());
  file.attribute(host, "core_to_core_after", core_to_core.after.value());
}

}  // namespace bench
