// The sessions in memory: expiry, bounds, and what is to be written.
#include "daemon/store/session_store.hpp"

#include "tests/support/captured_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tlsmodem::test {
namespace {

using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr session_store::user_id alice = 1000;
constexpr session_store::user_id bob = 1001;

tls::resumable_session session(const std::string& state, std::uint32_t lifetime_hint_s = 0,
                               bool is_single_use = false) {
  tls::resumable_session made;
  made.state = secret(as_bytes(state));
  made.version = "DTLSv1.2";
  made.suite = "TLS_PSK_WITH_AES_128_CCM_8";
  made.is_ticket = lifetime_hint_s != 0 || is_single_use;
  made.is_single_use = is_single_use;
  made.has_extended_master_secret = true;
  made.lifetime_hint_s = lifetime_hint_s;
  return made;
}

session_store::place place(std::uint8_t binding = 1, bool is_kept = true) {
  return {{binding}, "server.example", 5684, is_kept};
}

class session_store_test : public testing::Test {
 protected:
  std::string lend(const std::string& handle, std::uint8_t binding = 1) {
    const auto lent = store.lend(alice, handle, {binding});
    return lent ? std::string(as_text(lent->state.view())) : "(none)";
  }

  seconds now{1'700'000'000};
  session_store store{{.entries_of_user = 3, .lifetime = 1h, .without_extended_master_secret = false},
                      [this] { return std::chrono::sys_seconds(now); }};
};

TEST_F(session_store_test, expires_by_the_ticket_the_configuration_and_the_standard) {
  const struct {
    seconds configured;
    std::uint32_t hint_s;
    seconds expected;
  } cases[] = {{1h, 0, 1h},         {1h, 600, 600s},          {1h, 7200, 1h},
               {3000h, 0, 604800s}, {3000h, 700000, 604800s}, {60s, 600, 60s}};
  for (const auto& c : cases) {
    store.set_limits(
        {.entries_of_user = 3, .lifetime = c.configured, .without_extended_master_secret = false});
    store.put(alice, "h", place(), session("s", c.hint_s));
    EXPECT_EQ(store.take_changes().size(), 1U);
    ASSERT_EQ(store.list(alice).size(), 1U);
    EXPECT_EQ(store.list(alice).front().expires_in, c.expected);
    now += c.expected - 1s;
    EXPECT_EQ(store.list(alice).front().age, c.expected - 1s);
    EXPECT_EQ(lend("h"), "s");
    EXPECT_EQ(store.find(alice, {1}), "h");
    now += 1s;
    EXPECT_TRUE(store.list(alice).empty());
    EXPECT_EQ(store.find(alice, {1}), std::nullopt);
    EXPECT_EQ(lend("h"), "(none)");
    EXPECT_FALSE(store.knows(alice, "h", {1}));
    // What has expired is erased on the disk too.
    const auto changes = store.take_changes();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_FALSE(changes.front().content);
  }
}

TEST_F(session_store_test, a_clock_that_jumps_back_gives_no_session_a_longer_life) {
  store.put(alice, "h", place(), session("s"));
  now -= 1000h;  // a clock without a battery, before it is set
  EXPECT_EQ(lend("h"), "(none)");
  EXPECT_TRUE(store.list(alice).empty());
  now += 1000h;
  EXPECT_EQ(lend("h"), "s") << "nothing was decided for good";
  now -= 10s;  // as clocks do
  EXPECT_EQ(store.list(alice).front().age, 0s);
  EXPECT_EQ(lend("h"), "s");
}

TEST_F(session_store_test, the_one_unused_for_longest_makes_room_in_the_users_own_share) {
  for (const char* handle : {"a", "b", "c"}) store.put(alice, handle, place(), session(handle));
  store.put(bob, "x", place(), session("x"));
  EXPECT_EQ(lend("a"), "a");  // used again: b is the oldest now
  store.put(alice, "d", place(), session("d"));
  EXPECT_EQ(lend("b"), "(none)");
  EXPECT_EQ(lend("a"), "a");
  EXPECT_EQ(lend("c"), "c");
  EXPECT_EQ(lend("d"), "d");
  EXPECT_EQ(store.list(bob).size(), 1U);
}

TEST_F(session_store_test, sessions_without_extended_master_secret_are_only_taken_when_asked_for) {
  auto weak = session("s");
  weak.has_extended_master_secret = false;
  EXPECT_FALSE(store.put(alice, "h", place(), std::move(weak)));
  EXPECT_TRUE(store.list(alice).empty());
  store.set_limits({.entries_of_user = 3, .lifetime = 1h, .without_extended_master_secret = true});
  weak = session("s");
  weak.has_extended_master_secret = false;
  EXPECT_TRUE(store.put(alice, "h", place(), std::move(weak)));
}

TEST_F(session_store_test, tickets_of_1_3_gather_up_to_a_few_and_others_take_the_place) {
  for (int i = 0; i < 6; ++i) store.put(alice, "h", place(), session("t" + std::to_string(i), 600, true));
  EXPECT_EQ(lend("h"), "t5");
  EXPECT_EQ(lend("h"), "t4");
  EXPECT_EQ(lend("h"), "t3");
  EXPECT_EQ(lend("h"), "t2");
  EXPECT_EQ(lend("h"), "(none)");
  store.put(alice, "h", place(), session("id"));
  EXPECT_EQ(lend("h"), "id");
  EXPECT_EQ(lend("h"), "id") << "what can be used often can be lent often";
}

TEST_F(session_store_test, another_binding_takes_the_handle_over_whole) {
  store.put(alice, "h", place(1), session("t1", 600, true));
  store.put(alice, "h", place(2), session("t2", 600, true));
  EXPECT_EQ(lend("h", 1), "(none)");
  EXPECT_EQ(lend("h", 2), "t2");
  EXPECT_EQ(lend("h", 2), "(none)");
}

TEST_F(session_store_test, find_takes_the_last_used_that_has_something) {
  store.put(alice, "a", place(), session("a"));
  store.put(alice, "b", place(), session("b", 600, true));
  EXPECT_EQ(store.find(alice, {1}), "b");
  const auto lent = store.lend(alice, "b", {1});
  EXPECT_EQ(store.find(alice, {1}), "a") << "the only ticket of b is lent";
  store.give_back(alice, "b", lent->number);
  EXPECT_EQ(store.find(alice, {1}), "b");
  EXPECT_EQ(store.find(alice, {2}), std::nullopt);
  EXPECT_EQ(store.find(bob, {1}), std::nullopt);
}

TEST_F(session_store_test, what_is_written_comes_back) {
  store.put(alice, "a", place(), session("a"));
  store.put(alice, "a", place(), session("a"));  // twice in one turn
  store.put(bob, "b", place(2), session("t1", 600, true));
  store.put(bob, "b", place(2), session("t2", 600, true));
  store.put(alice, "volatile", place(1, false), session("v"));
  std::vector<store::row> rows;
  for (auto& change : store.take_changes()) {
    ASSERT_TRUE(change.content || change.name == "volatile");
    if (change.content) rows.push_back({change.in, change.user, change.name, std::move(*change.content)});
  }
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(store.take_changes().empty());

  session_store later({}, [this] { return std::chrono::sys_seconds(now + 300s); });
  EXPECT_EQ(later.load(rows), 0U);
  EXPECT_TRUE(later.take_changes().empty());
  ASSERT_EQ(later.list(alice).size(), 1U);
  const auto listed = later.list(bob);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed.front().handle, "b");
  EXPECT_EQ(listed.front().host, "server.example");
  EXPECT_EQ(listed.front().port, 5684);
  EXPECT_EQ(listed.front().version, "DTLSv1.2");
  EXPECT_EQ(listed.front().suite, "TLS_PSK_WITH_AES_128_CCM_8");
  EXPECT_EQ(listed.front().age, 300s);
  EXPECT_EQ(listed.front().expires_in, 300s);
  EXPECT_TRUE(listed.front().is_ticket);
  EXPECT_EQ(as_text(later.lend(bob, "b", {2})->state.view()), "t2");
  EXPECT_EQ(as_text(later.lend(bob, "b", {2})->state.view()), "t1");

