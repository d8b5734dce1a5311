// TLS sessions (RFC 5246 7.3, RFC 8446 2.2) on their way out of one handshake and into another.
#pragma once

#include "daemon/support/secret.hpp"
#include "openssl_handles.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::tls {

// What a handshake leaves behind for an abbreviated one.
struct resumable_session {
  secret state;                             // libssl's encoding, with the master secret or the resumption PSK
  std::string version;                      // "DTLSv1.2"
  std::string suite;                        // IANA name
  bool is_ticket = false;                   // RFC 5077; otherwise the server keeps it under a session id
  bool is_single_use = false;               // RFC 8446 C.4: a ticket of TLS 1.3 is for one connection
  bool has_extended_master_secret = false;  // RFC 7627; TLS 1.3 always has what it is for
  std::uint32_t lifetime_hint_s = 0;        // of the ticket; 0: the server did not say
};

// Nothing when it cannot be resumed.
std::optional<resumable_session> make_resumable(const SSL* ssl, SSL_SESSION* session);

// Null for anything that libssl does not take back.
ssl_session_ptr parse_session(bytes_view state);

// Makes libssl tell the tickets of TLS 1.3, which come at any time, to the notes of their association.
void collect_tickets(SSL_CTX* ctx);

}  // namespace tlsmodem::tls
