// A small certification authority for tests, made at run time: no fixture that expires with the calendar.
#pragma once

#include "protocol/bytes.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace tlsmodem::test {

enum class key_kind { ec_p256, ec_p384, rsa_2048, rsa_1024, rsa_512, ed25519 };

std::shared_ptr<EVP_PKEY> make_key(key_kind kind);

enum class certificate_role { authority, server, client };

struct certificate_request {
  std::string common_name = "tlsmodem test";
  std::vector<std::string> dns = {};  // subject alternative names
  std::vector<std::string> ip = {};
  certificate_role role = certificate_role::server;
  int not_before_days = -1;  // from today
  int not_after_days = 30;
  const char* digest = "SHA256";
  std::vector<std::string> units = {};  // organizational units of the subject, at most 64 bytes each
};

struct identity {
  std::shared_ptr<X509> certificate;
  std::shared_ptr<EVP_PKEY> key;
};

identity make_root(const std::string& common_name, key_kind kind = key_kind::ec_p256);
identity self_sign(const certificate_request& request, key_kind kind = key_kind::ec_p256);
identity issue(const identity& issuer, const certificate_request& request, key_kind kind = key_kind::ec_p256);
// For a key that has a certificate already: authorities that sign each other.
identity issue_for(const identity& issuer, const certificate_request& request, std::shared_ptr<EVP_PKEY> key);

// What a PKCS #10 request in PEM asks for, as a client; nothing in it but the public key. Null when the
// request is not signed by the key that it names.
identity issue_on(const identity& issuer, const std::string& request_pem);

// Signed by `issuer`, valid from `from_days` to `until_days`, both from today.
std::shared_ptr<X509_CRL> make_revocation_list(const identity& issuer,
                                               const std::vector<const X509*>& revoked, int from_days = 0,
                                               int until_days = 30);

// What a TLSA record says of a certificate. Selector 0: all of it, 1: its key; matching type 0: as it is,
// 1: SHA-256, 2: SHA-512.
bytes tlsa_data(const X509* certificate, int selector, int matching);

std::string to_pem(const X509* certificate);
std::string to_pem(const X509_CRL* list);
bytes to_der(const X509_CRL* list);
bytes to_der(const X509* certificate);
// PKCS#8; encrypted with AES-256-CBC when there is a password.
std::string to_pem(const EVP_PKEY* key, const std::string& password = {});
bytes to_der(const EVP_PKEY* key, const std::string& password = {});
// SEC1 or PKCS#1, the older forms.
std::string to_traditional_pem(const EVP_PKEY* key, const std::string& password = {});

}  // namespace tlsmodem::test
