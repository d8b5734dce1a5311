// The commands on sessions: AT#TRESUME=<id>,"<handle>" before a connect, AT#TREHS=<id>[,<mode>] for a new
// handshake, AT#TSESS? and AT#TSESS="forget"[,"<handle>"].
#pragma once

#include "../limits.hpp"
#include "socket_reference.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem::at {

// What a handle looks like: 32 lower-case hex digits. What looks otherwise names nothing, which is no error.
inline constexpr std::size_t handle_digits = 32;

struct resume_request {
  int id = 0;
  std::string handle;
  bool operator==(const resume_request&) const = default;
};

inline result<resume_request> parse_resume(std::span<const value> values) {
  arguments in(values);
  resume_request r;
  r.id = static_cast<int>(in.number(0, max_socket_id));
  r.handle = in.text(max_line_bytes);
  if (auto wrong = in.finish()) return std::move(*wrong);
  return r;
}

inline std::string format(const resume_request& r) {
  return "AT#TRESUME=" + std::to_string(r.id) + "," + quote(r.handle);
}

struct rehandshake_request {
  int id = 0;
  bool is_abbreviated = true;  // if that is possible
  bool operator==(const rehandshake_request&) const = default;
};

inline result<rehandshake_request> parse_rehandshake(std::span<const value> values) {
  arguments in(values);
  rehandshake_request r;
  r.id = static_cast<int>(in.number(0, max_socket_id));
  r.is_abbreviated = in.number_or(1, 0, 1) == 1;
  if (auto wrong = in.finish()) return std::move(*wrong);
  return r;
}

inline std::string format(const rehandshake_request& r) {
  return "AT#TREHS=" + std::to_string(r.id) + (r.is_abbreviated ? "" : ",0");
}

struct forget_request {
  std::optional<std::string> handle;  // unset: all
  bool operator==(const forget_request&) const = default;
};

inline result<forget_request> parse_forget(std::span<const value> values) {
  arguments in(values);
  const auto word = in.text(max_line_bytes);
  forget_request r{in.optional_text(max_line_bytes)};
  if (auto wrong = in.finish()) return std::move(*wrong);
  if (word != "forget") return {error::incorrect_parameters, "The only operation on sessions is \"forget\"."};
  return r;
}

inline std::string format(const forget_request& r) {
  return "AT#TSESS=\"forget\"" + (r.handle ? "," + quote(*r.handle) : "");
}

// What a handle stands for: a session that can be resumed by its id or by a ticket, or an association that
// can be continued.
enum class session_kind : std::uint8_t { session_id, ticket, association };
inline constexpr std::array<std::string_view, 3> session_kind_words = {"id", "ticket", "association"};

struct listed_session {
  std::string handle;
  std::string host;
  std::uint16_t port = 0;
  std::string version;
  std::string suite;
  std::int64_t age_s = 0;
  std::int64_t expires_s = 0;  // from now
  session_kind kind = session_kind::session_id;
  bool operator==(const listed_session&) const = default;
};

inline std::string format(const listed_session& s) {
  return "#TSESS: " + quote(s.handle) + "," + quote(s.host) + "," + std::to_string(s.port) + "," +
         quote(s.version) + "," + quote(s.suite) + "," + std::to_string(s.age_s) + "," +
         std::to_string(s.expires_s) + "," + quote(session_kind_words[static_cast<std::size_t>(s.kind)]);
}

inline result<listed_session> parse_listed_session(std::string_view line) {
  constexpr std::string_view prefix = "#TSESS:";
  if (!line.starts_with(prefix)) return {error::incorrect_parameters, "Not an answer of AT#TSESS?."};
  const auto values = parse_values(line.substr(prefix.size()));
  if (!values) return values.why();
  arguments in(*values);
  listed_session s;
  s.handle = in.text(max_line_bytes);
  s.host = in.text(max_line_bytes);
  s.port = static_cast<std::uint16_t>(in.number(0, 65535));
  s.version = in.text(max_line_bytes);
  s.suite = in.text(max_line_bytes);
  constexpr std::int64_t most = 0x7fffffffffff;
  s.age_s = in.number(0, most);
  s.expires_s = in.number(0, most);
  const auto kind = in.text(max_line_bytes);
  in.rest();
  if (auto wrong = in.finish()) return std::move(*wrong);
  const auto* const word = std::find(session_kind_words.begin(), session_kind_words.end(), kind);
  if (word == session_kind_words.end()) return {error::incorrect_parameters, "Not a kind of session."};
  s.kind = static_cast<session_kind>(word - session_kind_words.begin());
  return s;
}

}  // namespace tlsmodem::at
