// Which writes go around the caches: of vectors that fit any cache, and of such as fit none.
#include "bench/executor/past_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "bench/executor/caches.hpp"

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

/// All ranks share the last cache: their inputs and outputs take 64 MiB, twice as much as it holds,
/// from 16 MiB of two ranks on, and from 2 KiB of many.
TEST(PastCache, OutputsOfTwiceTheLastCache) {
  const bench::Caches of{std::size_t{1} << 20U, std::size_t{32} << 20U};
  const auto outputs = [&of](std::int64_t bytes, int ranks) {
    return past_cache({bytes / 4}, ranks, false, of).outputs;
  };
  EXPECT_FALSE(outputs((16 << 20) - 4, 2));
  EXPECT_TRUE(outputs(16 << 20, 2));
  EXPECT_FALSE(outputs(2 << 10, (1 << 14) - 1));
  EXPECT_TRUE(outputs(2 << 10, 1 << 14));
}

/// Outputs of far ranks, from a quarter of the own cache on.
TEST(PastCache, FarOutputsThatTheOwnCacheWouldNotKeep) {
  const bench::Caches of{std::size_t{1} << 20U, std::size_t{32} << 20U};
  expect(past_cache({(256 << 10) / 4 - 1}, 2, true, of), false, false, true);
  expect(past_cache({(256 << 10) / 4}, 2, true, of), true, true, true);
}

/// As the kernel tells it, where it does.
TEST(Caches, AreThoseOfThisHost) {
  for (const auto& [index, bytes] :
       {std::pair(2, bench::caches().own), std::pair(3, bench::caches().last)}) {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) +
                       "/size");
    std::size_t kibibytes = 0;
    if (file >> kibibytes) {
      EXPECT_EQ(bytes, kibibytes << 10U) << "cache " << index;
    }
  }
}

}  // namespace
