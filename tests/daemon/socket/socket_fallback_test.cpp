// An offered session never costs the connection: what refuses it, what ignores it, and what is remembered of
// that. docs/decisions/0024-session-fallback.md
#include "daemon/tls/fingerprint.hpp"
#include "session_world.hpp"

namespace tlsmodem::test {
namespace {

const std::string closed = R"(#TDOWN: 1,0,0,"The peer closed.")";
const std::string alert = R"(The peer sent an alert.)";

profile with_timer(std::chrono::milliseconds first, std::chrono::milliseconds last,
                   std::chrono::milliseconds in_all = 0ms) {
  auto made = profile_of(socket_protocol::dtls);
  made.hs_min = first;
  made.hs_max = last;
  made.hs_timeout = in_all;
  return made;
}

class fallback : public resuming {
 protected:
  // A socket that has a session of its own, and begins to offer it.
  std::unique_ptr<bench> offering(const profile& options = profile_of(socket_protocol::dtls)) {
    auto b = open(options, resume_mode::own);
    handle = full(*b, "s");
    b->network("C");
    b->forget();
    EXPECT_EQ(begin(*b), "s");
    b->forget();
    return b;
  }
  // The transport of the second handshake is there.
  static std::string again(bench& b) {
    b.reach();
    return b.engine->offered;
  }
  // Time passes up to the next deadline; how long that was.
  static std::chrono::milliseconds wait(bench& b) {
    const auto due = b.machine->deadline();
    if (!due) return -1ms;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(*due - b.now);
    b.now = *due;
    b.machine->on_deadline(b.now);
    return took;
  }
  // A connect to a server that answers every offer in this way; what was offered.
  std::string connect_to(bench& b, void (*answers)(bench&)) {
    auto offered = begin(b);
    if (!offered.empty()) {
      answers(b);
      b.forget();
      EXPECT_EQ(again(b), "");
    }
    EXPECT_EQ(finish(b, "s"), handle);
    b.network("C");
    b.forget();
    return offered;
  }

