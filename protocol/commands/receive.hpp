// AT#TRECV=<id>[,<max>] takes one frame out of a pull socket.
#pragma once

#include "../limits.hpp"
#include "socket_reference.hpp"

namespace tlsmodem::at {

struct receive_request {
  int id = 0;
  std::size_t max_bytes = max_payload_bytes;
  bool operator==(const receive_request&) const = default;
};

inline result<receive_request> parse_receive(std::span<const value> values) {
  arguments in(values);
  receive_request r;
  r.id = static_cast<int>(in.number(0, max_socket_id));
  r.max_bytes = static_cast<std::size_t>(in.number_or(max_payload_bytes, 1, max_payload_bytes));
  if (auto wrong = in.finish()) return std::move(*wrong);
  return r;
}

inline std::string format(const receive_request& r) {
  return "AT#TRECV=" + std::to_string(r.id) + "," + std::to_string(r.max_bytes);
}

// The line of the answer; `length` raw bytes follow it.
struct receive_answer {
  int id = 0;
  std::size_t length = 0;
  std::size_t unread_bytes = 0;
  bool is_truncated = false;
  bool operator==(const receive_answer&) const = default;
};

inline std::string format(const receive_answer& a) {
  std::string line = "#TRECV: " + std::to_string(a.id) + "," + std::to_string(a.length) + "," +
                     std::to_string(a.unread_bytes);
  if (a.is_truncated) line += ",1";
  return line;
}

inline result<receive_answer> parse_receive_answer(std::string_view line) {
  constexpr std::string_view prefix = "#TRECV:";
  if (!line.starts_with(prefix)) return {error::incorrect_parameters, "Not an answer of AT#TRECV."};
  const auto values = parse_values(line.substr(prefix.size()));
  if (!values) return values.why();
  arguments in(*values);
  receive_answer a;
  a.id = static_cast<int>(in.number(0, max_socket_id));
  a.length = static_cast<std::size_t>(in.number(0, max_payload_bytes));
  a.unread_bytes = static_cast<std::size_t>(in.number(0, 0x7fffffff));
  a.is_truncated = (in.number_or(0, 0, 0xffff) & 1) != 0;
  in.rest();
  if (auto wrong = in.finish()) return std::move(*wrong);
  return a;
}

}  // namespace tlsmodem::at
