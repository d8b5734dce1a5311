// Credentials as AT#TCRED delivers them, parsed once. Parsing is pure: bytes in, objects or a failure out
// (810).
#pragma once

#include "daemon/support/secret.hpp"
#include "openssl_handles.hpp"
#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tlsmodem::tls {

using certificate_list = std::vector<std::shared_ptr<X509>>;
using revocation_lists = std::vector<std::shared_ptr<X509_CRL>>;
using private_key = std::shared_ptr<EVP_PKEY>;

struct pre_shared_key {
  secret key;      // 1..512 bytes
  bytes identity;  // 1..256 bytes; NUL bytes only work with TLS 1.3, see build_context()
};

// One or more PEM blocks, or one or more DER certificates back to back; detected. Explaining text in front of
// a PEM block is skipped, nothing but blanks and NUL bytes may come behind the last one.
at::result<certificate_list> parse_certificates(bytes_view data);
// The same rules for lists of revoked certificates (X.509 CRLs).
at::result<revocation_lists> parse_revocation_lists(bytes_view data);
// PEM (PKCS#8, SEC1, PKCS#1; encrypted with password) or DER; detected.
at::result<private_key> parse_private_key(bytes_view data, const secret* password);
// 810: what is wrong with which one, by the newest error of libcrypto.
at::failure unusable_credential(const char* what);
// The key as unencrypted PKCS#8 DER, which parse_private_key() takes.
at::result<secret> to_pkcs8(const private_key& key);

}  // namespace tlsmodem::tls
