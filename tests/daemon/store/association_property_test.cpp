// Any order of uses, writes, failures and crashes, and of older stores that were put back: no number is used
// twice, no record is accepted twice, what was closed does not come back, and nothing else is lost. Without a
// counter file, what was closed can come back when the process has died.
#include "association_world.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

namespace tlsmodem::test {
namespace {

using dtls12::sequence_counters;

// Who carries an association: a record layer that keeps to the order of calls of sequence_journal.
struct carrier {
  std::unique_ptr<association_lease> lease;
  std::string keys;
  sequence_counters counters;
  bool has_written = false;
};

class schedule {
 public:
  enum class stores { stay, are_put_back };
  schedule(association_world& world, std::uint32_t seed, stores stored) : random_(seed), world_(world) {
    // With limits that drop what is free, or was of an earlier boot, all but the loss is as ever.
    is_limited_ = seed % 4 == 0;
    world_.bounds.entries_of_user = is_limited_ ? 1 : 1024;
    world_.bounds.only_this_boot = seed % 8 == 0;
    world_.begin_anew();
    if (stored == stores::are_put_back) backup_ = world_.copy_of_disk();
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) step();
  }
  // Ways that the schedules have to go, or they prove nothing.
  std::map<std::string, int> seen;

 private:
  std::uint32_t pick(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }
  std::string handle() { return std::string(1, static_cast<char>('a' + pick(2))); }

  void step() {
    if (backup_ && pick(30) == 0) backup_ = world_.copy_of_disk();
    switch (pick(21)) {
      case 20:
        return trouble();
      case 0:
        return keep();
      case 1:
      case 2:
        return take();
      case 3:
        return end();
      case 4:
        return crash();
      case 5:
        return change();
      case 6:
      case 7:
      case 8:
        if (world_.in_flight() < 2 && !world_.is_store_broken()) world_.submit();
        return;
      case 9:
      case 10:
      case 11:
        return answer();
      case 12:
      case 13:
      case 14:
        return receive();
      default:
        return write();
    }
  }

  void keep() {
    carrier made;
    made.keys = "keys " + std::to_string(++handshakes_);
    made.counters.write_next = pick(3);
    const auto under = handle();
    made.lease = world_.store().keep(alice, under, place_of_association(1, pick(8) != 0),
                                     secret_of(made.keys), made.counters);
    gone_.insert(std::exchange(newest_[under], made.keys));
    carriers_.push_back(std::move(made));
  }

  void take() {
    auto taken = world_.store().take(alice, handle(), {1});
    if (!taken) return;
    ++seen["taken"];
    carriers_.push_back(
        {std::move(taken->lease), std::string(as_text(taken->constant.view())), taken->counters, false});
    EXPECT_FALSE(over_.contains(carriers_.back().keys))
        << carriers_.back().keys << ": closed, and taken again";
  }

  carrier* any() {
    return carriers_.empty() ? nullptr : &carriers_[pick(static_cast<std::uint32_t>(carriers_.size()))];
  }

  void end() {
    auto* const one = any();
    if (one == nullptr) return;
    if (pick(3) != 0) {
      one->lease->release(one->counters);
    } else {
      gone_.insert(one->keys);
      if (one->has_written) over_.insert(one->keys);  // the peer may have heard of it
    }
    if (pick(2) != 0) one->lease->erase();
    std::swap(*one, carriers_.back());
    carriers_.pop_back();
  }

  void change() {
    if (pick(3) == 0) {
      const auto which = handle();
      if (world_.store().forget(alice, which)) gone_.insert(newest_[which]);
      return;
    }
    if (auto* const one = any()) one->lease->moved({"192.0.2.3", static_cast<std::uint16_t>(pick(99))}, {});
  }

  // Sometimes so many that the reservation does not suffice.
  void write() {
    auto* const one = any();
    if (one == nullptr) return;
    const bool is_long = pick(4) < (backup_ ? 3U : 1U);
    for (auto count = is_long ? pick(1500) : pick(20); count > 0; --count) {
      const auto number = one->counters.write_next;
      if (!one->lease->may_write(number)) {
        ++seen["no number"];
        return;
      }
      ++one->counters.write_next;
      one->has_written = true;
      one->lease->note(one->counters);
      if (dies()) return;  // the number is lost
      // Runs of numbers, not each one: there are millions of them.
      auto& used = written_[one->keys];
      ASSERT_GE(number, used) << one->keys << ": a number was used twice";
      used = number + 1;
    }
  }

  // The peer's numbers come in any order, and anybody can repeat them.
  void receive() {
    auto* const one = any();
    if (one == nullptr) return;
    auto& sent = peers_[one->keys];
    for (auto count = pick(40); count > 0; --count) {
      sent += pick(50) == 0 ? pick(300) : pick(3);
      const auto back = pick(80);
      const auto number = sent > back ? sent - back : sent;
      if (!one->counters.received.is_fresh(number)) continue;
      if (!one->lease->may_accept(number)) {
        ++seen["not accepted"];
        continue;
      }
      one->counters.received.accept(number);
      one->lease->note(one->counters);
      if (dies()) return;
      ASSERT_TRUE(accepted_[one->keys].insert(number).second) << one->keys << ": accepted twice";
    }
  }

