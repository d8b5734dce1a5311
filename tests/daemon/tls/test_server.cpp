#include "test_server.hpp"

#include "libssl_clock.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace tlsmodem::test {
namespace {

test_server& server_of(const SSL* ssl) { return *static_cast<test_server*>(SSL_get_app_data(ssl)); }

void require(bool fine) {
  if (fine) return;
  ERR_print_errors_fp(stderr);
  std::abort();
}

constexpr std::string_view the_cookie = "cookie";
// RFC 5746 3.3: no suite. From OpenSSL 3.5 on, the extension is sent instead.
constexpr std::uint16_t renegotiation_scsv = 0x00ff;

int make_cookie(SSL*, unsigned char* cookie, unsigned* size) {
  std::copy(the_cookie.begin(), the_cookie.end(), cookie);
  *size = the_cookie.size();
  return 1;
}

int check_cookie(SSL*, const unsigned char* cookie, unsigned size) {
  return as_text({cookie, size}) == the_cookie ? 1 : 0;
}

}  // namespace

test_server::test_server(const server_options& options) : options_(options) {
  const tls::error_queue_scope scope;
  const bool datagram = options.transport == tls::transport_kind::datagram;
  ctx_.reset(SSL_CTX_new(datagram ? DTLS_server_method() : TLS_server_method()));
  configure();
  make_connection();
}

test_server::test_server(const test_server& before) : options_(before.options_) {
  const tls::error_queue_scope scope;
  SSL_CTX_up_ref(before.ctx_.get());
  ctx_.reset(before.ctx_.get());
  make_connection();
}

void test_server::make_connection() {
  wire_.transport = options_.transport;
  ssl_.reset(SSL_new(ctx_.get()));
  SSL_set_app_data(ssl_.get(), this);
  BIO* const bio = tls::make_wire_bio(wire_).release();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
  SSL_set_info_callback(ssl_.get(), note_info);
  if (options_.transport != tls::transport_kind::datagram) return;
  SSL_set_mtu(ssl_.get(), static_cast<long>(options_.datagram_limit));
  DTLS_set_timer_cb(ssl_.get(), [](SSL* ssl, unsigned previous) {
    if (previous == 0) server_of(ssl).flight_started_ = true;
    return std::numeric_limits<unsigned>::max();
  });
}

void test_server::configure() {
  SSL_CTX* const ctx = ctx_.get();
  SSL_CTX_set_security_level(ctx, 0);
  SSL_CTX_set_min_proto_version(ctx, options_.min_version);
  SSL_CTX_set_max_proto_version(ctx, options_.max_version);
  require(SSL_CTX_set_cipher_list(ctx, options_.ciphers.c_str()) == 1);
  if (!options_.suites_tls1_3.empty()) {
    require(SSL_CTX_set_ciphersuites(ctx, options_.suites_tls1_3.c_str()) == 1);
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  if (!options_.groups.empty()) require(SSL_CTX_set1_groups_list(ctx, options_.groups.c_str()) == 1);
  SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  if (options_.cookie_exchange) SSL_CTX_set_options(ctx, SSL_OP_COOKIE_EXCHANGE);
  SSL_CTX_set_cookie_generate_cb(ctx, make_cookie);
  SSL_CTX_set_cookie_verify_cb(ctx, check_cookie);
  SSL_CTX_set_client_hello_cb(ctx, read_client_hello, nullptr);
  if (!options_.tickets) SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  if (!options_.session_ids) SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  if (!options_.extended_master_secret) SSL_CTX_set_options(ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  if (options_.own) {
    require(SSL_CTX_use_certificate(ctx, options_.own->certificate.get()) == 1);
    require(SSL_CTX_use_PrivateKey(ctx, options_.own->key.get()) == 1);
  }
  for (const identity& link : options_.intermediates) SSL_CTX_add1_chain_cert(ctx, link.certificate.get());
  for (const identity& root : options_.trusted_clients) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root.certificate.get());
  }
  if (!options_.trusted_clients.empty()) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  if (options_.takes_any_client) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
  const unsigned char session_context = 1;
  if (options_.session_context) SSL_CTX_set_session_id_context(ctx, &session_context, 1);
  if (!options_.every_session_id.empty()) SSL_CTX_set_generate_session_id(ctx, choose_session_id);
  if (!options_.psk.empty()) {
    SSL_CTX_set_psk_server_callback(ctx, give_psk);
    SSL_CTX_set_psk_find_session_callback(ctx, find_psk_session);
  }
  if (!options_.alpn.empty()) SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, nullptr);
  if (options_.record_limit != 0)
    SSL_CTX_set_max_send_fragment(ctx, static_cast<long>(options_.record_limit));
}

