// One error type: what went wrong, for whom, and so with which exit code the program ends.
#pragma once

#include <stdexcept>
#include <string>

namespace topology {

/// The enumerators are the program's exit codes.
enum class ErrorKind : int {
  verdict = 1,      ///< It ran and the answer is bad: wrong results, a threshold missed.
  usage = 2,        ///< A flag, a config file or a request that cannot be met.
  environment = 3,  ///< MPI, files, memory, permission.
  internal = 4,     ///< A bug of ours.
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  [[nodiscard]] ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

[[noreturn]] inline void usage_error(const std::string& message) {
  throw Error(ErrorKind::usage, message);
}

/// An invariant of ours, checked in every build.
inline void expects(bool condition, const char* sentence) {
  if (!condition) throw Error(ErrorKind::internal, std::string("broken invariant: ") + sentence);
}

}  // namespace topology
