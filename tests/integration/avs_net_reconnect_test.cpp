// A device that sleeps: the same socket goes away and comes back from the same port, silently.
#include "avs_net_fixture.hpp"
#include "tests/support/handshake_trace.hpp"
#include "tests/support/hosts_file.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <thread>

namespace tlsmodem::test {
namespace {

constexpr int relay_port = 7000;
constexpr int server_port = 5700;
const std::string coap_ping("\x40\x00\x12\x34", 4);
const std::string coap_reset("\x70\x00\x12\x34", 4);

class avs_net_reconnect : public avs_net_test {
 protected:
  // Repeated, as CoAP does: libcoap now and then loses what comes right behind a handshake.
  // Sent again, because libcoap may lose what comes right behind the handshake.
  static bool ping(const avs_socket& over) {
    if (over.set_receive_timeout(milliseconds(100)) != ok) return false;
    return eventually([&] { return over.send(coap_ping) == ok && over.receive().data == coap_reset; });
  }
  static peer libcoap(int port) {
    return coap_server(coap_library::openssl, port, {"-k", std::string(psk_key)});
  }
  // What the client has said, but for data: a ping that was sent again may still be on its way.
  static std::vector<bytes> said(const conversation& all) {
    constexpr std::uint8_t application_data = 23;
    std::vector<bytes> said;
    for (const auto& each : all)
      if (each.is_from_client && each.data.at(0) != application_data) said.push_back(each.data);
    return said;
  }
};

// What the server sees of a silent client is nothing, and then a ClientHello from where it was.
TEST_F(avs_net_reconnect, comes_from_the_same_port_and_goes_without_a_word) {
  const auto server = libcoap(server_port);
  udp_nat nat(relay_port, server_port);
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(relay_port), ok);
  ASSERT_TRUE(ping(socket));
  const auto port = socket.local_port();
  const int descriptor = socket.descriptor();
  for (int round = 0; round < 3; ++round) {
    const auto before = said(nat.conversations().at(0)).size();
    ASSERT_EQ(socket.shutdown(), ok);
    EXPECT_EQ(socket.remote_hostname(), "127.0.0.1");
    EXPECT_EQ(socket.remote_port(), std::to_string(relay_port));
    ASSERT_EQ(socket.close(), ok);
    ASSERT_EQ(socket.bind(round == 0 ? "" : "0.0.0.0", port), ok);
    EXPECT_EQ(socket.local_port(), port);
    nat.rebind();  // OpenSSL's servers take no second handshake from the same port
    ASSERT_EQ(socket.connect(relay_port), ok);
    EXPECT_EQ(socket.local_port(), port);
    EXPECT_EQ(socket.descriptor(), descriptor);
    ASSERT_EQ(nat.conversations().size(), 1U) << "the same address and port as before";
    const auto sent = said(nat.conversations().at(0));
    ASSERT_GT(sent.size(), before);
    EXPECT_TRUE(is_dtls_hello(sent[before])) << "the first that is said after the end";
    EXPECT_TRUE(ping(socket));
  }
}

// An application may also let go of the socket as it is.
TEST_F(avs_net_reconnect, also_close_and_cleanup_of_a_connected_socket_are_silent) {
  const auto server = libcoap(server_port);
  const udp_nat nat(relay_port, server_port);
  for (const bool is_closed_first : {true, false}) {
    auto socket = std::make_unique<avs_socket>(with_psk());
    ASSERT_EQ(socket->connect_from_fresh_port(relay_port), ok);
    ASSERT_TRUE(ping(*socket));
    const auto before = said(nat.conversations().back());
    const auto connections = nat.conversations().size();
    ASSERT_EQ(is_closed_first ? socket->close() : ok, ok);
    socket.reset();
    // Had anything been said, it were in front of this.
    const avs_socket next(with_psk());
    ASSERT_EQ(next.connect_from_fresh_port(relay_port), ok);
    ASSERT_EQ(nat.conversations().size(), connections + 1);
    EXPECT_EQ(said(nat.conversations().at(connections - 1)), before);
  }
}

TEST_F(avs_net_reconnect, to_a_port_that_somebody_took_says_so_and_another_one_does) {
  const auto server = libcoap(peer_port);
  auto settings = with_psk();
  settings.more.backend_configuration.reuse_addr = 1;
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(), ok);
  const auto port = socket.local_port();
  ASSERT_EQ(socket.close(), ok);
  const int taken = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  ASSERT_EQ(::bind(taken, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(socket.bind("0.0.0.0", port), outcome(AVS_EADDRINUSE));
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  EXPECT_EQ(socket.descriptor(), -1);
  EXPECT_EQ(socket.bind("", port), outcome(AVS_EADDRINUSE));
  ASSERT_EQ(socket.bind("0.0.0.0", "0"), ok);
  EXPECT_NE(socket.local_port(), port);
  EXPECT_GT(std::stoi(socket.local_port()), 0);
  EXPECT_EQ(socket.connect(), ok);
  ::close(taken);
  ASSERT_EQ(socket.close(), ok);
  EXPECT_EQ(socket.bind("0.0.0.0", port), ok);
}

TEST_F(avs_net_reconnect, binds_to_addresses_of_both_families_and_to_no_others) {
  const avs_socket socket(with_psk());
  for (const char* address : {"", "0.0.0.0", "127.0.0.1", "::", "::1"}) {
    ASSERT_EQ(socket.bind(address, "6001"), ok) << address;
    EXPECT_EQ(socket.local_port(), "6001");
    EXPECT_EQ(socket.local_host(), *address == '\0' ? "0.0.0.0" : address);
    EXPECT_TRUE(is_udp_port_bound(6001)) << "now, not only when it connects";
    ASSERT_EQ(socket.close(), ok);
    EXPECT_FALSE(is_udp_port_bound(6001));
    EXPECT_EQ(socket.local_port().front(), '?');
  }
  EXPECT_NE(socket.bind("192.0.2.1", "6001"), ok);
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  EXPECT_EQ(socket.bind("127.0.0.1", "no-such-service"), outcome(AVS_EINVAL));
}

TEST_F(avs_net_reconnect, bound_to_any_ipv6_address_reaches_ipv4_too) {
  const auto server = libcoap(peer_port);
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.bind("::", "6001"), ok);
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_EQ(socket.local_port(), "6001");
  EXPECT_EQ(socket.remote_host(), "127.0.0.1");
}

TEST_F(avs_net_reconnect, texts_need_room) {
  const auto server = libcoap(peer_port);
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.bind("127.0.0.1", "60001"), ok);
  ASSERT_EQ(socket.connect(), ok);
  const auto too_small = "?" + std::to_string(outcome(AVS_ERANGE).code);
  EXPECT_EQ(socket.text(avs_net_socket_get_local_port, 6), "60001");
  EXPECT_EQ(socket.text(avs_net_socket_get_local_port, 5), too_small);
  EXPECT_EQ(socket.text(avs_net_socket_get_remote_host, 10), "127.0.0.1");
  EXPECT_EQ(socket.text(avs_net_socket_get_remote_host, 9), too_small);
  EXPECT_EQ(socket.text(avs_net_socket_get_remote_host, 0), too_small);
}

