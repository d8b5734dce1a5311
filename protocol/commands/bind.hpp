// AT#TBIND=<id>,"<address>",<port> takes a local address now, not when it is first needed.
#pragma once

#include "../limits.hpp"
#include "socket_reference.hpp"

namespace tlsmodem::at {

struct bind_request {
  int id = 0;
  std::string address;  // literal; "" and "*" stand for any
  std::uint16_t port = 0;
  bool operator==(const bind_request&) const = default;
};

inline result<bind_request> parse_bind(std::span<const value> values) {
  arguments in(values);
  bind_request r;
  r.id = static_cast<int>(in.number(0, max_socket_id));
  r.address = in.text(max_host_bytes);
  r.port = static_cast<std::uint16_t>(in.number(0, 65535));
  if (auto wrong = in.finish()) return std::move(*wrong);
  // inet_pton() takes C strings: an address with a NUL would be another address.
  if (r.address.find('\0') != std::string::npos)
    return {error::incorrect_parameters, "The address holds a NUL."};
  return r;
}

inline std::string format(const bind_request& r) {
  return "AT#TBIND=" + std::to_string(r.id) + "," + quote(r.address) + "," + std::to_string(r.port);
}

}  // namespace tlsmodem::at
