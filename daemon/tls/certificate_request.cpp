#include "certificate_request.hpp"

#include "key_failure.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>

namespace tlsmodem::tls {
namespace {

// RFC 8410: these have their own.
const EVP_MD* digest_for(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1 ? nullptr : EVP_sha256();
}

}  // namespace

at::result<private_key> generate_key() {
  const error_queue_scope scope;
  auto made = share(EVP_EC_gen("P-256"));
  if (!made) return {at::error::internal, "no key can be made: " + reason_text(ERR_peek_last_error())};
  return made;
}

at::result<std::string> make_certificate_request(const private_key& key, const std::string& common_name) {
  const error_queue_scope scope;
  const std::unique_ptr<X509_REQ, openssl_deleter<&X509_REQ_free>> request(X509_REQ_new());
  const std::unique_ptr<X509_NAME, openssl_deleter<&X509_NAME_free>> subject(X509_NAME_new());
  const auto* const name = reinterpret_cast<const unsigned char*>(common_name.data());
  const bio_ptr text(BIO_new(BIO_s_mem()));
  if (!request || !subject || !text || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_NAME_add_entry_by_NID(subject.get(), NID_commonName, MBSTRING_UTF8, name,
                                 static_cast<int>(common_name.size()), -1, 0) != 1 ||
      X509_REQ_set_subject_name(request.get(), subject.get()) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), digest_for(key.get())) <= 0 ||
      PEM_write_bio_X509_REQ(text.get(), request.get()) != 1) {
    return {at::error::credentials_unusable,
            raised_key_failure().value_or("no certificate request can be made: " +
                                          reason_text(ERR_peek_last_error()))};
  }
  char* start = nullptr;
  const long size = BIO_get_mem_data(text.get(), &start);
  return std::string(start, static_cast<std::size_t>(size));
}

}  // namespace tlsmodem::tls
