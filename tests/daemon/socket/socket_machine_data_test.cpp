#include "machine_fixture.hpp"

namespace tlsmodem::test {
namespace {

std::string drain(packet_queue& queue) {
  std::string all;
  for (; !queue.empty(); queue.pop()) all += (all.empty() ? "" : "|") + std::string(as_text(queue.front()));
  return all;
}

TEST(socket_machine_data, passes_both_ways) {
  bench b;
  b.come_up();
  EXPECT_EQ(b.send("out").is, send_status::accepted);
  EXPECT_EQ(drain(*b.machine->outgoing()), "out");
  b.network("in");
  EXPECT_EQ(b.actions(), words{});  // pushed data is no event of the machine
  EXPECT_EQ(b.take(), "in");
  EXPECT_EQ(b.take(), "(nothing)");
}

TEST(socket_machine_data, sends_nothing_before_it_is_connected_and_nothing_after) {
  bench b;
  b.connect();
  b.resolve();
  b.reach();
  EXPECT_EQ(b.send("early").why.code, at::error::not_connected);
  EXPECT_TRUE(b.machine->outgoing()->empty());
}

TEST(socket_machine_data, tells_what_the_engine_says_of_a_send) {
  using enum at::error;
  const struct {
    tls::send_outcome answer;
    at::error expected;
  } cases[] = {{tls::send_outcome::too_long, message_too_long},
               {tls::send_outcome::not_supported, not_supported},
               {tls::send_outcome::not_connected, not_connected}};
  for (const auto& c : cases) {
    bench b;
    b.come_up();
    b.engine->answer = c.answer;
    const auto sent = b.send("x");
    EXPECT_EQ(sent.is, send_status::failed);
    EXPECT_EQ(sent.why.code, c.expected);
    EXPECT_EQ(b.state(), "connected");
  }
  bench b;
  b.come_up();
  b.engine->answer = tls::send_outcome::failed;
  b.engine->why = {{internal, "broken"}, -1, false};
  EXPECT_EQ(b.send("x").why.code, internal);
  EXPECT_EQ(b.actions(), (words{"close", R"(#TDOWN: 1,2,-1,"broken")"}));
}

TEST(socket_machine_data, limits_datagrams_by_size_and_by_the_option_mtu) {
  auto options = profile_of(socket_protocol::dtls);
  options.mtu_bytes = 1000;
  bench b(options);
  b.come_up();
  b.engine->about.cost.fixed_bytes = 29;
  EXPECT_EQ(b.send(std::string(971, 'x')).is, send_status::accepted);
  EXPECT_EQ(b.send(std::string(972, 'x')).why.code, at::error::message_too_long);
  bench unlimited;
  unlimited.come_up();
  EXPECT_EQ(unlimited.send(std::string(16384, 'x')).is, send_status::accepted);
  EXPECT_EQ(unlimited.send(std::string(16385, 'x')).why.code, at::error::message_too_long);
}

TEST(socket_machine_data, makes_senders_wait_while_the_transport_is_full) {
  for (const auto protocol : {socket_protocol::tls, socket_protocol::dtls}) {
    bench b(profile_of(protocol));
    b.come_up();
    int accepted = 0;
    while (b.send(std::string(16384, 'x')).is == send_status::accepted) ++accepted;
    EXPECT_EQ(accepted, 16);
    EXPECT_FALSE(b.machine->can_send());
    b.machine->outgoing()->pop();
    EXPECT_TRUE(b.machine->can_send());
    b.machine->outgoing()->clear();
    for (accepted = 0; b.send("").is == send_status::accepted; ++accepted) {
    }
    EXPECT_EQ(accepted, 1024);
  }
}

TEST(socket_machine_data, a_stream_stops_reading_while_the_client_does_not_take) {
  bench b(profile_of(socket_protocol::tls));
  b.come_up();
  const std::string chunk(65536, 'x');
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(b.machine->wants_input());
    b.network(chunk);
  }
  EXPECT_FALSE(b.machine->wants_input());
  b.take(1);
  EXPECT_TRUE(b.machine->wants_input());
}

TEST(socket_machine_data, a_datagram_socket_always_reads_and_drops_what_is_too_much) {
  bench b;
  b.come_up();
  const std::string chunk(16384, 'x');
  for (int i = 0; i < 20; ++i) b.network(chunk);
  EXPECT_TRUE(b.machine->wants_input());
  EXPECT_EQ(b.machine->received().dropped_datagrams(), 4U);
}

TEST(socket_machine_data, a_udp_datagram_that_is_too_long_is_cut_and_marked) {
  auto options = profile_of(socket_protocol::udp);
  bench b(options);
  b.come_up();
  b.network(std::string(16385, 'x'));
  EXPECT_EQ(b.take(), std::string(16384, 'x') + " (cut)");
  b.machine->on_received(as_bytes("cut by the kernel"), true, b.now);
  EXPECT_EQ(b.take(), "cut by the kernel (cut)");
}

TEST(socket_machine_data, pull_tells_once_each_time_the_unread_bytes_go_from_none_to_some) {
  bench b(profile_of(socket_protocol::tls, delivery_mode::pull));
  b.come_up();
  b.network("one");
  EXPECT_EQ(b.actions(), words{"#TRDY: 1,3"});
  b.network("two");
  EXPECT_EQ(b.actions(), words{});
  EXPECT_EQ(b.take(4), "onet");
  EXPECT_EQ(b.actions(), words{});
  b.network("three");
  EXPECT_EQ(b.actions(), words{});
  EXPECT_EQ(b.take(), "wothree");
  b.network("four");
  EXPECT_EQ(b.actions(), words{"#TRDY: 1,4"});
}

TEST(socket_machine_data, a_new_connect_begins_with_an_empty_queue) {
  bench b(profile_of(socket_protocol::tls, delivery_mode::pull));
  b.come_up();
  b.network("old");
  b.machine->stop(b.now);
  b.forget();
  b.connect();
  b.resolve();
  b.reach();
  b.network("U");
  b.forget();
  EXPECT_EQ(b.take(), "(nothing)");
  b.network("new");
  EXPECT_EQ(b.actions(), words{"#TRDY: 1,3"});
}

TEST(socket_machine_data, icmp_after_the_connect_is_told_and_ends_nothing) {
  bench b;
  b.come_up();
  b.machine->on_error({at::error::connection_refused, "ICMP."}, b.now);
  EXPECT_EQ(b.actions(), words{"#TERR: 1,802"});
  EXPECT_EQ(b.state(), "connected");
}

TEST(socket_machine_data, info_counts_and_names_what_there_is) {
  bench b;
  const auto value = [&](std::string_view key) {
    for (const auto& [name, text] : b.machine->info())
      if (name == key) return text;
    return std::string("(none)");
  };
  EXPECT_EQ(value("state"), "\"open\"");
  EXPECT_EQ(value("suite"), "(none)");
  b.connect();
  b.resolve();
  b.reach();
  b.now += 12ms;
  b.network("U");
  b.network("hello");
  b.machine->on_sent(7);
  b.engine->about.cost.fixed_bytes = 29;
  EXPECT_EQ(value("state"), "\"connected\"");
  EXPECT_EQ(value("suite"), "\"FAKE_SUITE\"");
  EXPECT_EQ(value("handshake_ms"), "12");
  EXPECT_EQ(value("remote"), "\"192.0.2.1\",5684");
  EXPECT_EQ(value("mtu"), "1472");
  EXPECT_EQ(value("inner_mtu"), "1443");
  EXPECT_EQ(value("bytes_sent"), "7");
  EXPECT_EQ(value("bytes_received"), "6");
  EXPECT_EQ(value("buffered"), "5");
  EXPECT_EQ(value("dropped"), "0");
}

}  // namespace
}  // namespace tlsmodem::test
