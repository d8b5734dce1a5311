// libssl's transport: a BIO over one piece of input and a queue of output, without I/O.
// Datagram borders are kept: one read takes the whole datagram (what does not fit is lost, as with recv()),
// one write makes one packet. OpenSSL 3.0 has no such BIO of its own; with a memory BIO a datagram of rubbish
// would take the good one behind it along.
#pragma once

#include "context.hpp"
#include "daemon/support/packet_queue.hpp"
#include "openssl_handles.hpp"

namespace tlsmodem::tls {

// Stream ciphertext is queued in pieces of about this size: large enough for one write call to be efficient.
constexpr std::size_t stream_chunk_bytes = std::size_t{64} * 1024;

struct wire {
  transport_kind transport = transport_kind::datagram;
  bytes_view input;  // what the engine was fed and libssl has not read yet
  packet_queue output;
};

// The wire has to outlive the BIO.
bio_ptr make_wire_bio(wire& wire);

}  // namespace tlsmodem::tls
