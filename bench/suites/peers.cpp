#include "bench/suites/peers.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>
#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#define BENCH_HAS_ONEDNN 1
#endif

#include "kernels/matmul/block.hpp"

namespace bench {
namespace {

using kernels::Gemm;
using topology::DataType;

/// A library with its names for itself: two BLAS in one process must not find each other's.
void* open(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND); library != nullptr)
      return library;
  return nullptr;
}

template <class Function>
Function* find(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

template <class T>
using FortranGemm = void(const char*,
                         const char*,
                         const int*,
                         const int*,
                         const int*,
                         const T*,
                         const T*,
                         const int*,
                         const T*,
                         const int*,
                         const T*,
                         T*,
                         const int*);

/// Column-major: C' = B' A'.
template <class T>
Peer blas(const std::string& name, const std::string& version, FortranGemm<T>* gemm) {
  return {name,
          version,
          false,
          [gemm](const Gemm& shape, const void* a, const void* b, void* c) -> Multiply {
            return [gemm, shape, a, b, c] {
              const auto m = static_cast<int>(shape.m);
              const auto n = static_cast<int>(shape.n);
              const auto k = static_cast<int>(shape.k);
              const T one = 1;
              const T zero = 0;
              gemm("N",
                   "N",
                   &n,
                   &m,
                   &k,
                   &one,
                   static_cast<const T*>(b),
                   &n,
                   static_cast<const T*>(a),
                   &k,
                   &zero,
                   static_cast<T*>(c),
                   &n);
            };
          }};
}

void add_blas(std::vector<Peer>& peers,
              void* library,
              const std::string& name,
              const std::string& version,
              DataType type) {
  if (auto* f32 = find<FortranGemm<float>>(library, "sgemm_");
      type == DataType::f32 && f32 != nullptr)
    peers.push_back(blas<float>(name, version, f32));
  if (auto* f64 = find<FortranGemm<double>>(library, "dgemm_");
      type == DataType::f64 && f64 != nullptr)
    peers.push_back(blas<double>(name, version, f64));
}

void add_openblas(std::vector<Peer>& peers, DataType type, int threads) {
  void* const library =
      open({"/usr/lib/x86_64-linux-gnu/openblas-openmp/libopenblas.so.0", "libopenblas.so.0"});
  if (library == nullptr) return;
  if (auto* set = find<void(int)>(library, "openblas_set_num_threads")) set(threads);
  auto* const config = find<char*()>(library, "openblas_get_config");
  add_blas(peers, library, "OpenBLAS", config == nullptr ? "" : config(), type);
}

void add_blis(std::vector<Peer>& peers, DataType type, int threads) {
  void* const library =
      open({"/usr/lib/x86_64-linux-gnu/blis-openmp/libblis.so.4", "libblis.so.4"});
  if (library == nullptr) return;
  if (auto* set = find<void(std::int64_t)>(library, "bli_thread_set_num_threads")) set(threads);
  auto* const version = find<const char*()>(library, "bli_info_get_version_str");
  add_blas(peers, library, "BLIS", version == nullptr ? "" : version(), type);
}

template <class T>
void add_eigen_of(std::vector<Peer>& peers, void* library, const char* function) {
  auto* const multiply =
      find<void(std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T*)>(library,
                                                                                   function);
  auto* const version = find<const char*()>(library, "peer_eigen_version");
  peers.push_back({"Eigen",
                   version(),
                   false,
                   [multiply](const Gemm& s, const void* a, const void* b, void* c) -> Multiply {
                     return [multiply, s, a, b, c] {
                       multiply(s.m,
                                s.n,
                                s.k,
                                static_cast<const T*>(a),
                                static_cast<const T*>(b),
                                static_cast<T*>(c));
                     };
                   }});
}

void add_eigen(std::vector<Peer>& peers, DataType type, int threads) {
  void* const library = open({"$ORIGIN/libpeer_eigen.so"});
  if (library == nullptr) return;
  find<void(int)>(library, "peer_eigen_threads")(threads);
  if (type == DataType::f32) add_eigen_of<float>(peers, library, "peer_eigen_f32");
  if (type == DataType::f64) add_eigen_of<double>(peers, library, "peer_eigen_f64");
}

#ifdef BENCH_HAS_ONEDNN

/// oneDNN's functions, by their own types; all null without the library.
struct OneDnn {
  void* library = open({"libdnnl.so.2"});
// NOLINTBEGIN(bugprone-macro-parentheses): a name
#define BENCH_FUNCTION(name)      \
  decltype(&::dnnl_##name) name = \
      library ? find<decltype(::dnnl_##name)>(library, "dnnl_" #name) : nullptr
  BENCH_FUNCTION(version);
  BENCH_FUNCTION(sgemm);
  BENCH_FUNCTION(engine_create);
  BENCH_FUNCTION(stream_create);
  BENCH_FUNCTION(stream_wait);
  BENCH_FUNCTION(memory_desc_init_by_tag);
  BENCH_FUNCTION(matmul_desc_init);
  BENCH_FUNCTION(primitive_desc_create);
  BENCH_FUNCTION(primitive_desc_query_md);
  BENCH_FUNCTION(primitive_create);
  BENCH_FUNCTION(primitive_execute);
  BENCH_FUNCTION(memory_create);
  BENCH_FUNCTION(reorder_primitive_desc_create);
#undef BENCH_FUNCTION
  // NOLINTEND(bugprone-macro-parentheses)
};

/// A multiplication by oneDNN's matmul primitive. Objects of the library live as long as the
/// process: a benchmark makes a few dozen.
class Primitive {
 public:
  Primitive(const OneDnn& library, DataType type) : dnn_(library), type_(type) {
    dnn_.engine_create(&engine_, dnnl_cpu, 0);
    dnn_.stream_create(&stream_, engine_, dnnl_stream_default_flags);
  }

  Multiply prepare(const Gemm& shape, const void* a, const void* b, void* c, bool prepacked) {
    const dnnl_memory_desc_t of_a = matrix(shape.m, shape.k, of(true, false), dnnl_ab);
    const dnnl_memory_desc_t of_b = matrix(shape.k, shape.n, of(false, false), dnnl_ab);
    const dnnl_memory_desc_t any_b =
        matrix(shape.k, shape.n, of(false, false), dnnl_format_tag_any);
    const dnnl_memory_desc_t of_c = matrix(shape.m, shape.n, of(false, true), dnnl_ab);
    dnnl_matmul_desc_t what{};
    dnnl_primitive_desc_t choice = nullptr;
    if (dnn_.matmul_desc_init(&what, &of_a, prepacked ? &any_b : &of_b, nullptr, &of_c) !=
            dnnl_success ||
        dnn_.primitive_desc_create(&choice, &what, nullptr, engine_, nullptr) != dnnl_success)
      return {};
    dnnl_primitive_t matmul = nullptr;
    dnn_.primitive_create(&matmul, choice);
    dnnl_memory_t weights = memory(of_b, b);
    if (prepacked)
      weights =
          reordered(of_b, weights, *dnn_.primitive_desc_query_md(choice, dnnl_query_weights_md, 0));
    const std::array<dnnl_exec_arg_t, 3> arguments{{{DNNL_ARG_SRC, memory(of_a, a)},
                                                    {DNNL_ARG_WEIGHTS, weights},
                                                    {DNNL_ARG_DST, memory(of_c, c)}}};
    return [*this, matmul, arguments] {
      dnn_.primitive_execute(matmul, stream_, 3, arguments.data());
      dnn_.stream_wait(stream_);
    };
  }

 private:
  [[nodiscard]] dnnl_data_type_t of(bool a, bool c) const {
    if (type_ == DataType::i8) return c ? dnnl_s32 : a ? dnnl_u8 : dnnl_s8;
    return type_ == DataType::bf16 && !c ? dnnl_bf16 : dnnl_f32;
  }

  [[nodiscard]] dnnl_memory_desc_t matrix(std::int64_t rows,
                                          std::int64_t cols,
                                          dnnl_data_type_t type,
                                          dnnl_format_tag_t tag) const {
    const std::array<dnnl_dim_t, 2> extents{rows, cols};
    dnnl_memory_desc_t description{};
    dnn_.memory_desc_init_by_tag(&description, 2, extents.data(), type, tag);
    return description;
  }

  [[nodiscard]] dnnl_memory_t memory(const dnnl_memory_desc_t& description, const void* at) const {
    dnnl_memory_t created = nullptr;
    dnn_.memory_create(&created, &description, engine_, const_cast<void*>(at));
    return created;
  }

  [[nodiscard]] dnnl_memory_t reordered(const dnnl_memory_desc_t& from,
                                        dnnl_memory_t source,
                                        const dnnl_memory_desc_t& to) const {
    dnnl_memory_t created = memory(to, DNNL_MEMORY_ALLOCATE);
    dnnl_primitive_desc_t choice = nullptr;
    dnn_.reorder_primitive_desc_create(&choice, &from, engine_, &to, engine_, nullptr);
    dnnl_primitive_t reorder = nullptr;
    dnn_.primitive_create(&reorder, choice);
    const std::array<dnnl_exec_arg_t, 2> arguments{
        {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, created}}};
    dnn_.primitive_execute(reorder, stream_, 2, arguments.data());
    dnn_.stream_wait(stream_);
    return created;
  }

  OneDnn dnn_;
  DataType type_;
  dnnl_engine_t engine_ = nullptr;
  dnnl_stream_t stream_ = nullptr;
};

Multiply sgemm_of(const OneDnn& dnn, const Gemm& s, const void* a, const void* b, void* c) {
  return [dnn, s, a, b, c] {
    dnn.sgemm('N',
              'N',
              s.m,
              s.n,
              s.k,
              1,
              static_cast<const float*>(a),
              s.k,
              static_cast<const float*>(b),
              s.n,
              0,
              static_cast<float*>(c),
              s.n);
  };
}

void add_onednn(std::vector<Peer>& peers, DataType type) {
  const OneDnn dnn;
  if (dnn.library == nullptr || type == DataType::f64) return;
  const dnnl_version_t& v = *dnn.version();
  const std::string version = fmt::format("{}.{}.{}", v.major, v.minor, v.patch);
  if (type == DataType::f32)
    peers.push_back(
        {"dnnl_sgemm", version, false, [dnn](const Gemm& s, const void* a, const void* b, void* c) {
           return sgemm_of(dnn, s, a, b, c);
         }});
  for (const bool prepacked : {false, true})
    peers.push_back({prepacked ? "oneDNN prepacked" : "oneDNN",
                     version,
                     prepacked,
                     [dnn, type, prepacked](const Gemm& s, const void* a, const void* b, void* c) {
                       return Primitive(dnn, type).prepare(s, a, b, c, prepacked);
                     }});
}

#else

void add_onednn(std::vector<Peer>& /*peers*/, DataType /*type*/) {}

#endif

}  // namespace

// libgomp reads its variables before main. A core type of OpenBLAS that is forced from outside
// halves its speed here; threads that spin for one library slow the next. BLIS gives CPUs with
// AVX-512 that it does not know its generic code, 3 % of the peak, unless it is told its kernels
// for AVX-512 (0, skx), which it runs on any CPU, and those without it end there.
void set_peer_environment(char** argv) {
  const bool tell_blis = kernels::chose_avx512() && std::getenv("BLIS_ARCH_TYPE") == nullptr;
  if (std::getenv("OPENBLAS_CORETYPE") == nullptr && !tell_blis &&
      std::getenv("OMP_WAIT_POLICY") != nullptr)
    return;
  unsetenv("OPENBLAS_CORETYPE");
  if (tell_blis) setenv("BLIS_ARCH_TYPE", "0", 0);
  setenv("OMP_WAIT_POLICY", "passive", 0);
  execv("/proc/self/exe", argv);  // returns only if it fails: then as it is
}

std::vector<Peer> load_peers(DataType type, int threads) {
  std::vector<Peer> peers;
  add_openblas(peers, type, threads);
  add_blis(peers, type, threads);
  add_eigen(peers, type, threads);
  add_onednn(peers, type);
  return peers;
}

std::string peer_environment() {
  const auto value = [](const char* name) {
    const char* const text = std::getenv(name);
    return fmt::format("{}={}", name, text == nullptr ? "(unset)" : text);
  };
  return fmt::format(
      "{} {} {}", value("OPENBLAS_CORETYPE"), value("BLIS_ARCH_TYPE"), value("OMP_WAIT_POLICY"));
}

}  // namespace bench
