// AT#TOPEN=<profile> makes a socket; AT#TOPEN? lists the channel's sockets.
#pragma once

#include "../limits.hpp"
#include "../socket_state.hpp"
#include "socket_reference.hpp"

namespace tlsmodem::at {

struct open_request {
  int profile = 0;
  bool operator==(const open_request&) const = default;
};

inline result<open_request> parse_open(std::span<const value> values) {
  arguments in(values);
  open_request r{static_cast<int>(in.number(0, profile_count - 1))};
  if (auto wrong = in.finish()) return std::move(*wrong);
  return r;
}

inline std::string format(const open_request& r) { return "AT#TOPEN=" + std::to_string(r.profile); }
inline std::string format_opened(int id) { return "#TOPEN: " + std::to_string(id); }
inline std::string format_listed(int id, std::string_view protocol, socket_state state) {
  return "#TOPEN: " + std::to_string(id) + "," + quote(protocol) + "," + quote(name_of(state));
}

}  // namespace tlsmodem::at
