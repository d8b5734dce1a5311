// The associations in memory: who has one, which can be taken, and when they are over.
#include "association_world.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using namespace std::chrono_literals;
using dtls12::replay_window;
using dtls12::sequence_counters;

class associations : public testing::Test {
 protected:
  std::optional<association_store::taken> take(const std::string& handle, std::uint8_t binding = 1) {
    return world_.store().take(alice, handle, {binding});
  }
  std::string keys(const std::string& handle, std::uint8_t binding = 1) {
    const auto taken = take(handle, binding);
    if (!taken) return "(none)";
    auto text = std::string(as_text(taken->constant.view()));
    taken->lease->release(taken->counters);
    return text;
  }

  association_world world_;
};

TEST_F(associations, are_used_by_one_at_a_time) {
  const auto first = world_.keep("h", "k");
  EXPECT_FALSE(take("h"));
  EXPECT_FALSE(world_.store().peek(alice, "h", {1}));
  EXPECT_EQ(world_.store().find(alice, {1}), std::nullopt);
  EXPECT_TRUE(world_.store().list(alice).empty());
  const sequence_counters exact{17, replay_window(9, 0x155)};
  first->release(exact);
  EXPECT_FALSE(first->may_write(17));
  EXPECT_TRUE(first->is_refused());
  EXPECT_EQ(world_.store().find(alice, {1}), "h");
  ASSERT_TRUE(world_.store().peek(alice, "h", {1}));
  EXPECT_EQ(world_.store().peek(alice, "h", {1})->remote, (net::endpoint{"192.0.2.1", 5684}));
  EXPECT_FALSE(take("h", 2)) << "another binding";
  EXPECT_FALSE(world_.store().take(bob, "h", {1}));
  const auto again = take("h");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->counters, exact);
  EXPECT_EQ(as_text(again->constant.view()), "k");
  EXPECT_EQ(again->where.suite, "TLS_PSK_WITH_AES_128_CCM_8");
  EXPECT_TRUE(again->where.is_kept);
  EXPECT_FALSE(take("h"));
}

TEST_F(associations, end_with_their_lease_unless_it_was_given_back) {
  world_.keep("h", "k").reset();
  EXPECT_EQ(keys("h"), "(none)");
  EXPECT_FALSE(world_.submit()) << "no store has ever seen it";
  auto lease = world_.keep("h", "k");
  world_.settle();
  EXPECT_EQ(world_.rows(), 1U);
  lease->erase();
  lease->erase();
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
  EXPECT_FALSE(lease->may_write(1));
}

TEST_F(associations, a_new_one_takes_the_place_of_the_older_for_ever) {
  int told = 0;
  const auto older = world_.keep("h", "older");
  older->on_reserved([&] { ++told; });
  const auto newer = world_.keep("h", "newer");
  EXPECT_EQ(told, 0) << "never from within a call of the store";
  world_.store().tell();
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(older->may_write(1));
  EXPECT_FALSE(older->may_accept(1));
  EXPECT_TRUE(older->is_refused());
  older->note({99, {}});
  older->moved({}, {});
  older->update(secret_of("older"));
  older->release({99, {}});
  older->erase();
  EXPECT_TRUE(newer->may_write(1));
  newer->release({5, {}});
  EXPECT_EQ(take("h")->counters.write_next, 5U);
}

