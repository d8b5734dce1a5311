#include "handshake_message.hpp"

namespace tlsmodem::dtls12 {
namespace {

std::size_t big_endian(bytes_view data) {
  std::size_t value = 0;
  for (const std::uint8_t byte : data) value = value << 8 | byte;
  return value;
}

void put(bytes& out, std::size_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace

bool next_fragment(bytes_view& content, fragment_view& next) {
  if (content.size() < handshake_header_bytes) return false;
  const std::size_t size = big_endian(content.subspan(9, 3));
  next.type = content[0];
  next.message_bytes = big_endian(content.subspan(1, 3));
  next.message_seq = static_cast<std::uint16_t>(big_endian(content.subspan(4, 2)));
  next.offset = big_endian(content.subspan(6, 3));
  if (next.offset + size > next.message_bytes || size > content.size() - handshake_header_bytes) return false;
  next.body = content.subspan(handshake_header_bytes, size);
  content = content.subspan(handshake_header_bytes + size);
  return true;
}

void append_fragment(bytes& out, const fragment_view& fragment) {
  out.reserve(out.size() + handshake_header_bytes + fragment.body.size());
  put(out, fragment.type, 1);
  put(out, fragment.message_bytes, 3);
  put(out, fragment.message_seq, 2);
  put(out, fragment.offset, 3);
  put(out, fragment.body.size(), 3);
  out.insert(out.end(), fragment.body.begin(), fragment.body.end());
}

}  // namespace tlsmodem::dtls12
