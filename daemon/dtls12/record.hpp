// The framing of DTLS 1.2 records: RFC 6347 4.1, and with a connection ID RFC 9146 4.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace tlsmodem::dtls12 {

enum content_type : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
  tls12_cid = 25,
};

inline constexpr std::size_t header_bytes = 13;  // without a CID
inline constexpr std::uint16_t dtls1_2 = 0xfefd;
inline constexpr std::uint16_t dtls1_0 = 0xfeff;  // its records differ in this number only
inline constexpr std::size_t max_plaintext_bytes = std::size_t{1} << 14;      // RFC 5246 6.2.1
inline constexpr std::size_t max_payload_bytes = max_plaintext_bytes + 2048;  // RFC 5246 6.2.3
inline constexpr std::uint64_t max_sequence = (std::uint64_t{1} << 48) - 1;
inline constexpr std::size_t max_cid_bytes = 255;  // RFC 9146 3
inline constexpr std::size_t max_padding_block = 1024;

// Views into the datagram.
struct record_view {
  std::uint8_t type = 0;
  std::uint16_t version = 0;
  std::uint16_t epoch = 0;
  std::uint64_t sequence = 0;
  bytes_view cid;      // empty in the form of RFC 6347
  bytes_view payload;  // protected if epoch > 0
  bytes_view whole;
};

// Takes the next record off `datagram`; false when what is left is not one. The header does not tell how long
// a CID is: `own_cid_bytes` is the length of the one that the peer puts into records for us, and without one
// a record of the type tls12_cid ends the datagram.
bool next_record(bytes_view& datagram, std::size_t own_cid_bytes, record_view& next);

// Whether the datagram holds a protected alert that is seen to be one: under a connection ID none is.
bool may_be_goodbye(bytes_view datagram);

// Appends a header; returns where in `out` its length field is, for set_length().
std::size_t append_header(bytes& out, std::uint8_t type, std::uint16_t version, std::uint16_t epoch,
                          std::uint64_t sequence, bytes_view cid);
// Everything behind the length field is the record's payload.
void set_length(bytes& out, std::size_t length_at);

}  // namespace tlsmodem::dtls12
