#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "bench/exchange/msccl_file.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/text_file.hpp"

namespace bench {
namespace {

using kernels::Collective;

std::string without_underscores(std::string_view text) {
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return plain;
}

/// The text of a file, and errors that point into it.
class XmlText {
 public:
  explicit XmlText(std::string path)
      : path_(std::move(path)), text_(topology::read_text(path_, "an XML file of MSCCL")) {
    for (std::size_t i = 0; i < text_.size(); ++i)
      if (text_[i] == '\n') ends_.push_back(static_cast<std::ptrdiff_t>(i));
  }

  [[nodiscard]] const std::string& text() const { return text_; }

  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] std::size_t line(std::ptrdiff_t offset) const {
    const auto next = std::lower_bound(ends_.begin(), ends_.end(), offset);
    return static_cast<std::size_t>(next - ends_.begin()) + 1;
  }

  [[noreturn]] void fail(const pugi::xml_node& at, const std::string& what) const {
    fail(line(at.offset_debug()), what);
  }

  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    topology::usage_error(fmt::format("{}:{}: {}", path_, line, what));
  }

 private:
  std::string path_;
  std::string text_;
  std::vector<std::ptrdiff_t> ends_;  ///< of lines
};

class Reader {
 public:
  explicit Reader(const std::string& path) : text_(path) {}

  MscclAlgorithm read() {
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(text_.text().data(), text_.text().size(), pugi::parse_default);
    if (!parsed)
      text_.fail(text_.line(parsed.offset),
                 fmt::format("{}; expected an XML file of MSCCL", parsed.description()));
    const pugi::xml_node root = document.child("algo");
    if (!root) text_.fail(1, "no <algo>; expected an XML file of MSCCL");
    algorithm_.path = text_.path();
    algorithm_.name = root.attribute("name").as_string();
    algorithm_.collective = collective(root);
    algorithm_.in_place = !root.attribute("inplace").empty() && integer(root, "inplace", 0, 1) == 1;
    algorithm_.gpus.resize(static_cast<std::size_t>(integer(root, "ngpus", 2, most_gpus)));
    read_chunks(root);
    read_gpus(root);
    return std::move(algorithm_);
  }

 private:
  static constexpr std::int64_t most_gpus = 4096;
  static constexpr std::int64_t most = std::int64_t{1} << 31U;

  [[nodiscard]] std::int64_t ranks() const {
    return static_cast<std::int64_t>(algorithm_.gpus.size());
  }

  [[nodiscard]] std::string attribute(const pugi::xml_node& node, const char* name) const {
    const pugi::xml_attribute found = node.attribute(name);
    if (found.empty())
      text_.fail(node, fmt::format("<{}> has no attribute '{}'", node.name(), name));
    return found.value();
  }

