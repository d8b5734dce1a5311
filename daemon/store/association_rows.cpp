// The side of the association_store that faces the disk: what a row says, and what may be used because of it.
#include "association_store.hpp"
#include "daemon/support/log.hpp"
#include "unreadable_rows.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem {
namespace {

// Lost when the machine dies, out of 2^48; a write to the disk in so many records.
constexpr std::uint64_t write_block = 1024;
// More lost here: records of the peer that come after a crash are refused up to the end of the block.
constexpr std::uint64_t read_block = 64;

std::uint64_t reserve_behind(std::uint64_t number, std::uint64_t block) {
  return std::min(number + block, max_sequence_numbers);
}

// A row that was on its way when a number was refused does not cover it.
bool has_what_was_asked(const known_association& one) {
  return !one.has_row || (one.write.wanted < one.write.allowed && one.read.wanted < one.read.allowed);
}

bool is_anchor(std::uint32_t user) { return user == store_anchor::row_user; }

}  // namespace

// ---- loading

std::size_t association_store::load(const std::vector<store::row>& rows) {
  const bool is_refused = !judge(rows);
  if (anchor_ != nullptr && !is_troubled_) anchor_->prepare();
  store::unreadable_rows unreadable(store::table::associations);
  std::set<user_id> seen;
  for (const auto& row : rows) {
    if (row.in != store::table::associations || is_anchor(row.user)) continue;
    if (is_refused) {
      drops_.emplace(row.user, row.name);
      mark({row.user, row.name});
      if (auto* newer = find_one(row.user, row.name)) newer->may_be_stored = true;
      continue;
    }
    auto decoded = decode_association_entry(row.content.view());
    if (!decoded) {
      unreadable.add(row.user, decoded.why().text);
      mark({row.user, row.name});  // nothing in memory: it will be erased
      continue;
    }
    known_association loaded;
    static_cast<association_entry&>(loaded) = std::move(*decoded);
    load_one(row, std::move(loaded));
    seen.insert(row.user);
  }
  drops_since_ = batch_;
  for (const auto user : seen) {
    drop_expired(user);
    make_room(user, 0, 0);
  }
  unreadable.log();
  return unreadable.count();
}

// Whether the rows may be used.
bool association_store::judge(const std::vector<store::row>& rows) {
  if (anchor_ == nullptr) return true;
  std::optional<bytes_view> anchor;
  std::size_t count = 0;
  for (const auto& row : rows) {
    if (row.in != store::table::associations) continue;
    if (!is_anchor(row.user))
      ++count;
    else if (row.name == store_anchor::row_name)
      anchor = row.content.view();
  }
  const auto verdict = anchor_->judge(anchor);
  batch_ = std::max(batch_, verdict.generation);
  // Who wrote these rows may have died before it noted them, and what they reserve is used from now on.
  if (verdict.reason.empty() && counters_ != nullptr) counters_->set_generation(verdict.generation);
  if (verdict.reason.empty() || count == 0) return true;
  log(level::warning, "stored associations were dropped: their sequence numbers may be old",
      {{"count", count}, {"reason", verdict.reason}});
  return false;
}

void association_store::load_one(const store::row& row, known_association loaded) {
  const row_name name(row.user, row.name);
  if (auto* newer = find_one(row.user, row.name)) {
    newer->may_be_stored = true;
    return mark(name);
  }
  const bool is_erasure_owed = changes_.contains(name);
  if (is_erasure_owed || !restore(loaded)) return mark(name);
  loaded.used = ++uses_;
  users_[row.user].emplace(row.name, std::move(loaded));
}

// Numbers that nobody has used, however the last process ended. False: it is not to be used.
bool association_store::restore(known_association& one) {
  const auto slot = counters_ != nullptr ? counters_->claim(one.slot, one.id) : std::nullopt;
  if (!slot && counters_ != nullptr && counters_->was_let_go(one.slot, one.id, one.slot_era)) return false;
  if (slot)
    one.slot_era =
        counters_->era();  // the row may be of an earlier boot, the slot's number the same by chance
  else
    one.slot = counter_file::no_slot;
  if (!slot && limits_.only_this_boot) return false;
  if (one.is_clean) {
    if (slot && slot->write_next > one.counters.write_next) one.counters.write_next = slot->write_next;
    if (slot && slot->received.next() > one.counters.received.next()) one.counters.received = slot->received;
  } else if (slot) {
    one.counters = *slot;
    // A row that was read from a store that cannot be written may not be on the disk.
    one.write.allowed = is_troubled_ ? 0 : one.write_reserved;
    one.read.allowed = is_troubled_ ? 0 : one.read_reserved;
  } else {
    one.counters = {one.write_reserved, dtls12::replay_window::closed_below(one.read_reserved)};
  }
  one.may_be_stored = true;
  one.has_row = true;
  return true;
}

