#include "callback_notes.hpp"

#include <openssl/ssl3.h>

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
}

}  // namespace

void take_notes(SSL* ssl, callback_notes& notes) {
  SSL_set_app_data(ssl, &notes);
  SSL_set_info_callback(ssl, note_info);
  SSL_set_msg_callback(ssl, note_message);
  SSL_set_tlsext_debug_callback(ssl, note_extension);
}

}  // namespace tlsmodem::tls
