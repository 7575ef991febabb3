// The run file: what `rainier run` measures and models. TOML, strict: unknown keys, wrong types and
// names that do not exist are errors with file and line, found before anything starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/executor/datatype.hpp"
#include "bench/program/sweep.hpp"
#include "kernels/collective/collective.hpp"
#include "kernels/matmul/gemm.hpp"
#include "topology/chip.hpp"
#include "topology/machine.hpp"

namespace bench {

struct Shape {
  std::string label;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;

  [[nodiscard]] kernels::Gemm gemm(topology::DataType type) const { return {m, n, k, type}; }
};

struct MeasuredCollectives {
  std::vector<kernels::Collective> collectives;
  std::vector<std::int64_t> sizes;
  topology::DataType type = topology::DataType::f32;
  Operator op = Operator::sum;
  std::string algorithm = "auto";
  int warmup = 5;
  int samples = 20;
  bool against_mpi = false;  ///< MPI's own call in turns with ours
  bool per_rank = false;     ///< each rank's own samples into a file beside the results
};

struct MeasuredMatmuls {
  std::vector<topology::DataType> types;
  std::vector<Shape> shapes;
  int repetitions = 5;
};

struct ModelledCollectives {
  std::vector<topology::Machine> systems;
  std::vector<kernels::Collective> collectives;
  std::vector<std::int64_t> chips;
  std::vector<std::int64_t> sizes;
  topology::DataType type = topology::DataType::bf16;
  std::string algorithm = "auto";
  bool links = false;  ///< single links into the results file as well
};

struct ModelledMatmuls {
  std::vector<topology::Chip> chips;
  std::vector<topology::DataType> types;
  std::vector<Shape> shapes;
};

struct RunFile {
  std::string text;  ///< verbatim
  std::string title;
  std::optional<MeasuredCollectives> measured_collectives;
  std::optional<MeasuredMatmuls> measured_matmuls;
  std::optional<ModelledCollectives> modelled_collectives;
  std::optional<ModelledMatmuls> modelled_matmuls;

  /// Files of algorithms that it names.
  [[nodiscard]] std::vector<std::string> programs() const;

  [[nodiscard]] bool measures() const { return measured_collectives || measured_matmuls; }
};

/// @throws Error(usage) with file, line and what was expected
[[nodiscard]] RunFile load_run_file(const std::string& path);

}  // namespace bench