  void answer() {
    if (world_.in_flight() == 0) return;
    switch (pick(6)) {
      case 0:
        return world_.fail(association_world::lost::before_the_disk);
      case 1:
        return world_.fail(association_world::lost::behind_the_disk);
      default:
        return world_.complete();
    }
  }

  void trouble() {
    if (!world_.is_store_broken()) {
      if (pick(3) != 0) return;
      ++seen["trouble"];
      while (world_.in_flight() != 0)
        world_.fail(pick(2) == 0 ? association_world::lost::before_the_disk
                                 : association_world::lost::behind_the_disk);
      return world_.break_store();
    }
    if (pick(8) == 0) return world_.replace_store();
    world_.mend_store();
    expect_what_is_stored();
  }

  void expect_what_is_stored() {
    if (is_limited_) return;
    for (const char* which : {"a", "b"}) {
      const auto row = world_.row(which);
      if (!row || gone_.contains(std::string(as_text(row->constant.view())))) continue;
      ++seen["stored"];
      EXPECT_TRUE(world_.store().peek(alice, which, {1}) || world_.store().is_held(alice, which, nullptr))
          << as_text(row->constant.view()) << " was lost";
    }
  }

  bool dies() {
    if (pick(3000) != 0) return false;
    crash();
    return true;
  }

  void crash() {
    if (pick(3) != 0) return;
    const auto completed = pick(3);
    if (!backup_ || pick(2) == 0) {
      die(completed);
      carriers_.clear();
      return expect_what_is_stored();
    }
    world_.kill_process_and([&] { put_back(); }, completed);
    carriers_.clear();
    over_.clear();
    for (const char* which : {"a", "b"})
      if (const auto row = world_.row(which)) gone_.insert(std::string(as_text(row->constant.view())));
    for (int i = 0; i < 3; ++i) take();
    for (int i = 0; i < 3; ++i) write();
  }

  void die(std::size_t completed) {
    switch (pick(4)) {
      case 0:
        ++seen["machine"];
        over_.clear();
        world_.crash_machine(completed, association_world::counters_are::lost);
        break;
      case 1:
        over_.clear();
        world_.crash_machine(completed, association_world::counters_are::old);
        break;
      default:
        ++seen["process"];
        if (!world_.has_slots()) over_.clear();
        world_.kill_process(completed);
    }
  }

  // In place, so that neither inodes nor the anchor's file tell; with it, or alone, the counter file goes.
  void put_back() {
    if (pick(2) == 0) world_.boot_again();
    const auto counters = world_.directory(std::string(counter_file::name));
    const auto of_counters = pick(6);
    if (of_counters == 1) std::filesystem::remove(counters);
    if (of_counters == 2) std::filesystem::resize_file(counters, 0);
    if (of_counters == 3) write_file(counters, std::string(counter_file::chunk_bytes, 0));
    if (of_counters == 4) {
      ++seen["counters gone"];
      std::filesystem::remove(counters);
      return;
    }
    ++seen["put back"];
    world_.put_disk_back(std::move(*backup_));
    backup_ = world_.copy_of_disk();
  }

  std::mt19937 random_;
  association_world& world_;
  std::vector<carrier> carriers_;
  std::optional<association_world::disk> backup_;
  int handshakes_ = 0;
  std::set<std::string> over_;  // and not to come back, unless the machine dies
  bool is_limited_ = false;
  std::map<std::string, std::string> newest_;     // keys, by handle
  std::set<std::string> gone_;                    // may be lost
  std::map<std::string, std::uint64_t> written_;  // one past the newest
  std::map<std::string, std::uint64_t> peers_;
  std::map<std::string, std::set<std::uint64_t>> accepted_;
};

std::map<std::string, int> run_schedules(association_world& world, std::uint32_t count,
                                         schedule::stores stored) {
  std::map<std::string, int> seen;
  for (std::uint32_t seed = 1; seed <= count && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    schedule one(world, seed, stored);
    one.run(150);
    for (const auto& [what, times] : one.seen) seen[what] += times;
  }
  return seen;
}

TEST(association_schedules, use_no_number_twice) {
  association_world world;
  auto seen = run_schedules(world, 1500, schedule::stores::stay);
  for (const char* what : {"taken", "no number", "not accepted", "machine", "process", "trouble", "stored"})
    EXPECT_GT(seen[what], 300) << what;
}

TEST(association_schedules, use_no_number_twice_without_a_counter_file) {
  association_world world(association_world::anchored::yes, association_world::counted::no);
  auto seen = run_schedules(world, 1500, schedule::stores::stay);
  for (const char* what : {"taken", "no number", "not accepted", "machine", "process", "trouble", "stored"})
    EXPECT_GT(seen[what], 300) << what;
}

TEST(association_schedules, use_no_number_twice_when_older_stores_are_put_back) {
  association_world world(association_world::anchored::yes);
  auto seen = run_schedules(world, 1500, schedule::stores::are_put_back);
  for (const char* what : {"taken", "machine", "process", "trouble", "stored", "put back", "counters gone"})
    EXPECT_GT(seen[what], 100) << what;
}

}  // namespace
}  // namespace tlsmodem::test