  session_store much_later({}, [this] { return std::chrono::sys_seconds(now + 3600s); });
  EXPECT_EQ(much_later.load(rows), 0U);
  EXPECT_TRUE(much_later.list(alice).empty());
  EXPECT_EQ(much_later.take_changes().size(), 2U) << "what expired meanwhile is erased";
}

TEST_F(session_store_test, how_offers_went_is_kept_with_the_sessions) {
  auto where = place();
  where.offers = {true, 15};
  store.put(alice, "h", where, session("s"));
  EXPECT_EQ(store.offers_of(alice, "h", {1}), (offer_record{true, 15}));
  EXPECT_EQ(store.offers_of(alice, "h", {2}), offer_record{}) << "of another binding";
  EXPECT_EQ(store.offers_of(bob, "h", {1}), offer_record{});
  std::vector<store::row> rows;
  for (auto& change : store.take_changes())
    rows.push_back({change.in, change.user, change.name, std::move(*change.content)});
  session_store later({}, [this] { return std::chrono::sys_seconds(now); });
  later.load(rows);
  EXPECT_EQ(later.offers_of(alice, "h", {1}), (offer_record{true, 15}));
  // The same session again, as a resumption by id leaves it, and what is set without one.
  store.put(alice, "h", place(), session("s"));
  EXPECT_EQ(store.offers_of(alice, "h", {1}), offer_record{});
  EXPECT_EQ(store.take_changes().size(), 1U);
  store.set_offers(alice, "h", {true, 1});
  EXPECT_EQ(store.take_changes().size(), 1U);
  store.set_offers(alice, "h", {true, 1});
  EXPECT_TRUE(store.take_changes().empty());
  store.set_offers(alice, "none", {true, 1});
  EXPECT_EQ(store.offers_of(alice, "none", {1}), offer_record{});
}

TEST_F(session_store_test, rows_that_do_not_parse_are_counted_logged_and_erased) {
  const captured_log log;
  std::vector<store::row> rows;
  rows.push_back({store::table::sessions, alice, "bad", secret(as_bytes("rubbish"))});
  rows.push_back({store::table::sessions, bob, "bad", secret(as_bytes("\1rubbish"))});
  rows.push_back({store::table::sessions, bob, "worse", secret(as_bytes("\1"))});
  rows.push_back({store::table::credentials, alice, "1/3", secret(as_bytes("not ours"))});
  EXPECT_EQ(store.load(rows), 3U);
  EXPECT_EQ(log.count(R"(table=session uid=1000 rows=1 reason="it has an unknown version")"), 1)
      << log.text();
  EXPECT_EQ(log.count(R"(table=session uid=1001 rows=2 reason="it is cut off or has bytes behind its end")"),
            1)
      << log.text();
  EXPECT_EQ(log.count("rubbish"), 0);
  const auto changes = store.take_changes();
  ASSERT_EQ(changes.size(), 3U);
  for (const auto& change : changes) EXPECT_FALSE(change.content) << change.name;
}

TEST_F(session_store_test, changes_are_announced_once_until_they_are_taken) {
  int announced = 0;
  store.on_changes([&] { ++announced; });
  store.put(alice, "a", place(), session("a"));
  store.put(alice, "b", place(), session("b"));
  EXPECT_EQ(announced, 1);
  store.take_changes();
  store.put(alice, "a", place(), session("a"));  // nothing new: a resumption by session id
  EXPECT_EQ(announced, 1);
  EXPECT_TRUE(store.forget(alice, "a"));
  EXPECT_FALSE(store.forget(alice, "a"));
  EXPECT_FALSE(store.forget(bob, "b"));
  EXPECT_EQ(announced, 2);
  store.take_changes();
  store.put_back({{alice, "a"}});
  EXPECT_EQ(store.take_changes().size(), 1U);
  store.write_all_again();
  EXPECT_EQ(store.take_changes().size(), 1U);
  store.forget_all(alice);
  EXPECT_EQ(store.take_changes().size(), 1U);
  EXPECT_TRUE(store.list(alice).empty());
}

TEST_F(session_store_test, a_handle_that_is_no_longer_kept_leaves_the_disk) {
  store.put(alice, "h", place(1, true), session("s1"));
  EXPECT_TRUE(store.take_changes().front().content);
  store.put(alice, "h", place(1, false), session("s2"));
  const auto changes = store.take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes.front().content);
}

