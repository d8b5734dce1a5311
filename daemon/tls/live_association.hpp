// What can outlive the process of an association, as its engine shows it to the one who keeps it.
#pragma once

#include "daemon/dtls12/sequence_journal.hpp"
#include "daemon/support/secret.hpp"

namespace tlsmodem::tls {

class live_association {
 public:
  // Keys, CIDs and what AT#TINFO tells: all that does not change with every record. continue_association()
  // takes it up again. Empty: it cannot be kept.
  virtual secret encode() const = 0;
  // True once after encode() has come to give something else: the peer has our last flight.
  virtual bool take_change() = 0;
  virtual const dtls12::sequence_counters& counters() const = 0;
  // Every number is asked for and told there from here on; null ends that.
  virtual void use_journal(dtls12::sequence_journal* journal) = 0;
  // The peer's records carry a CID of ours: they find us at any address of ours, and we them from any of
  // theirs.
  virtual bool has_own_cid() const = 0;
  // Our records carry a CID of the peer's: they find it from any address of ours.
  virtual bool has_peer_cid() const = 0;

 protected:
  ~live_association() = default;
};

}  // namespace tlsmodem::tls
