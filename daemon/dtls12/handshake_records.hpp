// The record layer of a DTLS handshake of ours, between libssl and the network: the one way of every
// handshake, full and abbreviated, with a connection ID and without. No I/O, no clock, no libssl.
//
// Theory of operation. Out: libssl writes a flight once; take() opens its records, keeps the messages, and
// packs them anew into datagrams: each unprotected record under the next number of one counter, each
// protected one sealed by the association that is going to carry the data, with the CIDs that were agreed.
// repeat() does the same again, under new numbers, in smaller records when the path asks for that. In: of
// the unprotected records those that can belong to the handshake go to libssl as they are, protected ones
// are opened here and put into the form that libssl knows; data and alerts that overtook the end of the
// handshake are kept.
//
// libssl's own protected records never leave the process: they are made with the same keys, and under the
// same nonces, as ours.
#pragma once

#include "association.hpp"
#include "cookie_exchange.hpp"
#include "daemon/support/packet_queue.hpp"
#include "flight.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace tlsmodem::dtls12 {

// Application data or an alert that overtook the server's Finished.
struct early_record {
  std::uint8_t type = 0;
  bytes content;
  bool operator==(const early_record&) const = default;
};

class handshake_records {
 public:
  struct configuration {
    bytes own_cid;                        // that we asked for
    std::size_t datagram_limit = 0;       // of what goes to the network
    std::size_t padding_block = 0;        // of the association
    std::uint16_t min_version = dtls1_2;  // of unprotected records; older ones of libssl's are raised to it
  };
  struct handshake_keys {
    protection_suite suite;
    connection_keys keys;
    std::optional<bytes> peer_cid;  // in the ServerHello; nothing: it had no such extension
    std::uint16_t version = dtls1_2;
  };
  // Asked once, when the first protected record leaves libssl or comes in. Nothing: the handshake cannot go
  // on.
  using key_source = std::function<std::optional<handshake_keys>()>;

  handshake_records(configuration config, key_source keys);

  // ---- to the network

  // What libssl wrote in one go: a flight, alerts, or nothing. Empties `from_libssl`. False when it cannot be
  // sent: no keys, or a ClientHello that is not the one whose cookie the server took.
  bool take(packet_queue& from_libssl, packet_queue& to);
  // The last flight again. False when it cannot be protected.
  bool repeat(packet_queue& to);
  // From here on datagrams have at most so many bytes. False when they had no more before.
  bool lower_limit(std::size_t datagram_limit);
  // How many flights there were, without repeats.
  unsigned flights() const { return flights_; }
  // The last flight as it went out last.
  const std::vector<bytes>& datagrams() const { return datagrams_; }

  // ---- from the network

  struct received {
    bool is_verify_request = false;  // answered here: a new flight is in `to`, or none was due
    std::size_t long_chain = 0;      // dropped: the length of a Certificate message over max_message_bytes
    unsigned client_hellos = 0;      // dropped
    std::optional<bytes> warning;    // dropped; the content of the last such alert
  };
  // A datagram: what of it libssl shall see at once is appended to `for_libssl`; protected records wait here.
  received receive(bytes_view datagram, bytes& for_libssl, packet_queue& to);
  // The next protected record of the handshake, as libssl understands it, in `record`. `keys_are_right`:
  // libssl has settled on a session, so that the keys may be asked for. False when no record can be given
  // yet.
  bool next_for_libssl(bool keys_are_right, bytes& record);

  // ---- the end

  bytes_view own_cid() const { return config_.own_cid; }
  bool has_keys() const { return association_ != nullptr; }
  // What came under the keys before the handshake was done and is not part of it, in its order.
  const std::vector<early_record>& early() const { return early_; }
  std::vector<early_record> take_early() { return std::move(early_); }
  // Protected records that nobody has looked at yet.
  std::deque<bytes> take_waiting() { return std::move(waiting_); }
  // Precondition: has_keys().
  std::unique_ptr<association> finish() { return std::move(association_); }

 private:
  struct taken {
    flight messages;
    std::vector<flight_item> alerts;
  };

  bool ask_for_keys();
  bool open_output(bytes_view packet, taken& output);
  bool make_record(const flight_item& what, bytes_view content, bytes& out);
  bool begin_flight(flight fresh, packet_queue& to);
  bool send_alert(const flight_item& alert, packet_queue& to);
  void answer_request(const record_view& record, packet_queue& to);
  void receive_unprotected(const record_view& record, bytes& for_libssl, packet_queue& to, received& seen);
  void show_request(const record_view& server_hello, bytes& for_libssl);
  bool reprotect_for_libssl(bytes_view raw, bytes& record);

  configuration config_;
  key_source keys_;
  std::unique_ptr<association> association_;
  std::unique_ptr<record_protection> from_libssl_;
  std::unique_ptr<record_protection> to_libssl_;

  cookie_exchange cookies_;
  std::size_t owed_hellos_ = 0;  // that libssl is going to write; the last one is out already
  // By libssl, last: its message_seq makes the first message of each flight another one.
  struct {
    flight_item first;
    std::size_t count = 0;
  } written_;
  flight flight_;
  std::vector<bytes> datagrams_;
  unsigned flights_ = 0;
  std::uint64_t next_number_ = 0;    // of an unprotected record
  std::uint64_t flight_begins_ = 0;  // the first number of the last flight

  std::deque<bytes> waiting_;
  std::vector<early_record> early_;
};

}  // namespace tlsmodem::dtls12
