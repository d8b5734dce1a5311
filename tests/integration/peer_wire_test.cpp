// What goes over the wire during and after a DTLS handshake: repeats, ports, strays, and the size of
// datagrams.
#include "peer_fixture.hpp"
#include "tests/support/client_hello.hpp"
#include "tests/support/datagrams.hpp"

#include <algorithm>
#include <csignal>
#include <memory>
#include <ostream>
#include <set>

namespace tlsmodem::test {
namespace {

struct timer_row {
  const char* name;
  int hs_min_ms;
  int hs_max_ms;
  std::size_t hellos;
};

void PrintTo(const timer_row& made, std::ostream* out) { *out << made.name; }

class retransmission : public peer_test, public ::testing::WithParamInterface<timer_row> {};

// RFC 6347 4.2.4.1: the wait doubles up to the maximum, which is waited for once.
TEST_P(retransmission, repeats_the_client_hello_as_the_timer_options_say) {
  const auto& row = GetParam();
  const silent_port server(peer_port);
  configure({R"("psk","3")", "\"hs_min\"," + std::to_string(row.hs_min_ms),
             "\"hs_max\"," + std::to_string(row.hs_max_ms)});
  const int id = channel_.open();
  EXPECT_EQ(channel_.connect_fail(id, "127.0.0.1", peer_port).code, at::error::handshake_timeout);

  const auto sent = server.take();

  EXPECT_EQ(sent.size(), row.hellos);
  for (const auto& datagram : sent) {
    EXPECT_EQ(parse_dtls_hello(datagram.data).random, parse_dtls_hello(sent.front().data).random);
    EXPECT_EQ(datagram.from_port, sent.front().from_port);
  }
  EXPECT_EQ(channel_.info(id, "retransmissions"), std::to_string(row.hellos - 1));
}

INSTANTIATE_TEST_SUITE_P(timers, retransmission,
                         ::testing::Values(timer_row{"ten_to_forty", 10, 40, 3},
                                           timer_row{"never_repeated", 10, 10, 1},
                                           timer_row{"capped", 10, 25, 3},
                                           timer_row{"five_to_eighty", 5, 80, 5}),
                         [](const auto& row) { return row.param.name; });

class on_the_wire : public peer_test {
 protected:
  static constexpr int relay_port = 7000;

  void expect_coap_answer(int id) {
    channel_.send(id, std::string_view("\x40\x01\x12\x34\xb4time"));
    EXPECT_EQ(channel_.receive().substr(0, 4), "\x60\x45\x12\x34");
  }
};

TEST_F(on_the_wire, every_handshake_has_a_new_port_and_a_new_random) {
  const silent_port server(peer_port);
  configure({R"("psk","3")", R"("hs_min",1)", R"("hs_max",1)"});
  const int id = channel_.open();
  std::set<std::uint16_t> ports;
  std::set<bytes> randoms;
  for (int round = 0; round < 4; ++round) {
    channel_.connect_fail(id, "127.0.0.1", peer_port);
    const auto sent = server.next();
    ports.insert(sent.from_port);
    randoms.insert(parse_dtls_hello(sent.data).random);
  }
  EXPECT_GT(ports.size(), 1U);  // the kernel may give one twice, but not always
  EXPECT_EQ(randoms.size(), 4U);
}

TEST_F(on_the_wire, a_bound_socket_keeps_its_port_over_connects_until_it_is_reopened) {
  const silent_port server(peer_port);
  configure({R"("psk","3")", R"("hs_min",1)", R"("hs_max",1)"});
  const int id = channel_.open();
  channel_.ok("AT#TBIND=1,\"127.0.0.1\",6001");
  for (int round = 0; round < 3; ++round) {
    channel_.connect_fail(id, "127.0.0.1", peer_port);
    EXPECT_EQ(server.next().from_port, 6001);
    EXPECT_EQ(channel_.info(id, "local"), "\"127.0.0.1\",6001");
  }
  channel_.ok("AT#TREOPEN=1");
  channel_.connect_fail(id, "127.0.0.1", peer_port);
  EXPECT_NE(server.next().from_port, 6001);
}

TEST_F(on_the_wire, a_bound_socket_keeps_its_port_over_associations) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  configure({R"("psk","3")"});
  const int id = channel_.open();
  channel_.ok("AT#TBIND=1,\"\",6001");
  for (int round = 0; round < 2; ++round) {
    const auto up = channel_.connect_up(id, "127.0.0.1", peer_port);
    EXPECT_EQ(up.local_address, "127.0.0.1");
    EXPECT_EQ(up.local_port, 6001);
    expect_coap_answer(id);
    channel_.ok("AT#TSHUT=1");
    EXPECT_EQ(down().cause, at::down_cause::peer_closed);
  }
}

TEST_F(on_the_wire, a_client_hello_from_the_server_is_ignored_and_counted) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  const udp_relay relay(relay_port, peer_port);
  configure({R"("psk","3")"});
  const int id = channel_.open();
  server.program().pause();
  channel_.ok("AT#TCONN=1,\"127.0.0.1\"," + std::to_string(relay_port));
  ASSERT_TRUE(eventually([&] { return !relay.from_client().empty(); }));
  const auto hello = relay.from_client().front();

