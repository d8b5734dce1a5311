// An engine is one association or connection: bytes in, bytes out, deadlines as values. It does no I/O and
// reads no clock; its driver (the socket machine) moves bytes and time:
//   start(now) → [outgoing() to the network; feed() what the network brought; on_deadline() when deadline()
//   has passed] until state() is established or failed → send()/feed()/incoming() → shut() → drop it.
// After every call the driver looks at outgoing(), incoming(), deadline() and state(), in that order.
// Datagram engines: one packet is one datagram, in both queues. Stream engines: packets are chunks.
#pragma once

#include "daemon/dtls12/record_cost.hpp"
#include "daemon/support/packet_queue.hpp"
#include "live_association.hpp"
#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "resumption.hpp"

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
  std::string version;                  // "DTLSv1.2", "TLSv1.3"
  std::string suite;                    // IANA name
  std::uint16_t suite_id = 0;           // IANA id
  bool resumed = false;                 // what the handshake did, never what was hoped for
  bool is_continued = false;            // there was no handshake at all: a live association went on
  bool handshake_done = false;          // whatever came with its end, or behind it
  bool session_offered = false;         // the ClientHello asks for the abbreviated handshake; from start()
  bool session_declined = false;        // the server makes a full handshake of it; during the handshake
  bool server_answered = false;         // with a ServerHello; changes during the handshake
  bool extended_master_secret = false;  // RFC 7627, or TLS 1.3, which has what it is for
  bool may_leave_tickets = false;       // TLS 1.3: what can be resumed comes when the server likes
  std::string verify_result;            // "ok", or X.509's reason, or "" when nothing was verified
  std::string peer_subject;             // RFC 2253, cut behind 1,024 bytes, "" without a certificate
  std::string peer_sha256;              // lower-case hex of the leaf's DER, "" without a certificate
  std::string alpn;                     // negotiated protocol, "" if none
  std::optional<alert> alert_received;  // the last one, changes at any time
  std::optional<alert> alert_sent;      // the last one, changes at any time
  unsigned flights = 0;                 // handshake flights sent, without retransmissions
  unsigned retransmissions = 0;         // datagram engines
  unsigned ignored_client_hellos = 0;   // ClientHellos that came from the server (datagram engines)
  bool has_cid = false;                 // RFC 9146 was agreed on; the CIDs may be empty all the same
  bytes cid_in;                         // in the records of the peer
  bytes cid_out;                        // in ours
  std::uint64_t ignored_records = 0;    // not authentic, replayed and the like; changes at any time
  dtls12::record_cost cost;             // of a record, which for datagrams is the whole datagram
};

enum class send_outcome : std::uint8_t {
  ok,
  not_connected,
  too_long,
  not_supported,
  not_now,          // sequence numbers are being reserved: on_numbers_reserved() comes first
  needs_handshake,  // the keys are used up: only a new handshake helps
  failed,
};

class engine {
 public:
  virtual ~engine() = default;

  // A session for the abbreviated handshake, before start(). What does not fit costs the full one, nothing
  // more.
  virtual void offer(bytes_view) {}
  virtual void start(time_point now) = 0;
  // Ciphertext from the transport: exactly one datagram, or a chunk of the stream.
  virtual void feed(bytes_view ciphertext, time_point now) = 0;
  // A datagram that came from another address than the peer's. True when the peer has proved that it is there
  // now (RFC 9146 6): what it is sent has to go there.
  virtual bool feed_from_elsewhere(bytes_view, time_point) { return false; }
  // The transport delivered FIN (streams only).
  virtual void feed_end(time_point now) = 0;
  // The next moment at which on_deadline() must be called (DTLS retransmission, RFC 6347 4.2.4.1).
  virtual std::optional<time_point> deadline() const = 0;
  virtual void on_deadline(time_point now) = 0;
  // The path takes datagrams of at most so many bytes: an ICMP error says so, or the kernel. False: the
  // engine cannot make smaller ones.
  virtual bool lower_datagram_limit(std::size_t, time_point) { return false; }
  // Application data. Datagram engines: one record, at most 16,384 bytes. Streams: any length.
  virtual send_outcome send(bytes_view plaintext, time_point now) = 0;
  // Sends close_notify; sending is over, receiving may go on. Without effect unless established or
  // peer_closed.
  virtual void shut(time_point now) = 0;

  // What the handshake waits for, and what may be wrong there: for failures that only the driver sees, a time
  // limit or an error of the transport. A whole clause, and what goes behind the words for a broken stream.
  virtual std::string explain_silence() const { return {}; }
  virtual std::string explain_end() const { return {}; }

  virtual engine_state state() const = 0;
  virtual const engine_failure& failure() const = 0;
  virtual const engine_info& info() const = 0;
  // What can be resumed later and was not taken yet; it comes with the handshake and, in TLS 1.3, at any
  // time.
  virtual std::vector<resumable_session> take_sessions() { return {}; }
  // The part that can outlive the process, once established; null where there is none (TLS, DTLS 1.0).
  virtual live_association* association() { return nullptr; }
  // Its journal has got more sequence numbers.
  virtual void on_numbers_reserved(time_point) {}
  virtual packet_queue& outgoing() = 0;  // ciphertext for the transport
  virtual packet_queue& incoming() = 0;  // plaintext for the application
};

}  // namespace tlsmodem::tls