TEST_F(session_store_test, a_stricter_limit_is_for_what_is_there_already) {
  store.set_limits({.entries_of_user = 3, .lifetime = 1h, .without_extended_master_secret = true});
  auto weak = session("weak");
  weak.has_extended_master_secret = false;
  store.put(alice, "weak", place(), std::move(weak));
  store.put(alice, "a", place(), session("a"));
  store.put(alice, "b", place(), session("b"));
  now += 10min;
  EXPECT_EQ(lend("weak"), "weak");
  EXPECT_EQ(lend("a"), "a");
  EXPECT_EQ(lend("b"), "b");
  store.set_limits({.entries_of_user = 3, .lifetime = 1h, .without_extended_master_secret = false});
  EXPECT_EQ(lend("weak"), "(none)");
  EXPECT_FALSE(store.knows(alice, "weak", {1}));
  store.set_limits({.entries_of_user = 1, .lifetime = 1h, .without_extended_master_secret = false});
  ASSERT_EQ(store.list(alice).size(), 1U);
  EXPECT_EQ(store.list(alice).front().handle, "b");
  store.set_limits({.entries_of_user = 1, .lifetime = 10min, .without_extended_master_secret = false});
  EXPECT_TRUE(store.list(alice).empty());
}

TEST_F(session_store_test, what_no_row_has_room_for_stays_in_memory) {
  auto unusual = session("s");
  unusual.suite = std::string(256, 's');
  const captured_log log;
  EXPECT_TRUE(store.put(alice, "h", place(), std::move(unusual)));
  EXPECT_EQ(log.count("a session cannot be stored and ends with the daemon uid=1000"), 1) << log.text();
  for (const auto& change : store.take_changes()) EXPECT_FALSE(change.content);
  EXPECT_EQ(lend("h"), "s");
}

