// Which session is offered, and what becomes of it: socket machine, socket_sessions and session_store
// together.
#include "daemon/tls/fingerprint.hpp"
#include "session_world.hpp"

namespace tlsmodem::test {
namespace {

constexpr session_store::user_id bob = 1001;
const std::string closed_line = R"(#TDOWN: 1,0,0,"The peer closed.")";

TEST_F(resuming, the_handle_is_told_before_up) {
  auto b = open(resume_mode::by_handle);
  begin(*b);
  b->forget();
  b->engine->left.push_back(session("s"));
  b->network("U");
  const auto told = b->actions();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].substr(0, 10), R"(#TKEY: 1,")");
  EXPECT_EQ(told[1], up_line);
  const auto handle = handle_in(told);
  EXPECT_EQ(handle.size(), 32U);
  EXPECT_EQ(handle.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST_F(resuming, by_handle_on_any_socket_of_the_user) {
  auto first = open(resume_mode::by_handle);
  const auto handle = full(*first, "s1");
  auto second = open(resume_mode::by_handle);
  EXPECT_TRUE(second->machine->use_handle(handle));
  EXPECT_EQ(begin(*second), "s1");
  EXPECT_EQ(finish(*second, "s2", 'R'), handle) << "a handle keeps its name";
  auto third = open(resume_mode::by_handle);
  third->machine->use_handle(handle);
  EXPECT_EQ(begin(*third), "s2");
}

TEST_F(resuming, the_modes) {
  const struct {
    resume_mode mode;
    const char* again_on_same;  // a second connect of the same socket
    const char* on_another;     // the first connect of another socket
  } cases[] = {
      {resume_mode::own, "s", ""}, {resume_mode::by_handle, "", ""}, {resume_mode::automatic, "s", "s"}};
  for (const auto& c : cases) {
    store.forget_all(alice);
    auto b = open(c.mode);
    full(*b, "s");
    b->network("C");
    b->forget();
    EXPECT_EQ(begin(*b), c.again_on_same) << static_cast<int>(c.mode);
    auto other = open(c.mode);
    EXPECT_EQ(begin(*other), c.on_another) << static_cast<int>(c.mode);
  }
}

TEST_F(resuming, a_handle_that_does_not_fit_costs_the_full_handshake_and_is_left_alone) {
  auto first = open(resume_mode::by_handle);
  const auto handle = full(*first, "s");
  const struct {
    const char* name;
    std::string handle;
    session_store::user_id user;
    tls::fingerprint context;
    const char* host;
  } cases[] = {
      {"unknown", session_store::make_handle(), alice, {1}, "host"},
      {"damaged", handle.substr(0, 31) + "x", alice, {1}, "host"},
      {"cut", handle.substr(0, 12), alice, {1}, "host"},
      {"empty", "", alice, {1}, "host"},
      {"long", std::string(4000, 'a'), alice, {1}, "host"},
      {"of another user", handle, bob, {1}, "host"},
      {"other credentials", handle, alice, {2}, "host"},
      {"other peer", handle, alice, {1}, "other"},
  };
  for (const auto& c : cases) {
    auto b = open(resume_mode::by_handle, c.user, c.context);
    b->machine->use_handle(c.handle);
    EXPECT_EQ(begin(*b, c.host), "") << c.name;
    const auto fresh = finish(*b, "other");
    EXPECT_EQ(fresh.size(), 32U) << c.name;
    EXPECT_NE(fresh, handle) << c.name;
  }
  auto last = open(resume_mode::by_handle);
  last->machine->use_handle(handle);
  EXPECT_EQ(begin(*last), "s");
}

TEST_F(resuming, an_outage_does_not_cost_the_session_and_the_handle_stays_asked_for) {
  auto first = open(resume_mode::by_handle);
  const auto handle = full(*first, "s");
  for (const bool is_single_use : {false, true}) {
    if (is_single_use)
      store.put(alice, handle, {tls::bind_to_peer({1}, {"host", {}}, 5684), "host", 5684, true},
                session("s", true));
    auto b = open(resume_mode::by_handle);
    b->machine->use_handle(handle);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(begin(*b), "s") << is_single_use << i;
      b->machine->on_connect_failed({at::error::unreachable, "No way."}, b->now);
      b->forget();
    }
  }
}

TEST_F(resuming, what_the_server_has_seen_of_a_single_use_ticket_is_spent) {
  auto first = open(resume_mode::by_handle);
  EXPECT_EQ(begin(*first), "");
  const auto handle = finish(*first, "t1", 'U', true);
  first->engine->left.push_back(session("t2", true));
  first->network("data");
  EXPECT_EQ(handle_in(first->actions()), handle) << "a later ticket is told";
  // Two sockets at a time never share one.
  auto second = open(resume_mode::by_handle);
  auto third = open(resume_mode::by_handle);
  auto fourth = open(resume_mode::by_handle);
  for (auto* b : {second.get(), third.get(), fourth.get()}) b->machine->use_handle(handle);
  EXPECT_EQ(begin(*second), "t2");
  EXPECT_EQ(begin(*third), "t1");
  EXPECT_EQ(begin(*fourth), "");
  second->network("R");
  third->network("H");
  third->machine->on_connect_failed({at::error::unreachable, "No way."}, third->now);
  auto fifth = open(resume_mode::by_handle);
  fifth->machine->use_handle(handle);
  EXPECT_EQ(begin(*fifth), "");
}

TEST_F(resuming, a_socket_that_closes_in_the_handshake_gives_its_ticket_back_unless_the_server_has_seen_it) {
  auto first = open(resume_mode::by_handle);
  begin(*first);
  const auto handle = finish(*first, "t", 'U', true);
  auto second = open(resume_mode::by_handle);
  second->machine->use_handle(handle);
  EXPECT_EQ(begin(*second), "t");
  second->machine->close(farewell::spoken, second->now);
  second.reset();
  auto seen = open(resume_mode::by_handle);
  seen->machine->use_handle(handle);
  first->engine->left.push_back(session("t2", true));
  first->network("data");
  EXPECT_EQ(begin(*seen), "t2");
  seen->network("H");
  seen->machine->close(farewell::spoken, seen->now);
  auto third = open(resume_mode::by_handle);
  third->machine->use_handle(handle);
  EXPECT_EQ(begin(*third), "t");
}

TEST_F(resuming, close_notify_keeps_the_session_and_a_fatal_alert_ends_it) {
  auto b = open(resume_mode::own);
  full(*b, "s");
  b->network("C");
  EXPECT_EQ(b->actions(), (words{"close", closed_line}));
  EXPECT_EQ(begin(*b), "s");
  finish(*b, "s", 'R');
  b->network("A");
  b->forget();
  EXPECT_EQ(begin(*b), "");

  // Also in the handshake that tries to resume it.
  auto other = open(resume_mode::own);
  full(*other, "s");
  other->network("C");
  EXPECT_EQ(begin(*other), "s");
  other->network("A");
  other->machine->abort("Enough.", other->now);
  other->forget();
  EXPECT_EQ(begin(*other), "");
  // Damage and silence are no alerts.
  auto third = open(resume_mode::own);
  full(*third, "s");
  third->network("D");
  third->forget();
  EXPECT_EQ(begin(*third), "s");
}

TEST_F(resuming, a_server_that_forgot_replaces_the_session_under_the_same_handle) {
  auto first = open(resume_mode::by_handle);
  const auto handle = full(*first, "old");
  auto second = open(resume_mode::by_handle);
  second->machine->use_handle(handle);
  EXPECT_EQ(begin(*second), "old");
  EXPECT_EQ(finish(*second, "new", 'U'), handle);
  auto third = open(resume_mode::by_handle);
  third->machine->use_handle(handle);
  EXPECT_EQ(begin(*third), "new");
}

TEST_F(resuming, rehandshake_offers_the_own_session_or_none) {
  auto b = open(resume_mode::by_handle);
  const auto handle = full(*b, "s");
  b->machine->rehandshake(handshake_wish::abbreviated, b->now);
  b->reach_next();
  EXPECT_EQ(b->engine->offered, "s");
  b->forget();
  b->next_network("R");
  EXPECT_EQ(handle_in(b->actions()), handle);
  b->machine->rehandshake(handshake_wish::full, b->now);
  b->reach_next();
  EXPECT_EQ(b->engine->offered, "");
  b->forget();
  b->engine->left.push_back(session("s2"));
  b->next_network("U");
  EXPECT_EQ(handle_in(b->actions()), handle);
  b->machine->rehandshake(handshake_wish::abbreviated, b->now);
  b->reach_next();
  EXPECT_EQ(b->engine->offered, "s2");
}

// AT#TINFO and #TKEY of a connection that is up.
TEST_F(resuming, what_can_never_be_resumed_has_no_handle_and_says_why) {
  const struct {
    const char* name;
    bool extended_master_secret;
    bool may_leave_tickets;
    bool leaves_session;
    const char* resumable;
  } cases[] = {
      {"TLS 1.2", true, false, true, "1"},
      {"no session", true, false, false, R"(0,"the server has given no session")"},
      {"TLS 1.3, before its tickets", true, true, false, R"(0,"the server has given no session")"},
      {"no extended master secret", false, false, true,
       R"(0,"the server does not use the extended master secret")"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto b = open(resume_mode::by_handle);
    begin(*b);
    b->forget();
    b->engine->about.extended_master_secret = c.extended_master_secret;
    b->engine->about.may_leave_tickets = c.may_leave_tickets;
    b->engine->about.handshake_done = true;
    if (c.leaves_session) {
      b->engine->left.push_back(session("s"));
      b->engine->left.back().has_extended_master_secret = c.extended_master_secret;
    }
    b->network("U");
    const auto told = handle_in(b->actions());
    const bool is_named = c.may_leave_tickets || c.resumable == std::string("1");
    EXPECT_EQ(told.empty(), !is_named);
    EXPECT_EQ(info(*b, "handle"), told.empty() ? "(nothing)" : at::quote(told));
    EXPECT_EQ(info(*b, "ems"), c.extended_master_secret ? "1" : "0");
    EXPECT_EQ(info(*b, "resumable"), c.resumable);
    if (!c.may_leave_tickets) continue;
    b->engine->left.push_back(session("t", true));
    b->network("data");
    EXPECT_EQ(handle_in(b->actions()), told);
    EXPECT_EQ(info(*b, "resumable"), "1");
  }
}

TEST_F(resuming, who_never_resumes_has_no_handle) {
  bench b;
  EXPECT_FALSE(b.machine->use_handle(session_store::make_handle()));
  b.come_up();
  EXPECT_EQ(info(b, "handle"), "(nothing)");
  b.engine->about.handshake_done = true;
  EXPECT_EQ(info(b, "resumable"), R"(0,"the option resume is 0")");
}

}  // namespace
}  // namespace tlsmodem::test
