// What failures leave of a run, in a results file.
#pragma once

#include <string>
#include <vector>

#include "bench/program/goodput_job.hpp"
#include "bench/record/result_file.hpp"
#include "kernels/reliability/run.hpp"

namespace bench {

/// A new file with all that the job is made of. @throws Error(environment), see ResultFile
[[nodiscard]] ResultFile goodput_file(const GoodputOptions& asked, const GoodputJob& job);

/// The job, what would help it and every run; completes the file.
void record_goodput(ResultFile& file,
                    const std::string& path,
                    const GoodputJob& job,
                    const std::vector<kernels::Run>& runs);

}  // namespace bench
