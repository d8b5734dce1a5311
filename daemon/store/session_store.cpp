#include "session_store.hpp"

#include "daemon/support/log.hpp"
#include "protocol/hex.hpp"
#include "random.hpp"
#include "unreadable_rows.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem {
namespace {

using std::chrono::seconds;

// RFC 8446 4.6.1: whatever a server or a configuration says.
constexpr seconds longest_ticket_lifetime{604800};

constexpr std::size_t max_bytes_of_user = std::size_t{8} * 1024 * 1024;
// A clock without a battery begins in the past and is set later; until then nothing is decided for good.
constexpr seconds clock_slack{300};

// What can be used several times can be lent several times.
bool is_free(const kept_session& session) { return session.loan == 0 || !session.is_single_use; }

}  // namespace

session_store::session_store(limits bounds, wall_clock clock) : limits_(bounds), clock_(std::move(clock)) {}

std::string session_store::make_handle() {
  std::array<unsigned char, 16> random{};
  store::fill_randomly(random);
  return lower_hex(random);
}

// ---- finding

const session_store::entry* session_store::find_entry(user_id user, std::string_view handle) const {
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return nullptr;
  const auto found = of_user->second.find(handle);
  return found == of_user->second.end() ? nullptr : &found->second;
}

session_store::entry* session_store::find_entry(user_id user, std::string_view handle) {
  return const_cast<entry*>(std::as_const(*this).find_entry(user, handle));
}

bool session_store::knows(user_id user, std::string_view handle, const tls::fingerprint& binding) const {
  const auto* found = find_entry(user, handle);
  return found != nullptr && found->binding == binding;
}

bool session_store::can_lend(const entry& from) const {
  return std::any_of(from.sessions.begin(), from.sessions.end(),
                     [this](const kept_session& s) { return is_free(s) && is_usable(s); });
}

bool session_store::has_session(user_id user, std::string_view handle,
                                const tls::fingerprint& binding) const {
  const auto* found = find_entry(user, handle);
  return found != nullptr && found->binding == binding && can_lend(*found);
}

std::optional<std::string> session_store::find(user_id user, const tls::fingerprint& binding) const {
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return std::nullopt;
  const entry* best = nullptr;
  std::string_view handle;
  for (const auto& [name, candidate] : of_user->second) {
    if (candidate.binding != binding || (best != nullptr && candidate.used < best->used)) continue;
    if (!can_lend(candidate)) continue;
    best = &candidate;
    handle = name;
  }
  return best == nullptr ? std::nullopt : std::optional(std::string(handle));
}

offer_record session_store::offers_of(user_id user, std::string_view handle,
                                      const tls::fingerprint& binding) const {
  const auto* found = find_entry(user, handle);
  return found != nullptr && found->binding == binding ? found->offers : offer_record{};
}

void session_store::set_offers(user_id user, std::string_view handle, offer_record offers) {
  auto* found = find_entry(user, handle);
  if (found == nullptr || found->offers == offers) return;
  found->offers = offers;
  changed(user, std::string(handle), *found);
}

// For good: whatever the clock does later, it will not be used again.
bool session_store::is_over(const kept_session& session) const {
  const auto now = clock_();
  return now >= session.expires || now - session.made >= limits_.lifetime ||
         (!session.has_extended_master_secret && !limits_.without_extended_master_secret);
}

bool session_store::is_usable(const kept_session& session) const {
  return !is_over(session) && clock_() + clock_slack >= session.made;
}

// ---- lending

std::optional<session_store::loan> session_store::lend(user_id user, std::string_view handle,
                                                       const tls::fingerprint& binding) {
  drop_expired(user);
  auto* found = find_entry(user, handle);
  if (found == nullptr || found->binding != binding) return std::nullopt;
  found->used = ++uses_;
  const auto newest = std::find_if(found->sessions.rbegin(), found->sessions.rend(),
                                   [this](const kept_session& s) { return is_free(s) && is_usable(s); });
  if (newest == found->sessions.rend()) return std::nullopt;
  newest->loan = ++loans_;
  return loan{newest->loan, newest->state.clone(), newest->is_single_use};
}

