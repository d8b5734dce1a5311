#include "association_lease.hpp"

#include "association_store.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem {
namespace {

// When so many are left, the next ones are reserved: a write to the disk takes as long as many records.
constexpr std::uint64_t few_to_write = 512;
constexpr std::uint64_t few_to_accept = 16;

}  // namespace

association_lease::association_lease(association_store& store, row_owner::row_name name,
                                     known_association& held)
    : store_(&store), name_(std::move(name)), held_(&held) {
  held.holder = this;
  store.leases_.insert(this);
}

association_lease::~association_lease() {
  erase();
  if (store_ == nullptr) return;
  store_->leases_.erase(this);
  std::erase(store_->notices_, this);
}

bool association_lease::may_write(std::uint64_t number) {
  if (held_ == nullptr) return false;
  return may_use(number, &known_association::write, held_->write_reserved, few_to_write);
}

bool association_lease::may_accept(std::uint64_t number) {
  if (held_ == nullptr) return false;
  return may_use(number, &known_association::read, held_->read_reserved, few_to_accept);
}

// `reserved` is what the newest row says, wherever it is.
bool association_lease::may_use(std::uint64_t number, known_association::numbers known_association::*of,
                                std::uint64_t reserved, std::uint64_t few) {
  if (number >= max_sequence_numbers) return false;
  if (!held_->has_row) return true;
  auto& numbers = held_->*of;
  const bool is_free = number < numbers.allowed;
  if (!is_free) {
    numbers.wanted = std::max(numbers.wanted, number);
    is_waiting_ = true;
  }
  const auto coming = held_->is_in_flight ? std::max(reserved, numbers.allowed) : numbers.allowed;
  if (number + few >= coming && coming < max_sequence_numbers) store_->ask(name_, *held_);
  return is_free;
}

void association_lease::note(const dtls12::sequence_counters& now) {
  if (held_ == nullptr) return;
  held_->counters = now;
  if (held_->slot != counter_file::no_slot) store_->counters_->write(held_->slot, held_->id, now);
}

bool association_lease::is_refused() const {
  if (held_ == nullptr || held_->counters.write_next >= max_sequence_numbers) return true;
  return is_waiting_ && store_->is_troubled_;
}

void association_lease::moved(const net::endpoint& remote, const net::endpoint& local) {
  if (held_ == nullptr || (held_->remote == remote && held_->local == local)) return;
  held_->remote = remote;
  held_->local = local;
  store_->changed(name_, *held_);
}

void association_lease::update(secret constant) {
  if (held_ == nullptr) return;
  held_->constant = std::move(constant);
  store_->changed(name_, *held_);
}

void association_lease::release(const dtls12::sequence_counters& exact) {
  if (held_ == nullptr) return;
  note(exact);
  auto& held = *std::exchange(held_, nullptr);
  held.holder = nullptr;
  store_->give_back(name_, held);
}

void association_lease::erase() {
  if (held_ == nullptr) return;
  held_ = nullptr;
  store_->erase(name_);
}

}  // namespace tlsmodem
