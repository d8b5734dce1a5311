// What a ClientHello says, for tests that look at the wire.
#pragma once

#include "protocol/bytes.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tlsmodem::test {

struct client_hello {
  std::uint16_t record_version = 0;
  std::uint16_t version = 0;  // legacy_version of TLS 1.3
  bytes random;
  bytes session_id;
  std::size_t cookie_bytes = 0;  // DTLS
  std::vector<std::uint16_t> suites;
  std::map<std::uint16_t, bytes> extensions;  // in RFC form, without type and length
};

namespace extension {
inline constexpr std::uint16_t server_name = 0;
inline constexpr std::uint16_t alpn = 16;
inline constexpr std::uint16_t supported_versions = 43;
}  // namespace extension

// From a datagram, or from a TLS record. Throws when it holds no whole ClientHello.
client_hello parse_dtls_hello(bytes_view datagram);
client_hello parse_tls_hello(bytes_view record);
// The datagram begins with a ClientHello.
bool is_dtls_hello(bytes_view datagram);

}  // namespace tlsmodem::test
