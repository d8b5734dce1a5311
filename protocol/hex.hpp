// Bytes as hexadecimal digits: digests, handles, connection IDs, as clients see them.
#pragma once

#include "bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tlsmodem {

inline std::string lower_hex(bytes_view data) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * data.size());
  for (const std::uint8_t byte : data) text.append({digits[byte >> 4], digits[byte & 15]});
  return text;
}

// -1 for what is none.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Spaces between digits are skipped. Nothing when a character is neither, or when half a byte is left over.
inline std::optional<bytes> parse_hex(std::string_view text) {
  bytes data;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    if (high >= 0) data.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  if (high >= 0) return std::nullopt;
  return data;
}

}  // namespace tlsmodem
