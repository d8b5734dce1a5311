#include "association_store.hpp"

#include "daemon/support/log.hpp"
#include "random.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem {
namespace {

using std::chrono::seconds;

constexpr std::size_t max_bytes_of_user = std::size_t{8} * 1024 * 1024;
// A clock without a battery begins in the past and is set later; until then nothing is decided for good.
constexpr seconds clock_slack{300};

std::uint64_t make_id() {
  std::uint64_t id = 0;
  while (id == 0) id = store::random_number();
  return id;
}

// One change that no file takes would hold up all others.
bool is_row_name(std::string_view handle) {
  return !handle.empty() && handle.size() <= store::max_name_bytes &&
         handle.find('\0') == std::string_view::npos;
}

association_store::place place_of(const known_association& one) {
  return {one, one.is_kept && !one.is_forgotten};
}

}  // namespace

association_store::association_store(limits bounds, wall_clock clock)
    : limits_(bounds), clock_(std::move(clock)) {}

// Who still holds a lease goes on without: nothing more is written, as if the process had died here.
association_store::~association_store() {
  for (auto* lease : leases_) {
    lease->held_ = nullptr;
    lease->store_ = nullptr;
  }
}

void association_store::attach(counter_file* counters, store_anchor* anchor) {
  counters_ = counters;
  anchor_ = anchor;
}

// ---- finding

const known_association* association_store::find_one(user_id user, std::string_view handle) const {
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return nullptr;
  const auto found = of_user->second.find(handle);
  return found == of_user->second.end() ? nullptr : &found->second;
}

known_association* association_store::find_one(user_id user, std::string_view handle) {
  return const_cast<known_association*>(std::as_const(*this).find_one(user, handle));
}

const known_association* association_store::find_free(user_id user, std::string_view handle,
                                                      const tls::fingerprint& binding) const {
  const auto* const found = find_one(user, handle);
  const bool is_free =
      found != nullptr && found->holder == nullptr && found->binding == binding && is_usable(*found);
  return is_free ? found : nullptr;
}

std::optional<association_store::place> association_store::peek(user_id user, std::string_view handle,
                                                                const tls::fingerprint& binding) const {
  const auto* const found = find_free(user, handle, binding);
  return found == nullptr ? std::nullopt : std::optional(place_of(*found));
}

bool association_store::is_held(user_id user, std::string_view handle, const association_lease* own) const {
  const auto* const found = find_one(user, handle);
  return found != nullptr && found->holder != nullptr && found->holder != own;
}

std::optional<std::string> association_store::find(user_id user, const tls::fingerprint& binding) const {
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return std::nullopt;
  const known_association* best = nullptr;
  std::string_view handle;
  for (const auto& [name, one] : of_user->second) {
    if (one.holder != nullptr || one.binding != binding || !is_usable(one)) continue;
    if (best != nullptr && one.used < best->used) continue;
    best = &one;
    handle = name;
  }
  return best == nullptr ? std::nullopt : std::optional(std::string(handle));
}

// For good: whatever the clock does later, it will not be used again.
bool association_store::is_over(const known_association& one) const {
  const auto now = clock_();
  return now >= one.expires || now - one.made >= limits_.lifetime ||
         one.counters.write_next >= max_sequence_numbers;
}

bool association_store::is_usable(const known_association& one) const {
  return !is_over(one) && clock_() + clock_slack >= one.made;
}

