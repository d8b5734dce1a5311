#include "record.hpp"

namespace tlsmodem::dtls12 {
namespace {

constexpr std::size_t epoch_at = 3;
constexpr std::size_t sequence_at = 5;
constexpr std::size_t cid_at = 11;

std::uint64_t big_endian(bytes_view data) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : data) value = value << 8 | byte;
  return value;
}

}  // namespace

bool next_record(bytes_view& datagram, std::size_t own_cid_bytes, record_view& next) {
  // The major version of DTLS, RFC 6347 4.1.
  if (datagram.size() < header_bytes || datagram[1] != dtls1_2 >> 8) return false;
  const bool has_cid = datagram[0] == tls12_cid;
  if (has_cid && own_cid_bytes == 0) return false;
  const std::size_t cid_bytes = has_cid ? own_cid_bytes : 0;
  const std::size_t header = header_bytes + cid_bytes;
  if (datagram.size() < header) return false;
  const auto length = static_cast<std::size_t>(big_endian(datagram.subspan(cid_at + cid_bytes, 2)));
  if (length > max_payload_bytes || length > datagram.size() - header) return false;
  next.type = datagram[0];
  next.version = static_cast<std::uint16_t>(big_endian(datagram.subspan(1, 2)));
  next.epoch = static_cast<std::uint16_t>(big_endian(datagram.subspan(epoch_at, 2)));
  next.sequence = big_endian(datagram.subspan(sequence_at, 6));
  next.cid = datagram.subspan(cid_at, cid_bytes);
  next.payload = datagram.subspan(header, length);
  next.whole = datagram.first(header + length);
  datagram = datagram.subspan(header + length);
  return true;
}

bool may_be_goodbye(bytes_view datagram) {
  record_view record;
  while (next_record(datagram, 0, record))
    if (record.type == alert && record.epoch > 0) return true;
  return false;
}

std::size_t append_header(bytes& out, std::uint8_t type, std::uint16_t version, std::uint16_t epoch,
                          std::uint64_t sequence, bytes_view cid) {
  const std::size_t start = out.size();
  out.resize(start + header_bytes + cid.size());
  std::uint8_t* at = out.data() + start;
  *at++ = cid.empty() ? type : static_cast<std::uint8_t>(tls12_cid);
  *at++ = static_cast<std::uint8_t>(version >> 8);
  *at++ = static_cast<std::uint8_t>(version);
  *at++ = static_cast<std::uint8_t>(epoch >> 8);
  *at++ = static_cast<std::uint8_t>(epoch);
  for (int shift = 40; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(sequence >> shift);
  for (const std::uint8_t byte : cid) *at++ = byte;
  return start + cid_at + cid.size();
}

void set_length(bytes& out, std::size_t length_at) {
  const std::size_t length = out.size() - length_at - 2;
  out[length_at] = static_cast<std::uint8_t>(length >> 8);
  out[length_at + 1] = static_cast<std::uint8_t>(length);
}

}  // namespace tlsmodem::dtls12
