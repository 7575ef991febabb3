// The one file that a run leaves. Only rank 0 writes; MPI may run or not.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bench/record/column.hpp"
#include "bench/record/partial_file.hpp"
#include "bench/record/schema.hpp"
#include "bench/record/table.hpp"

namespace bench {

struct ResultOptions {
  bool overwrite = false;           ///< of complete results, and of points of an unfinished run
  std::string creator = "rainier";  ///< program and version, "rainier 0.1.0"
};

/// Grows as PATH.partial with status "running"; `complete` gives it its name. Without that, what
/// was appended stays in PATH.partial.
class ResultFile {
 public:
  /// Creates missing folders. @throws Error(environment) when PATH exists, when PATH.partial holds
  /// points of an unfinished run (neither if told to overwrite), or when nothing can be written.
  static ResultFile create(const std::filesystem::path& path, const ResultOptions& options = {});

  /// What `create` would refuse, before hours of work. @throws Error(environment)
  static void expect_free(const std::filesystem::path& path);

  /// A new table; the file outlives it.
  [[nodiscard]] Table table(const Record& record);

  /// Stores an input verbatim, as in text("inputs/systems/rainier.toml", …).
  void text(const std::string& path, const std::string& content);

  /// Sets an attribute of a group, which is created if need be; "/" is the root.
  void attribute(const std::string& group, const std::string& name, const Cell& value);

  /// Status "complete", to disk for good, and renamed. Nothing is written after it.
  void complete();

  /// Status "failed" with its reason; the file stays PATH.partial.
  void fail(const std::string& reason);

  /// The same where another error is on its way, which says more than what a full disk has to add.
  void try_to_fail(const std::string& reason);

 private:
  ResultFile(std::filesystem::path path, const ResultOptions& options);

  [[nodiscard]] PartialFile& open() const;

  std::filesystem::path path_;
  std::unique_ptr<PartialFile> file_;
};

}  // namespace bench