std::vector<association_store::listed> association_store::list(user_id user) const {
  std::vector<std::pair<std::uint64_t, listed>> found;
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return {};
  const auto now = clock_();
  for (const auto& [handle, one] : of_user->second) {
    if (one.holder != nullptr || !is_usable(one)) continue;
    const auto left = std::min(one.expires, one.made + limits_.lifetime) - now;
    found.push_back({one.used,
                     {handle, one.host, one.port, one.version, one.suite,
                      std::max(seconds(0), seconds(now - one.made)), seconds(left)}});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<listed> out;
  out.reserve(found.size());
  for (auto& [used, one] : found) out.push_back(std::move(one));
  return out;
}

// ---- keeping and taking

std::unique_ptr<association_lease> association_store::lend(const row_name& name, known_association& one) {
  one.used = ++uses_;
  ensure_slot(one);
  return std::unique_ptr<association_lease>(new association_lease(*this, name, one));
}

void association_store::ensure_slot(known_association& one) {
  if (counters_ == nullptr || !one.is_kept) return;
  if (one.slot == counter_file::no_slot) {
    one.slot = counters_->acquire();
    one.slot_era = counters_->era();
  }
  if (one.slot != counter_file::no_slot) counters_->write(one.slot, one.id, one.counters);
}

std::unique_ptr<association_lease> association_store::keep(user_id user, const std::string& handle,
                                                           place where, secret constant,
                                                           const dtls12::sequence_counters& counters) {
  drop_expired(user);
  // An older row, or its owed erasure, is for this name and not for this association.
  bool may_be_stored = changes_.contains({user, handle});
  if (auto* older = find_one(user, handle)) {
    may_be_stored = may_be_stored || older->may_be_stored;
    let_go(*older);
    users_[user].erase(handle);
  }
  make_room(user, 1, constant.size());
  auto& one = users_[user][handle];
  const bool is_kept = where.is_kept;
  one.id = make_id();
  static_cast<association_place&>(one) = std::move(where);
  one.made = clock_();
  one.expires = one.made + limits_.lifetime;
  one.constant = std::move(constant);
  one.counters = counters;
  one.is_kept = is_kept && is_row_name(handle) && can_be_stored(one);
  if (is_kept && !one.is_kept)
    log(level::warning, "a live association cannot be stored and ends with the daemon", {{"uid", user}});
  one.may_be_stored = may_be_stored;
  auto lease = lend({user, handle}, one);
  if (one.is_kept || may_be_stored) mark({user, handle});
  return lease;
}

std::optional<association_store::taken> association_store::take(user_id user, std::string_view handle,
                                                                const tls::fingerprint& binding) {
  drop_expired(user);
  if (find_free(user, handle, binding) == nullptr) return std::nullopt;
  auto& one = *find_one(user, handle);
  const row_name name(user, handle);
  taken out{place_of(one), one.constant.clone(), one.counters, lend(name, one)};
  // Where more numbers are needed, they are asked for at once.
  out.lease->may_write(one.counters.write_next);
  out.lease->may_accept(one.counters.received.next());
  return out;
}

// ---- ending

bool association_store::forget(user_id user, std::string_view handle) {
  const auto of_user = users_.find(user);
  if (of_user == users_.end()) return false;
  const auto found = of_user->second.find(handle);
  if (found == of_user->second.end() || found->second.is_forgotten) return false;
  forget(user, found);
  return true;
}

void association_store::forget_all(user_id user) {
  auto& of_user = users_[user];
  for (auto next = of_user.begin(); next != of_user.end();) forget(user, next++);
}

void association_store::forget(user_id user, associations::iterator which) {
  auto& one = which->second;
  if (one.holder == nullptr) return erase(user, which);
  one.is_forgotten = true;
  if (one.may_be_stored) mark({user, which->first});
}

void association_store::erase(user_id user, associations::iterator which) {
  // What no store has ever seen needs not be erased there: a store that never works must not be owed more and
  // more.
  if (which->second.may_be_stored) {
    mark({user, which->first});
  } else {
    changes_.erase({user, which->first});
  }
  let_go(which->second);
  users_[user].erase(which);
}

// Before it is gone from memory.
void association_store::let_go(known_association& one) {
  if (auto* holder = std::exchange(one.holder, nullptr)) {
    holder->held_ = nullptr;
    notify(holder);
  }
  if (one.slot != counter_file::no_slot) counters_->release(std::exchange(one.slot, counter_file::no_slot));
}

void association_store::drop_expired(user_id user) {
  auto& of_user = users_[user];
  for (auto next = of_user.begin(); next != of_user.end();) {
    const auto here = next++;
    if (here->second.holder == nullptr && is_over(here->second)) erase(user, here);
  }
}

// For so many more. What somebody uses stays.
void association_store::make_room(user_id user, std::size_t new_entries, std::size_t new_bytes) {
  auto& of_user = users_[user];
  std::size_t entries = of_user.size() + new_entries;
  std::size_t size = new_bytes;
  std::vector<std::pair<std::uint64_t, associations::iterator>> free;
  for (auto each = of_user.begin(); each != of_user.end(); ++each) {
    size += each->second.constant.size();
    if (each->second.holder == nullptr) free.emplace_back(each->second.used, each);
  }
  if (entries <= limits_.entries_of_user && size <= max_bytes_of_user) return;
  std::sort(free.begin(), free.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [used, which] : free) {
    if (entries <= limits_.entries_of_user && size <= max_bytes_of_user) return;
    --entries;
    size -= which->second.constant.size();
    erase(user, which);
  }
}

void association_store::set_limits(limits bounds) {
  limits_ = bounds;
  for (auto& [user, of_user] : users_) {
    drop_expired(user);
    make_room(user, 0, 0);
  }
}

// ---- for the leases

void association_store::ask(const row_name& name, known_association& one) {
  if (!one.is_due) changed(name, one);
}

void association_store::changed(const row_name& name, known_association& one) {
  if (one.is_kept && !one.is_forgotten) mark(name);
}

void association_store::give_back(const row_name& name, known_association& one) {
  one.used = ++uses_;
  if (one.is_forgotten || is_over(one)) return erase(name);
  changed(name, one);
}

void association_store::erase(const row_name& name) {
  auto& of_user = users_[name.first];
  const auto found = of_user.find(name.second);
  found->second.holder = nullptr;
  erase(name.first, found);
}

void association_store::notify(association_lease* lease) {
  if (std::find(notices_.begin(), notices_.end(), lease) == notices_.end()) notices_.push_back(lease);
  has_changes();
}

void association_store::notify_waiting() {
  for (auto* lease : leases_)
    if (lease->is_waiting_) notify(lease);
}

// A handler may end any lease, its own too.
void association_store::tell() {
  while (!notices_.empty()) {
    const auto* const lease = notices_.front();
    notices_.pop_front();
    if (const auto handler = lease->on_reserved_) handler();
  }
}

}  // namespace tlsmodem
