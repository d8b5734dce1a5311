#include "wire.hpp"

#include <algorithm>
#include <cstring>

namespace tlsmodem::tls {
namespace {

// UDP and IPv6 header, RFC 8200: what dtls1_min_mtu() subtracts from its 256 bytes, giving the smallest
// payload that SSL_set_mtu() accepts too.
constexpr long mtu_overhead_bytes = 48;

wire& wire_of(BIO* bio) { return *static_cast<wire*>(BIO_get_data(bio)); }

int write_wire(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  wire& to = wire_of(bio);
  const bytes_view packet = as_bytes({data, static_cast<std::size_t>(size)});
  if (to.transport == transport_kind::datagram) {
    to.output.push(packet);
  } else {
    to.output.extend(packet, stream_chunk_bytes);
  }
  return size;
}

int read_wire(BIO* bio, char* data, int room) {
  BIO_clear_retry_flags(bio);
  wire& from = wire_of(bio);
  if (from.input.empty() || room <= 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t taken = std::min(from.input.size(), static_cast<std::size_t>(room));
  std::memcpy(data, from.input.data(), taken);
  from.input = from.transport == transport_kind::datagram ? bytes_view{} : from.input.subspan(taken);
  return static_cast<int>(taken);
}

long control_wire(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
      return 1;
    case BIO_CTRL_PENDING:
      return static_cast<long>(wire_of(bio).input.size());
    case BIO_CTRL_WPENDING:
      return 0;  // the output counts as sent: libssl sizes its fragments by this
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
      return mtu_overhead_bytes;
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      return 1;  // libssl's own timer: docs/decisions/0003-flights.md
    default:
      return 0;
  }
}

int create_wire(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// Made once, for the life of the process.
const BIO_METHOD* wire_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tlsmodem wire");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, write_wire);
    BIO_meth_set_read(made, read_wire);
    BIO_meth_set_ctrl(made, control_wire);
    BIO_meth_set_create(made, create_wire);
    return made;
  }();
  return method;
}

}  // namespace

bio_ptr make_wire_bio(wire& wire) {
  bio_ptr bio(BIO_new(wire_method()));
  if (bio) BIO_set_data(bio.get(), &wire);
  return bio;
}

}  // namespace tlsmodem::tls