  relay.inject(hello);
  server.program().resume();
  channel_.event("#TUP");
  EXPECT_EQ(channel_.info(id, "ignored_client_hellos"), "1");

  relay.inject(hello);
  expect_coap_answer(id);
  EXPECT_EQ(channel_.info(id, "ignored_client_hellos"), "2");
}

TEST_F(on_the_wire, strays_from_the_server_disturb_neither_handshake_nor_data) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  const udp_relay relay(relay_port, peer_port);
  configure({R"("psk","3")"});
  const int id = channel_.open();
  const std::vector<std::string> strays = {
      "", "GET / HTTP/1.1\r\n\r\n", std::string(1400, '\xff'),
      // a fatal alert and data that nobody protected, behind the handshake; a HelloRequest at any time
      std::string("\x17\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x09\x00\x02hi", 15),
      std::string("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x09\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                  "\x00\x00\x00",
                  25)};
  server.program().pause();
  channel_.ok("AT#TCONN=1,\"127.0.0.1\"," + std::to_string(relay_port));
  ASSERT_TRUE(eventually([&] { return !relay.from_client().empty(); }));

  for (const auto& stray : strays) relay.inject(as_bytes(stray));
  server.program().resume();
  channel_.event("#TUP");
  for (const auto& stray : strays) relay.inject(as_bytes(stray));
  relay.inject(as_bytes(std::string("\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x02\x02\x28", 15)));
  expect_coap_answer(id);
  EXPECT_EQ(state_of(id), "\"connected\"");
  EXPECT_EQ(channel_.info(id, "alert_in"), "-1");
}

struct silence_row {
  const char* name;
  const char* credential;
  std::size_t most_from_server;
  const char* text;
};

void PrintTo(const silence_row& made, std::ostream* out) { *out << made.name; }

class silence : public on_the_wire, public ::testing::WithParamInterface<silence_row> {};

TEST_P(silence, of_the_server_is_told_with_the_stage_at_which_it_began) {
  const auto& row = GetParam();
  const bool is_psk = std::string_view(row.credential).find("psk") != std::string_view::npos;
  const auto start = [&] {
    return is_psk ? new peer(coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)}))
                  : new peer(s_server(s_server_version::dtls1_2, peer_port,
                                      {"-cert", server_file(), "-mtu", "300"}));  // a message a datagram
  };
  std::unique_ptr<peer> server(start());
  configure({row.credential, R"("hs_min",200)", R"("hs_max",800)"});
  const int id = channel_.open();

  // A datagram that is sent again takes the place of the next one: that try comes less far.
  at::fail_event fail;
  EXPECT_TRUE(eventually([&] {
    const udp_relay relay(relay_port, peer_port, row.most_from_server);
    fail = channel_.connect_fail(id, "127.0.0.1", relay_port);
    EXPECT_EQ(fail.code, at::error::handshake_timeout);
    EXPECT_EQ(fail.alert, -1);
    return fail.text == "127.0.0.1 port " + std::to_string(relay_port) + ": " + row.text;
  })) << fail.text;

  server.reset();
  server.reset(start());
  channel_.connect_up(id, "127.0.0.1", peer_port);
}

