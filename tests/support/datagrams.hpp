// Datagrams under the test's hands: a port that only listens, and a relay in front of a real server.
#pragma once

#include "process.hpp"
#include "protocol/bytes.hpp"

#include <netinet/in.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace tlsmodem::test {

// 127.0.0.1
sockaddr_in loopback(int port);

// A UDP port of 127.0.0.1 that takes datagrams and never answers.
class silent_port {
 public:
  explicit silent_port(int port);
  ~silent_port();
  silent_port(const silent_port&) = delete;
  silent_port& operator=(const silent_port&) = delete;

  struct datagram {
    bytes data;
    std::uint16_t from_port = 0;
  };
  // All that has arrived since the last call.
  std::vector<datagram> take() const;
  // Waits for one.
  datagram next() const;

 private:
  std::optional<datagram> receive() const;
  int fd_ = -1;
};

// Passes datagrams between one client and a server, both on 127.0.0.1, and keeps a copy of each.
class udp_relay {
 public:
  // Only the first `most_from_server` datagrams of the server are passed on: then it has fallen silent.
  udp_relay(int port, int server_port, std::size_t most_from_server = SIZE_MAX);
  ~udp_relay();
  udp_relay(const udp_relay&) = delete;
  udp_relay& operator=(const udp_relay&) = delete;

  std::vector<bytes> from_client() const;
  std::vector<bytes> from_server() const;
  // Sends to the client as if the server had. Precondition: the client has sent something.
  void inject(bytes_view datagram) const;

 private:
  void run();
  std::size_t keep(std::vector<bytes>& copies, const bytes& datagram);

  const std::size_t most_from_server_;
  int client_fd_ = -1;
  int server_fd_ = -1;
  mutable std::mutex mutex_;
  std::vector<bytes> from_client_;
  std::vector<bytes> from_server_;
  std::atomic<std::uint16_t> client_port_ = 0;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace tlsmodem::test
