// Models as Hugging Face describes them: config.json -> Model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/training/model.hpp"

namespace kernels {

/// `json` is the text of a config.json; `origin`, its file, stands in complaints and names the
/// model. Of a model of several parts it is the `text_config` that counts; layers that predict
/// further tokens (num_nextn_predict_layers of DeepSeek-V3) and buffers are left out. Absent keys
/// have the defaults of Hugging Face's transformers.
/// @throws topology::Error(usage)
[[nodiscard]] Model model_from_config(std::string_view json, const std::string& origin);

/// Every model_type that can be read.
[[nodiscard]] std::vector<std::string> model_types();

}  // namespace kernels
