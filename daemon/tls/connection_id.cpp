#include "connection_id.hpp"

namespace tlsmodem::tls {
namespace {

constexpr unsigned connection_id_type = 54;

int add(SSL* ssl, unsigned, unsigned context, const unsigned char** out, std::size_t* size, X509*,
        std::size_t, int*, void*) {
  const auto& offered = notes_of(ssl).offered_cid;
  if (context != SSL_EXT_CLIENT_HELLO || offered.empty()) return 0;
  *out = offered.data();
  *size = offered.size();
  return 1;
}

int parse(SSL* ssl, unsigned, unsigned, const unsigned char* in, std::size_t size, X509*, std::size_t,
          int* alert, void*) {
  if (size < 1 || in[0] != size - 1) {
    *alert = SSL_AD_DECODE_ERROR;
    return 0;
  }
  notes_of(ssl).peer_cid.emplace(in + 1, in + size);
  return 1;
}

}  // namespace

// With SSL_CTX_add_client_custom_ext() libssl would leave it out of abbreviated handshakes, which agree on
// CIDs anew (RFC 9146 3).
bool install_connection_id(SSL_CTX* ctx) {
  return SSL_CTX_add_custom_ext(ctx, connection_id_type,
                                SSL_EXT_DTLS_ONLY | SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO, add,
                                nullptr, nullptr, parse, nullptr) == 1;
}

void offer_connection_id(callback_notes& notes, bytes_view own_cid) {
  notes.offered_cid.assign(1, static_cast<std::uint8_t>(own_cid.size()));
  notes.offered_cid.insert(notes.offered_cid.end(), own_cid.begin(), own_cid.end());
}

}  // namespace tlsmodem::tls
