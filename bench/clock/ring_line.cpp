#include "bench/clock/ring_line.hpp"

#include <algorithm>
#include <limits>

#include <omp.h>

#include "bench/clock/clock_kernels.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

constexpr std::size_t pad = 16;  // the widest vector, before and after a row
constexpr Ticks room = Ticks{1} << 30U;
constexpr std::int64_t most_stretch = 512;  // steps between two visits to all members
/// Members of a strip: its offsets and starts of noise fill half of a small L1 cache.
constexpr std::int64_t strip_width = 2048;
constexpr std::int64_t long_line = 2 * strip_width;

void expect_room(Ticks ticks) {
  if (ticks >= room)
    topology::usage_error(
        "delays of more than 0.1 s between the chips of a ring are beyond the clock");
}

/// Neighbouring members, apart from the rest of the ring for some steps.
class Strip {
 public:
  /// Members from `begin` on, around the ring.
  Strip(std::int64_t begin,
        std::int64_t members,
        std::span<const std::int32_t> ticks,
        std::span<const std::uint32_t> starts,
        std::span<const std::int32_t> extra)
      : members_(static_cast<std::size_t>(members)),
        ticks_(members_ + 2 * pad),
        starts_(members_ + pad),
        extra_(extra.empty() ? 0 : members_ + pad) {
    const auto n = static_cast<std::int64_t>(ticks.size());
    const auto from = static_cast<std::size_t>((begin + n) % n);
    cut(ticks, from, &ticks_[pad]);
    cut(starts, from, starts_.data());
    if (!extra.empty()) cut(extra, from, extra_.data());
  }

  /// @param before what is left of the strip before each step; empty: its own last member
  /// @return its last member before each step
  std::vector<std::int32_t> run(std::span<const NoiseKey> keys,
                                std::span<const std::int32_t> before,
                                const Noise& noise) {
    std::vector<std::int32_t> last;
    const std::span line(&ticks_[pad], members_);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      last.push_back(line.back());
      ticks_[pad - 1] = before.empty() ? line.back() : before[k];
      ring_step(line, starts_.data(), extra_.empty() ? nullptr : extra_.data(), keys[k], noise);
    }
    return last;
  }

  void paste(std::int32_t* to) const { std::copy_n(&ticks_[pad], members_, to); }

 private:
  template <class T>
  void cut(std::span<const T> ring, std::size_t from, T* to) const {
    const std::size_t head = std::min(members_, ring.size() - from);
    std::copy_n(&ring[from], head, to);
    std::copy_n(ring.data(), members_ - head, to + head);
  }

  std::size_t members_;
  std::vector<std::int32_t> ticks_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::int32_t> extra_;
};

}  // namespace

RingLine::RingLine(const Line& line, const std::vector<Ticks>& clocks) : line_(line) {
  base_ = std::numeric_limits<Ticks>::max();
  Ticks latest = 0;
  for (std::int64_t i = 0; i < line.members; ++i) {
    base_ = std::min(base_, clocks[line.at(i)]);
    latest = std::max(latest, clocks[line.at(i)]);
  }
  expect_room(latest - base_);
  for (std::int64_t i = 0; i < line.members; ++i) {
    ticks_.push_back(static_cast<std::int32_t>(clocks[line.at(i)] - base_));
    starts_.push_back(noise_start(line.chip + i * line.apart));
  }
}

void RingLine::hold_back(std::int64_t member, Ticks extra) {
  expect_room(extra);
  extra_.resize(ticks_.size());
  std::int32_t& sum = extra_[static_cast<std::size_t>(member)];
  sum += static_cast<std::int32_t>(extra);
  slowest_ = std::max<Ticks>(slowest_, sum);
}

void RingLine::run(std::int64_t steps, std::int64_t first_step, const ClockOptions& options) {
  const Ticks most = slowest_ + options.noise.most();
  expect_room(most);
  const std::int64_t stretch = std::clamp<std::int64_t>(room / (most + 1), 1, most_stretch);
  std::vector<NoiseKey> keys;
  for (std::int64_t done = 0; done < steps;) {
    keys.clear();
    for (const std::int64_t end = std::min(done + stretch, steps); done < end; ++done)
      keys.push_back(noise_key(options.seed, static_cast<std::uint64_t>(first_step + done)));
    rebase();
    step_through(keys, options.noise);
    base_ += static_cast<Ticks>(keys.size()) * options.noise.common();
  }
}

void RingLine::store(std::vector<Ticks>& clocks, Ticks later) const {
  for (std::int64_t i = 0; i < line_.members; ++i)
    clocks[line_.at(i)] = base_ + later + ticks_[static_cast<std::size_t>(i)];
}

void RingLine::rebase() {
  const auto [least, most] = std::minmax_element(ticks_.begin(), ticks_.end());
  const std::int32_t by = *least;
  expect_room(*most - by);
  for (std::int32_t& t : ticks_) t -= by;
  base_ += by;
}

void RingLine::step_through(std::span<const NoiseKey> keys, const Noise& noise) {
  if (line_.members >= long_line) return step_in_strips(keys, noise);
  Strip whole(0, line_.members, ticks_, starts_, extra_);
  whole.run(keys, {}, noise);
  whole.paste(ticks_.data());
}

// A member hears from its left alone, so a strip goes through all steps once it knows what its left
// neighbour was before each. Each thread takes strips from left to right. What the first one needs
// comes from a strip of as many members as there are steps, run for that alone: what lies farther
// left does not reach its last member in time.
void RingLine::step_in_strips(std::span<const NoiseKey> keys, const Noise& noise) {
  const auto reach = static_cast<std::int64_t>(keys.size());
#pragma omp parallel
  {
    const std::int64_t thread = omp_get_thread_num();
    const std::int64_t begin = line_.members * thread / omp_get_num_threads();
    const std::int64_t end = line_.members * (thread + 1) / omp_get_num_threads();
    Strip left(begin - reach, reach, ticks_, starts_, extra_);
#pragma omp barrier
    std::vector<std::int32_t> before = left.run(keys, {}, noise);
    for (std::int64_t at = begin; at < end; at += strip_width) {
      Strip strip(at, std::min(strip_width, end - at), ticks_, starts_, extra_);
      before = strip.run(keys, before, noise);
      strip.paste(&ticks_[static_cast<std::size_t>(at)]);
    }
  }
}

}  // namespace bench
