// Sessions outlive the socket, the daemon and the connection, but not the application's buffer.
#include "avs_net_fixture.hpp"
#include "tests/support/handshake_trace.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>

namespace tlsmodem::test {
namespace {

constexpr int relay_port = 7000;
constexpr int server_port = 5700;
using buffer = std::array<std::uint8_t, 1024>;

bool is_zero(const buffer& of) {
  return std::ranges::all_of(of, [](std::uint8_t byte) { return byte == 0; });
}

template <std::size_t Size>
tls_settings with_buffer(tls_settings settings, std::array<std::uint8_t, Size>& memory) {
  settings.more.session_resumption_buffer = memory.data();
  settings.more.session_resumption_buffer_size = memory.size();
  return settings;
}

class avs_net_resumption : public avs_net_test {
 protected:
  // A new socket connects. What it says about the handshake.
  static bool connects_resumed(const tls_settings& settings, int port = peer_port) {
    const avs_socket socket(settings);
    EXPECT_EQ(settings.transport == over::udp ? socket.connect_from_fresh_port(port) : socket.connect(port),
              ok);
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
    const bool is_resumed = socket.is_resumed();
    EXPECT_EQ(socket.shutdown(), ok);
    EXPECT_FALSE(socket.option(AVS_NET_SOCKET_OPT_CONNECTION_ID_RESUMED).flag);
    return is_resumed;
  }
  static peer libcoap(int port = peer_port) {
    return coap_server(coap_library::openssl, port, {"-k", std::string(psk_key)});
  }
};

TEST_F(avs_net_resumption, needs_the_buffer_and_nothing_else) {
  const auto server = libcoap();
  buffer memory{};
  const auto settings = with_buffer(with_psk(), memory);
  EXPECT_FALSE(connects_resumed(settings));
  EXPECT_FALSE(is_zero(memory));
  EXPECT_TRUE(connects_resumed(settings));
  EXPECT_TRUE(connects_resumed(settings));
  buffer copy = memory;
  EXPECT_TRUE(connects_resumed(with_buffer(with_psk(), copy)));
  EXPECT_FALSE(connects_resumed(with_psk())) << "without a buffer";
}

TEST_F(avs_net_resumption, of_the_same_socket) {
  const auto server = libcoap();
  buffer memory{};
  const avs_socket socket(with_buffer(with_psk(), memory));
  for (int round = 0; round < 3; ++round) {
    EXPECT_FALSE(socket.is_resumed()) << "not connected";
    ASSERT_EQ(socket.connect_from_fresh_port(), ok);
    EXPECT_EQ(socket.is_resumed(), round > 0);
    ASSERT_EQ(socket.close(), ok);
  }
}

TEST_F(avs_net_resumption, survives_the_daemon_however_it_ends) {
  const auto server = libcoap();
  for (const int signal : {SIGTERM, SIGKILL}) {
    buffer memory{};
    const auto settings = with_buffer(with_psk(), memory);
    EXPECT_FALSE(connects_resumed(settings));
    // A credential that is kept is on the disk when it is answered, and so is all that came before it.
    test_channel(daemon_).ok("AT#TCRED=0,999,4,1,0", "x");
    daemon_.restart(signal);
    EXPECT_TRUE(connects_resumed(settings)) << signal;
  }
}

// The server is asked whether it still knows the client, as if no connection ID had been offered.
TEST_F(avs_net_resumption, of_an_association_whose_connection_id_the_server_declined_makes_a_handshake) {
  const auto server = libcoap(server_port);
  udp_nat nat(relay_port, server_port);
  buffer memory{};
  auto settings = with_buffer(with_psk(), memory);
  settings.more.use_connection_id = true;
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(relay_port), ok);
  const auto port = socket.local_port();
  ASSERT_EQ(socket.close(), ok);
  nat.rebind();  // OpenSSL's servers take no second handshake from the same port
  ASSERT_EQ(socket.bind("0.0.0.0", port), ok);
  ASSERT_EQ(socket.connect(relay_port), ok);
  EXPECT_TRUE(socket.is_resumed());
  EXPECT_FALSE(socket.option(AVS_NET_SOCKET_OPT_CONNECTION_ID_RESUMED).flag);
}

TEST_F(avs_net_resumption, over_tls_also_where_the_ticket_comes_later) {
  using enum s_server_version;
  for (const auto version : {tls1_2, tls1_3}) {
    const auto server = certificate_server(version);
    buffer memory{};
    const auto settings = with_buffer(with_certificates(over::tcp), memory);
    {
      const avs_socket socket(settings);
      ASSERT_EQ(socket.connect(), ok);
      EXPECT_TRUE(talks(socket, server));  // behind the tickets of TLS 1.3
    }
    EXPECT_FALSE(is_zero(memory));
    EXPECT_TRUE(connects_resumed(settings));
    EXPECT_TRUE(server.prints("Reused session-id"));
  }
}

TEST_F(avs_net_resumption, of_what_is_no_session_is_a_full_handshake) {
  const auto server = libcoap();
  buffer good{};
  ASSERT_FALSE(connects_resumed(with_buffer(with_psk(), good)));
  const auto damaged = [&good](const std::function<void(buffer&)>& damage) {
    auto memory = good;
    damage(memory);
    return connects_resumed(with_buffer(with_psk(), memory));
  };
  EXPECT_TRUE(damaged([](buffer&) {}));
  EXPECT_FALSE(damaged([](buffer& memory) { memory.fill(0); }));
  EXPECT_FALSE(damaged([](buffer& memory) { memory.fill(0xFF); }));
  EXPECT_FALSE(damaged(
      [](buffer& memory) { std::ranges::copy(std::string_view("MSP\x01\0\0\1\0"), memory.begin()); }));
  for (std::size_t i = 0; i < 21; ++i)
    EXPECT_FALSE(damaged([i](buffer& memory) { memory.at(i) ^= 1; })) << "byte " << i;
}

// Another daemon has never heard of the session.
TEST_F(avs_net_resumption, of_a_session_that_the_daemon_does_not_have_is_a_full_handshake) {
  const auto server = libcoap();
  buffer memory{};
  const auto settings = with_buffer(with_psk(), memory);
  ASSERT_FALSE(connects_resumed(settings));
  const running_daemon other;
  ::setenv("TLSMODEM_SOCKET", other.socket_path().c_str(), 1);
  EXPECT_FALSE(connects_resumed(settings));
  EXPECT_TRUE(connects_resumed(settings));
}

TEST_F(avs_net_resumption, that_the_server_refuses_is_a_full_handshake_and_says_so) {
  buffer memory{};
  const auto settings = with_buffer(with_psk(), memory);
  {
    const auto server = libcoap();
    ASSERT_FALSE(connects_resumed(settings));
  }
  const auto server = libcoap();  // it remembers nothing
  EXPECT_FALSE(connects_resumed(settings));
  EXPECT_TRUE(connects_resumed(settings));
}

TEST_F(avs_net_resumption, with_a_buffer_that_is_too_small_is_a_full_handshake) {
  const auto server = libcoap();
  std::array<std::uint8_t, 21> enough{};
  EXPECT_FALSE(connects_resumed(with_buffer(with_psk(), enough)));
  EXPECT_TRUE(connects_resumed(with_buffer(with_psk(), enough)));
  std::array<std::uint8_t, 20> too_small{};
  too_small.fill(7);
  EXPECT_FALSE(connects_resumed(with_buffer(with_psk(), too_small)));
  EXPECT_EQ(too_small, (std::array<std::uint8_t, 20>{}));
  EXPECT_FALSE(connects_resumed(with_buffer(with_psk(), too_small)));
}

// That is how an application forbids a resumption.
TEST_F(avs_net_resumption, is_forbidden_by_zeros_which_stay_until_the_next_connect) {
  using enum s_server_version;
  for (const auto transport : {over::udp, over::tcp}) {
    const auto server = certificate_server(transport == over::udp ? dtls1_2 : tls1_3);
    buffer memory{};
    const avs_socket socket(with_buffer(with_certificates(transport), memory));
    ASSERT_EQ(socket.connect(), ok);
    ASSERT_TRUE(talks(socket, server));
    ASSERT_FALSE(is_zero(memory));
    memory.fill(0);
    ASSERT_TRUE(talks(socket, server));
    EXPECT_TRUE(is_zero(memory));
    ASSERT_EQ(socket.set_receive_timeout(milliseconds(0)), ok);
    EXPECT_EQ(socket.receive().how, outcome(AVS_ETIMEDOUT));
    EXPECT_GE(socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu, 0);
    ASSERT_EQ(socket.shutdown(), ok);
    EXPECT_TRUE(is_zero(memory));
    ASSERT_EQ(socket.close(), ok);
    EXPECT_TRUE(is_zero(memory));
  }
}

TEST_F(avs_net_resumption, of_zeros_asks_the_server_for_nothing) {
  const auto server = libcoap(server_port);
  const udp_nat nat(relay_port, server_port);
  buffer memory{};
  const auto settings = with_buffer(with_psk(), memory);
  ASSERT_FALSE(connects_resumed(settings, relay_port));
  ASSERT_TRUE(connects_resumed(settings, relay_port));
  memory.fill(0);
  ASSERT_FALSE(connects_resumed(settings, relay_port));
  const auto all = nat.conversations();
  ASSERT_EQ(all.size(), 3U);
  const auto offers = [&](std::size_t which) {
    const auto trace = trace_dtls(all.at(which));
    const auto& hello = trace.hellos.back();
    const auto ticket = hello.extensions.find(extension::session_ticket);
    const bool has_ticket = ticket != hello.extensions.end() && !ticket->second.empty();
    return has_ticket || !hello.session_id.empty();
  };
  EXPECT_FALSE(offers(0));
  EXPECT_TRUE(offers(1));
  EXPECT_FALSE(offers(2));
}

TEST_F(avs_net_resumption, is_written_by_calls_of_the_application_only) {
  const auto server = certificate_server(s_server_version::tls1_3);
  buffer memory{};
  const avs_socket socket(with_buffer(with_certificates(over::tcp), memory));
  EXPECT_TRUE(is_zero(memory)) << "not by a create";
  ASSERT_EQ(socket.connect(), ok);
  const auto after_connect = memory;
  ASSERT_TRUE(eventually([&] { return socket.is_readable() || !is_zero(memory); }));  // the tickets
  EXPECT_EQ(memory, after_connect);
  ASSERT_EQ(socket.set_receive_timeout(milliseconds(0)), ok);
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(socket.receive().how, outcome(AVS_ETIMEDOUT));
    return !is_zero(memory);
  }));
}

