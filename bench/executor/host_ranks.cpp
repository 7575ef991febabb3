#include "bench/executor/host_ranks.hpp"

#include <cstdlib>
#include <exception>
#include <numeric>

#include "bench/executor/ranks.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

/// 0: nothing is pretended.
int pretended_ranks_per_host() {
  const char* const text = std::getenv("RAINIER_RANKS_PER_HOST");
  if (text == nullptr) return 0;
  const long ranks = std::strtol(text, nullptr, 10);
  if (ranks < 1) topology::usage_error("RAINIER_RANKS_PER_HOST: expected a number from 1 on");
  return static_cast<int>(ranks);
}

MPI_Comm split_by_host() {
  const int each = pretended_ranks_per_host();
  const int rank = world().rank;
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host);
  if (each == 0) return host;
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(host, rank / each, rank, &part);
  MPI_Comm_free(&host);
  return part;
}

std::vector<int> places_in(MPI_Comm host) {
  std::vector<int> ranks(static_cast<std::size_t>(world().size));
  std::iota(ranks.begin(), ranks.end(), 0);
  std::vector<int> places(ranks.size());
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Group here = MPI_GROUP_NULL;
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  MPI_Comm_group(host, &here);
  MPI_Group_translate_ranks(all, world().size, ranks.data(), here, places.data());
  MPI_Group_free(&here);
  MPI_Group_free(&all);
  for (int& place : places)
    if (place == MPI_UNDEFINED) place = HostRanks::elsewhere;
  return places;
}

int over_all(int value, MPI_Op op) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, op, MPI_COMM_WORLD);
  return value;
}

}  // namespace

HostRanks::HostRanks() : comm_(split_by_host()), places_(places_in(comm_)) {
  int size = 0;
  MPI_Comm_size(comm_, &size);
  most_ = over_all(size, MPI_MAX);
  const int rank = world().rank;
  const int first = rank - rank % most_;
  const auto place = [&](int of) { return places_[static_cast<std::size_t>(of)]; };
  const bool in_order = world().size % most_ == 0 && place(first) == 0 &&
                        place(rank) == rank - first && place(first + most_ - 1) == most_ - 1;
  on_each_ = over_all(in_order ? most_ : 0, MPI_MIN);
  if (on_each_ > 0) MPI_Comm_split(MPI_COMM_WORLD, place(rank), rank, &peers_);
}

HostRanks::~HostRanks() {
  // Others may wait for a rank that is unwinding; it must not wait for them, see MpiSession.
  if (std::uncaught_exceptions() > 0) return;
  if (peers_ != MPI_COMM_NULL) MPI_Comm_free(&peers_);
  MPI_Comm_free(&comm_);
}

bool on_one_host() {
  return HostRanks().most() == world().size;
}

}  // namespace bench
