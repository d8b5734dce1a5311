// What is kept in avs_net's session_resumption_buffer: the modem's handle, never a secret.
//
//   1 byte   version
//  16 bytes  the handle
//   4 bytes  FNV-1a over the above, big endian
//   zeros    up to the end
//
// A buffer of zeros, of another TLS backend or damaged holds no handle, which means a full handshake.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tlsmodem::avs {

// The handle as the modem writes it; "" when there is none.
std::string load_handle(std::span<const std::uint8_t> buffer);
// Fills the whole buffer. All zeros when the text is no handle or does not fit.
void save_handle(std::string_view handle, std::span<std::uint8_t> buffer);

}  // namespace tlsmodem::avs
