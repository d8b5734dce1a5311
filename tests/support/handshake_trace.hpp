// What a handshake was, from the bytes on the wire alone: its flights, and the messages that pass in clear.
#pragma once

#include "client_hello.hpp"
#include "relays.hpp"

#include <map>
#include <optional>
#include <set>

namespace tlsmodem::test {

// Handshake types, RFC 5246 7.4.
namespace message {
inline constexpr std::uint8_t client_hello = 1;
inline constexpr std::uint8_t server_hello = 2;
inline constexpr std::uint8_t hello_verify_request = 3;
inline constexpr std::uint8_t new_session_ticket = 4;
inline constexpr std::uint8_t certificate = 11;
inline constexpr std::uint8_t server_key_exchange = 12;
inline constexpr std::uint8_t server_hello_done = 14;
inline constexpr std::uint8_t client_key_exchange = 16;
}  // namespace message

namespace extension {
inline constexpr std::uint16_t session_ticket = 35;
inline constexpr std::uint16_t pre_shared_key = 41;
inline constexpr std::uint16_t early_data = 42;
inline constexpr std::uint16_t connection_id = 54;  // RFC 9146
}  // namespace extension

struct server_hello {
  bytes random;
  bytes session_id;
  std::uint16_t suite = 0;
  std::map<std::uint16_t, bytes> extensions;
};

struct handshake_trace {
  std::vector<client_hello> hellos;         // more than one: a cookie was asked for
  std::optional<server_hello> answer;       // the first
  std::multiset<std::uint8_t> from_client;  // handshake types, up to ChangeCipherSpec
  std::multiset<std::uint8_t> from_server;
  std::size_t flights = 0;  // turns of direction, and the first
  std::size_t client_bytes = 0;
  std::size_t server_bytes = 0;
  std::size_t second_flight_bytes = 0;  // of TLS: from ServerHello on
  // Of DTLS, none of these counts what was sent again.

  std::size_t bytes_on_wire() const { return client_bytes + server_bytes; }
};

// From a record of DTLS that begins with a whole ServerHello. Throws when it holds none.
server_hello parse_dtls_server_hello(bytes_view record);

handshake_trace trace_dtls(const conversation& passed);
handshake_trace trace_tls(const conversation& passed);

}  // namespace tlsmodem::test