// ---- a pre-shared key of TLS 1.3, without tickets

class avs_net_external_psk : public avs_net_resumption {
 protected:
  static peer server_without_tickets(s_server_version version, int port = peer_port) {
    return s_server(version, port,
                    {"-nocert", "-psk", hex_of(psk_key), "-psk_identity", std::string(psk_identity),
                     "-num_tickets", "0", "-no_ticket", "-no_cache"});
  }
  static tls_settings with_psk_over_tcp(buffer& memory) {
    auto settings = with_buffer(with_psk(), memory);
    settings.transport = over::tcp;
    settings.timeouts.reset();
    return settings;
  }
  static void choose(const char* value) { ::setenv("TLSMODEM_PSK_IS_RESUMPTION", value, 1); }
  // A device wakes up: the same socket connects again. What it says about the handshake.
  static bool wakes_up_resumed(const avs_socket& socket, int port = peer_port) {
    EXPECT_EQ(socket.connect(port), ok);
    const bool is_resumed = socket.is_resumed();
    EXPECT_EQ(socket.shutdown(), ok);
    EXPECT_EQ(socket.close(), ok);
    EXPECT_FALSE(socket.is_resumed()) << "not connected";
    return is_resumed;
  }
};

// How avs_net's own backends say it, and how it is.
TEST_F(avs_net_external_psk, is_a_resumption_where_that_is_chosen) {
  const auto server = server_without_tickets(s_server_version::tls1_3);
  for (const char* chosen : {"", "0", "1"}) {
    choose(chosen);
    const bool is_chosen = *chosen == '1';
    buffer memory{};
    const avs_socket socket(with_psk_over_tcp(memory));
    EXPECT_FALSE(wakes_up_resumed(socket)) << "there was nothing before";
    EXPECT_FALSE(is_zero(memory));
    EXPECT_EQ(wakes_up_resumed(socket), is_chosen) << chosen;
    EXPECT_EQ(wakes_up_resumed(socket), is_chosen) << chosen;
    memory.fill(0);
    EXPECT_FALSE(wakes_up_resumed(socket)) << "the application forbade it";
    EXPECT_EQ(wakes_up_resumed(socket), is_chosen) << chosen;
    EXPECT_FALSE(wakes_up_resumed(avs_socket(with_psk_over_tcp(memory)))) << "it may have another key";
  }
}

