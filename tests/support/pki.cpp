#include "tests/support/pki.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>

namespace tlsmodem::test {
namespace {

constexpr long day_seconds = 24L * 60 * 60;

// A helper that cannot do its work ends the test program: nothing after it would mean anything.
void require(bool fine) {
  if (fine) return;
  ERR_print_errors_fp(stderr);
  std::abort();
}

long next_serial() {
  static std::atomic<long> serial{1000};
  return ++serial;
}

std::string alternative_names(const certificate_request& request) {
  std::string list;
  for (const std::string& name : request.dns) list += (list.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& address : request.ip) list += (list.empty() ? "IP:" : ",IP:") + address;
  return list;
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void add_extensions(X509* certificate, X509* issuer, const certificate_request& request) {
  const bool authority = request.role == certificate_role::authority;
  add_extension(certificate, issuer, NID_basic_constraints,
                authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, issuer, NID_key_usage,
                authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!authority) {
    add_extension(certificate, issuer, NID_ext_key_usage,
                  request.role == certificate_role::server ? "serverAuth" : "clientAuth");
  }
  const std::string names = alternative_names(request);
  if (!names.empty()) add_extension(certificate, issuer, NID_subject_alt_name, names.c_str());
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

void add_name_part(X509_NAME* name, const char* attribute, const std::string& value) {
  require(X509_NAME_add_entry_by_txt(name, attribute, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0) == 1);
}

// `issuer` null: signed by its own key.
identity make_certificate(const identity* issuer, const certificate_request& request,
                          std::shared_ptr<EVP_PKEY> key) {
  identity made{{X509_new(), &X509_free}, std::move(key)};
  X509* const certificate = made.certificate.get();
  require(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), next_serial());
  X509_gmtime_adj(X509_getm_notBefore(certificate), request.not_before_days * day_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), request.not_after_days * day_seconds);
  require(X509_set_pubkey(certificate, made.key.get()) == 1);
  const std::shared_ptr<X509_NAME> name(X509_NAME_new(), &X509_NAME_free);
  add_name_part(name.get(), "CN", request.common_name);
  for (const std::string& unit : request.units) add_name_part(name.get(), "OU", unit);
  require(X509_set_subject_name(certificate, name.get()) == 1);
  X509* const signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  EVP_PKEY* const signing_key = issuer != nullptr ? issuer->key.get() : made.key.get();
  require(X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1);
  add_extensions(certificate, signer, request);
  const EVP_MD* digest =
      EVP_PKEY_is_a(signing_key, "ED25519") == 1 ? nullptr : EVP_get_digestbyname(request.digest);
  require(X509_sign(certificate, signing_key, digest) > 0);
  return made;
}

template <typename Write>
std::string written_to_memory(Write write) {
  BIO* const memory = BIO_new(BIO_s_mem());
  require(memory != nullptr && write(memory) == 1);
  char* start = nullptr;
  const long size = BIO_get_mem_data(memory, &start);
  std::string text(start, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

}  // namespace

std::shared_ptr<EVP_PKEY> make_key(key_kind kind) {
  EVP_PKEY* key = nullptr;
  switch (kind) {
    case key_kind::ec_p256:
      key = EVP_EC_gen("P-256");
      break;
    case key_kind::ec_p384:
      key = EVP_EC_gen("P-384");
      break;
    case key_kind::rsa_2048:
      key = EVP_RSA_gen(2048);
      break;
    case key_kind::rsa_1024:
      key = EVP_RSA_gen(1024);
      break;
    case key_kind::rsa_512:
      key = EVP_RSA_gen(512);
      break;
    case key_kind::ed25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  require(key != nullptr);
  return {key, &EVP_PKEY_free};
}

identity make_root(const std::string& common_name, key_kind kind) {
  return self_sign({.common_name = common_name, .role = certificate_role::authority}, kind);
}

identity self_sign(const certificate_request& request, key_kind kind) {
  return make_certificate(nullptr, request, make_key(kind));
}

identity issue(const identity& issuer, const certificate_request& request, key_kind kind) {
  return make_certificate(&issuer, request, make_key(kind));
}

identity issue_for(const identity& issuer, const certificate_request& request,
                   std::shared_ptr<EVP_PKEY> key) {
  return make_certificate(&issuer, request, std::move(key));
}

identity issue_on(const identity& issuer, const std::string& request_pem) {
  BIO* const source = BIO_new_mem_buf(request_pem.data(), static_cast<int>(request_pem.size()));
  const std::shared_ptr<X509_REQ> request(PEM_read_bio_X509_REQ(source, nullptr, nullptr, nullptr),
                                          &X509_REQ_free);
  BIO_free(source);
  if (!request || X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) != 1) return {};
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(request.get()), NID_commonName, name, sizeof name);
  return issue_for(issuer, {.common_name = name, .role = certificate_role::client},
                   {X509_REQ_get_pubkey(request.get()), &EVP_PKEY_free});
}

std::shared_ptr<X509_CRL> make_revocation_list(const identity& issuer,
                                               const std::vector<const X509*>& revoked, int from_days,
                                               int until_days) {
  std::shared_ptr<X509_CRL> list(X509_CRL_new(), &X509_CRL_free);
  const std::shared_ptr<ASN1_TIME> now(X509_gmtime_adj(nullptr, from_days * day_seconds), &ASN1_TIME_free);
  const std::shared_ptr<ASN1_TIME> next(X509_gmtime_adj(nullptr, until_days * day_seconds), &ASN1_TIME_free);
  require(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
          X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.certificate.get())) == 1 &&
          X509_CRL_set1_lastUpdate(list.get(), now.get()) == 1 &&
          X509_CRL_set1_nextUpdate(list.get(), next.get()) == 1);
  for (const X509* certificate : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    auto* serial = const_cast<ASN1_INTEGER*>(X509_get0_serialNumber(certificate));
    require(X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
            X509_REVOKED_set_revocationDate(entry, now.get()) == 1 &&
            X509_CRL_add0_revoked(list.get(), entry) == 1);
  }
  require(X509_CRL_sign(list.get(), issuer.key.get(), EVP_sha256()) > 0);
  return list;
}

