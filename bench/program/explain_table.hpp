// Why `auto` chose what it chose: the best candidates of a point side by side, and what each of the
// others loses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/executor/predict.hpp"

namespace bench {

/// What makes `other` slower than `choice`: the part of the time that grew most and, where that is
/// transfer, the class of links that is busy for longer.
[[nodiscard]] std::string why_slower(const Prediction& other, const Prediction& choice);

/// What takes most of the time of a prediction.
[[nodiscard]] std::string what_takes_time(const Prediction& prediction);

/// @param all fastest first, see predict_all
void print_explanation(std::int64_t bytes, const std::vector<Prediction>& all, std::size_t shown);

}  // namespace bench
