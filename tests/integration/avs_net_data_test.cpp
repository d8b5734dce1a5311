// What avs_net's datagram sockets send and receive, and when their descriptor is readable.
#include "avs_net_fixture.hpp"
#include "data_fixture.hpp"
#include "tests/support/datagrams.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>

namespace tlsmodem::test {
namespace {

constexpr int relay_port = 7000;

class avs_net_datagrams : public avs_net_test {
 protected:
  static avs_time_duration_t receive_timeout(const avs_socket& of) {
    return of.option(AVS_NET_SOCKET_OPT_RECV_TIMEOUT).recv_timeout;
  }
};

// Protected data that went from the client to the server.
std::size_t data_datagrams(const udp_relay& relay) {
  const auto sent = relay.from_client();
  return static_cast<std::size_t>(
      std::count_if(sent.begin(), sent.end(), [](const bytes& each) { return each[0] == 23; }));
}

TEST_F(avs_net_datagrams, keep_their_borders_and_bytes) {
  const auto server = echo_server();
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(), ok);
  for (auto payload : awkward_payloads()) {
    payload.resize(std::min<std::size_t>(payload.size(), 200));  // gnutls-serv cuts longer ones
    ASSERT_EQ(socket.send(payload), ok);
    const auto got = socket.await();
    EXPECT_EQ(got.how, ok);
    EXPECT_EQ(got.data, payload);
  }
}

TEST_F(avs_net_datagrams, are_cut_by_a_small_buffer_and_not_by_an_exact_one) {
  const auto server = echo_server();
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(), ok);
  for (const char* payload : {"0123456789", "exact", "nothing", "last"}) {
    ASSERT_EQ(socket.send(payload), ok);
    ASSERT_TRUE(eventually([&] { return socket.is_readable(); }));
    const std::size_t room = payload == std::string_view("nothing") ? 0 : 5;
    const auto got = socket.await(room);
    const std::string_view whole = payload;
    EXPECT_EQ(got.how, whole.size() > room ? outcome(AVS_EMSGSIZE) : ok) << whole;
    EXPECT_EQ(got.data, whole.substr(0, room));
  }
  EXPECT_FALSE(socket.is_readable()) << "what was cut off is lost";
}

TEST_F(avs_net_datagrams, that_do_not_come_time_out_with_a_size_of_zero) {
  const auto server = echo_server();
  const avs_socket socket(with_psk());
  EXPECT_TRUE(avs_time_duration_equal(receive_timeout(socket), AVS_NET_SOCKET_DEFAULT_RECV_TIMEOUT));
  ASSERT_EQ(socket.connect(), ok);
  for (const auto timeout : {milliseconds(0), milliseconds(20), milliseconds(-5)}) {
    ASSERT_EQ(socket.set_receive_timeout(timeout), ok);
    const auto got = socket.receive();
    EXPECT_EQ(got.how, outcome(AVS_ETIMEDOUT));
    EXPECT_EQ(got.data, "");
  }
}

TEST_F(avs_net_datagrams, are_waited_for_as_long_as_was_said_once_and_for_all) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.set_receive_timeout(milliseconds(20)), ok);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(socket.connect_from_fresh_port(), ok);
    EXPECT_EQ(socket.receive().how, outcome(AVS_ETIMEDOUT));
    EXPECT_TRUE(avs_time_duration_equal(receive_timeout(socket), milliseconds(20)));
    ASSERT_EQ(round == 0 ? socket.shutdown() : ok, ok);
    ASSERT_EQ(socket.close(), ok);
    EXPECT_TRUE(avs_time_duration_equal(receive_timeout(socket), milliseconds(20)));
  }
}

TEST_F(avs_net_datagrams, are_waited_for_without_a_limit_when_the_timeout_is_invalid) {
  const auto server = echo_server();
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.set_receive_timeout(AVS_TIME_DURATION_INVALID), ok);
  EXPECT_FALSE(avs_time_duration_valid(receive_timeout(socket)));
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_EQ(socket.send("there"), ok);
  EXPECT_EQ(socket.receive().data, "there");
}

// An answer that is awaited brings data along; it must not get lost in the adapter, where poll() sees
// nothing.
TEST_F(avs_net_datagrams, make_the_descriptor_readable_also_when_a_command_swallowed_them) {
  const auto server = echo_server(5700);
  const udp_relay relay(relay_port, 5700);
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(relay_port), ok);
  EXPECT_FALSE(socket.is_readable());
  EXPECT_FALSE(socket.has_buffered_data());
  const auto before = relay.from_server().size();
  const std::array payloads = {"one", "two", "three"};
  for (const char* payload : payloads) ASSERT_EQ(socket.send(payload), ok);
  ASSERT_TRUE(eventually([&] { return relay.from_server().size() == before + payloads.size(); }));
  ASSERT_TRUE(eventually([&] { return socket.is_readable(); }));
  EXPECT_GT(socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu, 0);  // asks the modem
  EXPECT_TRUE(socket.has_buffered_data());
  ASSERT_EQ(socket.set_receive_timeout(milliseconds(0)), ok);
  for (const char* payload : payloads) {
    EXPECT_TRUE(eventually([&] { return socket.is_readable(); }));
    EXPECT_EQ(socket.receive().data, payload);
  }
  EXPECT_FALSE(socket.is_readable());
  EXPECT_FALSE(socket.has_buffered_data());
  EXPECT_EQ(socket.receive().how, outcome(AVS_ETIMEDOUT));
}

