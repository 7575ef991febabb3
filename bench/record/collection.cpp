#include "bench/record/collection.hpp"

#include <set>
#include <string>

#include <fmt/format.h>

#include "bench/record/attribute.hpp"
#include "bench/record/group.hpp"
#include "bench/record/hdf5_error.hpp"
#include "bench/record/read.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

void link(hid_t runs, const fs::path& file, const fs::path& collection) {
  const fs::path target = fs::proximate(
      file,
      collection.has_parent_path() ? fs::absolute(collection).parent_path() : fs::current_path());
  checked(
      H5Lcreate_external(target.c_str(), "/", runs, file.stem().c_str(), H5P_DEFAULT, H5P_DEFAULT),
      "link",
      runs,
      file.stem().string());
}

void expect_names(const std::vector<fs::path>& files, const fs::path& collection) {
  std::set<fs::path> names;
  for (const fs::path& file : files) {
    (void)ReadFile(file);  // or says why not
    expect_another(file, collection);
    if (!names.insert(file.stem()).second)
      topology::usage_error(
          fmt::format("two files are called {}: a run is found by its name", file.stem().string()));
  }
}

}  // namespace

void write_collection(const fs::path& path, const std::vector<fs::path>& files, bool overwrite) {
  silence_hdf5();
  expect_names(files, path);
  if (!overwrite && fs::exists(path))
    throw topology::Error(
        topology::ErrorKind::environment,
        path.string() + " exists; choose another name, or overwrite it with --force");
  const PropertyHandle creation(H5Pcreate(H5P_FILE_CREATE));
  set_group_properties(creation.get());
  const FileHandle file(checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), H5P_DEFAULT),
                                "create the file",
                                -1,
                                path.string()));
  write_attribute(file.get(), "format", collection_format);
  const GroupHandle runs = open_or_create_group(file.get(), "runs");
  for (const fs::path& run : files) link(runs.get(), run, path);
}

}  // namespace bench
