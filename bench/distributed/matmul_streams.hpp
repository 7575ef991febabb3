// Blocks of a distributed matmul on their way to one rank and from it, step by step.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <type_traits>
#include <vector>

#include <mpi.h>

#include "bench/distributed/grid_communicators.hpp"
#include "bench/distributed/matmul_elements.hpp"
#include "kernels/distributed/distributed_matmul.hpp"
#include "kernels/matmul/gemm.hpp"

namespace bench {

using Requests = std::vector<MPI_Request>;

/// What both kinds of streams know.
template <class Element>
class Stream {
 protected:
  using Program = kernels::DistributedMatmul;

  Stream(const Program& program, kernels::Matrix matrix, const GridCommunicators& grid)
      : program_(program),
        matrix_(matrix),
        travel_(program.travel(matrix)),
        place_(grid.place()),
        line_(grid.line(program.travel(matrix).line)),
        layers_(grid.layers()) {}

  [[nodiscard]] std::int64_t turn(std::int64_t step) const {
    return kernels::turn(program_, place_, step);
  }

  /// Under which a block is kept.
  [[nodiscard]] std::int64_t key(std::int64_t turn) const {
    return program_.turns(matrix_) ? turn : 0;
  }

  [[nodiscard]] kernels::MatrixBlock block(std::int64_t turn) const {
    return kernels::block(program_, matrix_, kernels::cell(program_, place_, turn));
  }

  [[nodiscard]] std::size_t count(std::int64_t turn) const {
    return static_cast<std::size_t>(block(turn).elements());
  }

  /// Member of the line, so many further on.
  [[nodiscard]] int neighbour(std::int64_t distance) const {
    const std::int64_t all = kernels::members(program_, matrix_);
    return static_cast<int>((kernels::member(program_, matrix_, place_) + distance + all) % all);
  }

  [[nodiscard]] int tag() const { return static_cast<int>(matrix_); }

  void post_send(std::span<const Element> block, int to, Requests& requests) const {
    MPI_Isend(block.data(), bytes(block), MPI_BYTE, to, tag(), line_, &requests.emplace_back());
  }

  void post_receive(std::span<Element> block, int from, Requests& requests) const {
    MPI_Irecv(block.data(), bytes(block), MPI_BYTE, from, tag(), line_, &requests.emplace_back());
  }

  [[nodiscard]] static int bytes(std::span<const Element> block) {
    return static_cast<int>(block.size_bytes());
  }

  const Program& program_;
  kernels::Matrix matrix_;
  kernels::Travel travel_;
  kernels::Place place_;
  MPI_Comm line_;
  MPI_Comm layers_;
};

/// A or B.
template <class Element>
class OperandStream : Stream<Element> {
  using Base = Stream<Element>;
  using Base::bytes, Base::count, Base::key, Base::neighbour, Base::turn;
  using Base::line_, Base::matrix_, Base::place_, Base::program_, Base::travel_;

 public:
  OperandStream(const kernels::DistributedMatmul& program,
                kernels::Matrix matrix,
                const GridCommunicators& grid)
      : Base(program, matrix, grid) {
    const bool still = travel_.motion == kernels::Motion::still;
    for (std::int64_t q = 0; q < program.turn.parts; ++q)
      if (still || owner(q) == neighbour(0))
        if (const auto [at, fresh] = home_.try_emplace(key(q)); fresh) at->second = first_values(q);
  }

  /// Until the block of step 0 is here.
  void begin() {
    moved_ = 0;
    for (auto& [q, block] : home_) {
      MPI_Bcast(block.data(), bytes(block), MPI_BYTE, 0, this->layers_);
      if (place_.layer > 0) moved_ += block.size() * sizeof(Element);
    }
    Requests requests;
    if (travel_.motion == kernels::Motion::ring)
      take_first_turn(requests);
    else
      fetch(0, requests);
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    advance();
  }

  /// Of the current step.
  [[nodiscard]] std::span<const Element> current() const { return now_; }

  /// Posts what the next step needs.
  void start_next(std::int64_t step, Requests& requests) {
    if (travel_.motion != kernels::Motion::ring) return fetch(step + 1, requests);
    this->post_send(now_, neighbour(travel_.direction), requests);
    next_ = landing(step + 1);
    this->post_receive(next_, neighbour(-travel_.direction), requests);
  }

  /// It has come.
  void advance() { now_ = next_; }

  [[nodiscard]] std::size_t moved() const { return moved_; }

 private:
  [[nodiscard]] std::int64_t owner(std::int64_t q) const {
    return kernels::owner(program_, matrix_, q);
  }

  /// Other layers have nothing until layer 0 sends it: what shows when it is multiplied.
  [[nodiscard]] std::vector<Element> first_values(std::int64_t q) const {
    if (place_.layer == 0) return elements<Element>(matrix_, this->block(q));
    std::vector<Element> junk(count(q));
    for (Element& value : junk) value = element<Element>(matrix_, -1, -1);
    return junk;
  }

  std::span<Element> landing(std::int64_t step) {
    std::vector<Element>& buffer = incoming_[static_cast<std::size_t>(step % 2)];
    buffer.resize(count(turn(step)));
    moved_ += buffer.size() * sizeof(Element);
    return buffer;
  }

