// The sessions of all user ids, by handle: in memory, without I/O; what has changed is there to be written.
//
// A handle is the client's name for everything with which a socket's connection can be taken up again. It
// keeps its name through resumptions and new tickets, so that a client that lost the newest event still has
// it. Each handle belongs to one user id, and its sessions to one binding (peer, server name, verification,
// credentials, protocol): for anything else it names nothing.
#pragma once

#include "daemon/tls/resumption.hpp"
#include "row_owner.hpp"
#include "session_format.hpp"

#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace tlsmodem {

class session_store : public row_owner {
 public:
  using user_id = std::uint32_t;
  using wall_clock = std::function<std::chrono::sys_seconds()>;

  struct limits {
    std::size_t entries_of_user = 1024;    // the one unused for longest makes room
    std::chrono::seconds lifetime{86400};  // the most, whatever a ticket says
    bool without_extended_master_secret = false;
  };

  // Where the sessions of a handle belong.
  struct place {
    tls::fingerprint binding{};
    std::string host;
    std::uint16_t port = 0;
    bool is_kept = true;  // in the store too
    offer_record offers = {};
  };

  struct loan {
    std::uint64_t number = 0;
    secret state;
    bool is_single_use = false;
  };

  struct listed {
    std::string handle;
    std::string host;
    std::uint16_t port = 0;
    std::string version;
    std::string suite;
    std::chrono::seconds age{};
    std::chrono::seconds expires_in{};
    bool is_ticket = false;
  };

  session_store(limits bounds, wall_clock clock);
  session_store(const session_store&) = delete;
  session_store& operator=(const session_store&) = delete;

  // Also for what is there already.
  void set_limits(limits bounds);

  // 32 lower-case hex digits, random.
  static std::string make_handle();

  // Whether the handle is this user's and for this binding.
  bool knows(user_id user, std::string_view handle, const tls::fingerprint& binding) const;
  // The handle for this binding that was used last, if there is one with a session in it.
  std::optional<std::string> find(user_id user, const tls::fingerprint& binding) const;

  // How the offers under this handle went; nothing is known of a handle that names nothing.
  offer_record offers_of(user_id user, std::string_view handle, const tls::fingerprint& binding) const;
  void set_offers(user_id user, std::string_view handle, offer_record offers);

  // Is there anything to lend?
  bool has_session(user_id user, std::string_view handle, const tls::fingerprint& binding) const;
  // Lends the newest session that is not lent out; nothing when there is none.
  std::optional<loan> lend(user_id user, std::string_view handle, const tls::fingerprint& binding);
  // The server did not answer: it is as if it had not been offered.
  void give_back(user_id user, std::string_view handle, std::uint64_t number);
  // The server has seen it. One that is for a single use is gone.
  void spend(user_id user, std::string_view handle, std::uint64_t number);

  // Adds a session; one of TLS up to 1.2 takes the place of all before it. False when it is not to be
  // resumed.
  bool put(user_id user, const std::string& handle, const place& where, tls::resumable_session session);
  // False when there is no such handle.
  bool forget(user_id user, std::string_view handle);
  void forget_all(user_id user);
  // Oldest first.
  std::vector<listed> list(user_id user) const;

  // Expired ones are dropped.
  std::size_t load(const std::vector<store::row>& rows) override;
  std::vector<store::change> take_changes(std::size_t max_bytes = no_limit) override;
  void put_back(const std::vector<row_name>& rows) override;
  void write_all_again() override;

 private:
  struct entry : session_entry {
    bool is_kept = true;
    bool may_be_stored = false;  // the store has it, or was given it
    std::uint64_t used = 0;      // counts up
  };
  using entries = std::map<std::string, entry, std::less<>>;

  entry* find_entry(user_id user, std::string_view handle);
  const entry* find_entry(user_id user, std::string_view handle) const;
  bool is_worth_keeping(const tls::resumable_session& session) const;
  entry& entry_for(user_id user, const std::string& handle, std::size_t new_bytes);
  bool is_over(const kept_session& session) const;
  bool is_usable(const kept_session& session) const;
  bool can_lend(const entry& from) const;
  void drop_expired(user_id user);
  void make_room(user_id user, std::size_t new_entries, std::size_t new_bytes);
  void changed(user_id user, const std::string& handle, const entry& what);
  void mark(user_id user, const std::string& handle);
  void erase(user_id user, entries::iterator which);

  limits limits_;
  wall_clock clock_;
  std::map<user_id, entries> users_;
  std::uint64_t uses_ = 0;
  std::uint64_t loans_ = 0;
  std::set<row_name> changes_;
};

}  // namespace tlsmodem
