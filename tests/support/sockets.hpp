// Peers under the test's hands, in its own process: a UDP echo, and a TCP server whose every step the test
// takes.
#pragma once

#include "process.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace tlsmodem::test {

// Sends every datagram on 127.0.0.1:port back to where it came from.
class udp_echo {
 public:
  explicit udp_echo(int port);
  ~udp_echo();
  udp_echo(const udp_echo&) = delete;
  udp_echo& operator=(const udp_echo&) = delete;

 private:
  void run() const;

  int fd_ = -1;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;  // last: it uses all of the above
};

// One accepted connection.
class tcp_connection {
 public:
  explicit tcp_connection(int fd) : fd_(fd) {}
  ~tcp_connection();
  tcp_connection(tcp_connection&& other) noexcept;
  tcp_connection& operator=(tcp_connection&&) = delete;

  // Throws when the bytes do not come, or not all of them before the end.
  std::string read(std::size_t count) const;
  // True when the peer's FIN is the next thing that comes.
  bool reads_end() const;
  void write(std::string_view data) const;
  // As much of `data` as the kernel takes at once.
  std::size_t write_some(std::string_view data) const;
  void finish() const;  // FIN
  void reset();         // RST
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

class tcp_listener {
 public:
  explicit tcp_listener(int port);
  ~tcp_listener();
  tcp_listener(const tcp_listener&) = delete;
  tcp_listener& operator=(const tcp_listener&) = delete;

  tcp_connection accept() const;

 private:
  int fd_ = -1;
};

}  // namespace tlsmodem::test
