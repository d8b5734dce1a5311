#include "callback_notes.hpp"

#include <openssl/dtls1.h>
#include <openssl/ssl3.h>

#include <algorithm>

namespace tlsmodem::tls {
namespace {

void note_info(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_ALERT) == 0) return;
  const alert seen{static_cast<std::uint8_t>((value >> 8) & 0xff), static_cast<std::uint8_t>(value & 0xff)};
  callback_notes& notes = notes_of(ssl);
  ((where & SSL_CB_READ) != 0 ? notes.alert_received : notes.alert_sent) = seen;
}

// libssl has no other way to tell what was agreed.
void note_extension(SSL* ssl, int from_server, int type, const unsigned char*, int, void*) {
  if (from_server != 0 && type == TLSEXT_TYPE_encrypt_then_mac) notes_of(ssl).encrypts_then_macs = true;
}

// An empty list, behind an empty context in TLS 1.3: nothing but the zeros of lengths.
bool is_empty_list(bytes_view certificate_message, bool is_datagram) {
  const std::size_t header = is_datagram ? DTLS1_HM_HEADER_LENGTH : SSL3_HM_HEADER_LENGTH;
  if (certificate_message.size() < header || certificate_message.size() > header + 4) return false;
  const bytes_view body = certificate_message.subspan(header);
  return std::all_of(body.begin(), body.end(), [](std::uint8_t byte) { return byte == 0; });
}

void note_message(int written, int, int content_type, const void* data, std::size_t size, SSL* ssl, void*) {
  if (content_type != SSL3_RT_HANDSHAKE || size == 0) return;
  const auto message = *static_cast<const std::uint8_t*>(data);
  callback_notes& notes = notes_of(ssl);
  if (written != 0) {
    notes.finished_sent = notes.finished_sent || message == SSL3_MT_FINISHED;
    return;
  }
  notes.server_answered = true;
  notes.server_hello = notes.server_hello || message == SSL3_MT_SERVER_HELLO;
  if (message == SSL3_MT_CERTIFICATE)
    notes.no_server_certificate =
        is_empty_list({static_cast<const std::uint8_t*>(data), size}, SSL_is_dtls(ssl) != 0);
}

}  // namespace

void take_notes(SSL* ssl, callback_notes& notes) {
  SSL_set_app_data(ssl, &notes);
  SSL_set_info_callback(ssl, note_info);
  SSL_set_msg_callback(ssl, note_message);
  SSL_set_tlsext_debug_callback(ssl, note_extension);
}

}  // namespace tlsmodem::tls