  /// To the member of the line that multiplies the own block first, from the one that has the
  /// first block of this one.
  void take_first_turn(Requests& requests) {
    const std::int64_t first = turn(0);
    const std::int64_t from = owner(first);
    next_ = home_.begin()->second;
    if (from == neighbour(0)) return;
    this->post_send(home_.begin()->second, first_user(), requests);
    next_ = landing(0);
    this->post_receive(next_, static_cast<int>(from), requests);
  }

  [[nodiscard]] int first_user() const {
    kernels::Place other = place_;
    std::int64_t& digit = travel_.line == kernels::Line::row ? other.column : other.row;
    for (digit = 0; digit < kernels::members(program_, matrix_); ++digit)
      if (owner(kernels::turn(program_, other, 0)) == neighbour(0)) break;
    return static_cast<int>(digit);
  }

  /// A block that is here all the time, or is sent by its owner.
  void fetch(std::int64_t step, Requests& requests) {
    const std::int64_t q = turn(step);
    if (travel_.motion == kernels::Motion::still) {
      next_ = home_.at(key(q));
      return;
    }
    const auto root = static_cast<int>(owner(q));
    next_ = root == neighbour(0) ? std::span<Element>(home_.at(key(q))) : landing(step);
    MPI_Ibcast(next_.data(), bytes(next_), MPI_BYTE, root, line_, &requests.emplace_back());
  }

  std::map<std::int64_t, std::vector<Element>> home_;
  std::array<std::vector<Element>, 2> incoming_;
  std::span<Element> now_;
  std::span<Element> next_;
  std::size_t moved_ = 0;
};

template <class Element>
void add(std::span<Element> to, std::span<const Element> what) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    if constexpr (std::is_integral_v<Element>)
      to[i] = kernels::wrapped_sum(to[i], what[i]);
    else
      to[i] += what[i];
  }
}

/// C.
template <class Element>
class SumStream : Stream<Element> {
  using Base = Stream<Element>;
  using Base::count, Base::key, Base::neighbour, Base::turn;
  using Base::program_, Base::travel_;

 public:
  SumStream(const kernels::DistributedMatmul& program, const GridCommunicators& grid)
      : Base(program, kernels::Matrix::c, grid) {}

  void begin() {
    moved_ = 0;
    fresh_.clear();
  }

  /// Posts what moves while this step's product is made: the sum of the step before goes on, the
  /// one that the product belongs to comes. @return where the product goes
  std::span<Element> start(std::int64_t step, Requests& requests) {
    const std::int64_t q = turn(step);
    if (!travels()) {
      const auto [fresh, first] = fresh_.try_emplace(key(q), true);
      fresh->second = first;
      std::vector<Element>* to = first ? &sums_[key(q)] : product_.data();
      to->resize(count(q));
      return *to;
    }
    if (step > 0) {
      const std::vector<Element>& before = buffer(step - 1);
      moved_ += before.size() * sizeof(Element);
      this->post_send(before, neighbour(travel_.direction), requests);
      arrived_.resize(count(q));
      this->post_receive(arrived_, neighbour(-travel_.direction), requests);
    }
    buffer(step).resize(count(q));
    return buffer(step);
  }

  /// The product is there, and so is what moved.
  void finish(std::int64_t step) {
    if (travels()) {
      if (step > 0) add<Element>(buffer(step), arrived_);
      if (step + 1 == kernels::steps(program_, this->place_.layer))
        sums_[turn(step)] = buffer(step);
    } else if (const std::int64_t k = key(turn(step)); !fresh_.at(k)) {
      add<Element>(sums_.at(k), product_[0]);
    }
  }

  /// Sums of all layers go to layer 0.
  void end(MPI_Datatype type) {
    if (program_.grid.layers == 1) return;
    std::vector<Element>& sum = sums_.begin()->second;
    const bool root = this->place_.layer == 0;
    if (!root) moved_ += sum.size() * sizeof(Element);
    MPI_Reduce(root ? MPI_IN_PLACE : sum.data(),
               sum.data(),
               static_cast<int>(sum.size()),
               type,
               MPI_SUM,
               0,
               this->layers_);
  }

  /// What the rank ends with.
  template <class Visit>
  void each_result(Visit&& visit) const {
    if (this->place_.layer > 0) return;
    for (const auto& [q, sum] : sums_)
      visit(this->block(program_.turns(kernels::Matrix::c) ? q : turn(0)), sum);
  }

  [[nodiscard]] std::size_t moved() const { return moved_; }

 private:
  [[nodiscard]] bool travels() const { return travel_.motion == kernels::Motion::ring; }

  std::vector<Element>& buffer(std::int64_t step) {
    return product_[static_cast<std::size_t>(step % 2)];
  }

  std::map<std::int64_t, std::vector<Element>> sums_;
  std::map<std::int64_t, bool> fresh_;  // is this step's product the first of its block?
  std::array<std::vector<Element>, 2> product_;
  std::vector<Element> arrived_;
  std::size_t moved_ = 0;
};

}  // namespace bench
