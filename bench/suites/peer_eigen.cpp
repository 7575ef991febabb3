// Eigen's matmul as a library of its own, compiled for the machine at hand: Eigen chooses its
// vector unit when it is compiled, the rest of us when we run. Built where Eigen is installed.
#include <cstdint>

#include <Eigen/Core>

namespace {

template <class T>
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T* c) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Matrix> left(a, m, k);
  const Eigen::Map<const Matrix> right(b, k, n);
  Eigen::Map<Matrix>(c, m, n).noalias() = left * right;
}

}  // namespace

extern "C" {

const char* peer_eigen_version() {
  return EIGEN_MAKESTRING(EIGEN_WORLD_VERSION) "." EIGEN_MAKESTRING(
      EIGEN_MAJOR_VERSION) "." EIGEN_MAKESTRING(EIGEN_MINOR_VERSION);
}

void peer_eigen_threads(int threads) {
  Eigen::setNbThreads(threads);
}

void peer_eigen_f32(
    std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
  multiply(m, n, k, a, b, c);
}

void peer_eigen_f64(
    std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double* c) {
  multiply(m, n, k, a, b, c);
}
}
