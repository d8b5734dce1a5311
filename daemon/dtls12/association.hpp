// The record layer of one DTLS 1.2 association behind its handshake, as its client: keys, connection IDs and
// sequence numbers, without I/O. It is all that is needed to go on without a handshake.
#pragma once

#include "protection.hpp"
#include "sequence_journal.hpp"
#include "usage_limits.hpp"

#include <array>
#include <memory>
#include <optional>

namespace tlsmodem::dtls12 {

// What the handshake settled.
struct association_parameters {
  protection_suite suite;
  connection_keys keys;
  bytes own_cid;                  // in the records that the peer sends; empty: they have none
  bytes peer_cid;                 // in the records that we send
  std::size_t padding_block = 0;  // RFC 9146: with a CID, contents are filled up to multiples of this, but
                                  // not beyond max_plaintext_bytes
  std::uint16_t version = dtls1_2;
};

enum class seal_outcome : std::uint8_t {
  sealed,
  not_reserved,  // the journal has to get more numbers first
  used_up,       // this key has protected all that it may: only a new handshake helps
  failed,        // libcrypto did
};

// What became of a record that came in. All but the first are dropped in silence (RFC 6347 4.1.2.7).
enum class verdict : std::uint8_t {
  accepted,
  not_reserved,  // may be opened again once the journal has got more numbers
  wrong_epoch,
  wrong_form,  // with a CID where none was agreed, without one where one was, of another version, or of a
               // length that the suite does not make
  foreign_cid,
  replayed,
  not_authentic,
};
inline constexpr std::size_t verdict_count = 7;

class association {
 public:
  // Numbers that are left for alerts and repeated Finished messages when data have to wait.
  static constexpr std::uint64_t control_reserve = 16;

  // `limits`: other than those of the suite.
  association(association_parameters parameters, const sequence_counters& counters,
              std::optional<usage_limits> limits = std::nullopt);

  // From here on every number is asked for and told. Null: nothing outlives this object.
  void use_journal(sequence_journal* journal) { journal_ = journal; }

  // Appends one protected record. Nothing else takes a number, and a number once taken is never given back.
  seal_outcome seal(std::uint8_t type, bytes_view content, bytes& out);
  // Whether application data would find a number.
  seal_outcome can_seal_data();

  struct opened {
    verdict is = verdict::not_authentic;
    std::uint8_t type = 0;
    bool is_newest = false;  // RFC 9146 6: only such a record may move the peer's address
    bytes_view content;      // valid until the next call
  };
  opened open(const record_view& record);

  // The records of a datagram of the peer, in turn.
  bool next_record(bytes_view& datagram, record_view& next) const {
    return dtls12::next_record(datagram, parameters_.own_cid.size(), next);
  }

  const association_parameters& parameters() const { return parameters_; }
  const sequence_counters& counters() const { return counters_; }
  record_cost cost() const;
  // So many records were not authentic that the next one might be forged well: nothing may be opened any
  // more.
  bool is_worn_out() const { return count(verdict::not_authentic) >= limits_.forgeries; }
  // How many records met this verdict, since this object was made.
  std::uint64_t count(verdict which) const { return counts_[static_cast<std::size_t>(which)]; }

 private:
  verdict examine(const record_view& record);
  bool can_be_payload(std::size_t size) const;
  std::size_t padding_for(std::uint8_t type, std::size_t content_bytes) const;

  association_parameters parameters_;
  sequence_counters counters_;
  usage_limits limits_;
  record_cost cost_in_;  // of the peer's records
  record_protection protects_;
  record_protection unprotects_;
  sequence_journal* journal_ = nullptr;
  bytes content_;
  std::array<std::uint64_t, verdict_count> counts_{};
};

}  // namespace tlsmodem::dtls12
