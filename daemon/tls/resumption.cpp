#include "resumption.hpp"

#include "callback_notes.hpp"

namespace tlsmodem::tls {
namespace {

// More tickets than this in one flight are not for us to keep.
constexpr std::size_t max_waiting_tickets = 16;

// TLS 1.3 only: what earlier versions leave is taken from the connection, as libssl does not call for a
// ticket that a resumed handshake brings.
int note_session(SSL* ssl, SSL_SESSION* session) {
  if (SSL_version(ssl) != TLS1_3_VERSION) return 0;
  auto& waiting = notes_of(ssl).tickets;
  if (waiting.size() == max_waiting_tickets) return 0;
  if (auto made = make_resumable(ssl, session)) waiting.push_back(std::move(*made));
  return 0;  // the reference stays libssl's
}

}  // namespace

std::optional<resumable_session> make_resumable(const SSL* ssl, SSL_SESSION* session) {
  if (session == nullptr || SSL_SESSION_is_resumable(session) == 0) return std::nullopt;
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return std::nullopt;
  bytes encoded(static_cast<std::size_t>(size));
  unsigned char* end = encoded.data();
  if (i2d_SSL_SESSION(session, &end) != size) return std::nullopt;
  resumable_session made;
  made.state = secret(std::move(encoded));
  made.version = SSL_get_version(ssl);
  const SSL_CIPHER* const suite = SSL_SESSION_get0_cipher(session);
  made.suite = suite != nullptr ? SSL_CIPHER_standard_name(suite) : "";
  made.is_ticket = SSL_SESSION_has_ticket(session) != 0;
  made.is_single_use = SSL_version(ssl) == TLS1_3_VERSION;
  made.has_extended_master_secret = made.is_single_use || SSL_get_extms_support(const_cast<SSL*>(ssl)) ==
                                                              1;  // a query in spite of its type
  made.lifetime_hint_s = static_cast<std::uint32_t>(SSL_SESSION_get_ticket_lifetime_hint(session));
  return made;
}

ssl_session_ptr parse_session(bytes_view state) {
  const error_queue_scope scope;
  const unsigned char* position = state.data();
  ssl_session_ptr session(d2i_SSL_SESSION(nullptr, &position, static_cast<long>(state.size())));
  if (session && position != state.data() + state.size()) session.reset();
  return session;
}

void collect_tickets(SSL_CTX* ctx) {
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, note_session);
}

}  // namespace tlsmodem::tls
