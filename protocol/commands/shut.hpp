// AT#TSHUT=<id>[,<silent>] half-closes, AT#TCLOSE=<id>[,<silent>] closes and frees the id.
#pragma once

#include "socket_reference.hpp"

namespace tlsmodem::at {

struct shut_request {
  int id = 0;
  bool is_silent = false;  // nothing goes out on a datagram socket
  bool operator==(const shut_request&) const = default;
};

inline result<shut_request> parse_shut(std::span<const value> values) {
  arguments in(values);
  shut_request r;
  r.id = static_cast<int>(in.number(0, max_socket_id));
  r.is_silent = in.number_or(0, 0, 1) == 1;
  if (auto wrong = in.finish()) return std::move(*wrong);
  return r;
}

inline std::string format_shut(const shut_request& r) {
  return "AT#TSHUT=" + std::to_string(r.id) + (r.is_silent ? ",1" : "");
}
inline std::string format_close(const shut_request& r) {
  return "AT#TCLOSE=" + std::to_string(r.id) + (r.is_silent ? ",1" : "");
}

}  // namespace tlsmodem::at
