#include "security_callback.hpp"

namespace tlsmodem::tls {
namespace {

constexpr int kind_of_object = 0xffff << 16;  // SSL_SECOP_OTHER_*, ssl.h

// RFC 6655, RFC 7251 and TLS 1.3's. By number: libssl asks about each suite several times in a handshake.
bool is_ccm_8(const void* suite) {
  if (suite == nullptr) return false;
  switch (SSL_CIPHER_get_protocol_id(static_cast<const SSL_CIPHER*>(suite))) {
    case 0xC0A0:  // RSA
    case 0xC0A1:
    case 0xC0A2:  // DHE_RSA
    case 0xC0A3:
    case 0xC0A8:  // PSK
    case 0xC0A9:
    case 0xC0AA:  // PSK_DHE
    case 0xC0AB:
    case 0xC0AE:  // ECDHE_ECDSA
    case 0xC0AF:
    case 0x1305:
      return true;
    default:
      return false;
  }
}

// `ctx` is null where `ssl` is not: what is needed comes through the application's data.
int decide(const SSL* ssl, const SSL_CTX* ctx, int operation, int bits, int nid, void* object, void* own) {
  if ((operation & kind_of_object) == SSL_SECOP_OTHER_CIPHER && is_ccm_8(object)) return 1;
  if (operation == SSL_SECOP_VERSION) return 1;
  return static_cast<const context*>(own)->usual_security(ssl, ctx, operation, bits, nid, object, nullptr);
}

}  // namespace

void install_security_callback(context& context) {
  SSL_CTX* const ctx = context.ssl_ctx.get();
  context.usual_security = SSL_CTX_get_security_callback(ctx);
  SSL_CTX_set0_security_ex_data(ctx, &context);
  SSL_CTX_set_security_callback(ctx, decide);
}

}  // namespace tlsmodem::tls
