// The right to use an association: its sequence numbers, and what becomes of it. Held by who carries it.
//
// Once a row of the association may be on the disk, only numbers below what the disk has for sure may be
// used: after a crash of the machine, one goes on behind them. A row that says "clean" (nobody uses it, these
// are the exact numbers) therefore has to be replaced on the disk before the first record.
#pragma once

#include "association_format.hpp"
#include "row_owner.hpp"

#include <functional>

namespace tlsmodem {

class association_lease;
class association_store;

// An association in memory. `counters` are always exact here.
struct known_association : association_entry {
  enum class row_kind : std::uint8_t { none, clean, in_use };

  bool is_kept = true;         // in the store too
  bool is_forgotten = false;   // goes with its lease
  bool may_be_stored = false;  // a row of this name may be on the disk, of whichever association
  bool has_row = false;        // one of this association may be
  bool is_due = false;         // to be written
  bool is_in_flight = false;   // the newest submission was not answered
  row_kind submitted = row_kind::none;
  std::uint64_t batch = 0;  // of the newest submission
  struct numbers {
    std::uint64_t allowed = 0;  // those below are reserved by what is on the disk
    std::uint64_t wanted = 0;   // the next reservation is to go beyond
  };
  numbers write;
  numbers read;
  std::uint64_t used = 0;  // counts up
  association_lease* holder = nullptr;
};

class association_lease final : public dtls12::sequence_journal {
 public:
  // Without release() or erase(): as erase().
  ~association_lease() override;
  association_lease(const association_lease&) = delete;
  association_lease& operator=(const association_lease&) = delete;

  bool may_write(std::uint64_t number) override;
  bool may_accept(std::uint64_t number) override;
  void note(const dtls12::sequence_counters& now) override;

  // Numbers that were refused have become available, or never will. Called in a turn of the event loop of its
  // own, never from within a call of the lease or of the store; may destroy the lease.
  void on_reserved(std::function<void()> handler) { on_reserved_ = std::move(handler); }
  // No more numbers can be had, now at least: a new handshake is needed.
  bool is_refused() const;

  // The row follows.
  void moved(const net::endpoint& remote, const net::endpoint& local);
  void update(secret constant);

  // The last call of the lease. Nobody uses the association now; it can be taken again.
  void release(const dtls12::sequence_counters& exact);
  // The same, and it is over: closed, or failed by a fatal alert.
  void erase();

 private:
  friend class association_store;
  association_lease(association_store& store, row_owner::row_name name, known_association& held);
  bool may_use(std::uint64_t number, known_association::numbers known_association::*of,
               std::uint64_t reserved, std::uint64_t few);

  association_store* store_;
  const row_owner::row_name name_;
  known_association* held_;  // none: another one took its place, or it was given back
  std::function<void()> on_reserved_;
  bool is_waiting_ = false;  // a number was refused
};

}  // namespace tlsmodem
