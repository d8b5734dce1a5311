// What avs_net's sockets say when they cannot be created or cannot connect, and that they can be used again.
#include "avs_net_fixture.hpp"
#include "tests/support/datagrams.hpp"
#include "tests/support/handshake_trace.hpp"
#include "tests/support/hosts_file.hpp"

#include <ostream>

namespace tlsmodem::test {
namespace {

constexpr std::uint16_t key_does_not_fit = 0x4E00;
constexpr std::uint8_t bad_record_mac = 20;
constexpr std::uint8_t handshake_failure = 40;
constexpr std::uint8_t unknown_ca = 48;
constexpr std::uint8_t certificate_required = 116;

class avs_net_failed_connect : public avs_net_test {
 protected:
  // After an error it is as if nothing had been.
  static void expect_reusable(const avs_socket& socket, over transport) {
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
    EXPECT_EQ(socket.descriptor(), -1);
    EXPECT_EQ(socket.remote_hostname().front(), '?');
    EXPECT_FALSE(socket.is_resumed());
    if (transport == over::tcp) return;
    ASSERT_EQ(socket.bind("127.0.0.1", "6001"), ok);
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_BOUND);
  }
};

TEST_F(avs_net_failed_connect, to_a_port_where_nobody_is_and_then_where_somebody_is) {
  const avs_socket datagrams(with_psk());
  ASSERT_EQ(datagrams.bind("127.0.0.1", "6001"), ok);
  EXPECT_EQ(datagrams.connect(), outcome(AVS_ECONNREFUSED));
  expect_reusable(datagrams, over::udp);
  const auto server = psk_server();
  EXPECT_EQ(datagrams.connect(), ok);
  EXPECT_EQ(datagrams.local_port(), "6001");
  EXPECT_TRUE(talks(datagrams, server));

  const avs_socket stream(with_certificates(over::tcp));
  EXPECT_EQ(stream.connect(), outcome(AVS_ECONNREFUSED));
  expect_reusable(stream, over::tcp);
  const auto tls = certificate_server(s_server_version::tls1_3);
  EXPECT_EQ(stream.connect(), ok);
  EXPECT_TRUE(talks(stream, tls));
}

TEST_F(avs_net_failed_connect, to_a_name_that_does_not_exist) {
  const temporary_directory directory;
  use_hosts(directory, "127.0.0.1 server.test\n");
  daemon_.restart(SIGTERM);
  const avs_socket datagrams(with_psk());
  EXPECT_EQ(datagrams.connect(peer_port, "nobody.invalid"), outcome(AVS_EADDRNOTAVAIL));
  expect_reusable(datagrams, over::udp);
  const avs_socket stream(with_certificates(over::tcp));
  EXPECT_EQ(stream.connect(peer_port, "nobody.invalid"), outcome(AVS_EADDRNOTAVAIL));
  expect_reusable(stream, over::tcp);
}

TEST_F(avs_net_failed_connect, to_a_port_that_is_none) {
  const avs_socket socket(with_psk());
  for (const char* port : {"0", "65536", "no-such-service", "", "-1"})
    EXPECT_EQ(outcome(avs_net_socket_connect(socket.raw(), "127.0.0.1", port)), outcome(AVS_EADDRNOTAVAIL))
        << port;
  expect_reusable(socket, over::udp);
}

TEST_F(avs_net_failed_connect, to_a_silent_server_takes_as_long_as_the_closed_socket_was_told) {
  const silent_port server(peer_port);
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.set_handshake_timeouts(impatience()), ok);
  EXPECT_EQ(socket.connect(), outcome(AVS_ETIMEDOUT));
  EXPECT_EQ(server.take().size(), 3U);  // at 0, 10 and 30 ms
  expect_reusable(socket, over::udp);
  // Also of a socket that is bound: the port stays.
  ASSERT_EQ(socket.set_handshake_timeouts({milliseconds(10), milliseconds(10)}), ok);
  EXPECT_EQ(socket.local_port(), "6001");
  EXPECT_EQ(socket.connect(), outcome(AVS_ETIMEDOUT));
  const auto sent = server.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent.front().from_port, 6001);
}

