// The records of DTLS 1.2 that pass on a wire, with what can be known of each without a key: its number, its
// connection ID (RFC 9146), and the association it belongs to. And the rules that none may break.
#pragma once

#include "protocol/bytes.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tlsmodem::test {

namespace record_type {
inline constexpr std::uint8_t change_cipher_spec = 20;
inline constexpr std::uint8_t alert = 21;
inline constexpr std::uint8_t handshake = 22;
inline constexpr std::uint8_t application_data = 23;
inline constexpr std::uint8_t with_cid = 25;
}  // namespace record_type

struct wire_record {
  bool is_from_client = false;
  std::uint16_t client_port = 0;
  std::size_t datagram = 0;  // counted from 0, both directions together
  std::size_t association = 0;
  std::uint8_t type = 0;
  std::uint16_t epoch = 0;
  std::uint64_t sequence = 0;
  bytes cid;
  bytes data;  // the whole record

  bool is_protected() const { return epoch > 0; }
  std::size_t header_bytes() const { return 13 + cid.size(); }
};

// What ClientHello and ServerHello agreed on.
struct wire_association {
  bytes server_random;
  std::uint16_t suite = 0;
  bool has_cid = false;
  bytes cid_to_server;
  bytes cid_to_client;
};

// Reads datagrams in the order in which they pass. Learns the connection IDs from the handshakes.
class wire_log {
 public:
  // Returns the new records, which are also kept.
  std::vector<wire_record> note(bool is_from_client, std::uint16_t client_port, bytes_view datagram);
  // The sockets of the client are closed: the kernel may give one of their ports to any later one. Who comes
  // from a port without a handshake is known by the connection ID, or is who made the last handshake.
  void forget_ports() { of_port_.clear(); }

  const std::vector<wire_record>& records() const { return records_; }
  const std::vector<wire_association>& associations() const { return associations_; }
  std::size_t datagrams() const { return datagrams_; }

 private:
  std::size_t association_of(bool is_from_client, std::uint16_t client_port, bytes_view record) const;
  void note_handshake(const wire_record& record);
  void note_server_hello(const wire_record& record);

  std::vector<wire_record> records_;
  std::vector<wire_association> associations_;
  std::map<std::uint16_t, std::size_t> of_port_;  // associations whose handshake this socket had
  bool is_cid_offered_ = false;
  bytes offered_cid_;
  std::size_t datagrams_ = 0;
};

// One sentence for each breach by the client:
//   no number of an association is used twice for different bytes, and no explicit nonce either (AES-GCM and
//   CCM); what is protected carries the CID that the server has asked for, and none if it asked for none;
//   nothing but whole records is sent.
std::vector<std::string> breaches(const wire_log& log);

// A protected record of type 25 with this CID; of another type if it is empty.
bool carries_cid(const wire_record& record, const bytes& cid);

// The last `most` records, one a line.
std::string description(const wire_log& log, std::size_t most);

// Handshake messages that pass in clear, from this datagram on.
std::size_t handshake_messages(const wire_log& log, std::size_t from_datagram);
// Those, and what else only a handshake has.
std::size_t handshake_records(const wire_log& log, std::size_t from_datagram);

}  // namespace tlsmodem::test
