// The persistent credentials of all user ids, and those of the configuration: in memory, on the event loop.
//
//   load() ▶ (write(), remove() …)
//
// A change is given to the store first, and done here when it is on the disk; until then the old credential
// is in effect. Changes take effect in the order in which they were asked for, whichever channel asked. When
// the store began a new file, what is in memory is written into it behind the back of the clients.
#pragma once

#include "credential_set.hpp"
#include "store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace tlsmodem {

class credential_store {
 public:
  using completion = std::function<void(std::optional<at::failure>)>;
  using user_id = std::uint32_t;

  static constexpr credential_limits limits_of_user{256, std::size_t{4} * 1024 * 1024};

  // The store must outlive this object, and call nothing back after its end.
  credential_store(boost::asio::io_context& io, store::store& rows, credential_set configured);
  credential_store(const credential_store&) = delete;
  credential_store& operator=(const credential_store&) = delete;

  // What the store holds; rows of other tables are left out. Those that cannot be read are left out and
  // logged.
  void load(const std::vector<store::row>& rows);
  // The store works again; when its file is new, everything has to be written again.
  void on_reopened(bool is_new);

  void configure(credential_set configured) { configured_ = std::move(configured); }
  const credential_set& configured() const { return configured_; }
  // Valid until the next turn of the event loop.
  const credential_set& of_user(user_id user) const;

  // Whether the user id has a credential of this name, or one is on its way to the disk or from it.
  bool is_taken(user_id user, const credential_name& name) const;

  // Returns what is wrong, or calls `done` later with nothing (it is on the disk and in effect) or with the
  // error 818 (nothing changed). Error at once: 20.
  std::optional<at::failure> write(user_id user, const credential_name& name, credential entry,
                                   completion done);
  // Errors at once: 22 not there, 3 only in the configuration.
  std::optional<at::failure> remove(user_id user, const credential_name& name, completion done);

 private:
  struct change {
    credential_name name;
    std::optional<credential> entry;  // nothing: removed
  };
  struct user_entries {
    credential_set durable{limits_of_user};
    std::map<std::uint64_t, change> pending;  // in the order of the store
    std::set<credential_name> missing;        // in memory, but not in a file that was begun anew

    bool has_room_for(const credential_name& name, std::size_t size) const;
    bool is_pending(const credential_name& name) const;
  };
  using batch = std::vector<std::pair<user_id, credential_name>>;

  void submit(user_id user, change what, std::optional<secret> content, completion done);
  void settle(user_id user, std::uint64_t number, bool is_durable);
  void write_missing();
  void retry_missing();
  batch next_missing(std::vector<store::change>& changes) const;

  store::store& store_;
  credential_set configured_;
  std::map<user_id, user_entries> users_;
  std::uint64_t changes_so_far_ = 0;
  bool is_writing_missing_ = false;
  boost::asio::steady_timer retry_;
};

}  // namespace tlsmodem
