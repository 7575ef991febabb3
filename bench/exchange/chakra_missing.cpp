// In place of chakra_file.cpp where Protobuf was not found.
#include "bench/exchange/chakra_file.hpp"
#include "topology/error.hpp"

namespace bench {

ChakraFile::ChakraFile(const std::string& path) : path_(path) {
  throw topology::Error(
      topology::ErrorKind::environment,
      path +
          ": this rainier was built without Protobuf, which writes Chakra's traces (Debian: "
          "libprotobuf-dev, protobuf-compiler; then configure and build again)");
}

void ChakraFile::write(const ChakraNode& /*node*/) {}

void ChakraFile::close() {}

}  // namespace bench
