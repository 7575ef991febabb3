#include <chrono>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "bench/doctor/examine.hpp"
#include "bench/executor/cpu_share.hpp"

namespace bench {
namespace {

constexpr double noticeable = 0.05;  ///< share of all CPU time that shows in medians

Finding load_finding(double share) {
  const std::string says =
      fmt::format("other processes take {:.0f} % of this host's CPU time", 100 * share);
  if (share < noticeable) return {"other load", Grade::good, says, "", ""};
  return {"other load", Grade::warn, says + ": measurements will scatter", "top -o %CPU", ""};
}

Finding steal_finding(double share) {
  const std::string says =
      fmt::format("the hypervisor gives {:.0f} % to other guests", 100 * share);
  if (share < noticeable) return {"steal", Grade::good, says, "", ""};
  return {"steal", Grade::warn, says + ": repeat measurements", "vmstat 1", ""};
}

}  // namespace

std::vector<Finding> examine_load() {
  const CpuClocks before = cpu_clocks();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const CpuClocks after = cpu_clocks();
  const double total = after.total - before.total;
  if (total <= 0) return {{"other load", Grade::good, "the system does not tell", "", ""}};
  const double own = after.own - before.own;
  return {load_finding((after.busy - before.busy - own) / total),
          steal_finding((after.stolen - before.stolen) / total)};
}

}  // namespace bench
