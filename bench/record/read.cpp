#include "bench/record/read.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "bench/record/attribute.hpp"
#include "bench/record/collection.hpp"
#include "bench/record/group.hpp"
#include "bench/record/hdf5_error.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"

namespace bench {

namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw topology::Error(topology::ErrorKind::environment, sentence);
}

std::string partial_hint(const std::string& path) {
  const std::string partial = path + ".partial";
  return std::filesystem::exists(partial) ? "; the finished points of a run are in " + partial : "";
}

void expect_file(const std::string& path) {
  if (!std::filesystem::exists(path)) refuse(path + ": no such file" + partial_hint(path));
  if (!std::filesystem::is_regular_file(path)) refuse(path + " is not a file");
  if (std::filesystem::file_size(path) == 0)
    refuse(path + " is empty; was the run cut off?" + partial_hint(path));
}

/// Only called on a file that HDF5 did not open: its signature tells why.
[[noreturn]] void refuse_unopened(const std::string& path) {
  if (H5Fis_hdf5(path.c_str()) <= 0) refuse(path + " is not an HDF5 file" + partial_hint(path));
  refuse(path + " is not a complete HDF5 file; was the run cut off? the finished points are in " +
         path + ".partial if it is there");
}

FileHandle open_file(const std::string& path) {
  silence_hdf5();
  expect_file(path);
  FileHandle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (file.get() >= 0) return file;
  try {
    throw_hdf5_error("open the file", -1, path);
  } catch (const topology::Error& error) {
    const std::string message = error.what();
    if (message.find("unable to lock") != std::string::npos)
      refuse(message +
             "; is a run writing it? If not, and the file system cannot lock, set "
             "HDF5_USE_FILE_LOCKING=FALSE");
    if (message.find("ermission") != std::string::npos) refuse(message);
  }
  refuse_unopened(path);
}

int major(const std::string& version) {
  int number = -1;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

std::vector<std::string> members(hid_t group) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  checked(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names), "list", group);
  return names;
}

/// Paths of all objects that are asked for.
std::vector<std::string> objects(hid_t file, bool (*wanted)(hid_t object)) {
  struct Search {
    bool (*wanted)(hid_t object);
    std::vector<std::string> found;
  };

  Search search{wanted, {}};
  const auto visit = [](hid_t root, const char* name, const H5O_info_t*, void* data) -> herr_t {
    auto* all = static_cast<Search*>(data);
    const ObjectHandle object(H5Oopen(root, name, H5P_DEFAULT));
    if (object.get() >= 0 && all->wanted(object.get())) all->found.emplace_back(name);
    return 0;
  };
  checked(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, visit, &search), "list", file);
  return search.found;
}

DatasetHandle open_column(hid_t group, const std::string& name) {
  return DatasetHandle(
      checked(H5Dopen2(group, name.c_str(), H5P_DEFAULT), "open the column", group, name));
}

}  // namespace

ReadTable::ReadTable(hid_t group, std::string path) : path_(std::move(path)) {
  const auto finished = std::get<std::int64_t>(read_attribute(group, "points"));
  points_ = static_cast<std::size_t>(finished);
  for (const std::string& name : members(group)) {
    const DatasetHandle dataset = open_column(group, name);
    const std::vector<hsize_t> size = extent(dataset.get());
    if (name != "sample" && size.at(0) < points_)
      refuse(fmt::format("{}/{} has {} of {} points", path_, name, size[0], points_));
    if (size.size() == 2) {
      has_samples_ = true;
      width_ = size.back();
      samples_ = read_matrix(dataset.get(), points_);
    } else if (name != "sample") {
      columns_.emplace(name, read_values(dataset.get(), points_));
    }
  }
}

template <class Value>
const std::vector<Value>& ReadTable::get(const std::string& column) const {
  const auto found = columns_.find(column);
  if (found == columns_.end()) refuse(path_ + " has no column '" + column + "'");
  const auto* values = std::get_if<std::vector<Value>>(&found->second);
  if (values == nullptr) refuse(path_ + ": column '" + column + "' has another type");
  return *values;
}

