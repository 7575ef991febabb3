#include "bench/program/words.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "bench/program/model_file.hpp"
#include "bench/program/terms.hpp"
#include "kernels/collective/algorithm.hpp"
#include "kernels/collective/collective.hpp"
#include "kernels/distributed/algorithms.hpp"
#include "kernels/training/pipeline.hpp"
#include "topology/chip.hpp"
#include "topology/failures.hpp"
#include "topology/machine.hpp"
#include "topology/software.hpp"

namespace bench {
namespace {

struct ValueKind {
  std::string_view flag;  ///< or positional; one of a single command after its name
  const char* kind;
};

constexpr std::array value_kinds{
    ValueKind{"compare --systems", "SYSTEMS"},
    ValueKind{"matmul-distributed --algorithm", "MATMULS"},
    ValueKind{"models model", "MODEL"},
    ValueKind{"explain term", "TERM"},
    ValueKind{"run file", "FILE"},
    ValueKind{"show system", "SYSTEM"},
    ValueKind{"train --model", "MODEL"},
    ValueKind{"train model", "MODEL"},
    ValueKind{"validate file", "FILE"},
    ValueKind{"validate kind", "TABLE"},
    ValueKind{"validate --set", "PUBLICATION"},
    ValueKind{"collective", "COLLECTIVE"},
    ValueKind{"file", "FILE"},
    ValueKind{"files", "FILE"},
    ValueKind{"--against", "FILE"},
    ValueKind{"--algorithm", "ALGORITHM"},
    ValueKind{"--attention", "ATTENTION"},
    ValueKind{"--baseline", "CHIP"},
    ValueKind{"--bytes", "SIZE"},
    ValueKind{"--chakra", "NAME"},
    ValueKind{"--checkpoint-cost", "TIME"},
    ValueKind{"--days", "DAYS"},
    ValueKind{"--degrade", "LINK@PLACE:SHARE"},
    ValueKind{"--detect", "TIME"},
    ValueKind{"--dtype", "DTYPE"},
    ValueKind{"--datatype", "DTYPE"},
    ValueKind{"--fail", "LINK@PLACE"},
    ValueKind{"--failures", "FAILURES"},
    ValueKind{"--grad-dtype", "DTYPE"},
    ValueKind{"--grid", "RxCxL"},
    ValueKind{"--group", "LEVELS"},
    ValueKind{"--imbalance", "RATIO"},
    ValueKind{"--interval", "TIME"},
    ValueKind{"--lowering", "LOWERING"},
    ValueKind{"--machine", "SYSTEM"},
    ValueKind{"--man", "FOLDER"},
    ValueKind{"--matmul-dtype", "DTYPE"},
    ValueKind{"--maxbytes", "SIZE"},
    ValueKind{"--min-busbw", "GB/s"},
    ValueKind{"--min-percent-of-model", "PERCENT"},
    ValueKind{"--minbytes", "SIZE"},
    ValueKind{"--model", "MODEL"},
    ValueKind{"--mtbf", "TIME"},
    ValueKind{"--nccl-json", "FILE"},
    ValueKind{"--noise", "DELAY"},
    ValueKind{"--op", "OPERATOR"},
    ValueKind{"--output", "FILE"},
    ValueKind{"--point-tolerance", "PERCENT"},
    ValueKind{"--power", "SYSTEM=POWER"},
    ValueKind{"--price", "SYSTEM=PRICE"},
    ValueKind{"--quality", "QUALITY"},
    ValueKind{"--rate", "PER-CHIP-HOUR"},
    ValueKind{"--recompute", "RECOMPUTE"},
    ValueKind{"--recovery", "RECOVERY"},
    ValueKind{"--regroup", "TIME"},
    ValueKind{"--reload", "TIME"},
    ValueKind{"--repair", "TIME"},
    ValueKind{"--restart", "TIME"},
    ValueKind{"--results", "FOLDER"},
    ValueKind{"--save-tuning", "FILE"},
    ValueKind{"--schedule", "SCHEDULE"},
    ValueKind{"--seconds", "SECONDS"},
    ValueKind{"--set", "FIGURE=VALUE"},
    ValueKind{"--shape", "SHAPE"},
    ValueKind{"--size-range", "SIZE:SIZE"},
    ValueKind{"--size-tolerance", "SIZE:SIZE=PERCENT"},
    ValueKind{"--skew", "DELAY"},
    ValueKind{"--slow", "CHIP:FACTOR"},
    ValueKind{"--snapshot", "TIME"},
    ValueKind{"--software", "SOFTWARE"},
    ValueKind{"--spares", "N"},
    ValueKind{"--step", "TIME"},
    ValueKind{"--stepbytes", "SIZE"},
    ValueKind{"--stepfactor", "FACTOR"},
    ValueKind{"--system", "SYSTEM"},
    ValueKind{"--threshold", "SHARE"},
    ValueKind{"--timeline", "FILE"},
    ValueKind{"--tolerance", "PERCENT"},
    ValueKind{"--type", "DTYPE"},
    ValueKind{"--without", "LEVEL=N"},
};

std::string name_for_table(const CLI::Option& option) {
  if (option.get_positional() && option.get_lnames().empty()) return option.get_name(true);
  return option.get_lnames().empty() ? "" : "--" + option.get_lnames().front();
}

const ValueKind* kind_of_flag(const std::string& command, const std::string& flag) {
  for (const std::string& key : {fmt::format("{} {}", command, flag), flag})
    for (const ValueKind& row : value_kinds)
      if (row.flag == key) return &row;
  return nullptr;
}

std::vector<std::string> collective_names() {
  std::vector<std::string> names;
  for (const kernels::CollectiveInfo& row : kernels::collectives()) names.emplace_back(row.name);
  return names;
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names{"auto"};
  for (const kernels::Algorithm& row : kernels::algorithms()) names.emplace_back(row.name);
  return names;
}

std::vector<std::string> data_type_names() {
  std::vector<std::string> names;
  names.reserve(topology::data_types);
  for (int t = 0; t < topology::data_types; ++t)
    names.emplace_back(topology::name(static_cast<topology::DataType>(t)));
  return names;
}

struct WordList {
  std::string_view kind;
  std::vector<std::string> (*words)();
};

constexpr std::array word_lists{
    WordList{"ALGORITHM", algorithm_names},
    WordList{"CHIP", topology::chip_names},
    WordList{"COLLECTIVE", collective_names},
    WordList{"DTYPE", data_type_names},
    WordList{"FAILURES", topology::failures_names},
    WordList{"MATMULS", [] { return kernels::distributed_algorithms(); }},
    WordList{"MODEL", model_names},
    WordList{"SCHEDULE", kernels::pipeline_order_names},
    WordList{"SOFTWARE", topology::software_names},
    WordList{"SYSTEM", topology::system_names},
    WordList{"SYSTEMS", topology::system_names},
    WordList{"TERM", term_names},
};

}  // namespace

void name_values(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    for (CLI::Option* option : command->get_options()) {
      const ValueKind* const row = kind_of_flag(command->get_name(), name_for_table(*option));
      if (row != nullptr && option->get_items_expected_max() > 0) option->type_name(row->kind);
    }
}

std::vector<std::string> words_of(std::string_view kind) {
  for (const WordList& list : word_lists)
    if (list.kind == kind) return list.words();
  return {};
}

bool is_file(std::string_view kind) {
  constexpr std::array kinds{"CHIP", "FAILURES", "FILE", "FOLDER", "MODEL", "SOFTWARE", "SYSTEM"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace bench
