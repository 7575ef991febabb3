#include "bench/record/rank_samples.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5_hl.h>
#include <mpi.h>
#include <unistd.h>

#include "bench/executor/ranks.hpp"
#include "bench/record/attribute.hpp"
#include "bench/record/dataset.hpp"
#include "bench/record/descriptor.hpp"
#include "bench/record/group.hpp"
#include "bench/record/hdf5_error.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr double headers = 64 << 10;  // bytes, more than they take
constexpr const char* samples_name = "samples";

[[noreturn]] void refuse_ranks(const fs::path& path, const std::string& why) {
  throw topology::Error(topology::ErrorKind::environment, path.string() + ": " + why);
}

fs::path unfinished(const fs::path& path) {
  return path.string() + ".partial";
}

/// HDF5 does not survive a disk that fills up under it: so before it has seen the file.
void take_space(const fs::path& path, double bytes) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file.get() < 0)
    refuse_ranks(path, fmt::format("cannot create the file: {}", std::strerror(errno)));
  const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes + headers));
  if (error == 0) return;
  ::unlink(path.c_str());
  refuse_ranks(path,
               fmt::format("cannot take {:.3g} MB for the samples of all ranks: {}",
                           bytes / 1e6,
                           std::strerror(error)));
}

PropertyHandle access_by_all() {
  PropertyHandle access(H5Pcreate(H5P_FILE_ACCESS));
#ifdef H5_HAVE_PARALLEL
  checked(H5Pset_fapl_mpio(access.get(), MPI_COMM_WORLD, MPI_INFO_NULL), "reach by MPI", -1);
#else
  throw topology::Error(topology::ErrorKind::environment,
                        "samples of each rank need a parallel HDF5 (libhdf5-openmpi-dev)");
#endif
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110);
  return access;
}

PropertyHandle write_by_all() {
  PropertyHandle transfer(H5Pcreate(H5P_DATASET_XFER));
#ifdef H5_HAVE_PARALLEL
  H5Pset_dxpl_mpio(transfer.get(), H5FD_MPIO_COLLECTIVE);
#endif
  return transfer;
}

/// In one piece, which is there from the beginning and never moves.
DatasetHandle create_samples(hid_t file, const std::array<hsize_t, 3>& size) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const PropertyHandle properties(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_alloc_time(properties.get(), H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(properties.get(), H5D_FILL_TIME_ALLOC);
  H5Pset_fill_value(properties.get(), H5T_NATIVE_DOUBLE, &nan);
  const SpaceHandle space(H5Screate_simple(3, size.data(), nullptr));
  DatasetHandle dataset(checked(H5Dcreate2(file,
                                           samples_name,
                                           H5T_IEEE_F64LE,
                                           space.get(),
                                           H5P_DEFAULT,
                                           properties.get(),
                                           H5P_DEFAULT),
                                "create",
                                file,
                                samples_name));
  write_attribute(dataset.get(), "units", "s");
  write_attribute(dataset.get(), "long_name", "Time per operation on this rank's own clock.");
  return dataset;
}

}  // namespace

fs::path RankSamples::beside(const fs::path& results) {
  fs::path path = results;
  return path.replace_extension(".ranks.h5");
}

double RankSamples::size(Extent extent, std::int64_t ranks) {
  return static_cast<double>(extent.points) * static_cast<double>(extent.samples) *
         static_cast<double>(ranks) * sizeof(double);
}

void RankSamples::expect_free(const fs::path& results) {
  const fs::path path = beside(results);
  for (const fs::path& there : {path, unfinished(path)})
    if (fs::exists(there))
      refuse_ranks(there, "exists; choose another name, or overwrite it with --force");
}

RankSamples::RankSamples(const fs::path& results, Extent extent, bool resume)
    : path_(beside(results)), extent_(extent) {
  silence_hdf5();
  const fs::path partial = unfinished(path_);

  enum Found : int { nothing, some, all };

  int found = nothing;  // by rank 0
  if (resume && fs::exists(path_)) found = all;
  if (resume && fs::exists(partial)) found = some;
  if (world().rank == 0 && found == nothing) take_space(partial, size(extent, world().size));
  MPI_Bcast(&found, 1, MPI_INT, 0, MPI_COMM_WORLD);
  if (found == nothing) create(results);
  if (found == some) open();
}

void RankSamples::open() {
  const std::string partial = unfinished(path_).string();
  const PropertyHandle access = access_by_all();
  file_ = FileHandle(
      checked(H5Fopen(partial.c_str(), H5F_ACC_RDWR, access.get()), "go on with", -1, partial));
  samples_ = open_dataset(file_.get(), samples_name);
}

void RankSamples::create(const fs::path& results) {
  const Ranks here = world();
  const fs::path partial = unfinished(path_);
  const PropertyHandle access = access_by_all();
  const PropertyHandle creation(H5Pcreate(H5P_FILE_CREATE));
  set_group_properties(creation.get());
  file_ =
      FileHandle(checked(H5Fcreate(partial.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()),
                         "create the file",
                         -1,
                         partial.string()));
  write_attribute(file_.get(), "format", "rainier-rank-samples");
  write_attribute(file_.get(), "schema_version", schema_version);
  write_attribute(file_.get(), "Conventions", "CF-1.8");
  write_attribute(file_.get(), "results", results.filename().string());
  samples_ = create_samples(file_.get(),
                            {static_cast<hsize_t>(extent_.points),
                             static_cast<hsize_t>(here.size),
                             static_cast<hsize_t>(extent_.samples)});
  add_scales(here.size);
  checked(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "flush", file_.get());
}

void RankSamples::add_scales(std::int64_t ranks) {
  struct Scale {
    const char* name;
    std::int64_t size;
    const char* long_name;
  };

  unsigned dimension = 0;
  for (const Scale& each :
       {Scale{"point", extent_.points, "Row of measured/collective in the results file."},
        Scale{"rank", ranks, "MPI rank."},
        Scale{"sample", extent_.samples, "Number of the raw sample."}}) {
    const DatasetHandle scale = create_scale(file_.get(), each.name, each.long_name);
    extend_scale(scale.get(), 0, each.size);
    checked(H5DSattach_scale(samples_.get(), scale.get(), dimension++),
            "attach a scale to",
            samples_.get());
  }
}

void RankSamples::write(std::int64_t point, std::span<const double> seconds) {
  topology::expects(
      static_cast<std::int64_t>(seconds.size()) <= extent_.samples && point < extent_.points,
      "samples of all ranks fit into the space taken for them");
  const std::array<hsize_t, 3> begin{
      static_cast<hsize_t>(point), static_cast<hsize_t>(world().rank), 0};
  const std::array<hsize_t, 3> count{1, 1, seconds.size()};
  const SpaceHandle file_space(H5Dget_space(samples_.get()));
  H5Sselect_hyperslab(
      file_space.get(), H5S_SELECT_SET, begin.data(), nullptr, count.data(), nullptr);
  const SpaceHandle memory_space(H5Screate_simple(3, count.data(), nullptr));
  const PropertyHandle transfer = write_by_all();
  checked(H5Dwrite(samples_.get(),
                   H5T_NATIVE_DOUBLE,
                   memory_space.get(),
                   file_space.get(),
                   transfer.get(),
                   seconds.data()),
          "write",
          samples_.get());
}

void RankSamples::complete() {
  if (file_.get() < 0) return;  // it was before
  samples_ = DatasetHandle();
  file_ = FileHandle();
  if (world().rank == 0) fs::rename(unfinished(path_), path_);
}

}  // namespace bench
