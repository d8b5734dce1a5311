// What outlives the process of an association's sequence numbers: no number is used twice with one key, and
// no record is accepted twice, whatever dies in between (docs/decisions/0017-sequence-numbers.md).
#pragma once

#include "replay_window.hpp"

#include <cstdint>

namespace tlsmodem::dtls12 {

// All that changes of an association after its handshake.
struct sequence_counters {
  std::uint64_t write_next = 0;  // the next record that is sent, epoch 1
  replay_window received;
  bool operator==(const sequence_counters&) const = default;
};

// Held by an association that can be taken up again. The order of calls: may_write(n), note() with n taken,
// and only then may the record n leave; may_accept(n), note() with n in the window, and only then may the
// content of record n be used.
class sequence_journal {
 public:
  virtual ~sequence_journal() = default;

  // Whether the number is reserved: a process after a crash of the machine would begin behind it. When it is
  // not, more are being reserved, and the owner of the journal hears of it.
  virtual bool may_write(std::uint64_t number) = 0;
  virtual bool may_accept(std::uint64_t number) = 0;
  // Survives the death of the process at once.
  virtual void note(const sequence_counters& now) = 0;
};

}  // namespace tlsmodem::dtls12