int test_server::choose_session_id(SSL* ssl, unsigned char* id, unsigned* size) {
  const auto& chosen = server_of(ssl).options_.every_session_id;
  *size = static_cast<unsigned>(chosen.copy(reinterpret_cast<char*>(id), *size));
  return 1;
}

unsigned test_server::give_psk(SSL* ssl, const char* identity, unsigned char* key, unsigned room) {
  const auto& known = server_of(ssl).options_.psk;
  const auto found = known.find(identity);
  if (found == known.end() || found->second.size() > room) return 0;
  std::memcpy(key, found->second.data(), found->second.size());
  return static_cast<unsigned>(found->second.size());
}

int test_server::find_psk_session(SSL* ssl, const unsigned char* identity, std::size_t size,
                                  SSL_SESSION** session) {
  *session = nullptr;
  const auto& known = server_of(ssl).options_.psk;
  const auto found = known.find(std::string(as_text({identity, size})));
  if (found == known.end()) return 1;
  const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
  *session = SSL_SESSION_new();
  SSL_SESSION_set1_master_key(*session, found->second.data(), found->second.size());
  SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, aes_128_gcm_sha256));
  SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
  return 1;
}

int test_server::choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                             const unsigned char* in, unsigned size, void*) {
  for (const std::string& name : server_of(ssl).options_.alpn) {
    for (unsigned i = 0; i < size; i += in[i] + 1U) {
      if (as_text({in + i + 1, in[i]}) != name) continue;
      *out = in + i + 1;
      *out_size = in[i];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int test_server::read_client_hello(SSL* ssl, int*, void*) {
  auto& server = server_of(ssl);
  const unsigned char* data = nullptr;
  const std::size_t size = SSL_client_hello_get0_ciphers(ssl, &data);
  server.offered_suites_.clear();
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    const auto id = static_cast<std::uint16_t>(data[i] << 8 | data[i + 1]);
    if (id != renegotiation_scsv) server.offered_suites_.push_back(id);
  }
  std::size_t extension = 0;
  server.server_name_.clear();
  // List length 2, type 1, name length 2, name.
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &extension) == 1 && extension > 5) {
    server.server_name_ = std::string(as_text({data + 5, extension - 5}));
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

void test_server::note_info(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) server_of(ssl).alerts_.push_back(value);
}

void test_server::feed(bytes_view ciphertext, tls::time_point now) { advance(ciphertext, now); }

void test_server::advance(bytes_view input, tls::time_point now) {
  if (failed_) return;
  const tls::error_queue_scope scope;
  wire_.input = input;
  if (!established_) {
    const int done = SSL_do_handshake(ssl_.get());
    established_ = done == 1;
    failed_ = done != 1 && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ;
  }
  if (established_) read_all();
  wire_.input = {};
  if (flight_started_) timer_.flight_sent(now);
  flight_started_ = false;
  timeval left{};
  if (options_.transport == tls::transport_kind::datagram && DTLSv1_get_timeout(ssl_.get(), &left) != 1)
    timer_.stop();
}

void test_server::read_all() {
  std::array<std::uint8_t, 16384> buffer;
  std::size_t size = 0;
  ERR_clear_error();
  while (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size) == 1) {
    received_.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  }
  const int error = SSL_get_error(ssl_.get(), 0);
  failed_ = error == SSL_ERROR_SSL;
}

void test_server::on_deadline(tls::time_point now) {
  if (timer_.expired(now) == tls::retransmission_timer::verdict::give_up) return;
  const tls::error_queue_scope scope;
  // The timer starts anew from the time that this shows, so that each step has to go farther.
  const libssl_clock_step step(++timeouts_ * longest_dtls_timer);
  DTLSv1_handle_timeout(ssl_.get());
}

void test_server::send(bytes_view plaintext) {
  const tls::error_queue_scope scope;
  std::size_t written = 0;
  require(SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written) == 1);
}

bytes test_server::received_stream() const {
  bytes all;
  for (const bytes& piece : received_) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

}  // namespace tlsmodem::test
