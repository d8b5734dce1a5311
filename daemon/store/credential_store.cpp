#include "credential_store.hpp"

#include "credential_format.hpp"
#include "daemon/support/log.hpp"
#include "unreadable_rows.hpp"

#include <algorithm>
#include <chrono>

namespace tlsmodem {
namespace {

using at::error;
using at::failure;

// What is written again goes in pieces, so that clients' changes come between.
constexpr std::size_t max_batch_bytes = std::size_t{1024} * 1024;

}  // namespace

credential_store::credential_store(boost::asio::io_context& io, store::store& rows, credential_set configured)
    : store_(rows), configured_(std::move(configured)), retry_(io) {}

void credential_store::load(const std::vector<store::row>& rows) {
  std::size_t loaded = 0;
  store::unreadable_rows unreadable(store::table::credentials);
  for (const auto& row : rows) {
    if (row.in != store::table::credentials) continue;
    const auto name = parse_row_name(row.name);
    auto entry =
        name ? parse_row_content(name->type, row.content.view())
             : at::result<credential>(error::credentials_unusable, "its name is none of a credential");
    if (!entry) {
      unreadable.add(row.user, entry.why().text);
      continue;
    }
    users_[row.user].durable.put(*name, std::move(*entry));
    ++loaded;
  }
  if (loaded > 0) log(level::info, "persistent credentials loaded", {{"credentials", loaded}});
  unreadable.log();
}

void credential_store::on_reopened(bool is_new) {
  if (is_new)
    for (auto& [user, mine] : users_)
      for (const auto& [name, entry] : mine.durable.entries()) mine.missing.insert(name);
  write_missing();
}

const credential_set& credential_store::of_user(user_id user) const {
  static const credential_set none(limits_of_user);
  const auto found = users_.find(user);
  return found == users_.end() ? none : found->second.durable;
}

bool credential_store::is_taken(user_id user, const credential_name& name) const {
  const auto found = users_.find(user);
  return found != users_.end() &&
         (found->second.durable.find(name) != nullptr || found->second.is_pending(name));
}

// Each pending change may still fail, so each name counts with the most that it may come to.
bool credential_store::user_entries::has_room_for(const credential_name& name, std::size_t size) const {
  std::map<credential_name, std::size_t> sizes = {{name, size}};
  const auto add = [&sizes](const credential_name& of, std::size_t size_of_it) {
    auto& most = sizes[of];
    most = std::max(most, size_of_it);
  };
  for (const auto& [other, entry] : durable.entries()) add(other, other == name ? 0 : entry.size);
  for (const auto& [number, change] : pending)
    if (change.entry) add(change.name, change.entry->size);
  std::size_t total = 0;
  for (const auto& [other, most] : sizes) total += most;
  return sizes.size() <= durable.limits().entries && total <= durable.limits().bytes;
}

bool credential_store::user_entries::is_pending(const credential_name& name) const {
  return std::any_of(pending.begin(), pending.end(), [&](const auto& p) { return p.second.name == name; });
}

std::optional<failure> credential_store::write(user_id user, const credential_name& name, credential entry,
                                               completion done) {
  if (!users_[user].has_room_for(name, entry.size))
    return failure{error::memory_full, "This user id has no room for more persistent credentials."};
  auto content = row_content(entry);
  if (!content) return content.why();
  submit(user, {name, std::move(entry)}, std::move(*content), std::move(done));
  return std::nullopt;
}

std::optional<failure> credential_store::remove(user_id user, const credential_name& name, completion done) {
  if (of_user(user).find(name) == nullptr) {
    if (configured_.find(name) == nullptr) return no_credential(error::not_found, name);
    return failure{error::not_allowed, "A credential of the configuration cannot be deleted."};
  }
  submit(user, {name, std::nullopt}, std::nullopt, std::move(done));
  return std::nullopt;
}

void credential_store::submit(user_id user, change what, std::optional<secret> content, completion done) {
  const auto number = ++changes_so_far_;
  std::vector<store::change> changes;
  changes.push_back({store::table::credentials, user, row_name(what.name), std::move(content)});
  users_[user].pending.emplace(number, std::move(what));
  store_.submit(std::move(changes),
                [this, user, number, done = std::move(done)](std::optional<failure> wrong) {
                  settle(user, number, !wrong);
                  done(std::move(wrong));
                });
}

void credential_store::settle(user_id user, std::uint64_t number, bool is_durable) {
  auto& mine = users_[user];
  auto settled = mine.pending.extract(number);
  if (!is_durable) return;
  auto& [name, entry] = settled.mapped();
  mine.missing.erase(name);
  if (entry) {
    mine.durable.put(name, std::move(*entry));
  } else {
    mine.durable.erase(name);
  }
  write_missing();
}

// One batch at a time; the next one when it is on the disk, or when the store works again.
void credential_store::write_missing() {
  if (is_writing_missing_) return;
  std::vector<store::change> changes;
  auto names = next_missing(changes);
  if (changes.empty()) return;
  is_writing_missing_ = true;
  store_.submit(std::move(changes), [this, names = std::move(names)](const std::optional<failure>& wrong) {
    is_writing_missing_ = false;
    if (wrong) return retry_missing();
    for (const auto& [user, name] : names) users_[user].missing.erase(name);
    write_missing();
  });
}

// Trouble ends with on_reopened(); a queue that was full has no such end.
void credential_store::retry_missing() {
  if (!store_.trouble().empty()) return;
  retry_.expires_after(std::chrono::seconds(1));
  retry_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) write_missing();
  });
}

credential_store::batch credential_store::next_missing(std::vector<store::change>& changes) const {
  batch names;
  std::size_t size_so_far = 0;
  for (const auto& [user, mine] : users_) {
    for (const auto& name : mine.missing) {
      if (size_so_far >= max_batch_bytes) return names;
      // A change that is on its way makes the row itself; behind it, the old content would win.
      if (mine.is_pending(name)) continue;
      auto content = row_content(*mine.durable.find(name));
      if (!content) continue;
      size_so_far += content->size();
      changes.push_back({store::table::credentials, user, row_name(name), std::move(*content)});
      names.emplace_back(user, name);
    }
  }
  return names;
}

}  // namespace tlsmodem