TEST_F(avs_net_reconnect, knows_both_ends_by_name_address_port_and_interface) {
  static const temporary_directory directory;
  use_hosts(directory, "127.0.0.1 server.test\n");
  daemon_.restart(SIGTERM);
  const auto server = certificate_server(s_server_version::tls1_3);
  const avs_socket socket(with_certificates(over::tcp));
  avs_net_socket_interface_name_t interface {};
  EXPECT_NE(outcome(avs_net_socket_interface_name(socket.raw(), &interface)), ok);
  ASSERT_EQ(socket.connect(peer_port, server_name), ok);
  EXPECT_EQ(socket.remote_hostname(), server_name);
  EXPECT_EQ(socket.remote_host(), "127.0.0.1");
  EXPECT_EQ(socket.remote_port(), std::to_string(peer_port));
  EXPECT_EQ(socket.local_host(), "127.0.0.1");
  EXPECT_GT(std::stoi(socket.local_port()), 0);
  ASSERT_EQ(outcome(avs_net_socket_interface_name(socket.raw(), &interface)), ok);
  EXPECT_STREQ(interface, "lo");
  ASSERT_EQ(socket.shutdown(), ok);
  EXPECT_EQ(socket.remote_hostname(), server_name);
  EXPECT_EQ(socket.remote_host(), "127.0.0.1");
  EXPECT_EQ(socket.remote_port(), std::to_string(peer_port));
  ASSERT_EQ(socket.close(), ok);
  const auto none = "?" + std::to_string(outcome(AVS_EBADF).code);
  EXPECT_EQ(socket.remote_hostname(), none);
  EXPECT_EQ(socket.remote_host(), none);
  EXPECT_EQ(socket.remote_port(), none);
  EXPECT_EQ(socket.local_host(), none);
  EXPECT_EQ(socket.local_port(), none);
}