TEST_F(session_store_test, a_server_cannot_make_us_its_memory) {
  EXPECT_TRUE(store.put(alice, "h", place(), session(std::string(16384, 'x'))));
  EXPECT_FALSE(store.put(alice, "long", place(), session(std::string(16385, 'x'))));
  EXPECT_FALSE(store.put(alice, "at once", place(), session("t", 0, true))) << "RFC 8446 4.6.1: lifetime 0";
  store.set_limits({.entries_of_user = 100'000, .lifetime = 1h, .without_extended_master_secret = false});
  for (int i = 0; i < 2000; ++i)
    store.put(alice, std::to_string(i), place(), session(std::string(16384, 'x')));
  EXPECT_EQ(store.list(alice).size(), 512U) << "8 MiB of a user";
  EXPECT_EQ(store.list(alice).back().handle, "1999");
}

TEST_F(session_store_test, what_was_forgotten_does_not_come_back_from_the_disk) {
  store.put(alice, "h", place(), session("old"));
  EXPECT_TRUE(store.take_changes().front().content);
  store.forget(alice, "h");
  store.put(alice, "h", place(), session("new"));
  store.forget(alice, "h");
  const auto changes = store.take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes.front().content);
}

TEST_F(session_store_test, an_erasure_that_failed_is_owed_whatever_came_under_the_name_meanwhile) {
  store.put(alice, "h", place(), session("old"));
  EXPECT_TRUE(store.take_changes().front().content);
  store.forget(alice, "h");
  EXPECT_FALSE(store.take_changes().front().content);
  store.put(alice, "h", place(), session("new"));
  store.put_back({{alice, "h"}});  // it failed
  store.forget(alice, "h");
  const auto changes = store.take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes.front().content);
}

TEST_F(session_store_test, changes_are_taken_in_pieces) {
  store.set_limits({.entries_of_user = 100, .lifetime = 1h, .without_extended_master_secret = false});
  for (int i = 0; i < 10; ++i) store.put(alice, std::to_string(i), place(), session(std::string(1000, 'x')));
  EXPECT_EQ(store.take_changes(2500).size(), 3U);
  EXPECT_EQ(store.take_changes(1).size(), 1U);
  EXPECT_EQ(store.take_changes().size(), 6U);
  EXPECT_TRUE(store.take_changes().empty());
}

TEST_F(session_store_test, a_store_that_never_works_is_not_owed_more_and_more) {
  for (int i = 0; i < 1000; ++i) store.put(alice, std::to_string(i), place(), session("s"));
  EXPECT_EQ(store.take_changes().size(), 3U);
  store.put(alice, "new", place(), session("s"));  // the oldest of the three leaves the disk for it
  EXPECT_EQ(store.take_changes().size(), 2U);
}

TEST(session_handle, is_random) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(session_store::make_handle()).second);
  EXPECT_EQ(seen.begin()->size(), 32U);
}

}  // namespace
}  // namespace tlsmodem::test
