#include "machine_fixture.hpp"

namespace tlsmodem::test {
namespace {

std::string down(int cause, int alert, const std::string& text) {
  return "#TDOWN: 1," + std::to_string(cause) + "," + std::to_string(alert) + "," + at::quote(text);
}
const std::string peer_closed = down(0, 0, "The peer closed.");

TEST(socket_machine_ending, has_a_cause_for_every_way) {
  const struct {
    const char* name;
    socket_protocol protocol;
    void (*happens)(bench&);
    std::string expected;
  } cases[] = {
      {"close_notify", socket_protocol::tls, [](bench& b) { b.network("C"); }, peer_closed},
      {"alert", socket_protocol::dtls, [](bench& b) { b.network("A"); },
       down(1, 40, "The peer sent an alert.")},
      {"damage", socket_protocol::tls, [](bench& b) { b.network("D"); }, down(2, -1, "A record is damaged.")},
      {"cut", socket_protocol::tls, [](bench& b) { b.machine->on_end(b.now); },
       down(3, -1, "The stream was cut.")},
      {"reset", socket_protocol::tls,
       [](bench& b) {
         b.machine->on_error({at::error::connection_reset, "Reset."}, b.now);
       },
       down(2, -1, "host (192.0.2.1) port 5684: Reset.")},
      {"stop", socket_protocol::tls, [](bench& b) { b.machine->stop(b.now); },
       down(5, -1, "The daemon is stopping.")},
  };
  for (const auto& c : cases) {
    bench b(profile_of(c.protocol));
    b.come_up();
    c.happens(b);
    EXPECT_EQ(b.actions(), (words{"close", c.expected})) << c.name;
    EXPECT_EQ(b.state(), "closed") << c.name;

    bench with_data(profile_of(c.protocol));
    with_data.come_up();
    with_data.network("data");
    c.happens(with_data);
    EXPECT_EQ(with_data.actions(), words{"close"}) << c.name;
    EXPECT_EQ(with_data.state(), "closing") << c.name;
    EXPECT_EQ(with_data.take(2), c.protocol == socket_protocol::tls ? "da" : "da (cut)") << c.name;
    if (c.protocol == socket_protocol::tls) {
      EXPECT_EQ(with_data.actions(), words{}) << c.name;
      EXPECT_EQ(with_data.take(), "ta") << c.name;
    }
    EXPECT_EQ(with_data.actions(), words{c.expected}) << c.name;
    EXPECT_EQ(with_data.state(), "closed") << c.name;
  }
}

TEST(socket_machine_ending, an_end_waits_for_what_is_pulled_too_but_not_when_the_daemon_stops) {
  bench b(profile_of(socket_protocol::tls, delivery_mode::pull));
  b.come_up();
  b.network("data");
  b.network("C");
  EXPECT_EQ(b.actions(), (words{"#TRDY: 1,4", "close"}));
  EXPECT_EQ(b.take(), "data");
  EXPECT_EQ(b.actions(), words{peer_closed});

  bench stopped(profile_of(socket_protocol::tls, delivery_mode::pull));
  stopped.come_up();
  stopped.network("data");
  stopped.forget();
  stopped.machine->stop(stopped.now);
  EXPECT_EQ(stopped.actions(), (words{"close", down(5, -1, "The daemon is stopping.")}));

  bench draining(profile_of(socket_protocol::tls, delivery_mode::pull));
  draining.come_up();
  draining.network("data");
  draining.network("C");
  draining.forget();
  draining.machine->stop(draining.now);
  EXPECT_EQ(draining.actions(), words{peer_closed});
}

// Whoever connects hears what the server said before its alert, and that it was a connection that ended.
TEST(socket_machine_ending, together_with_the_handshake_is_told_behind_up_and_data) {
  for (const auto protocol : {socket_protocol::dtls, socket_protocol::tls}) {
    bench b(profile_of(protocol));
    b.connect();
    b.resolve();
    b.reach();
    b.forget();
    b.engine->finish_with("last words");
    b.network("A");
    EXPECT_EQ(b.actions(), (words{up_line, "close"}));
    EXPECT_EQ(b.take(), "last words");
    EXPECT_EQ(b.actions(), (words{down(1, 40, "The peer sent an alert.")}));
  }
}

TEST(socket_machine_ending, is_told_once) {
  bench b(profile_of(socket_protocol::tls));
  b.come_up();
  b.network("C");
  b.machine->on_end(b.now);
  b.machine->on_error({at::error::connection_reset, ""}, b.now);
  b.network("A");
  b.machine->stop(b.now);
  b.machine->on_taken(b.now);
  EXPECT_EQ(b.actions(), (words{"close", peer_closed}));
}

TEST(socket_machine_ending, a_close_notify_is_answered_with_one) {
  bench b;
  b.come_up();
  b.network("C");
  EXPECT_EQ(as_text(b.machine->outgoing()->front()), "bye");
}

TEST(socket_machine_ending, shut_says_goodbye_and_goes_on_reading) {
  bench b(profile_of(socket_protocol::tls));
  b.come_up();
  b.machine->shut(farewell::spoken, b.now);
  EXPECT_EQ(as_text(b.machine->outgoing()->front()), "bye");
  EXPECT_EQ(b.actions(), words{"end"});
  EXPECT_EQ(b.state(), "closing");
  b.network("still");
  EXPECT_EQ(b.take(), "still");
  b.network("C");
  EXPECT_EQ(b.actions(), (words{"close", peer_closed}));
}

TEST(socket_machine_ending, the_last_send_shuts) {
  bench b(profile_of(socket_protocol::tls));
  b.come_up();
  EXPECT_EQ(b.send("x", true).is, send_status::accepted);
  EXPECT_EQ(b.actions(), words{"end"});
  EXPECT_EQ(b.state(), "closing");
  EXPECT_EQ(b.machine->outgoing()->packets(), 2U);
}

TEST(socket_machine_ending, close_says_goodbye_once) {
  bench b;
  b.come_up();
  b.machine->close(farewell::spoken, b.now);
  EXPECT_EQ(b.machine->outgoing()->packets(), 1U);
  EXPECT_EQ(b.actions(), words{"close, goodbye within 1000 ms"});
  bench shut_before;
  shut_before.come_up();
  shut_before.machine->shut(farewell::spoken, shut_before.now);
  shut_before.machine->close(farewell::spoken, shut_before.now);
  EXPECT_EQ(shut_before.machine->outgoing()->packets(), 1U);
}

TEST(socket_machine_ending, silent_means_that_nothing_goes_out_on_a_datagram_socket) {
  bench closed;
  closed.come_up();
  closed.send("unsent");
  closed.machine->close(farewell::silent, closed.now);
  EXPECT_TRUE(closed.machine->outgoing()->empty());
  EXPECT_EQ(closed.actions(), words{"close"});

  bench shut;
  shut.come_up();
  shut.machine->shut(farewell::silent, shut.now);
  EXPECT_EQ(shut.actions(), words{});
  EXPECT_EQ(shut.state(), "closing");
  shut.network("C");  // not even as an answer
  EXPECT_TRUE(shut.machine->outgoing()->empty());
  shut.machine->close(farewell::spoken, shut.now);
  EXPECT_TRUE(shut.machine->outgoing()->empty());

  bench stream(profile_of(socket_protocol::tls));
  stream.come_up();
  stream.machine->close(farewell::silent, stream.now);
  EXPECT_EQ(stream.machine->outgoing()->packets(), 1U);
}

TEST(socket_machine_ending, a_silent_shut_is_forgotten_with_the_next_connect) {
  bench b;
  b.come_up();
  b.machine->shut(farewell::silent, b.now);
  b.network("C");
  b.come_up();
  b.network("C");
  EXPECT_EQ(b.machine->outgoing()->packets(), 1U);
}

const std::string waits = "close, goodbye within 1000 ms";

TEST(socket_machine_ending, close_is_possible_in_every_phase) {
  const struct {
    void (*prepare)(bench&);
    std::string spoken = "close";
    std::string silent = "close";
  } phases[] = {
      {[](bench&) {}},
      {[](bench& b) { b.connect(); }},
      {[](bench& b) {
        b.connect();
        b.resolve();
      }},
      {[](bench& b) {
        b.connect();
        b.resolve();
        b.reach();
      }},
      {[](bench& b) { b.come_up(); }, waits},
      {[](bench& b) {
         b.come_up();
         b.machine->shut(farewell::spoken, b.now);
       },
       waits, waits},
      {[](bench& b) {
        b.come_up();
        b.network("data");
        b.network("C");
      }},
      {[](bench& b) {
        b.come_up();
        b.network("C");
      }},
  };
  for (const auto& phase : phases) {
    for (const auto how : {farewell::spoken, farewell::silent}) {
      bench b;
      phase.prepare(b);
      b.forget();
      b.machine->close(how, b.now);
      EXPECT_EQ(b.actions(), words{how == farewell::spoken ? phase.spoken : phase.silent});
      EXPECT_EQ(b.state(), "closed");
      EXPECT_EQ(b.machine->deadline(), std::nullopt);
      b.take();
      EXPECT_EQ(b.actions(), words{});
    }
  }
}

TEST(socket_machine_ending, the_port_waits_for_a_goodbye_as_long_as_for_a_datagram_but_not_longer_than_2_s) {
  for (const auto& [hs_min, told] : {std::pair{50, "50"}, std::pair{2000, "2000"}, std::pair{9000, "2000"}}) {
    auto options = profile_of(socket_protocol::dtls);
    options.hs_min = std::chrono::milliseconds(hs_min);
    bench b(options);
    b.come_up();
    b.machine->close(farewell::spoken, b.now);
    EXPECT_EQ(b.actions(), words{std::string("close, goodbye within ") + told + " ms"});
  }
}

TEST(socket_machine_ending, who_says_no_goodbye_waits_for_none) {
  for (const auto protocol : {socket_protocol::udp, socket_protocol::tcp, socket_protocol::tls}) {
    bench b(profile_of(protocol));
    b.come_up();
    b.machine->close(farewell::spoken, b.now);
    EXPECT_EQ(b.actions(), words{"close"});
  }
}

TEST(socket_machine_ending, a_daemon_that_stops_waits_for_goodbyes) {
  bench b;
  b.come_up();
  b.machine->stop(b.now);
  EXPECT_EQ(b.actions().front(), waits);
}

}  // namespace
}  // namespace tlsmodem::test
