#include "bench/executor/mpi.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <thread>

#include <mpi.h>
#include <omp.h>

namespace bench {
namespace {

std::string_view from_environment(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr) return value;
  return {};
}

/// Threads of several ranks that wait for each other on the same cores, spinning, take a hundred
/// times as long. A rank that is bound to fewer cores keeps to these.
void share_cores(unsigned long each) {
  if (std::getenv("OMP_NUM_THREADS") != nullptr) return;
  omp_set_num_threads(std::clamp(static_cast<int>(each), 1, omp_get_num_procs()));
}

}  // namespace

int launched_rank() {
  const auto rank =
      from_environment({"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "SLURM_PROCID", "PMI_RANK"});
  return rank.empty() ? -1 : std::atoi(std::string(rank).c_str());
}

bool speaks_before_init() {
  return launched_rank() <= 0;
}

MpiSession::MpiSession() {
  if (launched_rank() < 0) return;
  // More ranks than cores without this run a thousand times slower. mpirun sets it when it knows;
  // srun and explicit host lists do not. Harmless when there are cores enough for all but latency,
  // so only where ranks outnumber cores.
  const auto local = from_environment({"OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE"});
  const unsigned cores = std::thread::hardware_concurrency();
  const unsigned long ranks =
      local.empty() ? 1 : std::max(1UL, std::strtoul(std::string(local).c_str(), nullptr, 10));
  if (ranks > cores) setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  share_cores(cores / ranks);
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

MpiSession::~MpiSession() {
  // MPI_Finalize waits for the other ranks; one that is unwinding must not.
  if (running() && (std::uncaught_exceptions() == 0 || size_ == 1)) MPI_Finalize();
}

bool MpiSession::running() {
  int initialised = 0;
  int finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  return initialised != 0 && finalised == 0;
}

std::string MpiSession::library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  return {text.data(), static_cast<std::size_t>(length)};
}

void MpiSession::wait_idle() {
  if (!running()) return;
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  for (int done = 0; done == 0;) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::string MpiSession::share(std::string text) {
  if (!running()) return text;
  auto length = static_cast<long>(text.size());
  MPI_Bcast(&length, 1, MPI_LONG, 0, MPI_COMM_WORLD);
  text.resize(static_cast<std::size_t>(length));
  MPI_Bcast(text.data(), static_cast<int>(length), MPI_CHAR, 0, MPI_COMM_WORLD);
  return text;
}

void MpiSession::end() {
  if (running()) MPI_Finalize();
}

bool MpiSession::ended() {
  int finalised = 0;
  MPI_Finalized(&finalised);
  return finalised != 0;
}

void MpiSession::abort(int code) {
  if (running()) MPI_Abort(MPI_COMM_WORLD, code);
}

}  // namespace bench
