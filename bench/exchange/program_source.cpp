#include "bench/exchange/program_source.hpp"

#include <map>
#include <string_view>

#include <fmt/format.h>

#include "bench/exchange/msccl_import.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

constexpr std::string_view msccl_prefix = "msccl:";

}  // namespace

bool is_program(const std::string& algorithm) {
  return algorithm.starts_with(msccl_prefix);
}

const kernels::Program& program_named(const std::string& algorithm,
                                      kernels::Collective collective) {
  static std::map<std::string, kernels::Program> known;
  const std::string path = algorithm.substr(msccl_prefix.size());
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
