#include "handshake_filter.hpp"

#include "handshake_message.hpp"

namespace tlsmodem::dtls12 {
namespace {

constexpr std::size_t alert_bytes = 2;
constexpr std::uint8_t level_warning = 1;
constexpr std::uint8_t level_fatal = 2;
constexpr std::uint8_t close_notify = 0;
constexpr std::uint8_t the_change_cipher_spec = 1;

bool is_server_message(std::uint8_t type) {
  switch (type) {
    case server_hello:
    case hello_verify_request:
    case new_session_ticket:
    case certificate:
    case server_key_exchange:
    case certificate_request:
    case server_hello_done:
    case certificate_status:
    case supplemental_data:
      return true;
    default:
      return false;  // HelloRequest among them: we are in a handshake already
  }
}

// Whole fragments of messages that a server sends before its ChangeCipherSpec.
unprotected_kind classify_handshake(bytes_view content) {
  if (!content.empty() && content[0] == client_hello) return unprotected_kind::client_hello;
  fragment_view fragment;
  auto kind = unprotected_kind::other;
  for (bool is_first = true; !content.empty(); is_first = false) {
    if (!next_fragment(content, fragment) || !is_server_message(fragment.type))
      return unprotected_kind::other;
    // To libssl it is the whole message, and too short.
    if (fragment.body.empty() && fragment.message_bytes > 0) return unprotected_kind::other;
    if (fragment.message_bytes > max_message_bytes)
      return fragment.type == certificate ? unprotected_kind::long_chain : unprotected_kind::other;
    if (is_first && fragment.type == server_hello) {
      kind = unprotected_kind::server_hello;
    } else if (is_first && fragment.type == hello_verify_request && fragment.is_whole()) {
      kind = unprotected_kind::hello_verify_request;
    } else if (kind != unprotected_kind::server_hello) {
      kind = unprotected_kind::wanted;
    }
  }
  return kind;
}

// unrecognized_name, say (RFC 6066 3), is a warning. close_notify ends the handshake.
unprotected_kind classify_alert(bytes_view content) {
  if (content.size() != alert_bytes) return unprotected_kind::other;
  if (content[0] == level_warning && content[1] != close_notify) return unprotected_kind::warning;
  return content[0] == level_warning || content[0] == level_fatal ? unprotected_kind::wanted
                                                                  : unprotected_kind::other;
}

}  // namespace

unprotected_kind classify_unprotected(const record_view& record) {
  switch (record.type) {
    case change_cipher_spec:
      return record.payload.size() == 1 && record.payload[0] == the_change_cipher_spec
                 ? unprotected_kind::wanted
                 : unprotected_kind::other;
    case alert:
      return classify_alert(record.payload);
    case handshake:
      return classify_handshake(record.payload);
    default:
      return unprotected_kind::other;
  }
}

}  // namespace tlsmodem::dtls12
