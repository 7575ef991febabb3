#include "kernels/training/passes.hpp"

#include <algorithm>
#include <utility>

namespace kernels {
namespace {

using topology::Bytes;

Operation matmul(const char* name, Gemm gemm, std::int64_t batch) {
  Operation op;
  op.name = name;
  op.work = Work::matmul;
  op.gemm = gemm;
  op.batch = batch;
  op.launches = batch;
  return op;
}

Operation moves(const char* name, double bytes) {
  Operation op;
  op.name = name;
  op.bytes = Bytes(bytes);
  return op;
}

Collective mirror(Collective collective) {
  switch (collective) {
    case Collective::all_gather:
      return Collective::reduce_scatter;
    case Collective::reduce_scatter:
      return Collective::all_gather;
    default:
      return collective;
  }
}

}  // namespace

void Passes::linear(
    const char* name, std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t batch) {
  const topology::DataType type = plan_.matmul;
  forward_.push_back(matmul(name, {m, n, k, type}, batch));
  backward_.push_back({matmul(name, {m, k, n, type}, batch)});
  weights_.push_back(matmul(name, {k, n, m, type}, batch));
  // The sum over micro-batches is read and written instead of one result of 16 bits.
  const double wider = 2 * topology::size_of(plan_.gradient).value() - 2;
  weights_.push_back(
      moves("gradient sum", wider * static_cast<double>(n) * static_cast<double>(k * batch)));
}

void Passes::product(
    const char* name, std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t batch) {
  const topology::DataType type = plan_.type;
  Operations all = {matmul(name, {m, n, k, type}, batch),
                    matmul(name, {m, k, n, type}, batch),
                    matmul(name, {k, n, m, type}, batch)};
  for (Operation& op : all) op.launches = 1;  // one kernel for all heads
  forward_.push_back(all[0]);
  backward_.push_back({all[1], all[2]});
}

void Passes::elementwise(const char* name, double forward, double backward) {
  forward_.push_back(moves(name, forward));
  backward_.push_back({moves(name, backward)});
}

void Passes::attention(const char* name, topology::Flops flops, double keys, double bytes) {
  Operation op = moves(name, bytes);
  op.work = Work::attention;
  op.keys = keys;
  op.flops = flops;
  forward_.push_back(op);
  op.flops = 2.5 * flops;
  op.bytes = Bytes(2 * bytes);
  backward_.push_back({op});
}

void Passes::collective(
    const char* name, Collective collective, Axis axis, double bytes, bool beside) {
  Operation op = moves(name, bytes);
  op.work = Work::collective;
  op.collective = collective;
  op.axis = axis;
  op.beside = beside;
  forward_.push_back(op);
  op.collective = mirror(collective);
  if (beside)
    backward_.back().push_back(op);
  else
    backward_.push_back({op});
}

void Passes::summed_backward(const char* name, Axis axis, double bytes) {
  Operation op = moves(name, bytes);
  op.work = Work::collective;
  op.axis = axis;
  backward_.push_back({op});
}

void Passes::ring(const char* name, Axis axis, double bytes, std::int64_t times) {
  Operation op = moves(name, bytes);
  op.work = Work::transfer;
  op.axis = axis;
  op.times = times;
  op.beside = true;
  forward_.push_back(op);
  op.bytes = Bytes(2 * bytes);
  backward_.back().push_back(op);  // after the operation that it runs beside
}

LayerWork Passes::take() {
  LayerWork all;
  if (plan_.recompute == Recompute::full) all.backward = forward_;
  std::for_each(backward_.rbegin(), backward_.rend(), [&all](const Operations& of_one) {
    all.backward.insert(all.backward.end(), of_one.begin(), of_one.end());
  });
  all.forward = std::move(forward_);
  all.weights = std::move(weights_);
  return all;
}

}  // namespace kernels
