#include "bench/emulator/tap.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "topology/error.hpp"

namespace bench {
namespace {

[[noreturn]] void fail(const std::string& name, const char* what) {
  throw topology::Error(
      topology::ErrorKind::environment,
      fmt::format("cannot make the network device {}: {}: {}", name, what, std::strerror(errno)));
}

}  // namespace

Tap::Tap(const std::string& name) : file_(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
  if (file_ < 0) fail(name, "/dev/net/tun");
  if (name.empty() || name.size() >= IFNAMSIZ)
    topology::usage_error(
        fmt::format("a network device has 1 to {} characters: '{}'", IFNAMSIZ - 1, name));
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(file_, TUNSETIFF, &request) != 0) {
    const int code = errno;
    close(file_);
    errno = code;
    fail(name, "TUNSETIFF");
  }
}

Tap::~Tap() {
  if (file_ >= 0) close(file_);
}

std::size_t Tap::receive(std::span<std::byte> frame) const {
  const ssize_t bytes = read(file_, frame.data(), frame.size());
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

bool Tap::send(std::span<const std::byte> frame) const {
  return write(file_, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
}

}  // namespace bench
