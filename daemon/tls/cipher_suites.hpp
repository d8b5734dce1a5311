// Cipher suites by IANA id, as profiles name them, put into the two lists that libssl wants; and what a
// record of a suite costs.
#pragma once

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
};

// The suites among `ids` that libssl has and that belong to the family (TLS 1.3 suites belong to both). Empty
// `ids`: the default lists. Suites without encryption or without authentication never pass. `lookup` is any
// SSL object of the right transport.
suite_lists select_suites(SSL* lookup, suite_family family, const std::vector<std::uint16_t>& ids);

// Bytes of a record that are not payload, at the worst; for datagrams of the whole datagram.
std::size_t record_overhead_bytes(const SSL_CIPHER* suite, int wire_version);
// Of a suite with CBC: its blocks and its MAC. Of another one: 1 and 0.
struct block_cost {
  std::size_t block_bytes = 1;
  std::size_t mac_bytes = 0;
};
block_cost block_cost_of(const SSL_CIPHER* suite);
// The shortest body that a record protected by this suite can have; null: by any suite.
std::size_t min_protected_bytes(const SSL_CIPHER* suite, int wire_version);

}  // namespace tlsmodem::tls