// ---- writing

void association_store::mark(const row_name& name) {
  const bool is_first = changes_.empty();
  changes_.insert(name);
  if (auto* one = find_one(name.first, name.second)) one->is_due = true;
  if (is_first) has_changes();
}

std::vector<store::change> association_store::take_changes(std::size_t max_bytes) {
  std::vector<store::change> out;
  if (changes_.empty()) return out;
  ++batch_;
  // The new anchor makes valid what lies beside it: what is to be dropped goes with it in one transaction.
  for (const auto& name : drops_) {
    changes_.erase(name);
    out.push_back(submit(name));
  }
  std::size_t size = 0;
  while (!changes_.empty() && size < max_bytes) {
    const auto name = std::move(changes_.extract(changes_.begin()).value());
    out.push_back(submit(name));
    size += name.second.size() + (out.back().content ? out.back().content->size() : 0);
  }
  if (anchor_ != nullptr)
    out.push_back({store::table::associations, store_anchor::row_user, std::string(store_anchor::row_name),
                   anchor_->content(batch_)});
  return out;
}

store::change association_store::submit(const row_name& name) {
  store::change out{store::table::associations, name.first, name.second, std::nullopt};
  auto* const one = find_one(name.first, name.second);
  if (one == nullptr) return out;
  one->is_due = false;
  one->is_in_flight = true;
  one->batch = batch_;
  one->submitted = known_association::row_kind::none;
  if (!one->is_kept || one->is_forgotten || !can_be_stored(*one)) return out;
  reserve(*one);
  out.content = encode(*one);
  one->may_be_stored = true;
  one->has_row = true;
  return out;
}

void association_store::reserve(known_association& one) const {
  one.is_clean = one.holder == nullptr;
  const auto write_next = one.counters.write_next;
  const auto read_next = one.counters.received.next();
  if (one.is_clean) {
    one.submitted = known_association::row_kind::clean;
    one.write_reserved = write_next;
    one.read_reserved = read_next;
    // From here on the disk may say that nobody uses it.
    one.write.allowed = one.read.allowed = 0;
    return;
  }
  one.submitted = known_association::row_kind::in_use;
  one.write_reserved =
      std::max(one.write_reserved, reserve_behind(std::max(write_next, one.write.wanted), write_block));
  one.read_reserved =
      std::max(one.read_reserved, reserve_behind(std::max(read_next, one.read.wanted), read_block));
  // The first row: either it comes to the disk and covers them, or there is nothing to take up.
  if (!one.has_row) {
    one.write.allowed = one.write_reserved;
    one.read.allowed = one.read_reserved;
  }
}

void association_store::written(std::uint64_t batch, const std::vector<row_name>& rows) {
  is_troubled_ = false;
  if (anchor_ != nullptr) anchor_->written();
  if (anchor_ != nullptr && counters_ != nullptr) counters_->set_generation(batch);
  if (batch > drops_since_) drops_.clear();
  for (const auto& name : rows) {
    auto* const one = find_one(name.first, name.second);
    if (one == nullptr || one->batch != batch) continue;
    one->is_in_flight = false;
    if (one->submitted == known_association::row_kind::none) {
      one->may_be_stored = one->has_row = false;
    } else if (one->submitted == known_association::row_kind::in_use) {
      one->write.allowed = std::max(one->write.allowed, one->write_reserved);
      one->read.allowed = std::max(one->read.allowed, one->read_reserved);
    }
    if (one->holder != nullptr && has_what_was_asked(*one) && std::exchange(one->holder->is_waiting_, false))
      notify(one->holder);
  }
}

void association_store::put_back(const std::vector<row_name>& rows) {
  is_troubled_ = true;
  for (const auto& name : rows) {
    if (is_anchor(name.first)) continue;
    changes_.insert(name);
    auto* const one = find_one(name.first, name.second);
    if (one == nullptr) continue;
    one->is_in_flight = false;
    one->is_due = true;
    // The row of an older association of this name may be there, and its erasure is owed.
    one->may_be_stored = true;
  }
  notify_waiting();
}

void association_store::write_all_again() {
  for (auto& [user, of_user] : users_)
    for (auto& [handle, one] : of_user) changed({user, handle}, one);
}

void association_store::store_works(bool is_working) {
  if (is_troubled_ != is_working) return;
  is_troubled_ = !is_working;
  notify_waiting();
}

}  // namespace tlsmodem
