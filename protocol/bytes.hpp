// The byte types of the whole tree: payloads and network data are bytes, command lines are text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem {

using bytes = std::vector<std::uint8_t>;
using bytes_view = std::span<const std::uint8_t>;

// Views over the same memory; valid as long as the argument's memory is.
inline bytes_view as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(bytes_view data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}
inline bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace tlsmodem