INSTANTIATE_TEST_SUITE_P(
    stages, silence,
    ::testing::Values(
        silence_row{"from_the_start", R"("psk","3")", 0, "no answer at all from the server"},
        silence_row{"after_hello_verify_request", R"("psk","3")", 1,
                    "the server fell silent after its HelloVerifyRequest"},
        silence_row{"after_server_hello", R"("ca","1")", 2, "the server fell silent after its ServerHello"},
        silence_row{"after_finished", R"("psk","3")", 2,
                    "the server fell silent after our Finished; wrong pre-shared key or identity?"}),
    [](const auto& row) { return row.param.name; });

TEST_F(on_the_wire, a_dtls_server_that_wants_to_renegotiate_is_ignored) {
  const auto server = s_server(s_server_version::dtls1_2, peer_port, good_server());
  const udp_relay relay(relay_port, peer_port);
  configure({R"("ca","1")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", relay_port);
  const auto before = relay.from_server().size();
  server.type("r\n");
  ASSERT_TRUE(eventually([&] { return relay.from_server().size() > before; }));
  const auto request = relay.from_server().back();
  EXPECT_EQ(request[0], 22);  // a handshake record,
  EXPECT_EQ(request[4], 1);   // protected

  const auto answered = relay.from_client().size();
  channel_.send(id, "still\n");
  channel_.send(id, "here\n");
  ASSERT_TRUE(eventually([&] { return relay.from_client().size() >= answered + 2; }));
  for (auto i = answered; i < relay.from_client().size(); ++i)
    EXPECT_EQ(relay.from_client()[i][0], 23);  // application data and nothing else
  EXPECT_EQ(state_of(id), "\"connected\"");
  EXPECT_EQ(channel_.info(id, "alert_in"), "-1");
}

TEST_F(on_the_wire, no_datagram_is_longer_than_the_option_mtu) {
  constexpr std::size_t mtu_bytes = 300;
  auto arguments = good_server();
  arguments.insert(arguments.end(), {"-Verify", "1", "-verify_return_error"});
  const auto server = s_server(s_server_version::dtls1_2, peer_port, arguments);
  const udp_relay relay(relay_port, peer_port);
  configure({R"("ca","1")", R"("cert","2")", R"("key","2")", "\"mtu\"," + std::to_string(mtu_bytes)});
  const int id = channel_.open();

  channel_.connect_up(id, "127.0.0.1", relay_port);
  const auto inner = std::stoul(channel_.info(id, "inner_mtu"));
  const auto too_long = "AT#TSEND=1," + std::to_string(inner + 1);
  EXPECT_EQ(channel_.error_of(too_long, std::string(inner + 1, 'x')), 813);
  channel_.send(id, std::string(inner - 1, 'x') + "\n");
  ASSERT_TRUE(server.prints(std::string(inner - 1, 'x')));

  EXPECT_EQ(channel_.info(id, "mtu"), std::to_string(mtu_bytes));
  std::size_t handshake_bytes = 0;
  for (const auto& datagram : relay.from_client()) {
    EXPECT_LE(datagram.size(), mtu_bytes);
    handshake_bytes += datagram.size();
  }
  EXPECT_GT(handshake_bytes, 3 * mtu_bytes);  // the certificate had to be cut
  EXPECT_EQ(relay.from_client().back().size(), mtu_bytes);
}

}  // namespace
}  // namespace tlsmodem::test
