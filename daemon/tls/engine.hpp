// An engine is one association or connection: bytes in, bytes out, deadlines as values. It does no I/O and
// reads no clock; its driver (the socket machine) moves bytes and time:
//   start(now) → [outgoing() to the network; feed() what the network brought; on_deadline() when deadline()
//   has passed] until state() is established or failed → send()/feed()/incoming() → shut() → drop it.
// After every call the driver looks at outgoing(), incoming(), deadline() and state(), in that order.
// Datagram engines: one packet is one datagram, in both queues. Stream engines: packets are chunks.
#pragma once

#include "packet_queue.hpp"
#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "resumption.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::tls {

using time_point = std::chrono::steady_clock::time_point;
using milliseconds = std::chrono::milliseconds;

enum class engine_state : std::uint8_t {
  idle,
  handshaking,
  established,
  peer_closed,  // close_notify came: nothing more will arrive; sending may go on until shut()
  failed,       // failure() says why; nothing moves any more, but outgoing() may hold a last alert
};

struct alert {
  std::uint8_t level = 0;  // 1 warning, 2 fatal
  std::uint8_t description = 0;
};

struct engine_failure {
  at::failure why;
  int alert = -1;          // description of the alert that goes with it (received, or sent by us), else -1
  bool truncated = false;  // stream ended without close_notify
};

// What AT#TINFO tells of the association. Valid, and constant, once established where not said otherwise.
struct engine_info {
  std::string version;                    // "DTLSv1.2", "TLSv1.3"
  std::string suite;                      // IANA name
  std::uint16_t suite_id = 0;             // IANA id
  bool resumed = false;                   // what the handshake did, never what was hoped for
  bool session_offered = false;           // the ClientHello asks for the abbreviated handshake; from start()
  bool server_answered = false;           // with a ServerHello; changes during the handshake
  std::string verify_result;              // "ok", or X.509's reason, or "" when nothing was verified
  std::string peer_subject;               // RFC 2253, "" without a certificate
  std::string peer_sha256;                // lower-case hex of the leaf's DER, "" without a certificate
  std::string alpn;                       // negotiated protocol, "" if none
  std::optional<alert> alert_received;    // the last one, changes at any time
  std::optional<alert> alert_sent;        // the last one, changes at any time
  unsigned flights = 0;                   // handshake flights sent, without retransmissions
  unsigned retransmissions = 0;           // datagram engines
  unsigned ignored_client_hellos = 0;     // ClientHellos that came from the server (datagram engines)
  std::size_t record_overhead_bytes = 0;  // ciphertext datagram length minus payload length, worst case
  std::size_t record_block_bytes = 1;     // CBC fills whole blocks
  std::size_t record_mac_bytes = 0;       // of CBC
};

// The largest payload of a record in a datagram of so many bytes.
inline std::size_t largest_payload(const engine_info& of, std::size_t datagram_bytes) {
  const std::size_t block = of.record_block_bytes;
  const std::size_t mac = of.record_mac_bytes;
  const std::size_t fixed = of.record_overhead_bytes - (block > 1 ? mac + block : 0);
  if (datagram_bytes <= of.record_overhead_bytes) return 0;
  const std::size_t room = datagram_bytes - fixed;
  if (block == 1) return room;
  // A byte tells the padding's length. The MAC is encrypted, or with encrypt-then-MAC (RFC 7366) behind the
  // blocks; libssl does not tell which, and they differ only when it is no whole number of blocks (SHA-1).
  return std::min(room / block * block - mac, (room - mac) / block * block) - 1;
}

enum class send_outcome : std::uint8_t { ok, not_connected, too_long, not_supported, failed };

class engine {
 public:
  virtual ~engine() = default;

  // A session for the abbreviated handshake, before start(). What does not fit costs the full one, nothing
  // more.
  virtual void offer(bytes_view) {}
  virtual void start(time_point now) = 0;
  // Ciphertext from the transport: exactly one datagram, or a chunk of the stream.
  virtual void feed(bytes_view ciphertext, time_point now) = 0;
  // The transport delivered FIN (streams only).
  virtual void feed_end(time_point now) = 0;
  // The next moment at which on_deadline() must be called (DTLS retransmission, RFC 6347 4.2.4.1).
  virtual std::optional<time_point> deadline() const = 0;
  virtual void on_deadline(time_point now) = 0;
  // Application data. Datagram engines: one record, at most 16,384 bytes. Streams: any length.
  virtual send_outcome send(bytes_view plaintext, time_point now) = 0;
  // Sends close_notify; sending is over, receiving may go on. Without effect unless established or
  // peer_closed.
  virtual void shut(time_point now) = 0;

  virtual engine_state state() const = 0;
  virtual const engine_failure& failure() const = 0;
  virtual const engine_info& info() const = 0;
  // What can be resumed later and was not taken yet; it comes with the handshake and, in TLS 1.3, at any
  // time.
  virtual std::vector<resumable_session> take_sessions() { return {}; }
  virtual packet_queue& outgoing() = 0;  // ciphertext for the transport
  virtual packet_queue& incoming() = 0;  // plaintext for the application
};

}  // namespace tlsmodem::tls
