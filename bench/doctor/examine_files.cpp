#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5.h>
#include <sys/file.h>
#include <unistd.h>

#include "bench/doctor/examine.hpp"
#include "bench/record/hdf5_error.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

Finding hdf5_finding() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  const std::string linked = fmt::format("{}.{}.{}", major, minor, release);
  const std::string built = fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
#ifdef H5_HAVE_PARALLEL
  const std::string kind = "parallel";
#else
  const std::string kind = "serial";
#endif
  if (linked == built) return {"HDF5", Grade::good, linked + ", " + kind, "", ""};
  return {"HDF5",
          Grade::bad,
          fmt::format("built with {}, runs with {}: the library will abort", built, linked),
          "unset LD_LIBRARY_PATH; scripts/run.sh",
          ""};
}

/// The folder, or the nearest one above it that exists: a run makes the rest.
fs::path existing_part(const fs::path& folder) {
  std::error_code failure;
  fs::path part = fs::absolute(folder, failure);
  while (!fs::exists(part, failure) && part.has_relative_path()) part = part.parent_path();
  return part;
}

enum class Lock { works, fails, no_file };

/// Tries it on a new file, which is removed again.
Lock try_lock(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (file < 0) return Lock::no_file;
  const bool locked = flock(file, LOCK_EX | LOCK_NB) == 0;
  close(file);
  unlink(path.c_str());
  return locked ? Lock::works : Lock::fails;
}

bool hdf5_writes(const std::string& path) {
  silence_hdf5();
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  if (file >= 0) H5Fclose(file);
  unlink(path.c_str());
  return file >= 0;
}

Finding folder_finding(const std::string& folder, const fs::path& place) {
  const std::string path = (place / fmt::format(".rainier-doctor-{}.h5", getpid())).string();
  const Lock lock = try_lock(path);
  const char* const locking = std::getenv("HDF5_USE_FILE_LOCKING");
  const bool wanted = locking == nullptr || std::string_view(locking) != "FALSE";
  if (lock == Lock::fails && wanted)
    return {"results folder",
            Grade::bad,
            fmt::format("files in {} cannot be locked, which HDF5 does", place.string()),
            "export HDF5_USE_FILE_LOCKING=FALSE",
            ""};
  if (lock == Lock::no_file || !hdf5_writes(path))
    return {"results folder",
            Grade::bad,
            fmt::format("no results file can be made in {}", place.string()),
            "rainier run … -O /tmp/run.h5",
            ""};
  return {
      "results folder",
      Grade::good,
      fmt::format("results go into {}, {}", folder, wanted ? "locking works" : "without locking"),
      "",
      ""};
}

Finding disk_finding(const fs::path& place) {
  std::error_code failure;
  const fs::space_info space = fs::space(place, failure);
  if (failure)
    return {"disk", Grade::warn, "free space is unknown: " + failure.message(), "df -h", ""};
  constexpr double bytes_of_mebibyte = 1 << 20;
  const double free = static_cast<double>(space.available) / bytes_of_mebibyte;
  const std::string says = fmt::format("{:.0f} MiB free for results", free);
  if (free >= 1024) return {"disk", Grade::good, says, "", ""};
  return {"disk",
          free < 64 ? Grade::bad : Grade::warn,
          says,
          "rainier run … -O /a/larger/disk/run.h5",
          ""};
}

}  // namespace

std::vector<Finding> examine_files(const std::string& folder) {
  const fs::path place = existing_part(folder);
  std::vector<Finding> all{hdf5_finding(), folder_finding(folder, place)};
  if (all.back().grade != Grade::bad) all.push_back(disk_finding(place));
  return all;
}

}  // namespace bench
