// Algorithms that are programs of others: "msccl:FILE".
#pragma once

#include <memory>
#include <string>

#include "kernels/collective/program.hpp"

namespace bench {

/// A file of MSCCL, run without data and verified.
/// @throws Error(usage), see read_msccl_file and program_of; also where it does not do what it
/// promises
[[nodiscard]] kernels::Program read_msccl(const std::string& path);

[[nodiscard]] bool is_program(const std::string& algorithm);

/// The FILE of "msccl:FILE", and back.
[[nodiscard]] std::string program_path(const std::string& algorithm);
[[nodiscard]] std::string program_at(const std::string& path);

/// Read and verified once in the life of this process.
/// @throws Error(usage), see read_msccl; also where it is not the collective that is asked for
[[nodiscard]] const kernels::Program& program_named(const std::string& algorithm,
                                                    kernels::Collective collective);

}  // namespace bench