bytes tlsa_data(const X509* certificate, int selector, int matching) {
  unsigned char* encoded = nullptr;
  const int size = selector == 0 ? i2d_X509(certificate, &encoded)
                                 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  require(size > 0);
  bytes data(encoded, encoded + size);
  OPENSSL_free(encoded);
  if (matching == 0) return data;
  bytes digest(EVP_MAX_MD_SIZE);
  unsigned digest_size = 0;
  require(EVP_Digest(data.data(), data.size(), digest.data(), &digest_size,
                     matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr) == 1);
  digest.resize(digest_size);
  return digest;
}

std::string to_pem(const X509_CRL* list) {
  return written_to_memory([&](BIO* to) { return PEM_write_bio_X509_CRL(to, list); });
}

bytes to_der(const X509_CRL* list) {
  return to_bytes(written_to_memory([&](BIO* to) { return i2d_X509_CRL_bio(to, list); }));
}

std::string to_pem(const X509* certificate) {
  return written_to_memory([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

bytes to_der(const X509* certificate) {
  return to_bytes(written_to_memory([&](BIO* to) { return i2d_X509_bio(to, certificate); }));
}

std::string to_pem(const EVP_PKEY* key, const std::string& password) {
  return written_to_memory([&](BIO* to) {
    return PEM_write_bio_PKCS8PrivateKey(to, key, password.empty() ? nullptr : EVP_aes_256_cbc(),
                                         password.data(), static_cast<int>(password.size()), nullptr,
                                         nullptr);
  });
}

bytes to_der(const EVP_PKEY* key, const std::string& password) {
  return to_bytes(written_to_memory([&](BIO* to) {
    return i2d_PKCS8PrivateKey_bio(to, key, password.empty() ? nullptr : EVP_aes_256_cbc(), password.data(),
                                   static_cast<int>(password.size()), nullptr, nullptr);
  }));
}

std::string to_traditional_pem(const EVP_PKEY* key, const std::string& password) {
  return written_to_memory([&](BIO* to) {
    return PEM_write_bio_PrivateKey_traditional(to, key, password.empty() ? nullptr : EVP_aes_256_cbc(),
                                                reinterpret_cast<const unsigned char*>(password.data()),
                                                static_cast<int>(password.size()), nullptr, nullptr);
  });
}

}  // namespace tlsmodem::test