TEST_F(avs_net_failed_connect, tells_the_alert_of_a_server_that_wants_a_certificate) {
  using enum s_server_version;
  for (const auto version : {dtls1_2, tls1_2}) {
    const auto transport = version == dtls1_2 ? over::udp : over::tcp;
    const auto server = certificate_server(version, {"-Verify", "2", "-verify_return_error"});
    const avs_socket socket(with_certificates(transport));
    EXPECT_EQ(socket.connect(), received_alert(handshake_failure));
    expect_reusable(socket, transport);
  }
}

TEST_F(avs_net_failed_connect, tells_the_alert_of_a_server_that_does_not_trust_us) {
  const auto server = certificate_server(s_server_version::tls1_2, {"-Verify", "2", "-verify_return_error"});
  auto settings = with_certificates(over::tcp);
  const auto outsider = self_sign({.common_name = "outsider", .role = certificate_role::client});
  settings.chain = to_pem(outsider.certificate.get());
  settings.key = to_pem(outsider.key.get());
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), received_alert(unknown_ca));
  expect_reusable(socket, over::tcp);
}

// In TLS 1.3 the client is done before the server has looked at its certificate.
TEST_F(avs_net_failed_connect, of_tls1_3_may_show_at_the_first_receive) {
  const auto server = certificate_server(s_server_version::tls1_3, {"-Verify", "2", "-verify_return_error"});
  const avs_socket socket(with_certificates(over::tcp));
  const auto connected = socket.connect();
  if (connected == ok) {
    EXPECT_EQ(socket.await().how, received_alert(certificate_required));
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  } else {
    EXPECT_EQ(connected, received_alert(certificate_required));
  }
}

TEST_F(avs_net_failed_connect, tells_the_alert_of_a_server_that_has_another_key) {
  const auto server = s_server(s_server_version::tls1_2, peer_port,
                               {"-nocert", "-psk", hex_of(wrong_psk_key), "-psk_identity",
                                std::string(psk_identity), "-cipher", "PSK"});
  auto settings = with_psk();
  settings.transport = over::tcp;
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), received_alert(bad_record_mac));
  expect_reusable(socket, over::tcp);
}

// Over DTLS a server that cannot read us says nothing.
TEST_F(avs_net_failed_connect, to_a_dtls_server_that_does_not_know_the_identity_times_out) {
  const auto server = echo_server();
  auto settings = with_psk();
  settings.identity = "stranger";
  settings.timeouts = {milliseconds(100), milliseconds(200)};
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), outcome(AVS_ETIMEDOUT));
  expect_reusable(socket, over::udp);
}

TEST_F(avs_net_failed_connect, without_a_suite_in_common_fails_like_a_handshake) {
  const auto server =
      certificate_server(s_server_version::tls1_2, {"-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"});
  auto settings = with_certificates(over::tcp);
  settings.suites = {0xC02C};
  settings.more.version = AVS_NET_SSL_VERSION_TLSv1_2;
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), received_alert(handshake_failure));
  // A suite that does not exist is no suite.
  settings.suites = {0x1FFFF, 0xFFFE};
  const avs_socket other(settings);
  EXPECT_EQ(other.connect().category, AVS_NET_SSL_LIB_ERROR_CATEGORY);
  expect_reusable(other, over::tcp);
  settings.suites = {0xFFFE, 0xC02B};
  const avs_socket third(settings);
  EXPECT_EQ(third.connect(), ok);
}

TEST_F(avs_net_failed_connect, without_a_daemon_shows_at_connect_and_not_before) {
  daemon_.stop(SIGTERM);
  const avs_socket socket(with_psk());
  EXPECT_NE(socket.connect(), ok);
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  EXPECT_NE(socket.bind("127.0.0.1", "6001"), ok);
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  daemon_.restart(SIGTERM);
  const auto server = psk_server();
  EXPECT_EQ(socket.connect(), ok);
  EXPECT_TRUE(talks(socket, server));
}

