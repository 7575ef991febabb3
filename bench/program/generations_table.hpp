// Systems compared by their best plans, as tables and as JSON.
#pragma once

#include "bench/program/generations.hpp"

namespace bench {

void print_generations(const Generations& all);

/// With all figures that went in, and their origins.
void print_generations_json(const Generations& all);

}  // namespace bench
