// AT#TREHS and auto_resume: a second handshake beside a living association.
#include "machine_fixture.hpp"

namespace tlsmodem::test {
namespace {

const std::string second_up = R"(#TUP: 1,0,"FAKE","FAKE_SUITE","192.0.2.1",5684,"198.51.100.7",40001)";
const std::string late =
    R"(#TFAIL: 1,804,-1,"host (192.0.2.1) port 5684: It did not answer the new handshake in time.")";

profile with_auto_resume(std::chrono::milliseconds silence) {
  auto options = profile_of(socket_protocol::dtls);
  options.auto_resume = silence;
  return options;
}

// The old association's port waits for the server's goodbye.
std::string waits_of(socket_protocol protocol) {
  return protocol == socket_protocol::dtls ? ", goodbye within 1000 ms" : "";
}

TEST(socket_rehandshake, takes_the_place_of_the_association_when_it_is_up_and_not_before) {
  for (const auto protocol : {socket_protocol::dtls, socket_protocol::tls}) {
    bench b(profile_of(protocol));
    b.come_up();
    auto* const old = b.engine;
    EXPECT_FALSE(b.machine->rehandshake(handshake_wish::abbreviated, b.now));
    EXPECT_EQ(b.actions(), words{"next: open 192.0.2.1:5684"});
    EXPECT_EQ(b.state(), "connected");
    b.reach_next();
    ASSERT_NE(b.engine, old);
    b.network("over the old one");
    EXPECT_EQ(b.take(), "over the old one");
    EXPECT_EQ(b.send("too").is, send_status::accepted);
    EXPECT_EQ(old->out.bytes(), 3U);
    EXPECT_EQ(b.actions(), words{});

    b.next_network("U");
    EXPECT_EQ(b.actions(),
              (words{"replace, unsent 6" + waits_of(protocol), second_up}));  // "too", and the farewell
    b.network("over the new one");
    EXPECT_EQ(b.take(), "over the new one");
    EXPECT_EQ(b.send("mine").is, send_status::accepted);
    EXPECT_EQ(b.engine->out.bytes(), 4U);
    EXPECT_EQ(b.machine->info()[3].second, "\"FAKE_SUITE\"");
  }
}

TEST(socket_rehandshake, that_ends_with_an_alert_behind_it_is_told_as_a_connection_that_ended) {
  for (const auto protocol : {socket_protocol::dtls, socket_protocol::tls}) {
    bench b(profile_of(protocol));
    b.come_up();
    b.machine->rehandshake(handshake_wish::full, b.now);
    b.reach_next();
    b.forget();
    b.engine->finish_with("last words");
    b.next_network("A");
    EXPECT_EQ(b.actions(), (words{"replace, unsent 3" + waits_of(protocol), second_up, "close"}));
    EXPECT_EQ(b.take(), "last words");
    EXPECT_EQ(b.actions(), words{R"(#TDOWN: 1,1,40,"The peer sent an alert.")"});
    EXPECT_EQ(b.state(), "closed");
  }
}

// Between the two, data may be lost: #TUP is the only mark of the place.
TEST(socket_rehandshake, of_a_stream_is_told_between_the_data_of_both_connections) {
  bench b(profile_of(socket_protocol::tls));
  b.come_up();
  b.machine->rehandshake(handshake_wish::full, b.now);
  b.reach_next();
  b.forget();
  b.network("over the old one");
  b.next_network("U");
  EXPECT_EQ(b.actions(), words{"replace, unsent 3"});
  EXPECT_EQ(b.state(), "connected");
  EXPECT_EQ(b.send("mine").is, send_status::accepted);
  EXPECT_FALSE(b.machine->wants_input());
  b.network("over the new one");
  EXPECT_EQ(b.take(8), "over the");
  EXPECT_EQ(b.actions(), words{});
  EXPECT_EQ(b.take(), " old one");
  EXPECT_EQ(b.actions(), words{second_up});
  EXPECT_TRUE(b.machine->wants_input());
  EXPECT_EQ(b.take(), "over the new one");
  EXPECT_EQ(b.actions(), words{});
}

TEST(socket_rehandshake, of_a_stream_is_told_before_the_end_of_the_new_connection) {
  for (const bool is_error : {false, true}) {
    bench b(profile_of(socket_protocol::tls));
    b.come_up();
    b.machine->rehandshake(handshake_wish::full, b.now);
    b.reach_next();
    b.network("old");
    b.next_network("U");
    b.network("new");
    b.forget();
    if (is_error) {
      b.machine->on_error({at::error::connection_reset, "Reset."}, b.now);
      EXPECT_EQ(b.actions(), (words{second_up, "close"}));
      EXPECT_EQ(b.take(), "oldnew");
      EXPECT_EQ(b.actions(), words{R"(#TDOWN: 1,2,-1,"host (192.0.2.1) port 5684: Reset.")"});
    } else {
      b.network("C");
      EXPECT_EQ(b.take(), "old");
      EXPECT_EQ(b.actions(), (words{second_up, "close"}));
      EXPECT_EQ(b.take(), "new");
      EXPECT_EQ(b.actions(), words{R"(#TDOWN: 1,0,0,"The peer closed.")"});
    }
  }
}

// Who pulls asks for the data itself, and may be waiting for #TUP first.
TEST(socket_rehandshake, of_a_stream_that_is_pulled_is_told_at_once) {
  bench b(profile_of(socket_protocol::tls, delivery_mode::pull));
  b.come_up();
  b.machine->rehandshake(handshake_wish::full, b.now);
  b.reach_next();
  b.network("old");
  b.forget();
  b.next_network("U");
  EXPECT_EQ(b.actions(), (words{"replace, unsent 3", second_up}));
}

TEST(socket_rehandshake, a_failure_leaves_the_association_alone) {
  const struct {
    const char* name;
    void (*happens)(bench&);
    std::string told;
  } cases[] = {
      {"refused",
       [](bench& b) {
         b.machine->on_next_failed({at::error::connection_refused, "Nobody."}, b.now);
       },
       R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"},
      {"alert", [](bench& b) { b.reach_next(), b.next_network("A"); },
       R"(#TFAIL: 1,805,40,"host (192.0.2.1) port 5684: The peer sent an alert.")"},
      {"abort", [](bench& b) { b.machine->abort("Enough.", b.now); },
       R"(#TFAIL: 1,817,-1,"host (192.0.2.1) port 5684: Enough.")"},
  };
  for (const auto& c : cases) {
    bench b;
    b.come_up();
    auto* const old = b.engine;
    b.machine->rehandshake(handshake_wish::full, b.now);
    b.forget();
    c.happens(b);
    EXPECT_EQ(b.actions(), (words{"next: close", c.told})) << c.name;
    EXPECT_EQ(b.state(), "connected") << c.name;
    EXPECT_EQ(b.send("still").is, send_status::accepted) << c.name;
    EXPECT_EQ(old->out.bytes(), 5U) << c.name;
    EXPECT_FALSE(b.machine->rehandshake(handshake_wish::full, b.now)) << c.name;
  }
}

TEST(socket_rehandshake, a_last_alert_still_goes_out) {
  bench b;
  b.come_up();
  b.machine->rehandshake(handshake_wish::full, b.now);
  b.reach_next();
  b.forget();
  b.engine->out.push(as_bytes("alert"));
  b.next_network("A");
  const auto actions = b.machine->take_actions();
  ASSERT_FALSE(actions.empty());
  const auto* closing = std::get_if<close_transport>(&actions.front());
  ASSERT_NE(closing, nullptr);
  EXPECT_EQ(closing->unsent.bytes(), 5U);

  bench shared;
  shared.machine->keep_port(true);
  shared.come_up();
  shared.machine->rehandshake(handshake_wish::full, shared.now);
  shared.engine->out.push(as_bytes("alert"));
  shared.network("A");
  EXPECT_EQ(shared.machine->outgoing()->bytes(), 5U);
}

TEST(socket_rehandshake, a_send_that_breaks_the_association_tells_why_while_the_next_is_not_even_reached) {
  bench b(profile_of(socket_protocol::tls));
  b.come_up();
  b.machine->rehandshake(handshake_wish::full, b.now);
  b.engine->answer = tls::send_outcome::failed;
  b.engine->why = {{at::error::would_overflow, "Too much."}, -1, false};
  const auto sent = b.send("data");
  EXPECT_EQ(sent.is, send_status::failed);
  EXPECT_EQ(sent.why.code, at::error::would_overflow);
  EXPECT_EQ(b.state(), "connecting");
}

TEST(socket_rehandshake, has_the_time_limits_of_a_connect) {
  bench tcp(profile_of(socket_protocol::tls));
  tcp.come_up();
  tcp.machine->rehandshake(handshake_wish::full, tcp.now);
  tcp.forget();
  EXPECT_EQ(tcp.machine->deadline(), tcp.now + 10s);
  tcp.reach_next();
  EXPECT_EQ(tcp.machine->deadline(), tcp.now + 60s);
  tcp.machine->on_deadline(tcp.now + 60s);
  EXPECT_EQ(tcp.actions(), (words{"next: close", late}));
  EXPECT_EQ(tcp.machine->deadline(), std::nullopt);

  auto options = profile_of(socket_protocol::dtls);
  options.hs_timeout = 700ms;
  bench limited(options);
  limited.come_up();
  limited.machine->rehandshake(handshake_wish::full, limited.now);
  limited.forget();
  limited.reach_next();
  limited.engine->due = limited.now + 500ms;
  EXPECT_EQ(limited.machine->deadline(), limited.now + 500ms);
  limited.machine->on_deadline(limited.now + 500ms);
  EXPECT_EQ(limited.engine->expired, 1);
  limited.engine->due.reset();
  limited.machine->on_deadline(limited.now + 700ms);
  EXPECT_EQ(limited.actions(), (words{"next: close", late}));
}

TEST(socket_rehandshake, there_is_one_at_a_time_and_none_without_tls) {
  bench b;
  b.come_up();
  EXPECT_FALSE(b.machine->rehandshake(handshake_wish::abbreviated, b.now));
  EXPECT_EQ(b.machine->rehandshake(handshake_wish::full, b.now)->code, at::error::busy);
  bench plain(profile_of(socket_protocol::udp));
  plain.come_up();
  EXPECT_EQ(plain.machine->rehandshake(handshake_wish::full, plain.now)->code, at::error::not_supported);
}

TEST(socket_rehandshake, becomes_the_connect_when_the_association_ends_first) {
  bench b;
  b.come_up();
  b.machine->rehandshake(handshake_wish::abbreviated, b.now);
  b.reach_next();
  b.forget();
  b.network("A");
  EXPECT_EQ(b.actions(), words{"replace, unsent 0"});
  EXPECT_EQ(b.state(), "connecting");
  b.network("U");  // what was next is current now
  EXPECT_EQ(b.actions(), words{second_up});
  EXPECT_EQ(b.state(), "connected");

  bench failing(profile_of(socket_protocol::tls));
  failing.come_up();
  failing.machine->rehandshake(handshake_wish::abbreviated, failing.now);
  failing.forget();
  failing.network("C");
  EXPECT_EQ(failing.actions(), words{"replace, unsent 3"});
  EXPECT_EQ(failing.state(), "connecting");
  failing.machine->on_connect_failed({at::error::connection_refused, "Nobody."}, failing.now);
  EXPECT_EQ(failing.actions(), (words{"close", R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"}));
  EXPECT_EQ(failing.state(), "closed");
}

TEST(socket_rehandshake, ends_with_its_socket) {
  for (const auto how : {farewell::spoken, farewell::silent}) {
    bench b;
    b.come_up();
    b.machine->rehandshake(handshake_wish::abbreviated, b.now);
    b.reach_next();
    b.forget();
    b.machine->close(how, b.now);
    EXPECT_EQ(
        b.actions(),
        (words{"next: close", "close" + (how == farewell::spoken ? waits_of(socket_protocol::dtls) : "")}));
    EXPECT_EQ(b.machine->next_outgoing().queue, nullptr);
    EXPECT_EQ(b.machine->deadline(), std::nullopt);
  }
  bench shut;
  shut.come_up();
  shut.machine->rehandshake(handshake_wish::abbreviated, shut.now);
  shut.forget();
  shut.machine->shut(farewell::spoken, shut.now);
  EXPECT_EQ(shut.actions(),
            (words{"next: close", R"(#TFAIL: 1,817,-1,"host (192.0.2.1) port 5684: The socket was shut.")",
                   "end"}));
  bench stopped;
  stopped.come_up();
  stopped.machine->rehandshake(handshake_wish::abbreviated, stopped.now);
  stopped.forget();
  stopped.machine->stop(stopped.now);
  EXPECT_EQ(stopped.state(), "closed");
  EXPECT_EQ(stopped.machine->next_outgoing().queue, nullptr);
}

TEST(socket_rehandshake, shares_the_transport_when_the_port_is_bound) {
  bench b;
  b.machine->keep_port(true);
  b.come_up();
  auto* const old = b.engine;
  b.machine->rehandshake(handshake_wish::abbreviated, b.now);
  EXPECT_EQ(b.actions(), words{});
  ASSERT_NE(b.engine, old);
  EXPECT_EQ(b.machine->next_outgoing().queue, &b.engine->out);
  EXPECT_EQ(b.machine->next_outgoing().slot, transport_slot::current);
  EXPECT_EQ(b.send("over the old one").is, send_status::accepted);
  EXPECT_EQ(old->out.packets(), 1U);
  b.network("U");
  EXPECT_EQ(b.actions(), words{up_line});
  EXPECT_EQ(b.send("over the new one").is, send_status::accepted);
  EXPECT_EQ(b.machine->outgoing(), &b.engine->out);
}

// As a connect fails, so that nobody waits for what a restarted server answers to its repetitions.
TEST(socket_rehandshake, an_icmp_error_on_the_shared_transport_fails_it_and_not_the_association) {
  bench b;
  b.machine->keep_port(true);
  b.come_up();
  b.machine->rehandshake(handshake_wish::abbreviated, b.now);
  b.forget();
  const at::failure refused{at::error::connection_refused, "Nobody."};
  b.machine->on_error(refused, b.now);
  EXPECT_EQ(b.actions(), words{R"(#TFAIL: 1,802,-1,"host (192.0.2.1) port 5684: Nobody.")"});
  EXPECT_EQ(b.state(), "connected");
  b.machine->on_error(refused, b.now);
  EXPECT_EQ(b.actions(), words{"#TERR: 1,802"});
}

TEST(socket_auto_resume, a_send_after_silence_waits_for_a_new_handshake) {
  bench b(with_auto_resume(30s));
  b.come_up();
  b.now += 29s;
  EXPECT_EQ(b.send("in time").is, send_status::accepted);
  b.now += 29s;
  b.network("heard");
  EXPECT_EQ(b.take(), "heard");
  b.now += 29s;
  EXPECT_EQ(b.send("in time").is, send_status::accepted);
  EXPECT_EQ(b.actions(), words{});
  b.now += 30s;
  EXPECT_EQ(b.send("late").is, send_status::must_wait);
  EXPECT_EQ(b.actions(), words{"next: open 192.0.2.1:5684"});
  EXPECT_FALSE(b.machine->can_send());
  EXPECT_EQ(b.send("late").is, send_status::must_wait);
  b.reach_next();
  b.next_network("R");
  EXPECT_EQ(b.actions().back(), R"(#TUP: 1,1,"FAKE","FAKE_SUITE","192.0.2.1",5684,"198.51.100.7",40001)");
  EXPECT_TRUE(b.machine->can_send());
  EXPECT_EQ(b.send("late").is, send_status::accepted);
  EXPECT_EQ(as_text(b.engine->out.front()), "late");
}

TEST(socket_auto_resume, a_handshake_that_fails_fails_the_send_and_the_next_send_tries_again) {
  bench b(with_auto_resume(30s));
  b.come_up();
  b.now += 31s;
  EXPECT_EQ(b.send("one").is, send_status::must_wait);
  b.reach_next();
  b.forget();
  b.machine->on_next_failed({at::error::handshake_timeout, "Silence."}, b.now);
  EXPECT_EQ(b.actions(),
            (words{"next: close", R"(#TFAIL: 1,804,-1,"host (192.0.2.1) port 5684: Silence.")"}));
  EXPECT_TRUE(b.machine->can_send());
  const auto failed = b.send("one");
  EXPECT_EQ(failed.is, send_status::failed);
  EXPECT_EQ(failed.why.code, at::error::handshake_timeout);
  EXPECT_EQ(b.state(), "connected");
  EXPECT_EQ(b.send("two").is, send_status::must_wait);
  EXPECT_EQ(b.actions(), words{"next: open 192.0.2.1:5684"});
}

TEST(socket_rehandshake, that_fails_says_how_far_it_came) {
  for (const bool is_late : {true, false}) {
    auto options = profile_of(socket_protocol::tls);
    options.hs_timeout = 7s;
    bench b(options);
    b.come_up();
    b.machine->rehandshake(handshake_wish::full, b.now);
    b.reach_next();
    b.forget();
    b.engine->silence = "the server fell silent";
    b.engine->end = ", after our Finished";
    b.now += 7s;
    if (is_late) {
      b.machine->on_deadline(b.now);
    } else {
      b.machine->on_next_failed({at::error::connection_reset, "Reset."}, b.now);
    }
    const std::string expected =
        is_late
            ? R"(#TFAIL: 1,804,-1,"host (192.0.2.1) port 5684: It did not answer the new handshake in time: the server fell silent")"
            : R"(#TFAIL: 1,803,-1,"host (192.0.2.1) port 5684: Reset, after our Finished")";
    EXPECT_EQ(b.actions(), (words{"next: close", expected}));
  }
}

TEST(socket_auto_resume, a_handshake_that_cannot_begin_fails_the_send) {
  bench b(with_auto_resume(30s));
  b.machine->keep_port(true);
  b.come_up();
  b.now += 31s;
  b.next_engine_fails = true;
  const auto sent = b.send("one");
  EXPECT_EQ(sent.is, send_status::failed);
  EXPECT_EQ(sent.why.code, at::error::internal);
  EXPECT_EQ(b.state(), "connected");
}

TEST(socket_auto_resume, what_failed_to_be_sent_is_no_traffic_and_a_slow_client_makes_no_second_handshake) {
  bench b(with_auto_resume(30s));
  b.come_up();
  b.now += 29s;
  b.engine->answer = tls::send_outcome::too_long;
  EXPECT_EQ(b.send("refused").is, send_status::failed);
  b.engine->answer = tls::send_outcome::ok;
  b.now += 2s;
  EXPECT_EQ(b.send("late").is, send_status::must_wait);
  b.reach_next();
  b.next_network("R");
  b.forget();
  b.now += 1h;
  EXPECT_EQ(b.send("late").is, send_status::accepted);
}

TEST(socket_auto_resume, a_send_after_silence_waits_for_the_handshake_that_is_on_its_way) {
  bench b(with_auto_resume(30s));
  b.come_up();
  b.now += 31s;
  b.machine->rehandshake(handshake_wish::full, b.now);
  EXPECT_EQ(b.send("late").is, send_status::must_wait);
  b.reach_next();
  b.next_network("U");
  b.forget();
  EXPECT_EQ(b.send("late").is, send_status::accepted);
}

TEST(socket_auto_resume, is_for_datagrams_with_tls_only) {
  for (const auto protocol : {socket_protocol::tls, socket_protocol::udp, socket_protocol::tcp}) {
    auto options = with_auto_resume(1s);
    options.protocol = protocol;
    bench b(options);
    b.come_up();
    b.now += 1h;
    EXPECT_EQ(b.send("any time").is, send_status::accepted);
  }
}

}  // namespace
}  // namespace tlsmodem::test
