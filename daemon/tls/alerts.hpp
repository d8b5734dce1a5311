// Alerts by name, and what a failed association is told as.
#pragma once

#include "callback_notes.hpp"
#include "context.hpp"

#include <optional>
#include <string>

namespace tlsmodem::tls {

// The name in the RFCs; "unknown" for a number that has none. OpenSSL 3.0 does not know those of TLS 1.3.
const char* alert_name(std::uint8_t description);

// "bad_record_mac (20)"
std::string describe_alert(std::uint8_t description);

// The content of an alert record; nothing for one of another length.
std::optional<alert> parse_alert(bytes_view content);

// close_notify is none, whatever its level says: it ends an association without an error.
bool is_fatal(const alert& seen);

// What a fatal alert of the server does to a protected association.
engine_failure explain_fatal(const alert& received);

struct failure_facts {
  const callback_notes& notes;
  bool psk_mode = false;
  unsigned long error = 0;  // libssl's complaint, 0 if it had none
  bool tlsa_unusable = false;
  std::optional<std::string> key_failure = std::nullopt;  // why our key did not sign
};

// Why libssl gave an association up.
engine_failure explain_failure(const failure_facts& facts);

// A Certificate message of which nothing can be read.
engine_failure explain_long_chain(std::size_t message_bytes);

// Why nobody answered any more: says at which stage, because a DTLS server that dislikes something is silent.
std::string explain_silence(const callback_notes& notes, bool psk_mode);
// What goes behind the words for a stream that the server ended in the handshake: at which stage, and what it
// may have disliked. ", after our Finished; wrong pre-shared key or identity?"
std::string explain_end(const callback_notes& notes, bool psk_mode);
// What the engine fails with when its own timer gives the server up.
engine_failure explain_timeout(const callback_notes& notes, bool psk_mode);

}  // namespace tlsmodem::tls
