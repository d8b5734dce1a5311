// The framing of DTLS handshake messages, RFC 6347 4.2.2: a header of 12 bytes in front of each fragment.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace tlsmodem::dtls12 {

// RFC 5246 7.4, RFC 6347 4.3.2 and the extensions of libssl's client.
enum handshake_type : std::uint8_t {
  client_hello = 1,
  server_hello = 2,
  hello_verify_request = 3,
  new_session_ticket = 4,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  finished = 20,
  certificate_status = 22,
  supplemental_data = 23,
};

inline constexpr std::size_t handshake_header_bytes = 12;

struct fragment_view {
  std::uint8_t type = 0;
  std::uint16_t message_seq = 0;
  std::size_t message_bytes = 0;  // of the whole message, without its header
  std::size_t offset = 0;
  bytes_view body;  // into the record

  bool is_whole() const { return offset == 0 && body.size() == message_bytes; }
};

// Takes the next fragment off the content of a handshake record; false when what is left is not one, or when
// it reaches over the end of its message.
bool next_fragment(bytes_view& content, fragment_view& next);

// Appends a header and the body.
void append_fragment(bytes& out, const fragment_view& fragment);

}  // namespace tlsmodem::dtls12
