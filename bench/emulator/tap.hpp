// A TAP device: the end of a network interface that a program reads and writes frames at.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace bench {

class Tap {
 public:
  /// Makes the device `name`; it goes when this does.
  /// @throws Error(environment) where that is not allowed or the name is taken
  explicit Tap(const std::string& name);
  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  Tap(Tap&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

  Tap& operator=(Tap&&) = delete;

  [[nodiscard]] int file() const { return file_; }

  /// The next frame that the host sends. @return its bytes, 0 when there is none now
  [[nodiscard]] std::size_t receive(std::span<std::byte> frame) const;
  /// As the host's kernel may do with any frame, it drops it when its queue is full.
  /// @return was it taken?
  [[nodiscard]] bool send(std::span<const std::byte> frame) const;

 private:
  int file_;
};

}  // namespace bench
