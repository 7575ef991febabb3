#include "bench/emulator/emulated_switch.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <optional>
#include <span>
#include <utility>

#include <poll.h>
#include <sys/prctl.h>

#include "topology/error.hpp"

namespace bench {
namespace {

constexpr std::size_t largest_frame = 65536;

volatile std::sig_atomic_t told_to_end = 0;

topology::Seconds now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return topology::Seconds(std::chrono::duration<double>(since_boot).count());
}

timespec to_timespec(topology::Seconds duration) {
  const auto nanoseconds = static_cast<std::int64_t>(std::max(duration.value(), 0.0) * 1e9);
  return {.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000};
}

/// The host of a frame's destination, its first six bytes; none for a broadcast or an unknown one.
std::optional<std::size_t> destination(std::span<const std::byte> frame, std::size_t hosts) {
  constexpr std::array ours{std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}};
  if (!std::equal(ours.begin(), ours.end(), frame.begin())) return {};
  const auto number = std::to_integer<std::size_t>(frame[ours.size()]);
  if (number < 1 || number > hosts) return {};
  return number - 1;
}

}  // namespace

EmulatedSwitch::EmulatedSwitch(std::vector<Tap> hosts, Wires wires)
    : hosts_(std::move(hosts)), wires_(std::move(wires)), buffer_(largest_frame) {}

SwitchCounts EmulatedSwitch::run() {
  struct sigaction ending {};

  ending.sa_handler = [](int) { told_to_end = 1; };
  sigaction(SIGTERM, &ending, nullptr);
  sigaction(SIGINT, &ending, nullptr);
  prctl(PR_SET_TIMERSLACK, 1);  // else a sleep takes up to 50 us longer
  while (told_to_end == 0) {
    wait();
    for (std::size_t h = 0; h < hosts_.size(); ++h) take_from(h);
    deliver();
  }
  return counts_;
}

/// Until a host sends or a frame is due.
void EmulatedSwitch::wait() const {
  std::vector<pollfd> files;
  for (const Tap& host : hosts_) files.push_back({host.file(), POLLIN, 0});
  constexpr topology::Seconds a_while{0.1};  // a signal may come right before the call
  const topology::Seconds next = on_wires_.empty() ? a_while : on_wires_.top().due - now();
  const timespec timeout = to_timespec(std::min(next, a_while));
  ppoll(files.data(), files.size(), &timeout, nullptr);
}

void EmulatedSwitch::take_from(std::size_t host) {
  constexpr std::size_t header = 14;  // two addresses and a type
  while (const std::size_t bytes = hosts_[host].receive(buffer_)) {
    if (bytes < header) continue;
    const std::span<const std::byte> frame(buffer_.data(), bytes);
    const auto to = destination(frame, hosts_.size());
    for (std::size_t h = 0; h < hosts_.size(); ++h)
      if (to ? h == *to : h != host) pass(host, h, {frame.begin(), frame.end()});
  }
}

void EmulatedSwitch::pass(std::size_t from, std::size_t to, std::vector<std::byte> bytes) {
  const topology::Bytes size(static_cast<double>(bytes.size()));
  on_wires_.push({wires_.arrival(now(), from, to, size), taken_++, to, std::move(bytes)});
}

void EmulatedSwitch::deliver() {
  while (!on_wires_.empty() && on_wires_.top().due <= now()) {
    const Frame& frame = on_wires_.top();
    counts_.latest = std::max(counts_.latest, now() - frame.due);
    ++(hosts_[frame.to].send(frame.bytes) ? counts_.frames : counts_.dropped);
    on_wires_.pop();
  }
}

}  // namespace bench