const std::vector<double>& ReadTable::floats(const std::string& column) const {
  return get<double>(column);
}

const std::vector<std::int64_t>& ReadTable::integers(const std::string& column) const {
  return get<std::int64_t>(column);
}

const std::vector<std::string>& ReadTable::texts(const std::string& column) const {
  return get<std::string>(column);
}

std::span<const double> ReadTable::samples(std::size_t point) const {
  return std::span(samples_).subspan(std::min(point * width_, samples_.size()), width_);
}

bool is_hdf5(const std::filesystem::path& path) {
  silence_hdf5();
  return H5Fis_hdf5(path.c_str()) > 0;
}

void expect_another(const std::filesystem::path& read, const std::filesystem::path& written) {
  std::error_code not_there;
  if (std::filesystem::equivalent(read, written, not_there))
    topology::usage_error(written.string() + " is read: choose another name for what is written");
}

ReadFile::ReadFile(const std::filesystem::path& path)
    : path_(path.string()), file_(open_file(path_)) {
  expect_ours();
}

void ReadFile::expect_ours() const {
  const hid_t root = file_.get();
  if (bench::has_attribute(root, "format") &&
      read_attribute(root, "format") == Cell(collection_format))
    refuse(path_ + " links to the results of several runs: name one of them");
  if (!bench::has_attribute(root, "format") ||
      read_attribute(root, "format") != Cell(results_format))
    refuse(path_ + " is an HDF5 file of another program, not results of rainier");
  const Cell found = bench::has_attribute(root, "schema_version")
                         ? read_attribute(root, "schema_version")
                         : Cell("");
  const auto* said = std::get_if<std::string>(&found);
  const std::string version = said == nullptr ? "" : *said;
  if (major(version) < 1)
    refuse(path_ + " has no schema version, such as " + schema_version + ": it is damaged");
  if (major(version) > major(schema_version))
    refuse(path_ + " has schema version " + version + ", newer than " + schema_version +
           ", the newest this program reads: read it with the program that wrote it, or a later "
           "one");
}

std::string ReadFile::status() const {
  return std::get<std::string>(attribute("/", "status"));
}

std::int64_t ReadFile::last_point() const {
  return std::get<std::int64_t>(attribute("/", "last_point"));
}

bool ReadFile::has(const std::string& path) const {
  return has_object(file_.get(), path);
}

bool ReadFile::has_attribute(const std::string& group, const std::string& name) const {
  return has(group) && bench::has_attribute(open(group).get(), name);
}

std::vector<std::string> ReadFile::tables() const {
  return objects(file_.get(), [](hid_t object) {
    return H5Iget_type(object) == H5I_GROUP && bench::has_attribute(object, "points");
  });
}

std::vector<std::string> ReadFile::texts() const {
  return objects(file_.get(), [](hid_t object) {
    return H5Iget_type(object) == H5I_DATASET && extent(object).empty();
  });
}

ReadTable ReadFile::table(const std::string& group) const {
  const ObjectHandle object = open(group);
  if (H5Iget_type(object.get()) != H5I_GROUP || !bench::has_attribute(object.get(), "points"))
    refuse(path_ + ": " + group + " is not a table");
  return {object.get(), path_ + ": " + group};
}

std::string ReadFile::text(const std::string& path) const {
  return read_text(open(path).get());
}

Cell ReadFile::attribute(const std::string& group, const std::string& name) const {
  const ObjectHandle object = open(group);
  if (!bench::has_attribute(object.get(), name))
    refuse(path_ + ": " + group + " has no attribute '" + name + "'");
  return read_attribute(object.get(), name);
}

ObjectHandle ReadFile::open(const std::string& path) const {
  if (!has(path)) refuse(path_ + " has no " + path);
  return ObjectHandle(
      checked(H5Oopen(file_.get(), path.c_str(), H5P_DEFAULT), "open", file_.get(), path));
}

}  // namespace bench
