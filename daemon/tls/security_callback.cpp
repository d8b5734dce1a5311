#include "security_callback.hpp"

#include <string_view>

namespace tlsmodem::tls {
namespace {

constexpr int kind_of_object = 0xffff << 16;  // SSL_SECOP_OTHER_*, ssl.h

bool is_ccm_8(const void* suite) {
  const char* const name =
      suite == nullptr ? nullptr : SSL_CIPHER_standard_name(static_cast<const SSL_CIPHER*>(suite));
  return name != nullptr && std::string_view(name).find("CCM_8") != std::string_view::npos;
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
