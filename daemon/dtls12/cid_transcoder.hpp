// Stands between libssl and the network while a DTLS 1.2 handshake is on its way. libssl speaks records of
// RFC 6347 and knows no connection ID; each protected record is opened here and protected anew, with the CIDs
// that were agreed and under numbers of our own, in both directions. What is left behind the handshake is an
// association. No I/O, no libssl.
//
// libssl's own protected records must never leave the process, also without a CID: they are made with the
// same keys, and under the same nonces, as ours.
#pragma once

#include "association.hpp"
#include "daemon/support/packet_queue.hpp"

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

class cid_transcoder {
 public:
  struct configuration {
    bytes own_cid;                   // that we asked for
    std::size_t datagram_limit = 0;  // of what goes to the network
    std::size_t padding_block = 0;
  };
  struct handshake_keys {
    protection_suite suite;
    connection_keys keys;
    std::optional<bytes> peer_cid;  // in the ServerHello; nothing: it had no such extension
  };
  // Asked once, when the first protected record leaves libssl. Nothing: the handshake cannot go on.
  using key_source = std::function<std::optional<handshake_keys>()>;

  cid_transcoder(configuration config, key_source keys);

  // A datagram of libssl, on its way to the network. False when it cannot be sent.
  bool send(bytes_view from_libssl, packet_queue& to);
  // A datagram of the network: its unprotected records are appended to `unprotected`, as they are; the others
  // wait here.
  void receive(bytes_view datagram, bytes& unprotected);
  // The next protected record of the handshake, as libssl understands it, in `record`. `keys_are_right`:
  // libssl has settled on a session, so that the keys may be asked for. False when there is none (yet).
  bool next_for_libssl(bool keys_are_right, bytes& record);

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
  bool ask_for_keys();
  bool protect_anew(const record_view& record, bytes& out);
  bool reprotect_for_libssl(bytes_view raw, bytes& record);

  configuration config_;
  key_source keys_;
  std::unique_ptr<association> association_;
  std::unique_ptr<record_protection> from_libssl_;
  std::unique_ptr<record_protection> to_libssl_;
  std::deque<bytes> waiting_;
  std::vector<early_record> early_;
};

}  // namespace tlsmodem::dtls12
