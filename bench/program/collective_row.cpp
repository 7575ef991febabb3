#include "bench/program/collective_row.hpp"

#include <algorithm>

#include "bench/executor/execution.hpp"
#include "bench/executor/mpi.hpp"
#include "kernels/collective/algorithms.hpp"

namespace bench {

double CollectiveRow::algbw(double seconds) const {
  return static_cast<double>(bytes) / seconds;
}

double CollectiveRow::busbw(double seconds) const {
  return algbw(seconds) * kernels::busbw_factor(collective, ranks);
}

double CollectiveRow::without_copy() const {
  return std::min(out_of_place.median(), in_place.median());
}

std::int64_t CollectiveRow::wrong() const {
  return std::max<std::int64_t>(out_of_place.wrong, 0) + std::max<std::int64_t>(in_place.wrong, 0);
}

CollectiveRow point(kernels::Collective collective,
                    std::int64_t bytes,
                    const MeasureOptions& options,
                    std::int64_t ranks) {
  CollectiveRow row;
  row.collective = collective;
  row.ranks = ranks;
  row.type = options.type;
  row.count = elements(collective, bytes, options.type, ranks);
  const double size = static_cast<double>(row.count) * topology::size_of(options.type).value();
  row.bytes = static_cast<std::int64_t>(size);
  row.op = kernels::info(collective).reduces ? name(options.op) : "none";
  return row;
}

CollectiveRow predict_point(kernels::Collective collective,
                            std::int64_t bytes,
                            const MeasureOptions& options,
                            const std::string& algorithm,
                            const topology::Machine& machine,
                            const PredictOptions& asked) {
  CollectiveRow row = point(collective, bytes, options, machine.chips());
  const topology::Bytes size(static_cast<double>(row.bytes));
  row.prediction = predict(collective, machine, size, algorithm, asked);
  return row;
}

CollectiveRow measure_point(kernels::Collective collective,
                            std::int64_t bytes,
                            const MeasureOptions& options,
                            const std::string& algorithm,
                            const topology::Machine& model) {
  CollectiveRow row = predict_point(collective, bytes, options, algorithm, model, {is_measurable});
  // Every rank must run what rank 0 would choose.
  row.prediction.algorithm = MpiSession::share(row.prediction.algorithm);
  Measure measure(kernels::build(collective, model, row.prediction.algorithm), row.count, options);
  row.out_of_place = measure.run(false);
  row.in_place = measure.run(true);
  return row;
}

}  // namespace bench
