// avs_net's sockets connect, through the daemon, to real servers.
#include "avs_net_fixture.hpp"

namespace tlsmodem::test {
namespace {

class avs_net_connect : public avs_net_test {};

constexpr std::uint16_t verification_failed = 0x2700;

TEST_F(avs_net_connect, with_a_pre_shared_key_over_dtls) {
  const auto server = psk_server();
  const avs_socket socket(with_psk());
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  EXPECT_EQ(socket.descriptor(), -1);
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  EXPECT_GE(socket.descriptor(), 0);
  EXPECT_FALSE(socket.is_resumed());
  EXPECT_TRUE(talks(socket, server));
}

TEST_F(avs_net_connect, to_both_servers_of_libcoap) {
  for (const auto library : {coap_library::openssl, coap_library::gnutls}) {
    const auto server = coap_server(library, peer_port, {"-k", std::string(psk_key)});
    const avs_socket socket(with_psk());
    ASSERT_EQ(socket.connect(), ok);
    const std::string ping("\x40\x00\x12\x34", 4);
    // Repeated, as CoAP does: libcoap now and then loses what comes right behind a handshake.
    ASSERT_EQ(socket.set_receive_timeout(milliseconds(100)), ok);
    EXPECT_TRUE(eventually([&] {
      return socket.send(ping) == ok && socket.receive().data == std::string("\x70\x00\x12\x34", 4);
    }));
  }
}

TEST_F(avs_net_connect, with_certificates_over_each_version) {
  using enum s_server_version;
  for (const auto version : {dtls1_2, tls1_2, tls1_3}) {
    SCOPED_TRACE(static_cast<int>(version));
    const auto server = certificate_server(version);
    const avs_socket socket(with_certificates(version == dtls1_2 ? over::udp : over::tcp));
    ASSERT_EQ(socket.connect(), ok);
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
    EXPECT_TRUE(talks(socket, server));
  }
}

TEST_F(avs_net_connect, to_a_name_that_the_certificate_has) {
  const auto server = certificate_server(s_server_version::dtls1_2);
  auto settings = with_certificates(over::udp);
  settings.sni = server_name;
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), ok);
}

TEST_F(avs_net_connect, to_a_server_with_another_name_fails) {
  using enum s_server_version;
  for (const auto version : {dtls1_2, tls1_2, tls1_3}) {
    const auto server = certificate_server(version);
    auto settings = with_certificates(version == dtls1_2 ? over::udp : over::tcp);
    settings.sni = "other.test";
    const avs_socket socket(settings);
    EXPECT_EQ(socket.connect(), library_error(verification_failed));
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  }
}

TEST_F(avs_net_connect, to_a_server_that_nobody_trusted_vouches_for_fails) {
  using enum s_server_version;
  for (const auto version : {dtls1_2, tls1_2, tls1_3}) {
    const auto server = certificate_server(version);
    auto settings = with_certificates(version == dtls1_2 ? over::udp : over::tcp);
    settings.trusted = to_pem(make_root("other root").certificate.get());
    const avs_socket socket(settings);
    EXPECT_EQ(socket.connect(), library_error(verification_failed));
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
    EXPECT_EQ(socket.descriptor(), -1);
    settings.verifies = false;
    const avs_socket trustful(settings);
    EXPECT_EQ(trustful.connect(), ok);
  }
}

TEST_F(avs_net_connect, with_a_client_certificate) {
  using enum s_server_version;
  for (const auto version : {dtls1_2, tls1_2, tls1_3}) {
    const auto server = certificate_server(version, {"-Verify", "2", "-verify_return_error"});
    const avs_socket socket(with_client_certificate(version == dtls1_2 ? over::udp : over::tcp));
    ASSERT_EQ(socket.connect(), ok);
    EXPECT_TRUE(talks(socket, server));
    EXPECT_TRUE(server.prints("client.test"));
  }
}

TEST_F(avs_net_connect, goes_through_its_states) {
  const auto server = coap_server(coap_library::openssl, 5700, {"-k", std::string(psk_key)});
  udp_nat nat(peer_port, 5700);  // OpenSSL's servers take no second handshake from the same port
  const avs_socket socket(with_psk());
  for (int round = 0; round < 2; ++round) {
    nat.rebind();
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
    ASSERT_EQ(socket.bind("127.0.0.1", "6001"), ok);
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_BOUND);
    EXPECT_EQ(socket.bind("127.0.0.1", "6002"), outcome(AVS_EISCONN));
    ASSERT_EQ(socket.connect(), ok);
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
    EXPECT_EQ(socket.connect(), outcome(AVS_EISCONN));
    EXPECT_EQ(socket.bind("127.0.0.1", "6002"), outcome(AVS_EISCONN));
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
    EXPECT_EQ(socket.local_port(), "6001");
    EXPECT_EQ(socket.shutdown(), ok);
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_SHUTDOWN);
    EXPECT_EQ(socket.close(), ok);
  }
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  EXPECT_EQ(socket.descriptor(), -1);
}

TEST_F(avs_net_connect, what_needs_a_connection_fails_without_one) {
  const avs_socket socket(with_psk());
  EXPECT_EQ(socket.send("x"), outcome(AVS_ENOTCONN));
  EXPECT_EQ(socket.receive().how, outcome(AVS_ENOTCONN));
  EXPECT_EQ(socket.shutdown(), outcome(AVS_EBADF));
  EXPECT_EQ(socket.close(), ok);
  avs_net_socket_t* none = nullptr;
  EXPECT_EQ(outcome(avs_net_socket_decorate(socket.raw(), none)), outcome(AVS_ENOTSUP));
  EXPECT_EQ(outcome(avs_net_socket_accept(socket.raw(), none)), outcome(AVS_ENOTSUP));
  EXPECT_EQ(outcome(avs_net_socket_send_to(socket.raw(), "x", 1, "127.0.0.1", "1")), outcome(AVS_ENOTSUP));
}

}  // namespace
}  // namespace tlsmodem::test
