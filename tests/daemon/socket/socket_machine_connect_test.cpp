#include "machine_fixture.hpp"

namespace tlsmodem::test {
namespace {

// `address`: that was being asked; "": none yet.
std::string failed(int code, int alert, const std::string& text, const std::string& address = "192.0.2.1") {
  const auto place = "host" + (address.empty() ? "" : " (" + address + ")") + " port 5684: ";
  return "#TFAIL: 1," + std::to_string(code) + "," + std::to_string(alert) + "," + at::quote(place + text);
}

TEST(socket_machine_connect, goes_from_the_name_to_the_handshake_to_up) {
  bench b;
  EXPECT_EQ(b.state(), "open");
  b.connect();
  EXPECT_EQ(b.actions(), words{"resolve host"});
  EXPECT_EQ(b.state(), "connecting");
  b.resolve();
  EXPECT_EQ(b.actions(), words{"open 192.0.2.1:5684"});
  b.reach();
  EXPECT_EQ(b.asked_for.host, "host");
  EXPECT_EQ(b.asked_limit, 1472U);
  EXPECT_EQ(b.actions(), words{});
  EXPECT_EQ(b.state(), "connecting");
  b.network("U");
  EXPECT_EQ(b.actions(), words{up_line});
  EXPECT_EQ(b.state(), "connected");
  EXPECT_EQ(b.machine->deadline(), std::nullopt);
}

TEST(socket_machine_connect, tells_why_it_failed_whatever_the_phase) {
  const struct {
    const char* name;
    void (*happens)(bench&);
    words expected;
  } cases[] = {
      {"the name is not found",
       [](bench& b) {
         b.connect();
         b.machine->on_resolved({at::error::name_not_resolved, "No such name."}, b.now);
       },
       {"close", failed(800, -1, "No such name.", "")}},
      {"the name has no address",
       [](bench& b) {
         b.connect();
         b.resolve({});
       },
       {"close", failed(800, -1, "The name has no address.", "")}},
      {"nobody listens",
       [](bench& b) {
         b.connect();
         b.resolve();
         b.forget();
         b.machine->on_connect_failed({at::error::connection_refused, "Refused."}, b.now);
       },
       {"close", failed(802, -1, "Refused.")}},
      {"an alert",
       [](bench& b) {
         b.connect();
         b.resolve();
         b.reach();
         b.forget();
         b.network("A");
       },
       {"close", failed(805, 40, "The peer sent an alert.")}},
      {"ICMP in the handshake",
       [](bench& b) {
         b.connect();
         b.resolve();
         b.reach();
         b.forget();
         b.machine->on_error({at::error::connection_refused, "ICMP."}, b.now);
       },
       {"close", failed(802, -1, "ICMP.")}},
      {"FIN in the handshake",
       [](bench& b) {
         b.connect();
         b.resolve();
         b.reach();
         b.forget();
         b.machine->on_end(b.now);
       },
       {"close", failed(803, -1, "The stream was cut.")}},
      {"the client changed its mind",
       [](bench& b) {
         b.connect();
         b.resolve();
         b.forget();
         b.machine->abort("Enough.", b.now);
       },
       {"close", failed(817, -1, "Enough.")}},
      {"the daemon stops",
       [](bench& b) {
         b.connect();
         b.machine->stop(b.now);
       },
       {"close", failed(817, -1, "The daemon is stopping.", "")}},
  };
  for (const auto& c : cases) {
    bench b;
    c.happens(b);
    auto seen = b.actions();
    if (!seen.empty() && seen.front().starts_with("resolve")) seen.erase(seen.begin());
    EXPECT_EQ(seen, c.expected) << c.name;
    EXPECT_EQ(b.state(), "closed") << c.name;
    EXPECT_EQ(b.machine->deadline(), std::nullopt) << c.name;
  }
}

TEST(socket_machine_connect, tries_every_address_before_it_gives_up) {
  bench b;
  b.connect();
  b.resolve({"192.0.2.1", "2001:db8::1", "192.0.2.2"});
  b.machine->on_connect_failed({at::error::unreachable, "1"}, b.now);
  b.reach();  // the second one answers, and then not any more
  b.machine->on_error({at::error::connection_refused, "2"}, b.now);
  b.machine->on_connect_failed({at::error::connection_refused, "3"}, b.now);
  EXPECT_EQ(b.actions(), (words{"resolve host", "open 192.0.2.1:5684", "close", "open 2001:db8::1:5684",
                                "close", "open 192.0.2.2:5684", "close", failed(802, -1, "3", "192.0.2.2")}));
}

TEST(socket_machine_connect, does_not_take_an_alert_for_a_reason_to_try_another_address) {
  bench b;
  b.connect();
  b.resolve({"192.0.2.1", "192.0.2.2"});
  b.reach();
  b.network("A");
  EXPECT_EQ(b.state(), "closed");
  EXPECT_EQ(b.actions().back(), failed(805, 40, "The peer sent an alert."));
}

TEST(socket_machine_connect, takes_preferred_family_and_address_first_and_keeps_the_order_otherwise) {
  using enum net::address_family;
  const struct {
    net::address_family preferred_family;
    const char* preferred_address;
    words order;
  } cases[] = {
      {any, "", {"a", "::b", "c", "::d"}},   {v6, "", {"::b", "::d", "a", "c"}},
      {v4, "", {"a", "c", "::b", "::d"}},    {any, "c", {"c", "a", "::b", "::d"}},
      {v6, "c", {"c", "::b", "::d", "a"}},   {any, "not among them", {"a", "::b", "c", "::d"}},
      {v4, "::d", {"::d", "a", "c", "::b"}},
  };
  for (const auto& c : cases) {
    auto options = profile_of(socket_protocol::dtls);
    options.preferred_family = c.preferred_family;
    bench b(options);
    b.connect("host", c.preferred_address);
    b.resolve({"a", "::b", "c", "::d"});
    for (int i = 0; i < 3; ++i) b.machine->on_connect_failed({at::error::unreachable, ""}, b.now);
    words order;
    for (const auto& action : b.actions())
      if (action.starts_with("open ")) order.push_back(action.substr(5, action.size() - 10));
    EXPECT_EQ(order, c.order);
  }
}

TEST(socket_machine_connect, ignores_answers_that_come_too_late) {
  const auto answer_everything = [](bench& b) {
    b.resolve();
    b.reach();
    b.machine->on_connect_failed({at::error::unreachable, ""}, b.now);
    b.machine->on_error({at::error::unreachable, ""}, b.now);
    b.machine->on_end(b.now);
    b.network("U");
    b.network("A");
    b.now += 24h;
    b.machine->on_deadline(b.now);
  };
  bench never_connected;
  answer_everything(never_connected);
  EXPECT_EQ(never_connected.actions(), words{});
  EXPECT_EQ(never_connected.state(), "open");

  bench aborted;
  aborted.connect();
  aborted.resolve();
  aborted.reach();
  aborted.machine->abort("", aborted.now);
  aborted.forget();
  answer_everything(aborted);
  EXPECT_EQ(aborted.actions(), words{});
  EXPECT_EQ(aborted.state(), "closed");
}

TEST(socket_machine_connect, has_a_deadline_for_every_stage) {
  auto limited = profile_of(socket_protocol::tls);
  limited.hs_timeout = 7s;
  bench whole(limited);
  whole.connect();
  EXPECT_EQ(whole.machine->deadline(), whole.now + 7s);
  whole.resolve();
  EXPECT_EQ(whole.machine->deadline(), whole.now + 7s);
  whole.reach();
  EXPECT_EQ(whole.machine->deadline(), whole.now + 7s);

  bench tcp_connect(profile_of(socket_protocol::tls));
  tcp_connect.connect();
  EXPECT_EQ(tcp_connect.machine->deadline(), std::nullopt);
  tcp_connect.resolve();
  EXPECT_EQ(tcp_connect.machine->deadline(), tcp_connect.now + 10s);
  tcp_connect.reach();
  EXPECT_EQ(tcp_connect.machine->deadline(), tcp_connect.now + 60s);
  tcp_connect.network("U");
  EXPECT_EQ(tcp_connect.machine->deadline(), std::nullopt);

  bench dtls;
  dtls.connect();
  dtls.resolve();
  EXPECT_EQ(dtls.machine->deadline(), std::nullopt);
  dtls.reach();
  dtls.engine->due = dtls.now + 1s;
  EXPECT_EQ(dtls.machine->deadline(), dtls.now + 1s);
}

TEST(socket_machine_connect, says_what_it_waited_for_when_the_time_is_over) {
  auto options = profile_of(socket_protocol::tls);
  options.hs_timeout = 7s;
  const std::string waited = "The connect took too long, waiting for ";
  for (int stage = 0; stage < 3; ++stage) {
    bench b(options);
    b.connect();
    if (stage > 0) b.resolve();
    if (stage > 1) b.reach();
    b.forget();
    b.now += 7s - 1ms;
    b.machine->on_deadline(b.now);
    EXPECT_EQ(b.actions(), words{});
    b.now += 1ms;
    b.machine->on_deadline(b.now);
    const char* const what[] = {"the name server.", "the TCP connect.", "the handshake."};
    EXPECT_EQ(b.actions(),
              (words{"close", failed(804, -1, waited + what[stage], stage == 0 ? "" : "192.0.2.1")}));
  }
}

TEST(socket_machine_connect, says_how_far_the_handshake_came_whoever_ends_it) {
  for (const bool is_late : {true, false}) {
    auto options = profile_of(socket_protocol::tls);
    options.hs_timeout = 7s;
    bench b(options);
    b.connect();
    b.resolve();
    b.reach();
    b.forget();
    b.engine->silence = "the server fell silent; wrong key?";
    b.engine->end = ", after our Finished; wrong key?";
    b.now += 7s;
    if (is_late) {
      b.machine->on_deadline(b.now);
    } else {
      b.machine->on_error({at::error::connection_reset, "Reset."}, b.now);
    }
    EXPECT_EQ(
        b.actions(),
        (words{"close", is_late ? failed(804, -1,
                                         "The connect took too long, waiting for the handshake: the server "
                                         "fell silent; wrong key?")
                                : failed(803, -1, "Reset, after our Finished; wrong key?")}));
  }
}

TEST(socket_machine_connect, goes_to_the_next_address_when_a_tcp_connect_stalls) {
  bench b(profile_of(socket_protocol::tcp));
  b.connect();
  b.resolve({"192.0.2.1", "192.0.2.2"});
  b.forget();
  b.now += 10s;
  b.machine->on_deadline(b.now);
  EXPECT_EQ(b.actions(), (words{"close", "open 192.0.2.2:5684"}));
  b.now += 10s;
  b.machine->on_deadline(b.now);
  EXPECT_EQ(b.actions(),
            (words{"close", failed(804, -1, "It did not answer the TCP connect.", "192.0.2.2")}));
}

TEST(socket_machine_connect, wakes_the_engine_only_when_it_is_due_and_alive) {
  bench b;
  b.connect();
  b.resolve();
  b.reach();
  b.engine->due = b.now + 1s;
  b.machine->on_deadline(b.now);
  EXPECT_EQ(b.engine->expired, 0);
  b.now += 1s;
  b.machine->on_deadline(b.now);
  EXPECT_EQ(b.engine->expired, 1);
  b.machine->abort("", b.now);
  EXPECT_EQ(b.machine->deadline(), std::nullopt);
  b.machine->on_deadline(b.now);
  EXPECT_EQ(b.engine->expired, 1);
}

TEST(socket_machine_connect, limits_the_handshake_datagrams_by_path_and_option) {
  const struct {
    std::size_t path, option, expected;
  } cases[] = {{1472, 0, 1472},  {65507, 0, 1472}, {548, 0, 548},      {100, 0, 256},
               {1472, 500, 500}, {400, 500, 400},  {65507, 9000, 9000}};
  for (const auto& c : cases) {
    auto options = profile_of(socket_protocol::dtls);
    options.mtu_bytes = c.option;
    bench b(options);
    b.connect();
    b.resolve();
    b.machine->on_transport_up({}, {}, c.path, b.now);
    EXPECT_EQ(b.asked_limit, c.expected) << c.path << " " << c.option;
  }
}

TEST(socket_machine_connect, may_be_repeated_after_a_failure_and_after_an_end) {
  bench b;
  b.come_up();
  b.network("C");
  b.forget();
  EXPECT_EQ(b.state(), "closed");
  b.connect("again");
  EXPECT_EQ(b.machine->outgoing(), nullptr);  // of the old association nothing may go to the new peer
  EXPECT_EQ(b.actions(), words{"resolve again"});
  b.machine->on_resolved({at::error::name_not_resolved, ""}, b.now);
  b.forget();
  b.connect();
  b.resolve();
  b.reach();
  b.network("U");
  EXPECT_EQ(b.engines, 2);
  EXPECT_EQ(b.actions(), (words{"resolve host", "open 192.0.2.1:5684", up_line}));
}

TEST(socket_machine_connect, reopen_takes_a_closed_socket_back_to_open) {
  bench b;
  b.machine->reopen();
  EXPECT_EQ(b.state(), "open");
  b.connect();
  b.machine->reopen();
  EXPECT_EQ(b.state(), "connecting");
  b.machine->abort("", b.now);
  b.machine->reopen();
  EXPECT_EQ(b.state(), "open");
}

}  // namespace
}  // namespace tlsmodem::test
