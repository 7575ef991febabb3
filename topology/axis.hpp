// An axis of a parallel job: chips a stride apart, that work as one group among many alike.
#pragma once

#include <cstdint>

#include "topology/machine.hpp"

namespace topology {

/// What the chips i, i + stride, …, i + (members - 1) stride have to themselves while all groups of
/// that kind work side by side: `group` over the parts of levels that they cover. Switched levels
/// can be cut anywhere. Of a ring an axis may take
///   the first members    a line: what goes around comes back over the same links, at half the rate
///   every n-th member    n such groups share each link, and a message passes n of them
/// @throws Error(usage) where the axis does not divide the levels; says which counts do
[[nodiscard]] Machine axis(const Machine& machine, std::int64_t stride, std::int64_t members);

}  // namespace topology
