#include "bench/program/measured_host.hpp"

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "bench/executor/mpi.hpp"
#include "bench/record/host.hpp"
#include "bench/record/provenance.hpp"

namespace bench {
namespace {

/// argv as the kernel keeps it.
std::vector<std::string> arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> all;
  for (std::string argument; std::getline(file, argument, '\0');) all.push_back(argument);
  return all;
}

}  // namespace

void record_measuring_host(ResultFile& file) {
  const Host host = this_host();
  file.text(file.of_this_part("provenance/manifest"),
            manifest_json({arguments(), MpiSession::library(), std::chrono::system_clock::now()}));
  file.attribute("measured/host", "name", host.name);
  file.attribute("measured/host", "cpu", host.cpu);
  file.attribute("measured/host", "cores", std::int64_t{host.cores});
  file.attribute("measured/host", "caches", host.caches);
}

void record_end(ResultFile& file) {
  file.attribute("provenance", "end", iso_time(std::chrono::system_clock::now()));
}

}  // namespace bench
