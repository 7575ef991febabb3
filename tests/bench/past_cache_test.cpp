// Which writes go around the caches: of vectors that fit any cache, and of such as fit none.
#include "bench/executor/past_cache.hpp"

#include <gtest/gtest.h>

namespace {

using bench::past_cache;
using bench::PastCache;

void expect(const PastCache& around, bool outputs, bool over_input, bool to_others) {
  EXPECT_EQ(around.outputs, outputs);
  EXPECT_EQ(around.over_input, over_input);
  EXPECT_EQ(around.to_others, to_others);
}

TEST(PastCache, OutputsThatNoCacheHoldsAndWhatFarRanksRead) {
  const bench::Payload small{1024};
  const bench::Payload large{std::int64_t{1} << 30U};
  expect(past_cache(small, 2, false), false, false, false);
  expect(past_cache(small, 2, true), false, false, true);
  expect(past_cache(large, 2, false), true, false, false);
  expect(past_cache(large, 2, true), true, true, true);
}

/// All ranks share the last cache: many small vectors fill it as well.
TEST(PastCache, ManyRanksFillTheLastCache) {
  const bench::Payload payload{16 << 10};  // 64 KiB
  EXPECT_FALSE(past_cache(payload, 2, false).outputs);
  EXPECT_TRUE(past_cache(payload, 1 << 14, false).outputs);
}

}  // namespace
