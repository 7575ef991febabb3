// What can be said against an algorithm of MSCCL before it is run.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/exchange/msccl_file.hpp"

namespace bench {

/// From one GPU to another.
struct MscclConnection {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t channel = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes a defaulted <=> for a 0
  friend auto operator<=>(const MscclConnection&, const MscclConnection&) = default;
};

/// @throws Error(usage) where two thread blocks share a connection, where one sends or receives
/// without a peer, and where it waits for a step that is not there or does not say so
void check_msccl(const MscclAlgorithm& algorithm);

[[noreturn]] void fail_in_line(const MscclAlgorithm& algorithm,
                               std::size_t line,
                               const std::string& what);

}  // namespace bench