TEST_F(avs_net_external_psk, is_none_at_another_server) {
  choose("1");
  const auto server = server_without_tickets(s_server_version::tls1_3);
  const auto other = server_without_tickets(s_server_version::tls1_3, peer_port + 1);
  buffer memory{};
  const avs_socket socket(with_psk_over_tcp(memory));
  EXPECT_FALSE(wakes_up_resumed(socket));
  EXPECT_FALSE(wakes_up_resumed(socket, peer_port + 1));
  EXPECT_TRUE(wakes_up_resumed(socket, peer_port + 1));
}

TEST_F(avs_net_external_psk, is_none_without_a_buffer) {
  choose("1");
  const auto server = server_without_tickets(s_server_version::tls1_3);
  auto settings = with_psk();
  settings.transport = over::tcp;
  const avs_socket socket(settings);
  EXPECT_FALSE(wakes_up_resumed(socket));
  EXPECT_FALSE(wakes_up_resumed(socket));
}

// Before TLS 1.3, and with certificates, a full handshake is one in every backend.
TEST_F(avs_net_external_psk, is_none_in_other_handshakes) {
  choose("1");
  {
    const auto server = server_without_tickets(s_server_version::tls1_2);
    buffer memory{};
    const avs_socket socket(with_psk_over_tcp(memory));
    EXPECT_FALSE(wakes_up_resumed(socket));
    EXPECT_FALSE(wakes_up_resumed(socket));
  }
  const auto server = certificate_server(s_server_version::tls1_3, {"-num_tickets", "0"}, peer_port + 1);
  buffer memory{};
  const avs_socket socket(with_buffer(with_certificates(over::tcp), memory));
  EXPECT_FALSE(wakes_up_resumed(socket, peer_port + 1));
  EXPECT_FALSE(wakes_up_resumed(socket, peer_port + 1));
}

TEST_F(avs_net_external_psk, another_choice_than_yes_or_no_creates_no_socket) {
  buffer memory{};
  const auto settings = with_psk_over_tcp(memory);
  for (const char* chosen : {"yes", "2", "01", " 1"}) {
    choose(chosen);
    avs_net_socket_t* none = nullptr;
    EXPECT_EQ(settings.create(none), outcome(AVS_EINVAL)) << chosen;
    EXPECT_EQ(none, nullptr);
  }
}

}  // namespace
}  // namespace tlsmodem::test
