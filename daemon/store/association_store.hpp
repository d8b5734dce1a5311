// The live DTLS associations of all user ids, by handle: in memory, without I/O but for the mapped counters;
// what has changed is there to be written.
//
// An association is used by one at a time, who holds its lease, and goes on with its sequence numbers where
// it ended: no number is used twice, and no record accepted twice, whatever dies in between
// (docs/decisions/0017-sequence-numbers.md).
//
//   attach() ▶ load() ▶ keep(), take() … as every row_owner
#pragma once

#include "association_lease.hpp"
#include "store_anchor.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string_view>

namespace tlsmodem {

class association_store : public row_owner {
 public:
  using user_id = std::uint32_t;
  using wall_clock = std::function<std::chrono::sys_seconds()>;

  struct limits {
    std::size_t entries_of_user = 1024;     // the free one unused for longest makes room
    std::chrono::seconds lifetime{604800};  // from the handshake on
    bool only_this_boot = false;            // rows of an earlier boot are dropped when they are loaded
  };

  struct place : association_place {
    bool is_kept = true;  // in the store too; otherwise only in memory
  };

  struct taken {
    place where;
    secret constant;
    dtls12::sequence_counters counters;
    std::unique_ptr<association_lease> lease;
  };

  struct listed {
    std::string handle;
    std::string host;
    std::uint16_t port = 0;
    std::string version;
    std::string suite;
    std::chrono::seconds age{};
    std::chrono::seconds expires_in{};
  };

  association_store(limits bounds, wall_clock clock);
  ~association_store() override;
  association_store(const association_store&) = delete;
  association_store& operator=(const association_store&) = delete;

  // Both must outlive this object. Without them there are no slots, and copies are not noticed.
  void attach(counter_file* counters, store_anchor* anchor);
  // Also for what is there already, but for `only_this_boot`.
  void set_limits(limits bounds);

  // A handshake has left a new association. Any older one under this handle is gone, its lease dead.
  std::unique_ptr<association_lease> keep(user_id user, const std::string& handle, place where,
                                          secret constant, const dtls12::sequence_counters& counters);
  // Nothing while somebody has it, when it is over, or for another binding.
  std::optional<taken> take(user_id user, std::string_view handle, const tls::fingerprint& binding);
  // What take() would give.
  std::optional<place> peek(user_id user, std::string_view handle, const tls::fingerprint& binding) const;
  // Somebody else than the holder of `own` has it; null: anybody.
  bool is_held(user_id user, std::string_view handle, const association_lease* own) const;
  // The free one for this binding that was used last.
  std::optional<std::string> find(user_id user, const tls::fingerprint& binding) const;

  // False when there is no such handle. Who has the association may go on with it, but leaves nothing behind.
  bool forget(user_id user, std::string_view handle);
  void forget_all(user_id user);
  // Those that can be taken, oldest use first.
  std::vector<listed> list(user_id user) const;

  std::size_t load(const std::vector<store::row>& rows) override;
  std::vector<store::change> take_changes(std::size_t max_bytes = no_limit) override;
  std::uint64_t batch() const override { return batch_; }
  void written(std::uint64_t batch, const std::vector<row_name>& rows) override;
  void put_back(const std::vector<row_name>& rows) override;
  void write_all_again() override;
  void store_works(bool is_working) override;
  void tell() override;

 private:
  friend class association_lease;
  using associations = std::map<std::string, known_association, std::less<>>;

  const known_association* find_one(user_id user, std::string_view handle) const;
  known_association* find_one(user_id user, std::string_view handle);
  const known_association* find_free(user_id user, std::string_view handle,
                                     const tls::fingerprint& binding) const;
  bool is_over(const known_association& one) const;
  bool is_usable(const known_association& one) const;
  void drop_expired(user_id user);
  void make_room(user_id user, std::size_t new_entries, std::size_t new_bytes);
  void forget(user_id user, associations::iterator which);
  void erase(user_id user, associations::iterator which);
  void let_go(known_association& one);
  void ensure_slot(known_association& one);
  std::unique_ptr<association_lease> lend(const row_name& name, known_association& one);

  bool judge(const std::vector<store::row>& rows);
  bool restore(known_association& one);
  void load_one(const store::row& row, known_association loaded);
  store::change submit(const row_name& name);
  void reserve(known_association& one) const;

  // For the leases.
  void ask(const row_name& name, known_association& one);
  void give_back(const row_name& name, known_association& one);
  void erase(const row_name& name);
  void changed(const row_name& name, known_association& one);
  void mark(const row_name& name);
  void notify(association_lease* lease);
  void notify_waiting();

  limits limits_;
  wall_clock clock_;
  counter_file* counters_ = nullptr;
  store_anchor* anchor_ = nullptr;
  std::map<user_id, associations> users_;
  std::set<row_name> changes_;
  std::set<row_name> drops_;             // not to be used: erased together with the new anchor, or not at all
  std::uint64_t drops_since_ = 0;        // every later batch has all of them
  std::set<association_lease*> leases_;  // dead ones too
  std::deque<association_lease*> notices_;
  std::uint64_t batch_ = 0;  // the generation of the anchor too
  std::uint64_t uses_ = 0;
  bool is_troubled_ = false;
};

}  // namespace tlsmodem
