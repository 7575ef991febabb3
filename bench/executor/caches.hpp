// How much the caches of this host hold.
#pragma once

#include <cstddef>

namespace bench {

/// Data caches of a core: its own largest one (L2), and the last one, which cores share.
struct Caches {
  std::size_t own = 1U << 20U;
  std::size_t last = 32U << 20U;
};

/// What hwloc finds; where it finds none, what they usually are. Not sysconf: glibc 2.36 takes the
/// last cache of a virtual EPYC for 320 MiB that has 32.
[[nodiscard]] const Caches& caches();

}  // namespace bench
