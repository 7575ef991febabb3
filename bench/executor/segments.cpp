#include "bench/executor/segments.hpp"

#include <algorithm>

namespace bench {

Segments cut(const kernels::Schedule& schedule,
             const Payload& payload,
             std::int64_t bytes_per_rank) {
  const std::size_t element = payload.element();
  const std::int64_t ranks = schedule.ranks();
  // Of a chunk where the user's ends are chunked, of the vector elsewhere.
  const bool chunked = kernels::info(schedule.collective).chunked_ends;
  const std::int64_t times = chunked ? ranks : 1;
  const std::int64_t length = payload.count / times;
  const std::int64_t most =
      bytes_per_rank * (chunked ? 1 : ranks) / static_cast<std::int64_t>(element);
  const std::int64_t each = std::min(length, most);
  const std::int64_t number = each > 0 ? (length + each - 1) / each : 0;
  const std::size_t apart = chunked ? static_cast<std::size_t>(length) * element : 0;
  return {number,
          static_cast<std::size_t>(each) * element,
          {each * times, element, apart},
          {(length - (number - 1) * each) * times, element, apart}};
}

}  // namespace bench
