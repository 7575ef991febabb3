// The one file that a run leaves. Only rank 0 writes; MPI may run or not.
#pragma once

#include <filesystem>
#include <map>
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
  bool resume = false;    ///< goes on with an unfinished run, if there is one, by the same program
  std::string command{};  ///< JSON, for inputs/command.json; empty: none
  std::map<std::string, std::string> inputs{};  ///< texts that the command names, by their path
};

/// Grows as PATH.partial with status "running"; `complete` gives it its name. Without that, what
/// was appended stays in PATH.partial.
class ResultFile {
 public:
  /// Creates missing folders. @throws Error(environment) when PATH exists, when PATH.partial holds
  /// points of an unfinished run (neither if told to overwrite), or when nothing can be written.
  static ResultFile create(const std::filesystem::path& path, const ResultOptions& options = {});

  /// How often the run was resumed; 0: never.
  [[nodiscard]] std::int64_t resumed() const { return resumed_; }

  /// The path or, in a run that was resumed, "PATH.resumed1" and so on: for texts about each part.
  [[nodiscard]] std::string of_this_part(const std::string& path) const;

  /// What `create` would refuse, before hours of work. @throws Error(environment)
  static void expect_free(const std::filesystem::path& path);

  /// A new table; the file outlives it.
  [[nodiscard]] Table table(const Record& record);

  /// Stores an input verbatim, as in text("inputs/systems/rainier.toml", …).
  /// @throws Error(usage) where the unfinished run had another one
  void text(const std::string& path, const std::string& content);

  /// Sets an attribute of a group, which is created if need be; "/" is the root.
  void attribute(const std::string& group, const std::string& name, const Cell& value);

  [[nodiscard]] bool has_attribute(const std::string& group, const std::string& name) const;
  [[nodiscard]] Cell attribute(const std::string& group, const std::string& name) const;

  /// Finished ones, over all tables.
  [[nodiscard]] std::int64_t points() const;

  /// Status "complete", to disk for good, and renamed. Nothing is written after it.
  void complete();

  /// Status "failed" with its reason; the file stays PATH.partial.
  void fail(const std::string& reason);

  /// The same where another error is on its way, which says more than what a full disk has to add.
  void try_to_fail(const std::string& reason);

 private:
  ResultFile(std::filesystem::path path, const ResultOptions& options);

  void begin(const ResultOptions& options);
  void resume(const ResultOptions& options);
  [[nodiscard]] PartialFile& open() const;

  std::filesystem::path path_;
  std::int64_t resumed_ = 0;
  std::unique_ptr<PartialFile> file_;
};

}  // namespace bench
