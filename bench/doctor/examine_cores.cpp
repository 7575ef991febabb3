#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <sched.h>

#include "bench/doctor/command_output.hpp"
#include "bench/doctor/examine.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/record/host.hpp"
#include "kernels/matmul/blocked.hpp"

namespace bench {
namespace {

std::string counted(int number, const std::string& noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

Finding core_finding(const Host& host) {
  return {"cores",
          Grade::good,
          fmt::format("{}: {} with {}, {}",
                      host.cpu.empty() ? "unknown CPU" : host.cpu,
                      counted(host.cores, "core"),
                      counted(host.threads, "hardware thread"),
                      counted(host.numa_nodes, "NUMA node")),
          "",
          ""};
}

/// CPUs that a container's quota leaves, in the words of cgroup v2 or v1; 0: no limit.
double cpu_quota() {
  std::string quota;
  double period = 0;
  std::istringstream(first_line("/sys/fs/cgroup/cpu.max")) >> quota >> period;
  if (quota.empty()) {
    quota = first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::istringstream(first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us")) >> period;
  }
  double granted = 0;
  std::istringstream(quota) >> granted;
  return granted > 0 && period > 0 ? granted / period : 0;
}

Finding quota_finding(const Host& host) {
  const double quota = cpu_quota();
  if (quota <= 0) return {"CPU limit", Grade::good, "none by a control group", "", ""};
  if (quota >= host.threads)
    return {"CPU limit", Grade::good, fmt::format("{:g} CPUs by a control group", quota), "", ""};
  return {
      "CPU limit",
      Grade::warn,
      fmt::format("a control group grants {:g} of {} hardware threads and pauses who takes more",
                  quota,
                  host.threads),
      fmt::format("mpirun -np {} …", std::max(1, static_cast<int>(quota))),
      ""};
}

/// A rank is bound by its launcher; this process alone should not be.
Finding binding_finding(const Host& host) {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  sched_getaffinity(0, sizeof mine, &mine);
  const int usable = CPU_COUNT(&mine);
  if (launched_rank() >= 0 || usable >= host.threads)
    return {"binding", Grade::good, "hardware threads " + host.binding, "", ""};
  return {"binding",
          Grade::warn,
          fmt::format("only {} of {} hardware threads ({}): ranks will share them",
                      usable,
                      host.threads,
                      host.binding),
          fmt::format("taskset -c 0-{} rainier …", host.threads - 1),
          ""};
}

Finding vector_finding() {
  const std::string unit = kernels::simd_target();
  const bool none = unit == "SCALAR" || unit.starts_with("EMU");
  return {"vector units",
          none ? Grade::warn : Grade::good,
          fmt::format("kernels use {} for f32, {} for bf16",
                      unit,
                      kernels::simd_target(topology::DataType::bf16)),
          none ? "lscpu | grep Flags" : "",
          ""};
}

Finding frequency_finding() {
  const std::string folder = "/sys/devices/system/cpu/cpu0/cpufreq/";
  const std::string governor = first_line(folder + "scaling_governor");
  if (governor.empty())
    return {
        "frequency", Grade::good, "the system shows no control of it (a virtual machine?)", "", ""};
  if (governor == "performance") return {"frequency", Grade::good, "governor performance", "", ""};
  return {"frequency",
          Grade::warn,
          "governor " + governor + ": the first samples may be slow",
          "cpupower frequency-set -g performance",
          ""};
}

}  // namespace

std::vector<Finding> examine_cores() {
  const Host host = this_host();
  return {core_finding(host),
          quota_finding(host),
          binding_finding(host),
          vector_finding(),
          frequency_finding()};
}

}  // namespace bench
