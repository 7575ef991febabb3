// Libraries that multiply matrices, too: those that this machine has, loaded beside each other
// without their names clashing. None is needed to build.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/matmul/gemm.hpp"

namespace bench {

/// Multiplies the same A by the same B into the same C, again and again.
using Multiply = std::function<void()>;

struct Peer {
  std::string name;
  std::string version;
  bool prepacked = false;  ///< B is put into the library's own order first
  /// Row-major, in the shape's types. Empty where the library refuses.
  std::function<Multiply(const kernels::Gemm& shape, const void* a, const void* b, void* c)>
      prepare;
};

/// Sets what the libraries read when they are loaded, OpenMP's among them: does so once, by
/// starting the program `argv` anew.
void set_peer_environment(char** argv);

/// As it is now, as text.
[[nodiscard]] std::string peer_environment();

/// OpenBLAS, BLIS and Eigen for f32 and f64, oneDNN for f32, bf16 and i8.
[[nodiscard]] std::vector<Peer> load_peers(topology::DataType type, int threads);

}  // namespace bench
