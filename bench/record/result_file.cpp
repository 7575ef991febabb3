#include "bench/record/result_file.hpp"

#include <utility>

#include <fmt/format.h>

#include "bench/record/attribute.hpp"
#include "bench/record/dataset.hpp"
#include "bench/record/group.hpp"
#include "bench/record/hdf5_error.hpp"
#include "bench/record/read.hpp"
#include "bench/record/read_column.hpp"
#include "topology/error.hpp"

namespace bench {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw topology::Error(topology::ErrorKind::environment, path.string() + " " + why);
}

/// Points that a run which did not finish left here; 0 for anything that is not ours to keep.
std::int64_t unfinished_points(const std::filesystem::path& partial) {
  if (!std::filesystem::exists(partial)) return 0;
  try {
    return ReadFile(partial).last_point();
  } catch (const topology::Error&) {
    return 0;
  }
}

/// Overwriting does not put a file in the place of a folder or of /dev/null either.
void expect_file(const std::filesystem::path& path) {
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path))
    refuse(path, "is no file: expected the name of one, such as results.h5");
}

void protect(const std::filesystem::path& path, const std::filesystem::path& partial) {
  if (std::filesystem::exists(path))
    refuse(path, "exists; choose another name, or overwrite it with --force");
  if (const auto points = unfinished_points(partial); points > 0)
    refuse(partial,
           "holds " + std::to_string(points) +
               " finished points of a run that was cut off; move it away, or overwrite it "
               "with --force");
}

void make_folder(const std::filesystem::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) refuse(path.parent_path(), ": cannot create the folder: " + error.message());
}

}  // namespace

ResultFile ResultFile::create(const std::filesystem::path& path, const ResultOptions& options) {
  return {path, options};
}

void ResultFile::expect_free(const std::filesystem::path& path) {
  expect_file(path);
  protect(path, path.string() + ".partial");
}

ResultFile::ResultFile(std::filesystem::path path, const ResultOptions& options)
    : path_(std::move(path)) {
  expect_file(path_);
  const std::filesystem::path partial = path_.string() + ".partial";
  if (options.resume && unfinished_points(partial) > 0) {
    file_ = std::make_unique<PartialFile>(partial, PartialFile::Start::resume);
    resume(options);
    return;
  }
  if (!options.overwrite) protect(path_, partial);
  make_folder(path_);
  file_ = std::make_unique<PartialFile>(partial);
  begin(options);
}

void ResultFile::begin(const ResultOptions& options) {
  const hid_t root = file_->id();
  write_attribute(root, "format", results_format);
  write_attribute(root, "schema_version", schema_version);
  write_attribute(root, "Conventions", "CF-1.8");
  write_attribute(root, "creator", options.creator);
  write_attribute(root, "status", "running");
  write_attribute(root, "last_point", std::int64_t{0});
  file_->save();
  if (!options.command.empty()) text("inputs/command.json", options.command);
  for (const auto& [path, content] : options.inputs) text(path, content);
}

/// Changes nothing on disk yet: the run may turn out to be another one.
void ResultFile::resume(const ResultOptions& options) {
  const hid_t root = file_->id();
  for (const auto& [name, now] : {std::pair<const char*, std::string>{"creator", options.creator},
                                  {"schema_version", schema_version}})
    if (const auto then = std::get<std::string>(read_attribute(root, name)); then != now)
      refuse(file_->path(),
             fmt::format("was begun by {} {}; this is {}: run it anew, or finish it with that one",
                         name,
                         then,
                         now));
  if (bench::has_attribute(root, "resumed"))
    resumed_ = std::get<std::int64_t>(read_attribute(root, "resumed"));
  write_attribute(root, "resumed", ++resumed_);
  write_attribute(root, "status", "running");
  if (bench::has_attribute(root, "failure"))
    checked(H5Adelete(root, "failure"), "go on with", root);
}

std::string ResultFile::of_this_part(const std::string& path) const {
  return resumed_ == 0 ? path : fmt::format("{}.resumed{}", path, resumed_);
}

PartialFile& ResultFile::open() const {
  topology::expects(file_ != nullptr, "a results file is written before it is completed");
  return *file_;
}

Table ResultFile::table(const Record& record) {
  return {open(), record};
}

void ResultFile::text(const std::string& path, const std::string& content) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
  const GroupHandle group = open_or_create_group(open().id(), folder);
  const std::string name = path.substr(slash + 1);
  if (open().resumed() && has_object(open().id(), path)) {
    const std::string then = read_text(open_dataset(group.get(), name.c_str()).get());
    if (then == content) return;
    if (!then.empty())
      topology::usage_error(
          fmt::format("{} was begun with another {}: take that one, which is in "
                      "the file, or another name for the results",
                      open().path().string(),
                      path));
    checked(H5Ldelete(group.get(), name.c_str(), H5P_DEFAULT), "replace", group.get(), name);
  }
  write_text(group.get(), name, content);
  open().save();
}

void ResultFile::attribute(const std::string& group, const std::string& name, const Cell& value) {
  const GroupHandle owner = open_or_create_group(open().id(), group);
  write_attribute(owner.get(), name, value);
  open().save();
}

bool ResultFile::has_attribute(const std::string& group, const std::string& name) const {
  return has_object(open().id(), group) &&
         bench::has_attribute(open_or_create_group(open().id(), group).get(), name);
}

Cell ResultFile::attribute(const std::string& group, const std::string& name) const {
  return read_attribute(open_or_create_group(open().id(), group).get(), name);
}

std::int64_t ResultFile::points() const {
  return std::get<std::int64_t>(read_attribute(open().id(), "last_point"));
}

void ResultFile::complete() {
  write_attribute(open().id(), "status", "complete");
  open().publish(path_);
  file_.reset();
}

void ResultFile::fail(const std::string& reason) {
  write_attribute(open().id(), "status", "failed");
  write_attribute(open().id(), "failure", reason);
  open().save();
  file_.reset();
}

void ResultFile::try_to_fail(const std::string& reason) {
  try {
    fail(reason);
  } catch (const topology::Error& /*second*/) {
  }
}

}  // namespace bench
