// AT#TSEND=<id>,<length>[,<flags>] and a payload of <length> bytes.
#pragma once

#include "socket_reference.hpp"

namespace tlsmodem::at {

struct send_request {
  int id = 0;
  std::size_t length = 0;
  bool is_quiet = false;  // 1: no final result code on success; a failure is #TERR
  bool is_last = false;   // 2: nothing will be sent behind it
  bool operator==(const send_request&) const = default;
};

inline result<send_request> parse_send(std::span<const value> values) {
  arguments in(values);
  send_request r;
  r.id = static_cast<int>(in.number(0, max_socket_id));
  r.length = static_cast<std::size_t>(in.number(0, 0x7fffffff));
  const auto flags = in.number_or(0, 0, 3);
  r.is_quiet = (flags & 1) != 0;
  r.is_last = (flags & 2) != 0;
  if (auto wrong = in.finish()) return std::move(*wrong);
  return r;
}

// The line; the payload goes right behind its terminator.
inline std::string format(const send_request& r) {
  std::string line = "AT#TSEND=" + std::to_string(r.id) + "," + std::to_string(r.length);
  const int flags = (r.is_quiet ? 1 : 0) + (r.is_last ? 2 : 0);
  if (flags != 0) line += "," + std::to_string(flags);
  return line;
}

}  // namespace tlsmodem::at
