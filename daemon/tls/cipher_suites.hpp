// Cipher suites by IANA id, as profiles name them, put into the two lists that libssl wants; and what a
// record of a suite costs.
#pragma once

#include "daemon/dtls12/record_cost.hpp"
#include "daemon/dtls12/suite.hpp"
#include "openssl_handles.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::tls {

enum class suite_family : std::uint8_t { certificate, pre_shared_key };

struct suite_lists {
  std::string up_to_tls1_2;  // OpenSSL's names, colons between them, in preference order
  std::string tls1_3;
  bool lost_by_hash = false;  // suites of TLS 1.3 were left out: the pre-shared key is of another hash
};

// The suites among `ids` that libssl has and that belong to the family. Those of TLS 1.3 belong to both, but
// with a pre-shared key only as far as they share its hash, SHA-256 (RFC 8446 4.2.11). Empty `ids`: the
// default lists. Suites without encryption or without authentication never pass. `lookup` is any SSL object
// of the right transport.
suite_lists select_suites(SSL* lookup, suite_family family, const std::vector<std::uint16_t>& ids);

// What a record of libssl's costs beside its payload.
dtls12::record_cost record_cost_of(const SSL_CIPHER* suite, int wire_version, bool encrypts_then_macs);
// How records of DTLS 1.2 are protected. Nothing for a suite that is neither AEAD nor CBC.
std::optional<dtls12::protection_suite> protection_of(const SSL_CIPHER* suite, bool encrypts_then_macs);
// libcrypto's name of the hash of the PRF, in DTLS 1.2 and in DTLS 1.0.
const char* prf_digest_of(const SSL_CIPHER* suite, int wire_version);

}  // namespace tlsmodem::tls