TEST_F(associations, of_a_handle_that_is_forgotten_can_be_used_to_the_end) {
  const auto lease = world_.keep("h", "k");
  world_.settle();
  EXPECT_TRUE(world_.store().forget(alice, "h"));
  EXPECT_FALSE(world_.store().forget(alice, "h"));
  EXPECT_TRUE(lease->may_write(5));
  EXPECT_FALSE(lease->may_write(100'000)) << "its row may still be there";
  EXPECT_FALSE(lease->is_refused());
  int told = 0;
  lease->on_reserved([&] { ++told; });
  world_.settle();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(world_.rows(), 0U);
  EXPECT_TRUE(lease->may_write(100'000));
  lease->release({100'001, {}});
  EXPECT_EQ(keys("h"), "(none)");
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
}

TEST_F(associations, are_forgotten_all_at_once_for_one_user) {
  const auto used = world_.keep("a", "a");
  world_.keep("b", "b")->release({1, {}});
  world_.store().keep(bob, "c", place_of_association(), secret_of("c"), {})->release({});
  world_.store().forget_all(alice);
  EXPECT_TRUE(world_.store().list(alice).empty());
  EXPECT_EQ(world_.store().list(bob).size(), 1U);
  EXPECT_FALSE(world_.store().forget(alice, "b"));
  EXPECT_TRUE(used->may_write(1));
}

TEST_F(associations, that_are_not_kept_stay_in_memory) {
  const auto lease = world_.keep("h", "k", false);
  EXPECT_TRUE(lease->may_write(1'000'000));
  EXPECT_TRUE(lease->may_accept(1'000'000));
  lease->release({1'000'000, {}});
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
  ASSERT_TRUE(world_.store().peek(alice, "h", {1}));
  EXPECT_FALSE(world_.store().peek(alice, "h", {1})->is_kept);
  const auto again = take("h");
  EXPECT_TRUE(again->lease->may_write(1'000'000));
  world_.kill_process();
  EXPECT_EQ(keys("h"), "(none)");
}

TEST_F(associations, that_are_no_longer_kept_leave_the_disk) {
  world_.keep("h", "kept")->release({1, {}});
  world_.settle();
  EXPECT_EQ(world_.rows(), 1U);
  const auto lease = world_.keep("h", "not kept", false);
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
}

TEST_F(associations, that_no_row_has_room_for_stay_in_memory) {
  const captured_log log;
  const auto lease = world_.keep("h", std::string(65537, 'k'));
  EXPECT_EQ(log.count("a live association cannot be stored and ends with the daemon uid=1000"), 1)
      << log.text();
  const auto other = world_.keep(std::string(65, 'h'), "k");
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
  EXPECT_TRUE(lease->may_write(1'000'000));
}

TEST_F(associations, expire) {
  world_.store().set_limits({.entries_of_user = 3, .lifetime = 1h});
  const auto used = world_.keep("used", "u");
  world_.keep("h", "k")->release({1, {}});
  world_.settle();
  ASSERT_EQ(world_.store().list(alice).size(), 1U);
  EXPECT_EQ(world_.store().list(alice).front().expires_in, 1h);
  world_.now += 1h - 1s;
  EXPECT_EQ(world_.store().list(alice).front().age, 1h - 1s);
  EXPECT_EQ(keys("h"), "k");
  world_.now += 1s;
  EXPECT_TRUE(world_.store().list(alice).empty());
  EXPECT_EQ(world_.store().find(alice, {1}), std::nullopt);
  EXPECT_EQ(keys("h"), "(none)");
  EXPECT_TRUE(used->may_write(1)) << "who uses it may go on";
  used->release({2, {}});
  EXPECT_EQ(keys("used"), "(none)");
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
}

TEST_F(associations, a_clock_that_jumps_back_gives_no_association_a_longer_life) {
  world_.keep("h", "k")->release({1, {}});
  world_.now -= 1000h;  // a clock without a battery, before it is set
  EXPECT_EQ(keys("h"), "(none)");
  EXPECT_TRUE(world_.store().list(alice).empty());
  world_.now += 1000h;
  EXPECT_EQ(keys("h"), "k") << "nothing was decided for good";
}

TEST_F(associations, the_free_one_unused_for_longest_makes_room) {
  world_.store().set_limits({.entries_of_user = 3});
  const auto used = world_.keep("used", "u");
  world_.keep("a", "a")->release({1, {}});
  world_.keep("b", "b")->release({1, {}});
  EXPECT_EQ(keys("a"), "a");
  world_.keep("c", "c")->release({1, {}});
  EXPECT_EQ(keys("b"), "(none)");
  EXPECT_EQ(keys("a"), "a");
  EXPECT_EQ(keys("c"), "c");
  EXPECT_TRUE(used->may_write(1));
  world_.store().set_limits({.entries_of_user = 0});
  EXPECT_TRUE(world_.store().list(alice).empty());
  EXPECT_TRUE(used->may_write(1));
  EXPECT_TRUE(world_.keep("d", "d")->may_write(1)) << "a new one is there as long as it is used";
}

TEST_F(associations, a_user_has_8_mib) {
  world_.store().set_limits({.entries_of_user = 100'000});
  for (int i = 0; i < 200; ++i) world_.keep(std::to_string(i), std::string(65536, 'k'))->release({1, {}});
  EXPECT_EQ(world_.store().list(alice).size(), 128U);
  EXPECT_EQ(world_.store().list(alice).back().handle, "199");
}

TEST_F(associations, find_takes_the_last_used) {
  world_.keep("a", "a")->release({1, {}});
  world_.keep("b", "b")->release({1, {}});
  EXPECT_EQ(world_.store().find(alice, {1}), "b");
  EXPECT_EQ(keys("a"), "a");
  EXPECT_EQ(world_.store().find(alice, {1}), "a");
  EXPECT_EQ(world_.store().find(alice, {2}), std::nullopt);
  EXPECT_EQ(world_.store().find(bob, {1}), std::nullopt);
}

TEST_F(associations, the_row_follows_what_changes) {
  const auto lease = world_.keep("h", "first");
  world_.settle();
  lease->moved({"192.0.2.1", 5684}, {"192.0.2.77", 40000});
  EXPECT_FALSE(world_.submit()) << "nothing new";
  lease->moved({"192.0.2.2", 5684}, {"192.0.2.78", 40001});
  lease->update(secret_of("second"));
  EXPECT_TRUE(world_.submit());
  world_.complete();
  EXPECT_EQ(world_.row("h")->remote.address, "192.0.2.2");
  EXPECT_EQ(world_.row("h")->local.port, 40001);
  EXPECT_EQ(as_text(world_.row("h")->constant.view()), "second");
  world_.kill_process();
  EXPECT_EQ(world_.store().peek(alice, "h", {1})->local.address, "192.0.2.78");
}

TEST_F(associations, rows_that_do_not_parse_are_counted_logged_and_erased) {
  const captured_log log;
  std::vector<store::row> rows;
  rows.push_back({store::table::associations, alice, "bad", secret_of("rubbish")});
  rows.push_back({store::table::sessions, alice, "s", secret_of("not ours")});
  EXPECT_EQ(world_.store().load(rows), 1U);
  EXPECT_EQ(log.count(R"(table=association uid=1000 rows=1 reason="it has an unknown version")"), 1)
      << log.text();
  EXPECT_EQ(log.count("rubbish"), 0);
  const auto changes = world_.store().take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes.front().name, "bad");
  EXPECT_FALSE(changes.front().content);
}

TEST_F(associations, what_is_in_memory_wins_over_a_row_that_is_loaded_later) {
  world_.keep("h", "on the disk")->release({1, {}});
  world_.settle();
  const auto disk = world_.copy_of_disk();
  world_.remove_row("h");
  world_.kill_process();
  const auto lease = world_.keep("h", "in memory");
  std::vector<store::row> rows;
  rows.push_back({store::table::associations, alice, "h", disk.begin()->second.clone()});
  EXPECT_EQ(world_.store().load(rows), 0U);
  lease->erase();
  const auto changes = world_.store().take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes.front().content) << "the row of the older one is erased";
}

TEST_F(associations, a_new_file_of_the_store_gets_what_is_kept) {
  const auto lease = world_.keep("h", "k");
  const auto other = world_.keep("v", "v", false);
  world_.settle();
  world_.put_disk_back({});
  world_.store().write_all_again();
  world_.settle();
  EXPECT_EQ(world_.rows(), 1U);
  EXPECT_TRUE(world_.row("h"));
}

TEST_F(associations, leases_may_outlive_the_store) {
  auto lease = world_.keep("h", "k");
  world_.settle();
  world_.kill_process();
  EXPECT_FALSE(lease->may_write(1));
  EXPECT_TRUE(lease->is_refused());
  lease.reset();
  EXPECT_EQ(keys("h"), "k");
}

TEST_F(associations, changes_are_taken_in_pieces) {
  std::vector<std::unique_ptr<association_lease>> leases;
  leases.reserve(10);
  for (int i = 0; i < 10; ++i) leases.push_back(world_.keep(std::to_string(i), std::string(1000, 'k')));
  EXPECT_EQ(world_.store().take_changes(2500).size(), 3U);
  EXPECT_EQ(world_.store().take_changes(1).size(), 1U);
  EXPECT_EQ(world_.store().take_changes().size(), 6U);
  EXPECT_TRUE(world_.store().take_changes().empty());
}

}  // namespace
}  // namespace tlsmodem::test