TEST_F(avs_net_datagrams, that_are_too_long_are_refused_whole) {
  const auto server = psk_server({"-quiet"}, 5700);
  const udp_relay relay(relay_port, 5700);
  auto settings = with_psk();
  settings.more.backend_configuration.forced_mtu = 700;
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(relay_port), ok);
  const auto most = static_cast<std::size_t>(socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu);
  EXPECT_EQ(socket.send(std::string(most + 1, 'l')), outcome(AVS_EMSGSIZE));
  EXPECT_EQ(socket.send(std::string(20'000, 'l')), outcome(AVS_EMSGSIZE));
  EXPECT_EQ(socket.bytes_sent(), 0U);
  EXPECT_EQ(socket.send(std::string(most, 'f') + "\n").code, outcome(AVS_EMSGSIZE).code);
  ASSERT_EQ(socket.send(std::string(most - 1, 'f') + "\n"), ok);
  EXPECT_TRUE(server.prints(std::string(most - 1, 'f') + "\n"));
  EXPECT_EQ(data_datagrams(relay), 1U);
  EXPECT_EQ(relay.from_client().back().size(), 700U - 28U);
  EXPECT_EQ(server.output().find('l'), std::string::npos);
}

TEST_F(avs_net_datagrams, without_a_forced_mtu_end_at_the_largest_record) {
  const auto server = psk_server();
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_EQ(socket.send(std::string(16'385, 'l')), outcome(AVS_EMSGSIZE));
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  EXPECT_TRUE(talks(socket, server));
}

TEST_F(avs_net_datagrams, of_no_bytes_are_not_sent) {
  const auto server = psk_server({}, 5700);
  const udp_relay relay(relay_port, 5700);
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(relay_port), ok);
  ASSERT_EQ(socket.send(""), ok);
  EXPECT_TRUE(talks(socket, server));
  EXPECT_EQ(data_datagrams(relay), 1U);
}

TEST_F(avs_net_datagrams, are_counted_over_reconnects_and_after_the_end) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  const avs_socket socket(with_psk());
  EXPECT_EQ(socket.bytes_sent(), 0U);
  EXPECT_EQ(socket.bytes_received(), 0U);
  const std::string ping("\x40\x00\x12\x34", 4);
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  ASSERT_EQ(socket.set_receive_timeout(milliseconds(100)), ok);
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(socket.connect_from_fresh_port(), ok);
    EXPECT_TRUE(eventually([&] {
      sent += socket.send(ping) == ok ? ping.size() : 0;
      const auto got = socket.receive();
      received += got.data.size();
      return got.how == ok;
    }));
    EXPECT_EQ(socket.bytes_sent(), sent);
    EXPECT_EQ(socket.bytes_received(), received);
    ASSERT_EQ(socket.shutdown(), ok);
    EXPECT_EQ(socket.bytes_sent(), sent);
    ASSERT_EQ(socket.close(), ok);
    EXPECT_EQ(socket.bytes_sent(), sent);
    EXPECT_EQ(socket.bytes_received(), received);
  }
}

TEST_F(avs_net_datagrams, end_once_when_the_peer_says_goodbye_and_then_it_is_quiet) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(), ok);
  server.program().signal(SIGTERM);  // it says goodbye to its clients
  ASSERT_TRUE(eventually([&] { return socket.is_readable(); }));
  EXPECT_FALSE(socket.has_buffered_data());
  ASSERT_EQ(socket.set_receive_timeout(milliseconds(0)), ok);
  auto end = socket.receive();
  EXPECT_EQ(end.how, ok);
  EXPECT_EQ(end.data, "");
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(socket.is_readable());
    end = socket.receive();
    EXPECT_EQ(end.how, outcome(AVS_ETIMEDOUT));
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  }
  EXPECT_GE(socket.descriptor(), 0);
  EXPECT_EQ(socket.send("anybody?"), outcome(AVS_ECONNRESET));
  EXPECT_EQ(socket.connect(), outcome(AVS_EISCONN));
  EXPECT_EQ(socket.close(), ok);
  const auto next = psk_server({}, 5700);
  EXPECT_EQ(socket.connect(5700), ok);
  EXPECT_TRUE(talks(socket, next));
}

TEST_F(avs_net_datagrams, to_a_port_that_is_closed_by_now_make_receive_fail) {
  std::unique_ptr<peer> server(new peer(psk_server()));
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_TRUE(talks(socket, *server));
  server.reset();
  ASSERT_EQ(socket.send("anybody?"), ok);
  ASSERT_TRUE(eventually([&] { return socket.is_readable(); }));
  const auto got = socket.await();
  EXPECT_EQ(got.how, outcome(AVS_ECONNREFUSED));
  EXPECT_EQ(got.data, "");
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  EXPECT_FALSE(socket.is_readable());
}

TEST_F(avs_net_datagrams, that_nobody_sent_are_not_received) {
  const auto server = psk_server({}, 5700);
  const udp_relay relay(relay_port, 5700);
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(relay_port), ok);
  ASSERT_TRUE(talks(socket, server));
  auto forged = relay.from_server().back();
  relay.inject(forged);  // a replay
  forged.back() ^= 1;
  relay.inject(forged);
  relay.inject(as_bytes("no record at all"));
  relay.inject(bytes_view());
  EXPECT_TRUE(talks(socket, server)) << "what the server says is the next that comes";
}

}  // namespace
}  // namespace tlsmodem::test
