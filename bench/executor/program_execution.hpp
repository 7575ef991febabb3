// A program as MPI messages between the buffers of this rank.
#pragma once

#include <cstdint>
#include <memory>

#include "bench/executor/operation.hpp"
#include "kernels/collective/program.hpp"

namespace bench {

/// Elements that a program can move: whole ones in every cell. At most `count`, rounded down.
/// @throws Error(usage) where that is none
[[nodiscard]] std::int64_t whole_elements(const kernels::Program& program, std::int64_t count);

/// @param payload of whole elements in every cell
[[nodiscard]] std::unique_ptr<Operation> make_operation(const kernels::Program& program,
                                                        const Payload& payload);

}  // namespace bench
