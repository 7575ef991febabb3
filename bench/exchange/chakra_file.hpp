// One rank's execution trace in Chakra's format. Needs Protobuf; built without it there are no such
// files.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "kernels/collective/collective.hpp"

namespace bench {

enum class ChakraKind { compute, send, receive, collective };

/// A node of the trace's graph, with what its kind has.
struct ChakraNode {
  std::uint64_t id = 0;
  std::string name;
  ChakraKind kind = ChakraKind::compute;
  std::vector<std::uint64_t> after;  ///< ids of nodes that must have ended
  std::uint64_t micros = 0;          ///< how long it takes, as far as that is known
  std::int64_t bytes = 0;            ///< read and written, or sent
  std::int64_t operations = 0;
  bool on_host = false;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t tag = 0;
  kernels::Collective collective = kernels::Collective::all_reduce;
  std::string group;  ///< number of a group of ranks, which stand in a file beside the traces
};

class ChakraFile {
 public:
  /// @throws Error(environment) without Protobuf
  explicit ChakraFile(const std::string& path);

  void write(const ChakraNode& node);

  /// @throws Error(environment) where it could not be written
  void close();

 private:
  std::string path_;
  std::ofstream file_;
};

}  // namespace bench
