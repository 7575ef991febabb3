// What a measurement has to say about the host it ran on.
#pragma once

#include <string>

namespace bench {

struct Host {
  std::string name;
  std::string cpu;     ///< model name
  std::string kernel;  ///< "Linux 6.1.0 x86_64"
  int packages = 0;
  int numa_nodes = 0;
  int cores = 0;
  int threads = 0;      ///< hardware threads
  std::string caches;   ///< "L3 1 x 32 MiB, L2 2 x 1 MiB, …"
  std::string binding;  ///< hardware threads this process may use, "0-1"
};

/// What cannot be found out is 0 or empty.
[[nodiscard]] Host this_host();

}  // namespace bench
