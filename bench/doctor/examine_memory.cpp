#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "bench/doctor/command_output.hpp"
#include "bench/doctor/examine.hpp"

namespace bench {
namespace {

constexpr double mebibyte = 1 << 20;
constexpr double gibibyte = 1 << 30;

/// "MemAvailable:   12345 kB" of /proc/meminfo, in bytes.
double memory_line(const std::string& key) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::string name;
    double kibibytes = 0;
    std::istringstream(line) >> name >> kibibytes;
    if (name == key + ":") return kibibytes * 1024;
  }
  return 0;
}

/// What a control group grants; infinite where there is none.
double memory_granted() {
  double bytes = 0;
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"})
    if (std::istringstream(first_line(path)) >> bytes) return bytes;
  return std::numeric_limits<double>::infinity();
}

Finding memory_finding() {
  const double available = std::min(memory_line("MemAvailable"), memory_granted());
  const std::string says = fmt::format(
      "{:.1f} of {:.1f} GiB available", available / gibibyte, memory_line("MemTotal") / gibibyte);
  // A collective of 64 MiB takes some ten vectors a rank.
  if (available >= 2 * gibibyte) return {"memory", Grade::good, says, "", ""};
  return {"memory",
          available < gibibyte / 4 ? Grade::bad : Grade::warn,
          says + ": large vectors will not fit",
          "rainier collective all_reduce -e 4M …",
          ""};
}

Finding limit_finding() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return {"address space", Grade::good, "no limit (ulimit -v)", "", ""};
  const auto bytes = static_cast<double>(limit.rlim_cur);
  const bool little = bytes < 4 * gibibyte;
  return {"address space",
          !little            ? Grade::good
          : bytes < gibibyte ? Grade::bad
                             : Grade::warn,
          fmt::format("limited to {:.2f} GiB (ulimit -v){}",
                      bytes / gibibyte,
                      little ? "; MPI and vectors take more" : ""),
          little ? "ulimit -v unlimited" : "",
          ""};
}

Finding shared_finding() {
  struct statvfs room {};

  if (statvfs("/dev/shm", &room) != 0)
    return {"shared memory",
            Grade::bad,
            "there is no /dev/shm: ranks cannot share memory",
            "mount -t tmpfs -o size=2G tmpfs /dev/shm",
            ""};
  const double free = static_cast<double>(room.f_bavail) * static_cast<double>(room.f_frsize);
  const std::string says = fmt::format("{:.0f} MiB free in /dev/shm", free / mebibyte);
  if (free >= 512 * mebibyte) return {"shared memory", Grade::good, says, "", ""};
  return {"shared memory",
          free < 16 * mebibyte ? Grade::bad : Grade::warn,
          says + ": vectors above a tenth of it will not fit",
          "mount -o remount,size=2G /dev/shm   (docker run --shm-size=2g)",
          ""};
}

}  // namespace

std::vector<Finding> examine_memory() {
  return {memory_finding(), limit_finding(), shared_finding()};
}

}  // namespace bench
