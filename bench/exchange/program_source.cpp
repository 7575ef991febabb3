#include "bench/exchange/program_source.hpp"

#include <map>
#include <string_view>

#include <fmt/format.h>

#include "bench/exchange/msccl_import.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

constexpr std::string_view msccl_prefix = "msccl:";

/// What verification keeps of every cell.
double verification_bytes(const kernels::Program& program) {
  const auto ranks = static_cast<double>(program.ranks);
  return ranks * static_cast<double>(2 * program.cells() + program.scratch) * (24 + ranks / 8);
}

}  // namespace

kernels::Program read_msccl(const std::string& path) {
  constexpr double most_bytes = 4e9;
  kernels::Program program = program_of(read_msccl_file(path));
  if (const double bytes = verification_bytes(program); bytes > most_bytes)
    topology::usage_error(
        fmt::format("{}: verifying {} ranks with {} chunks takes {:.1f} GB of memory, which is "
                    "done up to {:.0f}",
                    path,
                    program.ranks,
                    program.cells(),
                    bytes / 1e9,
                    most_bytes / 1e9));
  if (const kernels::Verdict verdict = kernels::verify(program); !verdict.ok)
    topology::usage_error(fmt::format(
        "{}: this is no {}: {}", path, kernels::info(program.collective).name, verdict.reason));
  return program;
}

bool is_program(const std::string& algorithm) {
  return algorithm.starts_with(msccl_prefix);
}

std::string program_path(const std::string& algorithm) {
  return algorithm.substr(msccl_prefix.size());
}

std::string program_at(const std::string& path) {
  return std::string(msccl_prefix) + path;
}

const kernels::Program& program_named(const std::string& algorithm,
                                      kernels::Collective collective) {
  static std::map<std::string, kernels::Program> known;
  const std::string path = program_path(algorithm);
  const auto found = known.find(path);
  const kernels::Program& program =
      found != known.end() ? found->second : known.emplace(path, read_msccl(path)).first->second;
  if (program.collective != collective)
    topology::usage_error(fmt::format("{}: this is an algorithm of {}, not of {}",
                                      path,
                                      kernels::info(program.collective).name,
                                      kernels::info(collective).name));
  return program;
}

}  // namespace bench