class avs_net_create : public avs_net_test {
 protected:
  // And nothing is created.
  static outcome refusal(const tls_settings& of) {
    avs_net_socket_t* socket = nullptr;
    const auto how = of.create(socket);
    EXPECT_EQ(socket, nullptr);
    avs_net_socket_cleanup(&socket);
    return how;
  }
};

TEST_F(avs_net_create, refuses_a_key_that_does_not_fit_its_certificate_and_sends_nothing) {
  const silent_port server(peer_port);
  for (const auto transport : {over::udp, over::tcp}) {
    auto settings = with_client_certificate(transport);
    settings.key = to_pem(make_key(key_kind::ec_p256).get());
    EXPECT_EQ(refusal(settings), library_error(key_does_not_fit));
  }
  EXPECT_TRUE(server.take().empty());
}

TEST_F(avs_net_create, refuses_credentials_that_cannot_be_read) {
  auto settings = with_certificates(over::udp);
  settings.trusted = "no certificate";
  EXPECT_EQ(refusal(settings), outcome(AVS_EPROTO));
  settings = with_client_certificate(over::udp);
  settings.key = "no key";
  EXPECT_EQ(refusal(settings), outcome(AVS_EPROTO));
  settings.key.clear();  // a chain needs one
  EXPECT_EQ(refusal(settings), outcome(AVS_EINVAL));
  settings = with_psk();
  settings.identity.clear();
  EXPECT_EQ(refusal(settings), outcome(AVS_EINVAL));
}

TEST_F(avs_net_create, refuses_versions_that_there_are_not) {
  struct row {
    avs_net_ssl_version_t version;
    over transport;
    outcome how;
  };
  const outcome not_supported = AVS_ENOTSUP;
  const std::vector<row> rows = {
      {AVS_NET_SSL_VERSION_SSLv2, over::tcp, not_supported},
      {AVS_NET_SSL_VERSION_SSLv2_OR_3, over::tcp, not_supported},
      {AVS_NET_SSL_VERSION_SSLv3, over::tcp, not_supported},
      {AVS_NET_SSL_VERSION_SSLv3, over::udp, not_supported},
      {AVS_NET_SSL_VERSION_TLSv1_3, over::udp, not_supported},
      {AVS_NET_SSL_VERSION_DEFAULT, over::udp, ok},
      {AVS_NET_SSL_VERSION_TLSv1, over::udp, ok},
      {AVS_NET_SSL_VERSION_TLSv1_1, over::udp, ok},
      {AVS_NET_SSL_VERSION_TLSv1_2, over::udp, ok},
      {AVS_NET_SSL_VERSION_TLSv1, over::tcp, ok},
      {AVS_NET_SSL_VERSION_TLSv1_1, over::tcp, ok},
      {AVS_NET_SSL_VERSION_TLSv1_2, over::tcp, ok},
      {AVS_NET_SSL_VERSION_TLSv1_3, over::tcp, ok},
  };
  for (const auto& [version, transport, how] : rows) {
    SCOPED_TRACE(std::to_string(version) + (transport == over::udp ? " udp" : " tcp"));
    auto settings = with_certificates(transport);
    settings.more.version = version;
    avs_net_socket_t* socket = nullptr;
    EXPECT_EQ(settings.create(socket), how);
    EXPECT_EQ(socket != nullptr, how == ok);
    avs_net_socket_cleanup(&socket);
  }
}

TEST_F(avs_net_create, refuses_handshake_timers_that_make_no_sense) {
  const auto tell = [](std::int64_t first, std::int64_t last) {
    auto settings = with_psk();
    settings.timeouts = {milliseconds(first), milliseconds(last)};
    return refusal(settings);
  };
  const outcome invalid = AVS_EINVAL;
  EXPECT_EQ(tell(0, 1000), invalid);
  EXPECT_EQ(tell(-1, 1000), invalid);
  EXPECT_EQ(tell(1000, 999), invalid);
  EXPECT_EQ(tell(1, std::int64_t{1} << 40), invalid);
  auto settings = with_psk();
  settings.timeouts = {AVS_TIME_DURATION_INVALID, milliseconds(1000)};
  EXPECT_EQ(refusal(settings), invalid);
  settings.timeouts = {milliseconds(1000), AVS_TIME_DURATION_INVALID};
  EXPECT_EQ(refusal(settings), invalid);
}

