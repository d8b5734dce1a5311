// The buffer that an application keeps a handle in: anything loads as a handle or as none, what is saved
// loads again, and nothing beside the buffer is written.
#include "client-shim/avs_net/resumption_buffer.hpp"
#include "invariants.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

using namespace tlsmodem;
using fuzz::require;

namespace {

constexpr std::size_t record_bytes = 1 + 16 + 4;
constexpr std::size_t around = 8;
constexpr std::uint8_t untouched = 0xA5;

bool is_handle(std::string_view text) {
  return text.size() == 32 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

void check_save(std::string_view text, std::size_t size) {
  std::vector<std::uint8_t> memory(size + 2 * around, untouched);
  const auto buffer = std::span(memory).subspan(around, size);
  avs::save_handle(text, buffer);
  const bool is_kept = is_handle(text) && size >= record_bytes;
  require(avs::load_handle(buffer) == (is_kept ? text : ""),
          "what is saved loads again, or nothing was saved");
  const auto used = buffer.subspan(is_kept ? record_bytes : 0);
  require(std::ranges::count(used, 0) == std::ssize(used), "the rest is zeros");
  require(std::count(memory.begin(), memory.begin() + around, untouched) == around, "nothing in front");
  require(std::count(memory.end() - around, memory.end(), untouched) == around, "nothing behind");
}

}  // namespace

// The size of a buffer, and what is in one; the same bytes also as a text that may be a handle.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t room = fuzz::take_byte(input) % 64;
  const auto handle = avs::load_handle(as_bytes(input));
  require(handle.empty() || is_handle(handle), "a handle or none");
  check_save(handle, room);
  check_save(input, room);
  std::string made;
  for (std::size_t i = 0; i < 16; ++i) {
    const auto byte = fuzz::take_byte(input);
    made.append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
  }
  check_save(made, room);
  return 0;
}
