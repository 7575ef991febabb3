#include "bench/exchange/chakra_file.hpp"

#include <array>

#include <exchange/chakra.pb.h>
#include <google/protobuf/util/delimited_message_util.h>

#include "topology/error.hpp"

namespace bench {
namespace {

namespace chakra = ChakraProtoMsg;
using google::protobuf::util::SerializeDelimitedToOstream;
using kernels::Collective;

chakra::NodeType type_of(ChakraKind kind) {
  constexpr std::array types{
      chakra::COMP_NODE, chakra::COMM_SEND_NODE, chakra::COMM_RECV_NODE, chakra::COMM_COLL_NODE};
  return types.at(static_cast<std::size_t>(kind));
}

chakra::CollectiveCommType type_of(Collective collective) {
  switch (collective) {
    case Collective::all_reduce:
      return chakra::ALL_REDUCE;
    case Collective::all_gather:
      return chakra::ALL_GATHER;
    case Collective::reduce_scatter:
      return chakra::REDUCE_SCATTER;
    case Collective::all_to_all:
      return chakra::ALL_TO_ALL;
    case Collective::broadcast:
      return chakra::BROADCAST;
    case Collective::reduce:
      return chakra::REDUCE;
    case Collective::gather:
      return chakra::GATHER;
    case Collective::scatter:
      return chakra::SCATTER;
    case Collective::barrier:
      break;
  }
  return chakra::BARRIER;
}

/// Readers ask for attributes by name, and some refuse one of another type.
chakra::AttributeProto& attribute(chakra::Node& node, const char* name) {
  chakra::AttributeProto& added = *node.add_attr();
  added.set_name(name);
  return added;
}

void add_work(chakra::Node& to, const ChakraNode& node) {
  attribute(to, "num_ops").set_int64_val(node.operations);
  attribute(to, "tensor_size").set_uint64_val(static_cast<std::uint64_t>(node.bytes));
}

void add_message(chakra::Node& to, const ChakraNode& node) {
  attribute(to, "comm_size").set_int64_val(node.bytes);
  attribute(to, "comm_src").set_int32_val(static_cast<std::int32_t>(node.from));
  attribute(to, "comm_dst").set_int32_val(static_cast<std::int32_t>(node.to));
  attribute(to, "comm_tag").set_int32_val(static_cast<std::int32_t>(node.tag));
}

void add_collective(chakra::Node& to, const ChakraNode& node) {
  attribute(to, "comm_type").set_int64_val(type_of(node.collective));
  attribute(to, "comm_size").set_int64_val(node.bytes);
  attribute(to, "pg_name").set_string_val(node.group);
}

}  // namespace

ChakraFile::ChakraFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
  chakra::GlobalMetadata metadata;
  metadata.set_version("0.0.4");
  SerializeDelimitedToOstream(metadata, &file_);
}

void ChakraFile::write(const ChakraNode& node) {
  chakra::Node out;
  out.set_id(node.id);
  out.set_name(node.name);
  out.set_type(type_of(node.kind));
  out.mutable_data_deps()->Add(node.after.begin(), node.after.end());
  out.set_duration_micros(node.micros);
  attribute(out, "is_cpu_op").set_bool_val(node.on_host);
  if (node.kind == ChakraKind::compute)
    add_work(out, node);
  else if (node.kind == ChakraKind::collective)
    add_collective(out, node);
  else
    add_message(out, node);
  SerializeDelimitedToOstream(out, &file_);
}

void ChakraFile::close() {
  file_.close();
  if (!file_) throw topology::Error(topology::ErrorKind::environment, path_ + " cannot be written");
}

}  // namespace bench
