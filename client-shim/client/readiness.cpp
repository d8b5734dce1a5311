#include "readiness.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tlsmodem::client {
namespace {

at::failure no_descriptor() {
  return {at::error::memory_full, std::string("No descriptor to poll: ") + std::strerror(errno) + "."};
}

bool add(int epoll, int fd) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

}  // namespace

readiness::readiness(readiness&& other) noexcept
    : epoll_(std::exchange(other.epoll_, -1)),
      event_(std::exchange(other.event_, -1)),
      channel_(std::exchange(other.channel_, -1)),
      is_buffered_(std::exchange(other.is_buffered_, false)) {}

readiness& readiness::operator=(readiness&& other) noexcept {
  std::swap(epoll_, other.epoll_);
  std::swap(event_, other.event_);
  std::swap(channel_, other.channel_);
  std::swap(is_buffered_, other.is_buffered_);
  return *this;
}

readiness::~readiness() {
  if (event_ >= 0) ::close(event_);
  if (epoll_ >= 0) ::close(epoll_);
}

std::optional<at::failure> readiness::watch(int channel_fd) {
  if (epoll_ < 0) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (epoll_ < 0 || event_ < 0 || !add(epoll_, event_)) return no_descriptor();
  }
  if (!add(epoll_, channel_fd)) return no_descriptor();
  channel_ = channel_fd;
  return std::nullopt;
}

void readiness::forget() {
  if (channel_ >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, channel_, nullptr);
  channel_ = -1;
}

void readiness::set_buffered(bool is_buffered) {
  if (is_buffered == is_buffered_ || event_ < 0) return;
  is_buffered_ = is_buffered;
  std::uint64_t count = 1;
  const auto done =
      is_buffered ? ::write(event_, &count, sizeof count) : ::read(event_, &count, sizeof count);
  static_cast<void>(done);  // neither can fail: the count goes between 0 and 1
}

}  // namespace tlsmodem::client
