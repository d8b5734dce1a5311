// Bytes as lower-case hexadecimal digits: digests and handles, as clients see them.
#pragma once

#include "protocol/bytes.hpp"

#include <string>

namespace tlsmodem {

inline std::string lower_hex(bytes_view data) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * data.size());
  for (const std::uint8_t byte : data) text.append({digits[byte >> 4], digits[byte & 15]});
  return text;
}

}  // namespace tlsmodem
