// A program as Chakra's execution traces, one for each rank.
#pragma once

#include <string>

#include "bench/exchange/goal.hpp"
#include "kernels/collective/program.hpp"

namespace bench {

/// Writes NAME.RANK.et. What ranks wait for, and tags, are as in GOAL; what is added up or copied
/// on arrival is a node that computes, for no time where `options` do not say how long it takes. In
/// a round sends have the lower numbers: a reader with room for one message at a time, which takes
/// nodes in their order, does not wait for itself.
/// @param program of a known count of elements
/// @throws Error(environment) where a file cannot be written, or without Protobuf
void write_chakra(const std::string& name,
                  const kernels::Program& program,
                  const GoalOptions& options);

}  // namespace bench