void session_store::give_back(user_id user, std::string_view handle, std::uint64_t number) {
  auto* found = find_entry(user, handle);
  if (found == nullptr) return;
  for (auto& session : found->sessions)
    if (session.loan == number) session.loan = 0;
}

void session_store::spend(user_id user, std::string_view handle, std::uint64_t number) {
  auto* found = find_entry(user, handle);
  if (found == nullptr) return;
  const auto removed = std::erase_if(
      found->sessions, [number](const kept_session& s) { return s.loan == number && s.is_single_use; });
  if (removed > 0) {
    changed(user, std::string(handle), *found);
  } else {
    give_back(user, handle, number);
  }
}

// ---- changing

bool session_store::is_worth_keeping(const tls::resumable_session& session) const {
  if (!session.has_extended_master_secret && !limits_.without_extended_master_secret) return false;
  if (session.is_single_use && session.lifetime_hint_s == 0) return false;  // RFC 8446 4.6.1
  return !session.state.empty() && session.state.size() <= max_session_state_bytes;
}

// The entry of this handle, which is there behind the call and the last to make room for another.
session_store::entry& session_store::entry_for(user_id user, const std::string& handle,
                                               std::size_t new_bytes) {
  drop_expired(user);
  auto& of_user = users_[user];
  const bool is_new = !of_user.contains(handle);
  if (!is_new) of_user[handle].used = ++uses_;
  make_room(user, is_new ? 1 : 0, new_bytes);
  entry& made = of_user[handle];
  made.used = ++uses_;
  // An erasure of an older entry of this name may still be owed.
  if (is_new) made.may_be_stored = changes_.contains({user, handle});
  return made;
}

bool session_store::put(user_id user, const std::string& handle, const place& where,
                        tls::resumable_session session) {
  if (!is_worth_keeping(session)) return false;
  entry& into = entry_for(user, handle, session.state.size());
  if (into.binding != where.binding) into.sessions.clear();
  const bool has_news = into.offers != where.offers;
  into.offers = where.offers;
  // A resumption by session id leaves the very session that it began with; its age goes on.
  if (!session.is_single_use && into.sessions.size() == 1 &&
      std::ranges::equal(into.sessions.front().state.view(), session.state.view())) {
    into.sessions.front().loan = 0;
    if (has_news) changed(user, handle, into);
    return true;
  }
  if (!session.is_single_use) into.sessions.clear();
  into.binding = where.binding;
  into.host = where.host;
  into.port = where.port;
  into.version = std::move(session.version);
  into.suite = std::move(session.suite);
  const bool was_kept = std::exchange(into.is_kept, where.is_kept);
  const auto now = clock_();
  auto lifetime = std::min(limits_.lifetime, longest_ticket_lifetime);
  if (session.lifetime_hint_s != 0) lifetime = std::min(lifetime, seconds(session.lifetime_hint_s));
  into.sessions.push_back({std::move(session.state), now, now + lifetime, session.is_ticket,
                           session.is_single_use, session.has_extended_master_secret, 0});
  if (into.sessions.size() > max_sessions_of_entry) into.sessions.erase(into.sessions.begin());
  if (was_kept || into.is_kept) mark(user, handle);
  if (into.is_kept && !can_be_stored(into))
    log(level::warning, "a session cannot be stored and ends with the daemon", {{"uid", user}});
  return true;
}

bool session_store::forget(user_id user, std::string_view handle) {
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return false;
  const auto found = of_user->second.find(handle);
  if (found == of_user->second.end()) return false;
  erase(user, found);
  return true;
}

void session_store::forget_all(user_id user) {
  auto& of_user = users_[user];
  while (!of_user.empty()) erase(user, of_user.begin());
}

void session_store::erase(user_id user, entries::iterator which) {
  // What no store has ever seen needs not be erased there: a store that never works must not be owed more and
  // more.
  if (which->second.may_be_stored) {
    mark(user, which->first);
  } else {
    changes_.erase({user, which->first});
  }
  users_[user].erase(which);
}

void session_store::drop_expired(user_id user) {
  auto& of_user = users_[user];
  for (auto next = of_user.begin(); next != of_user.end();) {
    const auto here = next++;
    auto& sessions = here->second.sessions;
    const auto dropped = std::erase_if(sessions, [this](const kept_session& s) { return is_over(s); });
    if (sessions.empty() && dropped > 0) {
      erase(user, here);
    } else if (dropped > 0) {
      changed(user, here->first, here->second);
    }
  }
}

