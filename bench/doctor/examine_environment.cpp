#include <array>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "bench/doctor/examine.hpp"

namespace bench {
namespace {

struct Steering {
  const char* variable;
  const char* effect;
};

constexpr std::array steering{
    Steering{"GOMP_CPU_AFFINITY", "binds threads"},
    Steering{"HDF5_USE_FILE_LOCKING", "file locking of HDF5"},
    Steering{"LD_LIBRARY_PATH", "other libraries may be loaded"},
    Steering{"LD_PRELOAD", "other libraries are loaded first"},
    Steering{"MKL_NUM_THREADS", "threads of MKL"},
    Steering{"OMPI_MCA_btl", "transports of Open MPI"},
    Steering{"OMPI_MCA_coll", "collectives of Open MPI"},
    Steering{"OMPI_MCA_hwloc_base_binding_policy", "binding of ranks"},
    Steering{"OMPI_MCA_pml", "transports of Open MPI"},
    Steering{"OMP_NUM_THREADS", "threads of a rank's matmuls"},
    Steering{"OMP_PROC_BIND", "binds threads"},
    Steering{"OPENBLAS_CORETYPE", "which kernels OpenBLAS picks, a peer of bench_matmul_peers"},
    Steering{"OPENBLAS_NUM_THREADS", "threads of OpenBLAS"},
    Steering{"RAINIER_DATA", "other chips and systems than those shipped"},
    Steering{"RAINIER_FIT_MAXBYTES", "fits of this machine end at smaller exchanges"},
    Steering{"RAINIER_OTHERS", "says whether ranks are far from each other, with no trial"},
    Steering{"RAINIER_RANKS_PER_HOST", "pretends that a few ranks have a host for themselves"},
    Steering{"UCX_TLS", "transports of UCX"},
};

/// mpirun gives ranks variables of its own.
bool set_by_launcher(const std::string& variable) {
  const char* const launched = std::getenv("OMPI_COMM_WORLD_SIZE");
  return launched != nullptr && variable.starts_with("OMPI_MCA_");
}

}  // namespace

std::vector<Finding> examine_environment() {
  std::vector<Finding> all;
  for (const Steering& row : steering) {
    const char* const value = std::getenv(row.variable);
    if (value == nullptr || *value == '\0' || set_by_launcher(row.variable)) continue;
    all.push_back({"environment",
                   Grade::warn,
                   fmt::format("{}={}: {}", row.variable, value, row.effect),
                   fmt::format("unset {}", row.variable),
                   ""});
  }
  if (all.empty())
    all.push_back({"environment", Grade::good, "no variable steers the speed", "", ""});
  return all;
}

std::vector<Finding> examine_host(const std::string& folder) {
  std::vector<Finding> all;
  for (const auto& part : {examine_mpi(),
                           examine_cores(),
                           examine_load(),
                           examine_memory(),
                           examine_files(folder),
                           examine_python(),
                           examine_environment()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace bench