  std::string handle;
};

TEST_F(fallback, what_ends_a_handshake_that_offered_a_session_leads_to_one_without) {
  const struct {
    const char* name;
    socket_protocol over;
    void (*happens)(bench&);
    std::string reason;
  } cases[] = {
      {"alert", socket_protocol::dtls, [](bench& b) { b.network("A"); }, alert},
      {"alert on a stream", socket_protocol::tls, [](bench& b) { b.network("A"); }, alert},
      {"taken up, and then an alert", socket_protocol::tls, [](bench& b) { b.network("H"), b.network("A"); },
       alert},
      {"a message that does not fit", socket_protocol::dtls, [](bench& b) { b.network("H"), b.network("D"); },
       "A record is damaged."},
      {"end of the stream", socket_protocol::tls, [](bench& b) { b.machine->on_end(b.now); },
       "The stream was cut."},
      {"reset of the stream", socket_protocol::tls,
       [](bench& b) {
         b.machine->on_error({at::error::connection_reset, "Reset."}, b.now);
       },
       "Reset."},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto b = offering(profile_of(c.over));
    b->engine->out.push(as_bytes("last words"));
    c.happens(*b);
    const auto actions = b->machine->take_actions();
    ASSERT_EQ(actions.size(), 3U);
    EXPECT_EQ(text_of(actions[0]), "log: " + c.reason);
    ASSERT_EQ(text_of(actions[1]), "close");
    EXPECT_EQ(std::get<close_transport>(actions[1]).unsent.bytes(), 10U);
    EXPECT_EQ(text_of(actions[2]), "open 192.0.2.1:5684");
    EXPECT_EQ(b->state(), "connecting");
    EXPECT_EQ(again(*b), "");
    EXPECT_EQ(finish(*b, "new"), handle) << "the name stays";
    EXPECT_EQ(b->state(), "connected");
    EXPECT_EQ(info(*b, "how"), "0");
    EXPECT_EQ(info(*b, "fallback"), at::quote(c.reason));
    b->network("C");
    b->forget();
    EXPECT_EQ(begin(*b), "new");
    store.forget_all(alice);
  }
}

TEST_F(fallback, what_fails_without_the_session_too_is_told_once) {
  auto b = offering();
  b->network("A");
  b->forget();
  again(*b);
  b->network("A");
  EXPECT_EQ(b->actions(),
            (words{"close", R"(#TFAIL: 1,805,40,"host (192.0.2.1) port 5684: The peer sent an alert.")"}));
  EXPECT_EQ(b->state(), "closed");
  EXPECT_EQ(b->engines, 3);
}

TEST_F(fallback, is_for_handshakes_that_the_session_can_have_cost) {
  const struct {
    const char* name;
    void (*happens)(bench&);
    words told;
  } cases[] = {
      {"the server makes a full handshake and fails",
       [](bench& b) { b.network("F"), b.network("A"); },
       {"close", R"(#TFAIL: 1,805,40,"host (192.0.2.1) port 5684: The peer sent an alert.")"}},
      {"nobody listens",
       [](bench& b) {
         b.machine->on_error({at::error::connection_refused, "Nobody."}, b.now);
       },
       {"close", R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"}},
      {"aborted",
       [](bench& b) { b.machine->abort("Enough.", b.now); },
       {"close", R"(#TFAIL: 1,817,-1,"host (192.0.2.1) port 5684: Enough.")"}},
      {"an alert behind the end of the handshake",
       [](bench& b) {
         b.engine->finish_with("");
         b.engine->in.clear();
         b.network("A");
       },
       {}},
  };
  for (const auto& c : cases) {
    auto b = offering();
    c.happens(*b);
    const auto actions = b->actions();
    if (!c.told.empty()) {
      EXPECT_EQ(actions, c.told) << c.name;
    }
    for (const auto& line : actions) EXPECT_NE(line.substr(0, 4), "log:") << c.name;
    EXPECT_EQ(b->state(), "closed") << c.name;
    store.forget_all(alice);
  }
}

// An outage may be all that it is: the session is still there.
TEST_F(fallback, who_answers_nothing_hears_a_hello_without_the_session_within_the_same_time) {
  const struct {
    std::chrono::milliseconds first, last, in_all;
    std::chrono::milliseconds with, without;  // how long each is tried
  } cases[] = {
      {1s, 60s, 0ms, 7s, 116s},       // 1 + 2 + 4, of 1 + 2 + 4 + 8 + 16 + 32 + 60
      {1s, 60s, 9s, 4500ms, 4500ms},  // the option hs_timeout
      {1s, 60s, 2s, 1s, 1s},          // no less than one round trip for each
      {1s, 4s, 0ms, 3500ms, 3500ms},  // 1 + 2 + 4
      {1s, 2s, 0ms, 1500ms, 1500ms},  // 1 + 2
      {100ms, 60s, 0ms, 700ms, 161600ms},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::to_string(c.first.count()) + " to " + std::to_string(c.last.count()) + " in " +
                 std::to_string(c.in_all.count()));
    auto b = offering(with_timer(c.first, c.last, c.in_all));
    EXPECT_EQ(wait(*b), c.with);
    EXPECT_EQ(b->actions(),
              (words{"log: no answer to a ClientHello with a session", "close", "open 192.0.2.1:5684"}));
    EXPECT_EQ(again(*b), "");
    EXPECT_EQ(wait(*b), c.without);
    EXPECT_EQ(b->actions().back().substr(0, 15), "#TFAIL: 1,804,-");
    EXPECT_EQ(begin(*b), "s");
    store.forget_all(alice);
  }
}

TEST_F(fallback, a_stream_shares_its_time_in_two) {
  auto b = offering(profile_of(socket_protocol::tls));
  EXPECT_EQ(wait(*b), 30s);
  EXPECT_EQ(b->actions().back(), "open 192.0.2.1:5684");
  b->now += 1s;
  EXPECT_EQ(again(*b), "");
  EXPECT_EQ(wait(*b), 29s);
  EXPECT_EQ(b->actions().back().substr(0, 15), "#TFAIL: 1,804,-");
}

TEST_F(fallback, a_flight_that_is_answered_gives_the_next_one_its_own_time) {
  auto b = offering();
  b->now += 6s;
  b->engine->about.flights = 2;  // HelloVerifyRequest came, the second ClientHello goes out
  b->network("-");
  b->now += 5s;
  b->machine->on_deadline(b->now);
  EXPECT_EQ(b->actions(), words{});
  b->now += 2s;
  b->machine->on_deadline(b->now);
  EXPECT_EQ(b->actions().front(), "log: no answer to a ClientHello with a session");
}

TEST_F(fallback, a_server_that_falls_silent_in_the_abbreviated_handshake_is_asked_for_a_full_one) {
  auto b = offering();
  b->network("H");
  EXPECT_EQ(wait(*b), 7s);
  EXPECT_EQ(b->actions().front(), "log: the server took the session up and fell silent");
  EXPECT_EQ(again(*b), "");
}

TEST_F(fallback, a_server_that_makes_a_full_handshake_has_all_the_time) {
  auto b = offering();
  b->network("F");
  EXPECT_EQ(b->machine->deadline(), std::nullopt);
  finish(*b, "new");
  EXPECT_EQ(info(*b, "fallback"), R"("the server made a full handshake")");
}

TEST_F(fallback, the_next_address_of_the_name_is_asked_without_it_too) {
  auto b = open(resume_mode::own);
  handle = full(*b, "s");
  b->network("C");
  b->forget();
  b->connect();
  b->resolve({"192.0.2.1", "192.0.2.2"});
  b->reach();
  EXPECT_EQ(b->engine->offered, "s");
  b->network("A");
  b->forget();
  EXPECT_EQ(again(*b), "");
  for (unsigned i = 0; i < 2; ++i) {
    b->engine->about.retransmissions = i;
    b->machine->on_error({at::error::connection_refused, "Nobody."}, b->now);
  }
  EXPECT_EQ(b->actions(), (words{"close", "open 192.0.2.2:5684"}));
  EXPECT_EQ(again(*b), "");
  EXPECT_EQ(b->machine->deadline(), std::nullopt);
  EXPECT_EQ(finish(*b, "new"), handle);
}

// Some servers have no socket for a moment after the first datagram of a client.
TEST_F(fallback, icmp_errors_of_the_first_flight_without_it_are_forgiven_to_who_has_just_answered) {
  const at::failure refused{at::error::connection_refused, "Nobody."};
  auto b = offering();
  b->network("A");
  b->forget();
  again(*b);
  for (int datagram = 0; datagram < 3; ++datagram) b->machine->on_error(refused, b->now);
  EXPECT_EQ(b->actions(), words{});
  EXPECT_EQ(b->state(), "connecting");
  b->engine->about.retransmissions = 1;
  b->machine->on_error(refused, b->now);
  EXPECT_EQ(b->actions(), (words{"close", R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"}));

  auto silent = offering();
  wait(*silent);
  silent->forget();
  again(*silent);
  silent->machine->on_error(refused, silent->now);
  EXPECT_EQ(silent->actions(), (words{"close", R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"}));
}

// ---- what is remembered

void refuses(bench& b) { b.network("A"); }
void ignores(bench& b) {
  b.now = *b.machine->deadline();
  b.machine->on_deadline(b.now);
}
void ignores_in_fragments(bench& b) {
  b.engine->out.push(as_bytes("first"));
  b.engine->out.push(as_bytes("second"));
  b.network("-");
  ignores(b);
}

TEST_F(fallback, who_never_takes_sessions_is_left_in_peace_for_some_connects) {
  const struct {
    const char* name;
    void (*answers)(bench&);
    int offers;  // before the first pause
  } cases[] = {{"refused", refuses, 2}, {"ignored", ignores, 2}, {"in fragments", ignores_in_fragments, 1}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto b = open(resume_mode::own);
    handle = full(*b, "s");
    b->network("C");
    b->forget();
    for (int offers = c.offers; offers > 0; --offers) EXPECT_EQ(connect_to(*b, c.answers), "s") << offers;
    for (int round = 0; round < 2; ++round) {
      for (int pause = 1; pause <= 15; ++pause) {
        if (pause == 8) {  // also behind a restart
          session_store::limits bounds;
          session_store restarted(bounds, [this] { return std::chrono::sys_seconds(now); });
          std::vector<store::row> rows;
          for (auto& change : store.take_changes())
            if (change.content)
              rows.push_back({change.in, change.user, change.name, std::move(*change.content)});
          restarted.load(rows);
          EXPECT_EQ(restarted.offers_of(alice, handle, tls::bind_to_peer({1}, {"host", {}}, 5684)).pause, 8);
        }
        EXPECT_EQ(connect_to(*b, c.answers), "") << round << ' ' << pause;
        EXPECT_EQ(info(*b, "fallback"), R"("the server did not take the last ones")");
      }
      EXPECT_EQ(connect_to(*b, c.answers), "s") << round;
    }
    store.forget_all(alice);
  }
}

TEST_F(fallback, a_resumption_makes_good_for_what_was_before) {
  auto b = open(resume_mode::own);
  handle = full(*b, "s");
  b->network("C");
  b->forget();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(connect_to(*b, refuses), "s") << i;
    EXPECT_EQ(begin(*b), "s") << i;
    finish(*b, "s", 'R');
    b->network("C");
    b->forget();
  }
}

// When the handshake without it needs repeats as well, it is the network.
TEST_F(fallback, a_lossy_network_is_not_held_against_the_server) {
  auto b = open(resume_mode::own);
  handle = full(*b, "s");
  b->network("C");
  b->forget();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(begin(*b), "s") << i;
    ignores_in_fragments(*b);
    b->forget();
    again(*b);
    b->engine->about.retransmissions = 1;
    finish(*b, "s");
    b->network("C");
    b->forget();
  }
}

TEST_F(fallback, without_time_for_two_handshakes_the_next_connect_offers_nothing) {
  auto b = offering(with_timer(1s, 1s));
  EXPECT_EQ(b->machine->deadline(), std::nullopt);
  b->engine->give_up();
  b->network("-");
  EXPECT_EQ(b->actions(), (words{"close", R"(#TFAIL: 1,804,-1,"host (192.0.2.1) port 5684: Silence.")"}));
  EXPECT_EQ(begin(*b), "");
  finish(*b, "s");
  b->network("C");
  b->forget();
  EXPECT_EQ(begin(*b), "s");
}

// ---- beside an association

class rehandshake_fallback : public fallback {
 protected:
  std::unique_ptr<bench> beginning(const profile& options, bool keeps_port = false) {
    auto b = open(options, resume_mode::by_handle);
    b->machine->keep_port(keeps_port);
    handle = full(*b, "s");
    old = b->engine;
    b->machine->rehandshake(handshake_wish::abbreviated, b->now);
    if (!keeps_port) b->reach_next();
    EXPECT_EQ(b->engine->offered, "s");
    b->forget();
    return b;
  }

  fake_engine* old = nullptr;
};

TEST_F(rehandshake_fallback, leaves_the_association_alone_until_the_full_handshake_is_done) {
  for (const auto protocol : {socket_protocol::dtls, socket_protocol::tls}) {
    auto b = beginning(profile_of(protocol));
    b->next_network("A");
    EXPECT_EQ(b->actions(), (words{"log: " + alert, "next: close", "next: open 192.0.2.1:5684"}));
    EXPECT_EQ(b->send("still here").is, send_status::accepted);
    EXPECT_EQ(as_text(old->out.front()), "still here");
    b->network("and here");
    EXPECT_EQ(b->take(), "and here");
    b->reach_next();
    EXPECT_EQ(b->engine->offered, "");
    b->forget();
    b->next_network("U");
    const auto actions = b->actions();
    const bool waits = protocol == socket_protocol::dtls;
    EXPECT_EQ(actions[0], std::string("replace, unsent 13") + (waits ? ", goodbye within 1000 ms" : ""));
    EXPECT_EQ(actions.back(), R"(#TUP: 1,0,"FAKE","FAKE_SUITE","192.0.2.1",5684,"198.51.100.7",40001)");
    EXPECT_EQ(info(*b, "fallback"), at::quote(alert));
    store.forget_all(alice);
  }
}

TEST_F(rehandshake_fallback, from_a_bound_port_stays_there) {
  auto b = beginning(profile_of(socket_protocol::dtls), true);
  b->engine->out.push(as_bytes("alert"));
  b->network("A");
  EXPECT_EQ(b->actions(), words{"log: " + alert});
  EXPECT_EQ(b->engines, 3);
  EXPECT_EQ(b->engine->offered, "");
  EXPECT_EQ(as_text(old->out.front()), "alert");
  b->network("U");
  EXPECT_EQ(b->actions().back(), R"(#TUP: 1,0,"FAKE","FAKE_SUITE","192.0.2.1",5684,"198.51.100.7",40000)");
}

TEST_F(rehandshake_fallback, is_forgiven_icmp_errors_of_its_first_flight) {
  auto b = beginning(profile_of(socket_protocol::dtls));
  b->next_network("A");
  b->reach_next();
  b->forget();
  for (int datagram = 0; datagram < 2; ++datagram)
    b->machine->on_next_failed({at::error::connection_refused, "Nobody."}, b->now);
  EXPECT_EQ(b->actions(), words{});
  b->engine->about.retransmissions = 1;
  b->machine->on_next_failed({at::error::connection_refused, "Nobody."}, b->now);
  EXPECT_EQ(b->actions(),
            (words{"next: close", R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"}));
}

TEST_F(rehandshake_fallback, of_a_stream_that_is_reset) {
  auto b = beginning(profile_of(socket_protocol::tls));
  b->machine->on_next_failed({at::error::connection_reset, "Reset."}, b->now);
  EXPECT_EQ(b->actions(), (words{"log: Reset.", "next: close", "next: open 192.0.2.1:5684"}));
  b->machine->on_next_failed({at::error::connection_refused, "Nobody."}, b->now);
  EXPECT_EQ(b->actions(),
            (words{"next: close", R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"}));
  EXPECT_EQ(b->state(), "connected");
}

TEST_F(rehandshake_fallback, from_silence_in_the_same_time) {
  auto b = beginning(profile_of(socket_protocol::dtls));
  EXPECT_EQ(wait(*b), 7s);
  EXPECT_EQ(b->actions().back(), "next: open 192.0.2.1:5684");
  b->reach_next();
  EXPECT_EQ(wait(*b), 116s);
  EXPECT_EQ(b->actions().back().substr(0, 15), "#TFAIL: 1,804,-");
  EXPECT_EQ(b->state(), "connected");
}

TEST_F(rehandshake_fallback, goes_on_when_the_association_ends_meanwhile) {
  for (const bool has_begun : {false, true}) {
    auto b = beginning(profile_of(socket_protocol::dtls));
    b->next_network("A");
    if (has_begun) b->reach_next();
    b->forget();
    b->machine->on_received(as_bytes("C"), false, b->now);
    EXPECT_EQ(b->state(), "connecting");
    b->forget();
    if (!has_begun) b->reach();
    EXPECT_EQ(b->engine->offered, "");
    b->network("U");
    EXPECT_EQ(b->state(), "connected");
    store.forget_all(alice);
  }
}

TEST_F(rehandshake_fallback, a_send_after_silence_waits_for_it) {
  auto options = profile_of(socket_protocol::dtls);
  options.auto_resume = 30s;
  auto b = open(options, resume_mode::by_handle);
  handle = full(*b, "s");
  b->now += 31s;
  EXPECT_EQ(b->send("late").is, send_status::must_wait);
  b->reach_next();
  EXPECT_EQ(b->engine->offered, "s");
  b->next_network("A");
  EXPECT_EQ(b->send("late").is, send_status::must_wait);
  b->reach_next();
  b->next_network("U");
  EXPECT_EQ(b->send("late").is, send_status::accepted);
  EXPECT_EQ(as_text(b->engine->out.front()), "late");
}

}  // namespace
}  // namespace tlsmodem::test
