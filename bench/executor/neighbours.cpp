#include "bench/executor/neighbours.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <mpi.h>

#include "bench/executor/combine.hpp"
#include "bench/executor/far_trial.hpp"
#include "bench/executor/past_cache.hpp"

namespace bench {
namespace {

constexpr std::size_t slot_bytes = 128 << 10;
constexpr int fan_bytes = 8;

}  // namespace

Neighbours::Neighbours(MPI_Comm group, Lowering lowering, std::size_t largest)
    : group_(group), out_(largest), in_(largest) {
  MPI_Comm_rank(group, &rank_);
  MPI_Comm_size(group, &ranks_);
  next_ = (rank_ + 1) % ranks_;
  previous_ = (rank_ + ranks_ - 1) % ranks_;
  if (lowering != Lowering::host) return;
  window_.emplace(slot_bytes, group);
  far_ = FarTrial(slot_bytes, group).far();
}

void Neighbours::fan(int messages) {
  std::vector<MPI_Request> requests(2 * static_cast<std::size_t>(messages));
  auto request = requests.begin();
  for (int m = 0; m < messages; ++m) {
    const int away = m % (ranks_ - 1) + 1;
    const int from = (rank_ + ranks_ - away) % ranks_;
    MPI_Irecv(&in_[fan_bytes * static_cast<std::size_t>(m)],
              fan_bytes,
              MPI_BYTE,
              from,
              0,
              group_,
              &*request++);
    MPI_Isend(out_.data(), fan_bytes, MPI_BYTE, (rank_ + away) % ranks_, 0, group_, &*request++);
  }
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
}

void Neighbours::exchange(std::size_t bytes, bool add) {
  if (window_)
    through_memory(bytes, add);
  else
    by_message(static_cast<int>(bytes), add);
}

void Neighbours::by_message(int bytes, bool add) {
  std::array<MPI_Request, 2> requests{};
  MPI_Irecv(in_.data(), bytes, MPI_BYTE, previous_, 0, group_, requests.data());
  MPI_Isend(out_.data(), bytes, MPI_BYTE, next_, 0, group_, &requests[1]);
  MPI_Waitall(2, requests.data(), MPI_STATUSES_IGNORE);
  const std::array<const std::byte*, 2> both{out_.data(), in_.data()};
  if (add)
    combine(topology::DataType::f32,
            Operator::sum,
            {out_.data()},
            both,
            static_cast<std::size_t>(bytes));
}

void Neighbours::through_memory(std::size_t bytes, bool add) {
  for (std::size_t at = 0; at < bytes; at += slot_bytes) {
    const std::size_t part = std::min(slot_bytes, bytes - at);
    if (step_ >= window_->slots()) window_->wait_for(next_, step_ - window_->slots() + 2);
    copy_into({window_->slot(window_->rank(), step_), far_ && bytes >= least_past_cache},
              &out_[at],
              part);
    window_->publish(++step_);
    window_->wait_for(previous_, step_);
    const std::byte* arrived = window_->slot(previous_, step_ - 1);
    const std::array<const std::byte*, 2> both{&out_[at], arrived};
    if (add)
      combine(topology::DataType::f32, Operator::sum, {&in_[at]}, both, part);
    else
      std::memcpy(&in_[at], arrived, part);
  }
}

}  // namespace bench