TEST_F(avs_net_reconnect, prefers_the_endpoint_that_it_is_given_and_writes_down_the_one_it_took) {
  static const temporary_directory directory;
  use_hosts(directory, "127.0.0.2 server.test\n127.0.0.1 server.test\n");
  daemon_.restart(SIGTERM);
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)}, "0.0.0.0");
  int port = 6000;  // a new one for each
  avs_net_resolved_endpoint_t endpoint{};
  auto settings = with_psk();
  settings.more.backend_configuration.preferred_endpoint = &endpoint;
  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.0.0.1"}) {
    sockaddr_in raw{};
    raw.sin_family = AF_INET;
    raw.sin_port = htons(peer_port);
    ::inet_pton(AF_INET, address, &raw.sin_addr);
    endpoint.size = sizeof raw;
    std::memcpy(endpoint.data.buf, &raw, sizeof raw);
    const avs_socket socket(settings);
    ASSERT_EQ(socket.bind("0.0.0.0", std::to_string(++port)), ok);
    ASSERT_EQ(socket.connect(peer_port, "server.test"), ok);
    EXPECT_EQ(socket.remote_host(), address);
    EXPECT_EQ(endpoint.size, sizeof raw);
    EXPECT_EQ(std::memcmp(endpoint.data.buf, &raw, sizeof raw), 0);
  }
  endpoint = {};
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(peer_port, "server.test"), ok);
  ASSERT_EQ(endpoint.size, sizeof(sockaddr_in));
  sockaddr_in chosen{};
  std::memcpy(&chosen, endpoint.data.buf, sizeof chosen);
  EXPECT_EQ(::inet_ntoa(chosen.sin_addr), socket.remote_host());
  EXPECT_EQ(ntohs(chosen.sin_port), peer_port);
}

TEST_F(avs_net_reconnect, of_sockets_in_several_threads_does_not_mix_them_up) {
  const auto server = libcoap(peer_port);
  std::vector<std::thread> threads;
  std::vector<int> pings(4, 0);
  for (std::size_t i = 0; i < pings.size(); ++i)
    threads.emplace_back([&, i] {
      const avs_socket socket(with_psk());
      const std::string message("\x40\x00\x12", 3);
      const std::string answer("\x70\x00\x12", 3);
      const char id = static_cast<char>('a' + i);
      if (socket.set_receive_timeout(milliseconds(100)) != ok) return;
      for (int round = 0; round < 5; ++round) {
        if (socket.connect_from_fresh_port() != ok) return;
        pings[i] += eventually(
            [&] { return socket.send(message + id) == ok && socket.receive().data == answer + id; });
        if (socket.shutdown() != ok || socket.close() != ok) return;
      }
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(pings, std::vector<int>(4, 5));
}

}  // namespace
}  // namespace tlsmodem::test
