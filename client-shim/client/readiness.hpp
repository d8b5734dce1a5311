// One descriptor that is readable when there is something to receive: from the channel, or already read from
// it.
//
// Whoever polls a socket knows only its descriptor. Answers to commands and data come over the same channel,
// so data may have been taken out of it while an answer was awaited; then the channel's own descriptor is
// quiet. This one (an epoll with the channel and an eventfd in it) stays readable, and it stays the same
// number when the channel is replaced by a new one.
#pragma once

#include "protocol/result.hpp"

#include <optional>

namespace tlsmodem::client {

class readiness {
 public:
  readiness() = default;
  readiness(readiness&& other) noexcept;
  readiness& operator=(readiness&& other) noexcept;
  ~readiness();

  // Errors: 20 the system has no descriptor.
  std::optional<at::failure> watch(int channel_fd);
  // Before that descriptor is closed: in a process that was forked it lives on, and an epoll would go on to
  // report it.
  void forget();
  void set_buffered(bool is_buffered);
  // -1 before watch().
  int fd() const { return epoll_; }

 private:
  int epoll_ = -1;
  int event_ = -1;
  int channel_ = -1;
  bool is_buffered_ = false;
};

}  // namespace tlsmodem::client
