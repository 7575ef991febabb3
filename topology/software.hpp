// What a training framework makes of a chip: shares of what its parts could do, and what it hides.
#pragma once

#include <string>
#include <vector>

#include "topology/chip.hpp"
#include "topology/quantity.hpp"
#include "topology/sourced.hpp"

namespace topology {

struct Software {
  std::string name;
  std::string title;
  std::string notes;

  Figure<double> matmul;       ///< share of a matmul's time alone that is left within a step
  Figure<double> attention;    ///< share of the chip's roof that fused attention reaches
  Figure<double> elementwise;  ///< share of the streaming rate that element-wise kernels reach
  Figure<double> collective;   ///< share of a collective's rate alone
  Figure<Seconds> launch;      ///< of the host, for each operation
};

/// As each_figure of a chip.
template <class SoftwareRef, class Visit>
void each_figure_of_software(SoftwareRef& software, Visit&& visit) {
  visit("matmul.efficiency", software.matmul);
  visit("attention.efficiency", software.attention);
  visit("elementwise.efficiency", software.elementwise);
  visit("collective.efficiency", software.collective);
  visit("host.launch", software.launch);
}

[[nodiscard]] std::vector<std::string> software_names();

/// As load_chip, from topology/software. @throws Error(usage)
[[nodiscard]] Software load_software(const std::string& name_or_path);

}  // namespace topology
