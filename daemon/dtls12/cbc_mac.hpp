// The check of MAC-then-encrypt (RFC 5246 6.2.3.2) in constant time: neither the time nor the memory that is
// touched depends on the padding, so that it is no oracle (Lucky Thirteen).
#pragma once

#include "protocol/bytes.hpp"
#include "suite.hpp"

#include <optional>

namespace tlsmodem::dtls12 {

// `decrypted` is content, MAC and padding; `additional_data` ends with two bytes for the content's length,
// which are filled in here. The length of the content, or nothing when padding or MAC is wrong.
std::optional<std::size_t> check_mac_then_encrypt(mac_digest digest, bytes_view mac_key,
                                                  std::span<std::uint8_t> additional_data,
                                                  bytes_view decrypted);

}  // namespace tlsmodem::dtls12
