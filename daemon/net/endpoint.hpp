// A numeric address and a port, without Asio, so that the socket machine can be built and fuzzed without it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tlsmodem::net {

enum class address_family : std::uint8_t { any, v4, v6 };

struct endpoint {
  std::string address;  // numeric, with %scope if link-local
  std::uint16_t port = 0;

  bool is_v6() const { return address.find(':') != std::string::npos; }
  bool operator==(const endpoint&) const = default;
};

// Options of the operating system's socket.
struct socket_options {
  std::string interface;  // SO_BINDTODEVICE, "" for any
  int dscp = 0;           // 0..63, RFC 2474
  bool reuse = false;     // SO_REUSEADDR
};

}  // namespace tlsmodem::net
