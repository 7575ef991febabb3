// The command that left a results file, so that it can be run again from the file alone.
#pragma once

#include <string>
#include <vector>

#include "bench/record/result_file.hpp"

namespace bench {

/// The arguments of this process as JSON, without where results go (so that equal runs leave equal
/// bytes) and with the names instead of the paths of input files, which are in the file.
[[nodiscard]] std::string recorded_command();

/// The same of given arguments, without the program.
[[nodiscard]] std::vector<std::string> portable(const std::vector<std::string>& arguments);

/// Is this a rerun, whose inputs all lie in one folder by their names alone?
[[nodiscard]] bool is_rerun();

/// A file that the command names, for the results: its place there, its text.
[[nodiscard]] std::pair<std::string, std::string> named_input(const std::string& path);

/// Without flags that name a file to write: results, a timeline, a table of tuning, JSON.
[[nodiscard]] std::vector<std::string> without_outputs(const std::vector<std::string>& arguments);

/// A word without the folders of the file that it names: "file:delays.txt".
[[nodiscard]] std::string portable(const std::string& word);

/// Of a results file that this process writes.
[[nodiscard]] ResultOptions result_options(bool overwrite);

}  // namespace bench
