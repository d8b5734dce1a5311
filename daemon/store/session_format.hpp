// How the sessions of one handle are written into a row of the store.
#pragma once

#include "daemon/support/secret.hpp"
#include "daemon/tls/context.hpp"
#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tlsmodem {

// One session that can be resumed.
struct kept_session {
  secret state;  // libssl's encoding
  std::chrono::sys_seconds made{};
  std::chrono::sys_seconds expires{};
  bool is_ticket = false;
  bool is_single_use = false;
  bool has_extended_master_secret = false;
  std::uint64_t loan = 0;  // in memory only: the loan that it is given out for; 0: none
};

// How the offers under a handle went: who does not take sessions is not asked at every connect.
struct offer_record {
  static constexpr std::uint8_t longest_pause = 15;

  bool failed_before = false;  // the last offer cost a handshake
  std::uint8_t pause = 0;      // so many connects go without an offer

  bool operator==(const offer_record&) const = default;
};

// All that a handle names.
struct session_entry {
  tls::fingerprint binding{};  // of what a session must not outlive
  std::string host;
  std::uint16_t port = 0;
  std::string version;
  std::string suite;
  offer_record offers;
  std::vector<kept_session> sessions;  // the newest last
};

// RFC 8446 lets a server send any number of tickets; more than these would only be spent one by one anyway.
inline constexpr std::size_t max_sessions_of_entry = 4;

// Sessions hold the server's certificate. Longer ones are a server's attempt to make us its memory.
inline constexpr std::size_t max_session_state_bytes = std::size_t{16} * 1024;

// Whether a row has room for it: the number of sessions, the lengths of its texts and states, its times.
bool can_be_stored(const session_entry& entry);
// Empty for what cannot be stored. Everything else is read back as it was, but for loans.
secret encode(const session_entry& entry);
// The reason for anything that encode() would not have written.
at::result<session_entry> decode_session_entry(bytes_view row);

}  // namespace tlsmodem
