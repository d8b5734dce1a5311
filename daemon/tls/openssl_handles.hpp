// Owners of libssl's and libcrypto's objects, and the error queue as a scope.
#pragma once

#include "daemon/support/openssl_deleter.hpp"
#include "protocol/bytes.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace tlsmodem::tls {

using bio_ptr = std::unique_ptr<BIO, openssl_deleter<&BIO_free_all>>;
using ssl_ptr = std::unique_ptr<SSL, openssl_deleter<&SSL_free>>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, openssl_deleter<&SSL_CTX_free>>;
using store_ctx_ptr = std::unique_ptr<X509_STORE_CTX, openssl_deleter<&X509_STORE_CTX_free>>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, openssl_deleter<&SSL_SESSION_free>>;

// All take the reference over; null stays null.
inline std::shared_ptr<X509> share(X509* certificate) { return {certificate, openssl_deleter<&X509_free>{}}; }
inline std::shared_ptr<X509_CRL> share(X509_CRL* list) { return {list, openssl_deleter<&X509_CRL_free>{}}; }
inline std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) { return {key, openssl_deleter<&EVP_PKEY_free>{}}; }

// A BIO that reads `data`, which has to outlive it.
inline bio_ptr reading_bio(bytes_view data) {
  return bio_ptr(BIO_new_mem_buf(data.data(), static_cast<int>(data.size())));
}

// libssl decides by what is in the thread's error queue; nobody else's errors may be there before a call,
// and none of ours stay behind.
class error_queue_scope {
 public:
  error_queue_scope() { ERR_clear_error(); }
  ~error_queue_scope() { ERR_clear_error(); }
  error_queue_scope(const error_queue_scope&) = delete;
  error_queue_scope& operator=(const error_queue_scope&) = delete;
};

// The words for an error code; never empty.
inline std::string reason_text(unsigned long error) {
  const char* text = ERR_reason_error_string(error);
  return text != nullptr ? text : "unknown reason";
}

}  // namespace tlsmodem::tls