  std::int64_t integer(const pugi::xml_node& node,
                       const char* name,
                       std::int64_t least,
                       std::int64_t largest) const {
    const std::string text = attribute(node, name);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least ||
        value > largest)
      text_.fail(node,
                 fmt::format("{}=\"{}\" of <{}>: expected a whole number from {} to {}",
                             name,
                             text,
                             node.name(),
                             least,
                             largest));
    return value;
  }

  [[nodiscard]] Collective collective(const pugi::xml_node& root) const {
    const std::string text = attribute(root, "coll");
    std::vector<std::string> names;
    for (const MscclName& known : msccl_collectives) {
      if (without_underscores(text) == without_underscores(known.name)) return known.collective;
      names.emplace_back(known.name);
    }
    text_.fail(root, topology::unknown_name("coll", text, names));
  }

  void read_chunks(const pugi::xml_node& root) {
    algorithm_.chunks = integer(root, "nchunksperloop", 1, most);
    const kernels::CollectiveInfo& what = kernels::info(algorithm_.collective);
    if (what.chunked_ends && algorithm_.chunks % ranks() != 0)
      text_.fail(root,
                 fmt::format("nchunksperloop=\"{}\": expected a multiple of ngpus={} for {}",
                             algorithm_.chunks,
                             ranks(),
                             what.name));
    if (!root.attribute("nchannels").empty())
      algorithm_.channels = integer(root, "nchannels", 1, most);
  }

  void read_gpus(const pugi::xml_node& root) {
    std::vector<bool> seen(algorithm_.gpus.size());
    std::size_t found = 0;
    for (const pugi::xml_node& node : root.children("gpu")) {
      const auto id = static_cast<std::size_t>(integer(node, "id", 0, ranks() - 1));
      if (seen[id]) text_.fail(node, fmt::format("a second <gpu> with id=\"{}\"", id));
      seen[id] = true;
      ++found;
      read_gpu(node, algorithm_.gpus[id]);
    }
    if (found != algorithm_.gpus.size())
      text_.fail(root, fmt::format("{} <gpu>s; ngpus says {}", found, algorithm_.gpus.size()));
  }

  void read_gpu(const pugi::xml_node& node, MscclGpu& gpu) {
    gpu.scratch_chunks = integer(node, "s_chunks", 0, most);
    std::int64_t next = 0;
    for (const pugi::xml_node& child : node.children("tb")) {
      if (integer(child, "id", 0, most) != next)
        text_.fail(
            child,
            fmt::format(
                "id=\"{}\" of <tb>: expected {}, they count up", attribute(child, "id"), next));
      ++next;
      MscclBlock& block = gpu.blocks.emplace_back();
      block.line = text_.line(child.offset_debug());
      block.send = integer(child, "send", -1, ranks() - 1);
      block.receive = integer(child, "recv", -1, ranks() - 1);
      block.channel = integer(child, "chan", 0, most);
      for (const pugi::xml_node& step : child.children("step")) read_step(step, gpu, block);
    }
  }

  void read_step(const pugi::xml_node& node, const MscclGpu& gpu, MscclBlock& block) {
    const auto number = static_cast<std::int64_t>(block.steps.size());
    if (integer(node, "s", 0, most) != number)
      text_.fail(
          node,
          fmt::format(
              "s=\"{}\" of <step>: expected {}, they count up", attribute(node, "s"), number));
    MscclStep& step = block.steps.emplace_back();
    step.line = text_.line(node.offset_debug());
    step.action = action(node);
    step.waits_for_block = integer(node, "depid", -1, most);
    step.waits_for_step = integer(node, "deps", -1, most);
    step.is_waited_for = integer(node, "hasdep", 0, 1) == 1;
    if (step.action == MscclAction::nothing) return;
    step.count = integer(node, "cnt", 1, most);
    // What is said of the other GPU's memory is for people.
    const bool reads =
        step.action != MscclAction::receive && step.action != MscclAction::receive_send;
    const bool writes =
        step.action != MscclAction::send && step.action != MscclAction::receive_reduce_send;
    if (reads) step.source = chunk(node, "src", gpu, step.count);
    if (writes) step.target = chunk(node, "dst", gpu, step.count);
  }

  [[nodiscard]] MscclAction action(const pugi::xml_node& node) const {
    const std::string text = attribute(node, "type");
    const auto* const found = std::find(msccl_step_names.begin(), msccl_step_names.end(), text);
    if (found == msccl_step_names.end())
      text_.fail(
          node,
          fmt::format(
              "unknown type '{}' of <step>; known: {}", text, fmt::join(msccl_step_names, ", ")));
    return static_cast<MscclAction>(found - msccl_step_names.begin());
  }

  [[nodiscard]] MscclChunk chunk(const pugi::xml_node& node,
                                 const std::string& which,
                                 const MscclGpu& gpu,
                                 std::int64_t count) const {
    const std::string buffer = attribute(node, (which + "buf").c_str());
    if (buffer != "i" && buffer != "o" && buffer != "s")
      text_.fail(node, fmt::format("{}buf=\"{}\" of <step>: expected i, o or s", which, buffer));
    const std::int64_t all = chunks_of(algorithm_, gpu, buffer.front());
    const std::int64_t offset = integer(node, (which + "off").c_str(), 0, most);
    if (offset + count > all)
      text_.fail(node,
                 fmt::format(R"({0}off="{1}", cnt="{2}" of <step>: buffer {3} has {4} chunks)",
                             which,
                             offset,
                             count,
                             buffer,
                             all));
    return {buffer.front(), offset};
  }

  XmlText text_;
  MscclAlgorithm algorithm_;
};

}  // namespace

MscclAlgorithm read_msccl_file(const std::string& path) {
  return Reader(path).read();
}

}  // namespace bench
