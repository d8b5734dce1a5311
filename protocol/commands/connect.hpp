// AT#TCONN=<id>,"<host>",<port>[,"<preferred address>"] starts a connect; #TUP or #TFAIL tells how it ended.
#pragma once

#include "../limits.hpp"
#include "socket_reference.hpp"

namespace tlsmodem::at {

struct connect_request {
  int id = 0;
  std::string host;
  std::uint16_t port = 0;
  std::string preferred_address;  // tried first when the name has it; "" for none
  bool operator==(const connect_request&) const = default;
};

inline result<connect_request> parse_connect(std::span<const value> values) {
  arguments in(values);
  connect_request r;
  r.id = static_cast<int>(in.number(0, max_socket_id));
  r.host = in.text(max_host_bytes);
  r.port = static_cast<std::uint16_t>(in.number(1, 65535));
  r.preferred_address = in.optional_text(max_host_bytes).value_or(std::string{});
  if (auto wrong = in.finish()) return std::move(*wrong);
  // getaddrinfo() takes C strings: a name with a NUL would be another name.
  if (r.host.empty() || r.host.find('\0') != std::string::npos ||
      r.preferred_address.find('\0') != std::string::npos)
    return {error::incorrect_parameters, "The host is empty or holds a NUL."};
  return r;
}

inline std::string format(const connect_request& r) {
  std::string line = "AT#TCONN=" + std::to_string(r.id) + "," + quote(r.host) + "," + std::to_string(r.port);
  if (!r.preferred_address.empty()) line += "," + quote(r.preferred_address);
  return line;
}

}  // namespace tlsmodem::at
