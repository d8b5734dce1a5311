// How a live DTLS association is written into a row of the store.
#pragma once

#include "daemon/dtls12/sequence_journal.hpp"
#include "daemon/net/endpoint.hpp"
#include "daemon/support/secret.hpp"
#include "daemon/tls/context.hpp"
#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace tlsmodem {

// RFC 6347 4.1: a sequence number has 48 bits, and none is used twice.
inline constexpr std::uint64_t max_sequence_numbers = std::uint64_t{1} << 48;
inline constexpr std::size_t max_association_constant_bytes = std::size_t{64} * 1024;

// Where an association belongs, and what is told of it.
struct association_place {
  tls::fingerprint binding{};  // of what it must not outlive
  std::string host;
  std::uint16_t port = 0;
  net::endpoint remote;
  net::endpoint local;
  std::string version;
  std::string suite;
};

struct association_entry : association_place {
  std::uint64_t id = 0;  // random; never that of another association
  std::chrono::sys_seconds made{};
  std::chrono::sys_seconds expires{};
  std::uint32_t slot = 0;      // of the counter file; 0: none
  std::uint64_t slot_era = 0;  // in which it has the slot
  // Nobody uses it: `counters` are exact. Otherwise any number below what is reserved may have been used.
  bool is_clean = false;
  std::uint64_t write_reserved = 0;
  std::uint64_t read_reserved = 0;
  dtls12::sequence_counters counters;  // written when it is clean
  secret constant;                     // what the handshake left; nobody looks into it here
};

// Whether a row has room for it: the lengths of its texts and of its constant part, and its times.
bool can_be_stored(const association_entry& entry);
// Empty for what no row may say. Everything else is read back as it was, but for the counters of one that is
// in use.
secret encode(const association_entry& entry);
// The reason for anything that encode() would not have written.
at::result<association_entry> decode_association_entry(bytes_view row);

}  // namespace tlsmodem
