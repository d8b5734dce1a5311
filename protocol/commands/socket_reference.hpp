// The commands that take nothing but a socket's id: AT#TABORT, AT#TREOPEN, AT#TINFO.
#pragma once

#include "../value.hpp"

namespace tlsmodem::at {

inline constexpr std::int64_t max_socket_id = 0x7fffffff;

struct socket_reference {
  int id = 0;
  bool operator==(const socket_reference&) const = default;
};

inline result<socket_reference> parse_socket_reference(std::span<const value> values) {
  arguments in(values);
  socket_reference r{static_cast<int>(in.number(0, max_socket_id))};
  if (auto wrong = in.finish()) return std::move(*wrong);
  return r;
}

inline std::string format_abort(socket_reference r) { return "AT#TABORT=" + std::to_string(r.id); }
inline std::string format_reopen(socket_reference r) { return "AT#TREOPEN=" + std::to_string(r.id); }
inline std::string format_info(socket_reference r) { return "AT#TINFO=" + std::to_string(r.id); }

}  // namespace tlsmodem::at
