// What libssl's callbacks have to report of one association; the engine reads it after each call into libssl.
// Reached through SSL_get_app_data(), as the context is through SSL_CTX_get_app_data().
#pragma once

#include "engine.hpp"
#include "openssl_handles.hpp"
#include "resumption.hpp"

#include <optional>
#include <vector>

namespace tlsmodem::tls {

// What a server got that asked for a certificate of ours.
enum class certificate_answer : std::uint8_t { not_asked_or_shown, there_is_none, none_fits };

// What came from the server's address without being an answer to the handshake (datagrams only).
enum class stray_datagrams : std::uint8_t { none, no_dtls, other_records };

struct callback_notes {
  std::optional<alert> alert_received;
  std::optional<alert> alert_sent;
  // How far the handshake came, for the text of a time-out.
  bool server_answered = false;  // anything at all, HelloVerifyRequest included
  bool server_hello = false;
  bool finished_sent = false;
  bool psk_in_hello = false;  // the ClientHello offers an external PSK (TLS 1.3)
  stray_datagrams strays = stray_datagrams::none;
  certificate_answer own_certificate = certificate_answer::not_asked_or_shown;
  bool encrypts_then_macs = false;  // in the ServerHello, RFC 7366
  bytes offered_cid;                // the extension connection_id of our ClientHello; empty: none
  std::optional<bytes> peer_cid;    // the CID in that of the ServerHello
  int verify_error = X509_V_OK;     // the first one
  int verify_depth = 0;             // where it was found, 0: the server's own certificate
  std::string verify_date;          // "2026-12-01", of a complaint about dates: where validity begins or ends
  bool no_server_certificate = false;      // its Certificate message holds none
  std::vector<resumable_session> tickets;  // of TLS 1.3, until the engine takes them
};

// Registers the callbacks that write into `notes`, which has to outlive `ssl`.
void take_notes(SSL* ssl, callback_notes& notes);

inline callback_notes& notes_of(const SSL* ssl) {
  return *static_cast<callback_notes*>(SSL_get_app_data(ssl));
}

}  // namespace tlsmodem::tls