// For so many more entries and bytes.
void session_store::make_room(user_id user, std::size_t new_entries, std::size_t new_bytes) {
  auto& of_user = users_[user];
  std::size_t used = 0;
  for (const auto& [handle, what] : of_user)
    for (const auto& session : what.sessions) used += session.state.size();
  while (!of_user.empty() &&
         (of_user.size() + new_entries > limits_.entries_of_user || used + new_bytes > max_bytes_of_user)) {
    const auto oldest = std::min_element(of_user.begin(), of_user.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    });
    for (const auto& session : oldest->second.sessions) used -= session.state.size();
    erase(user, oldest);
  }
}

void session_store::set_limits(limits bounds) {
  limits_ = bounds;
  for (auto& [user, of_user] : users_) {
    drop_expired(user);
    make_room(user, 0, 0);
  }
}

// ---- what AT#TSESS? tells

std::vector<session_store::listed> session_store::list(user_id user) const {
  std::vector<std::pair<std::uint64_t, listed>> found;
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return {};
  const auto now = clock_();
  for (const auto& [handle, what] : of_user->second) {
    const auto newest = std::find_if(what.sessions.rbegin(), what.sessions.rend(),
                                     [this](const kept_session& s) { return is_usable(s); });
    if (newest == what.sessions.rend()) continue;
    found.push_back({what.used,
                     {handle, what.host, what.port, what.version, what.suite,
                      std::max(seconds(0), seconds(now - newest->made)), seconds(newest->expires - now),
                      newest->is_ticket}});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<listed> out;
  out.reserve(found.size());
  for (auto& [used, one] : found) out.push_back(std::move(one));
  return out;
}

// ---- the store

std::size_t session_store::load(const std::vector<store::row>& rows) {
  store::unreadable_rows refused(store::table::sessions);
  std::set<user_id> seen;
  for (const auto& row : rows) {
    if (row.in != store::table::sessions) continue;
    auto decoded = decode_session_entry(row.content.view());
    if (!decoded) {
      refused.add(row.user, decoded.why().text);
      mark(row.user, row.name);  // nothing in memory: it will be erased
      continue;
    }
    seen.insert(row.user);
    entry loaded;
    static_cast<session_entry&>(loaded) = std::move(*decoded);
    loaded.used = ++uses_;
    loaded.may_be_stored = true;
    users_[row.user].try_emplace(row.name, std::move(loaded));
  }
  for (const auto user : seen) {
    drop_expired(user);
    make_room(user, 0, 0);
  }
  refused.log();
  return refused.count();
}

void session_store::changed(user_id user, const std::string& handle, const entry& what) {
  if (what.is_kept) mark(user, handle);
}

void session_store::mark(user_id user, const std::string& handle) {
  const bool is_first = changes_.empty();
  changes_.emplace(user, handle);
  if (is_first) has_changes();
}

std::vector<store::change> session_store::take_changes(std::size_t max_bytes) {
  std::vector<store::change> out;
  std::size_t size = 0;
  while (!changes_.empty() && size < max_bytes) {
    const auto [user, handle] = std::move(changes_.extract(changes_.begin()).value());
    auto* now = find_entry(user, handle);
    const bool is_there = now != nullptr && now->is_kept && !now->sessions.empty() && can_be_stored(*now);
    if (is_there) now->may_be_stored = true;
    out.push_back({store::table::sessions, user, handle,
                   is_there ? std::optional(encode(*now)) : std::optional<secret>()});
    size += handle.size() + (is_there ? out.back().content->size() : 0);
  }
  return out;
}

void session_store::put_back(const std::vector<row_name>& rows) {
  for (const auto& row : rows) {
    changes_.insert(row);
    // The row of an older entry of this name may be there, and its erasure is owed.
    if (auto* now = find_entry(row.first, row.second)) now->may_be_stored = true;
  }
}

void session_store::write_all_again() {
  for (const auto& [user, of_user] : users_)
    for (const auto& [handle, what] : of_user) changed(user, handle, what);
}

}  // namespace tlsmodem
