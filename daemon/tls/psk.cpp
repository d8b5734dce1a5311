#include "psk.hpp"

#include "callback_notes.hpp"

#include <algorithm>
#include <cstring>

namespace tlsmodem::tls {
namespace {

// TLS up to 1.2. libssl takes the identity as a C string.
unsigned give_psk(SSL* ssl, const char*, char* identity, unsigned identity_room, unsigned char* key,
                  unsigned key_room) {
  const pre_shared_key& psk = *context_of(ssl).psk;
  if (psk.identity.size() > identity_room || psk.key.size() > key_room) return 0;
  std::memcpy(identity, psk.identity.data(), psk.identity.size());
  if (psk.identity.size() < identity_room) identity[psk.identity.size()] = '\0';
  std::memcpy(key, psk.key.view().data(), psk.key.size());
  return static_cast<unsigned>(psk.key.size());
}

// TLS 1.3: an external PSK is a session made by hand. `required_hash` is set after a HelloRetryRequest.
int give_psk_session(SSL* ssl, const EVP_MD* required_hash, const unsigned char** identity,
                     std::size_t* identity_size, SSL_SESSION** session) {
  *identity = nullptr;
  *identity_size = 0;
  *session = nullptr;
  const context& context = context_of(ssl);
  const SSL_CIPHER* suite = context.psk_suite_tls1_3;
  if (suite == nullptr) return 1;
  // By name: libssl has two objects of each digest.
  const EVP_MD* const own_hash = SSL_CIPHER_get_handshake_digest(suite);
  if (required_hash != nullptr && EVP_MD_is_a(own_hash, EVP_MD_get0_name(required_hash)) != 1) return 1;
  ssl_session_ptr made(SSL_SESSION_new());
  const bytes_view key = context.psk->key.view();
  if (!made || SSL_SESSION_set1_master_key(made.get(), key.data(), key.size()) != 1 ||
      SSL_SESSION_set_cipher(made.get(), suite) != 1 ||
      SSL_SESSION_set_protocol_version(made.get(), TLS1_3_VERSION) != 1) {
    return 0;
  }
  *identity = context.psk->identity.data();
  *identity_size = context.psk->identity.size();
  *session = made.release();
  notes_of(ssl).psk_in_hello = true;
  return 1;
}

// In TLS 1.3 the suites do not tell the key exchange: a server that does not know the key may show a
// certificate instead, and nobody said which certificates to trust.
int refuse_certificate(X509_STORE_CTX* store, void*) {
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  notes_of(ssl).verify_error = X509_V_ERR_APPLICATION_VERIFICATION;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

}  // namespace

std::optional<at::failure> check_psk(const pre_shared_key& psk, tls_version oldest) {
  const auto unusable = [](const char* text) { return at::failure{at::error::credentials_unusable, text}; };
  if (psk.key.empty() || psk.key.size() > PSK_MAX_PSK_LEN) {
    return unusable("a pre-shared key has 1 to 512 bytes");
  }
  if (psk.identity.empty() || psk.identity.size() > PSK_MAX_IDENTITY_LEN) {
    return unusable("a PSK identity has 1 to 256 bytes");
  }
  const bool has_nul = std::find(psk.identity.begin(), psk.identity.end(), 0) != psk.identity.end();
  if (has_nul && oldest < tls_version::tls1_3) {
    return unusable("a PSK identity with a NUL byte needs TLS 1.3 as the lowest version");
  }
  return std::nullopt;
}

void install_psk(context& context, bool tls1_3_possible) {
  SSL_CTX* ctx = context.ssl_ctx.get();
  SSL_CTX_set_psk_client_callback(ctx, give_psk);
  if (tls1_3_possible) SSL_CTX_set_psk_use_session_callback(ctx, give_psk_session);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, refuse_certificate, nullptr);
}

}  // namespace tlsmodem::tls
