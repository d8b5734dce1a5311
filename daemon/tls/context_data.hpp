// The inside of the opaque context: libssl's configuration and what the callbacks and engines need of the
// options.
#pragma once

#include "context.hpp"
#include "openssl_handles.hpp"

namespace tlsmodem::tls {

class context {
 public:
  ssl_ctx_ptr ssl_ctx;
  transport_kind transport = transport_kind::datagram;
  verification verify = verification::required;  // in effect: TLSA records turn none into required
  milliseconds hs_min{};
  milliseconds hs_max{};
  std::optional<pre_shared_key> psk;
  std::vector<tlsa_record> tlsa;  // those that are usable
  bool tlsa_unusable = false;     // there are records, and none of them is
  std::optional<cid_choice> cid;
  std::size_t cid_padding = 0;
  bool allows_dtls1_0 = false;
  bool resumes = false;
  fingerprint identity{};
  // libssl's own security callback, which ours asks.
  int (*usual_security)(const SSL*, const SSL_CTX*, int, int, int, void*, void*) = nullptr;
  // Gives the external PSK its hash (RFC 8446 4.2.11); null when TLS 1.3 is not possible.
  const SSL_CIPHER* psk_suite_tls1_3 = nullptr;

  bool psk_mode() const { return psk.has_value(); }
};

inline const context& context_of(const SSL* ssl) {
  return *static_cast<const context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

}  // namespace tlsmodem::tls