TEST_F(avs_net_create, refuses_what_the_modem_cannot_do) {
  auto settings = with_psk();
  settings.more.additional_configuration_clb = [](void*) { return 0; };
  EXPECT_EQ(refusal(settings), outcome(AVS_ENOTSUP));
  settings = with_psk();
  settings.more.backend_configuration.priority = 1;
  EXPECT_EQ(refusal(settings), outcome(AVS_ENOTSUP));
  settings = with_psk();
  settings.more.backend_configuration.transparent = 1;
  EXPECT_EQ(refusal(settings), outcome(AVS_ENOTSUP));
  settings = with_psk();
  settings.more.session_resumption_buffer_size = 1024;  // of no buffer
  EXPECT_EQ(refusal(settings), outcome(AVS_EINVAL));
  settings = with_psk();
  settings.more.backend_configuration.forced_mtu = 40;  // no room for a record
  EXPECT_EQ(refusal(settings), outcome(AVS_EINVAL));
}

TEST_F(avs_net_create, takes_identities_of_any_bytes_but_zeros) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  auto settings = with_psk();
  settings.identity = std::string("\xFF\r\n\"\\device", 11);
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), ok);
  settings.identity = std::string("dev\0ice", 7);
  EXPECT_EQ(refusal(settings), library_error(key_does_not_fit)) << "OpenSSL's identities end at a zero";
}

TEST_F(avs_net_create, ignores_connection_ids_that_the_modem_does_not_have) {
  auto settings = with_psk();
  settings.more.use_connection_id = true;
  const auto server = psk_server();
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_FALSE(socket.option(AVS_NET_SOCKET_OPT_CONNECTION_ID_RESUMED).flag);
}

// Sources by hand: tls_settings has buffers only.
TEST_F(avs_net_create, refuses_sources_that_are_none) {
  using certificate = avs_crypto_certificate_chain_info_t;
  const auto pem = to_pem(root_.certificate.get());
  const auto how = [](const certificate& trusted) {
    avs_net_certificate_info_t info{};
    info.server_cert_validation = true;
    info.ignore_system_trust_store = true;
    info.trusted_certs = trusted;
    avs_net_ssl_configuration_t config{};
    config.security = avs_net_security_info_from_certificates(info);
    config.prng_ctx = avs_crypto_prng_new(nullptr, nullptr);
    avs_net_socket_t* socket = nullptr;
    const outcome made = avs_net_dtls_socket_create(&socket, &config);
    EXPECT_EQ(socket != nullptr, made == ok);
    avs_net_socket_cleanup(&socket);
    avs_crypto_prng_free(&config.prng_ctx);
    return made;
  };
  const outcome invalid = AVS_EINVAL;
  const outcome unreadable = AVS_EIO;
  const std::vector<certificate> array = {
      avs_crypto_certificate_chain_info_from_file(root_file_.c_str()),
      avs_crypto_certificate_chain_info_from_buffer(pem.data(), pem.size())};
  EXPECT_EQ(how(array[0]), ok);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_array(array.data(), array.size())), ok);
  AVS_LIST(certificate) list = nullptr;
  auto* const element = AVS_LIST_NEW_ELEMENT(certificate);
  *element = array[1];
  AVS_LIST_APPEND(&list, element);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_list(list)), ok);
  AVS_LIST_CLEAR(&list);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_file(nullptr)), invalid);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_path(nullptr)), invalid);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_buffer(nullptr, 10)), invalid);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_buffer(pem.data(), 0)), invalid);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_file("/nonexistent/root.pem")), unreadable);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_path("/nonexistent")), unreadable);
  EXPECT_EQ(how(avs_crypto_certificate_chain_info_from_engine("pkcs11:label=root")), invalid);
}

}  // namespace
}  // namespace tlsmodem::test
