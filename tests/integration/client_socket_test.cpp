// The client library's socket, through a real daemon to real peers.
#include "client-shim/client/socket.hpp"
#include "data_fixture.hpp"
#include "tests/support/peers.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>

namespace tlsmodem::test {
namespace {

constexpr int port = 7700;
const std::string coap_ping("\x40\x00\x12\x34",
                            4);  // an empty confirmable message; RFC 7252 4.3 answers with a reset
const std::string coap_reset("\x70\x00\x12\x34", 4);

at::value text(std::string_view t) { return {at::value::kind::string, 0, std::string(t)}; }
at::value number(std::int64_t n) { return {at::value::kind::number, n, {}}; }

client::configuration psk_over_dtls(std::string_view key = "0123456789abcdef") {
  client::configuration made;
  made.options = {{"psk", {text("1")}}};
  made.credentials.push_back({1, at::credential_type::psk, wiped_string(key), {}});
  made.credentials.push_back({1, at::credential_type::psk_identity, wiped_string("device"), {}});
  return made;
}

client::configuration echo_over(std::string_view protocol) {
  client::configuration made;
  made.options = {{"proto", {text(protocol)}}, {"verify", {number(0)}}};
  return made;
}

std::string receive(client::socket& from, std::size_t room = 65536) {
  bytes buffer(room);
  const auto got = from.receive(buffer, deadline());
  if (!got) return "(" + std::to_string(static_cast<int>(got.why().code)) + ")";
  return got->is_end ? "(end)" : std::string(as_text(bytes_view(buffer).first(got->size)));
}

bool is_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

client::time_point at_once() { return std::chrono::steady_clock::now(); }

class client_socket : public ::testing::Test {
 protected:
  client::socket socket_with(client::configuration config) const {
    return client::socket(std::move(config), daemon_.socket_path());
  }
  static client::target peer_at(int where, std::string handle = {}) {
    return {"127.0.0.1", static_cast<std::uint16_t>(where), {}, std::move(handle)};
  }
  // Repeated, as CoAP does: libcoap now and then loses what comes right behind a handshake.
  static bool ping(client::socket& over) {
    return eventually([&] {
      if (over.send(as_bytes(coap_ping), deadline())) return false;
      std::array<std::uint8_t, 64> buffer{};
      const auto got = over.receive(buffer, at_once() + std::chrono::milliseconds(100));
      return got && as_text({buffer.data(), got->size}) == coap_reset;
    });
  }

  running_daemon daemon_;
};

TEST_F(client_socket, connects_sends_receives_and_resumes_by_handle) {
  const peer server = coap_server(coap_library::openssl, port, {"-k", "0123456789abcdef"});
  auto first = socket_with(psk_over_dtls());
  EXPECT_EQ(first.fd(), -1);
  const auto up = first.connect(peer_at(port), deadline());
  ASSERT_TRUE(up) << up.why().text;
  EXPECT_EQ(up->how, 0);
  EXPECT_EQ(up->version, "DTLSv1.2");
  EXPECT_TRUE(ping(first));
  EXPECT_EQ(first.handle().size(), 32U);
  first.close(true, deadline());
  EXPECT_FALSE(first.is_connected());
  EXPECT_EQ(receive(first), "(811)");

  auto second = socket_with(psk_over_dtls());
  const auto again = second.connect(peer_at(port, first.handle()), deadline());
  ASSERT_TRUE(again) << again.why().text;
  EXPECT_EQ(again->how, 2);  // the server heard nothing of the silent close
  EXPECT_TRUE(ping(second));
  const auto info = second.info(deadline());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->at("how"), "2");

  const auto anew = second.rehandshake(deadline());
  ASSERT_TRUE(anew) << anew.why().text;
  EXPECT_EQ(anew->how, 1);
  EXPECT_TRUE(ping(second));
  EXPECT_EQ(info->at("state"), "\"connected\"");
}

TEST_F(client_socket, keeps_its_port_over_close_bind_and_connect) {
  const udp_echo echo(port);
  auto socket = socket_with(echo_over("udp"));
  auto up = socket.connect(peer_at(port), deadline());
  ASSERT_TRUE(up) << up.why().text;
  for (int i = 0; i < 3; ++i) {
    const auto local = up->local_port;
    const int fd = socket.fd();
    socket.close(true, deadline());
    ASSERT_FALSE(socket.bind("0.0.0.0", local, deadline()));
    up = socket.connect(peer_at(port), deadline());
    ASSERT_TRUE(up) << up.why().text;
    EXPECT_EQ(up->local_port, local);
    EXPECT_EQ(socket.fd(), fd);
    ASSERT_FALSE(socket.send(as_bytes("there"), deadline()));
    EXPECT_EQ(receive(socket), "there");
  }
}

TEST_F(client_socket, a_port_in_use_is_told_by_bind) {
  const udp_echo taken(port);
  auto socket = socket_with(echo_over("udp"));
  const auto wrong = socket.bind("127.0.0.1", port, deadline());
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->code, at::error::address_in_use);
  EXPECT_FALSE(socket.bind("127.0.0.1", 0, deadline()));
  ASSERT_TRUE(socket.connect(peer_at(port), deadline()));
}

TEST_F(client_socket, datagrams_keep_their_borders_and_a_small_buffer_cuts_them) {
  const udp_echo echo(port);
  auto socket = socket_with(echo_over("udp"));
  ASSERT_TRUE(socket.connect(peer_at(port), deadline()));
  for (const auto& payload : awkward_payloads()) {
    ASSERT_FALSE(socket.send(as_bytes(payload), deadline()));
    EXPECT_EQ(receive(socket), payload);
  }
  ASSERT_FALSE(socket.send(as_bytes("0123456789"), deadline()));
  ASSERT_FALSE(socket.send(as_bytes("next"), deadline()));
  std::array<std::uint8_t, 4> small{};
  const auto cut = socket.receive(small, deadline());
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->size, 4U);
  EXPECT_TRUE(cut->is_truncated);
  const auto exact = socket.receive(small, deadline());
  ASSERT_TRUE(exact);
  EXPECT_EQ(as_text({small.data(), exact->size}), "next");
  EXPECT_FALSE(exact->is_truncated) << "an exact fit is not cut";
  EXPECT_EQ(socket.send(bytes_view(bytes(16385)), deadline())->code, at::error::message_too_long);
  ASSERT_FALSE(socket.send({}, deadline()));
  EXPECT_EQ(receive(socket), "");
}

TEST_F(client_socket, a_stream_is_read_in_any_pieces_and_has_an_end) {
  const tls_echo echo(port);
  auto socket = socket_with(echo_over("tls"));
  ASSERT_TRUE(socket.connect(peer_at(port), deadline()));
  const auto sent = random_bytes(200'000, 1);
  ASSERT_FALSE(socket.send(as_bytes(sent), deadline()));
  std::string got;
  while (got.size() < sent.size()) {
    const auto piece = receive(socket, 1 + got.size() % 5000);
    ASSERT_FALSE(piece.starts_with('(') && piece.size() < 6) << piece;
    got += piece;
  }
  EXPECT_TRUE(got == sent);
}

TEST_F(client_socket, the_descriptor_is_readable_exactly_when_there_is_something) {
  const udp_echo echo(port);
  auto socket = socket_with(echo_over("udp"));
  ASSERT_TRUE(socket.connect(peer_at(port), deadline()));
  EXPECT_FALSE(is_readable(socket.fd()));
  for (const char* payload : {"one", "two", "three"})
    ASSERT_FALSE(socket.send(as_bytes(payload), deadline()));
  ASSERT_TRUE(eventually([&] { return is_readable(socket.fd()); }));
  // An answer that is awaited brings the data along; it must not get lost in here.
  ASSERT_TRUE(eventually([&] { return socket.info(deadline())->at("bytes_received") == "11"; }));
  EXPECT_TRUE(socket.has_buffered_data());
  for (const char* payload : {"one", "two", "three"}) {
    EXPECT_TRUE(is_readable(socket.fd()));
    EXPECT_EQ(receive(socket), payload);
  }
  EXPECT_FALSE(socket.has_buffered_data());
  EXPECT_FALSE(is_readable(socket.fd()));
  std::array<std::uint8_t, 1> buffer{};
  EXPECT_EQ(socket.receive(buffer, at_once()).why().code, at::error::handshake_timeout);
}

TEST_F(client_socket, a_failed_connect_tells_error_and_alert_and_can_be_repeated) {
  auto nobody = socket_with(echo_over("tcp"));
  EXPECT_EQ(nobody.connect(peer_at(port + 1), deadline()).why().code, at::error::connection_refused);
  EXPECT_EQ(nobody.connect(peer_at(port + 1), deadline()).why().code, at::error::connection_refused);
  auto config = psk_over_dtls();
  config.options.push_back({"ciphers", {text("FFFF")}});
  auto unusable = socket_with(std::move(config));
  EXPECT_EQ(unusable.connect(peer_at(port), deadline()).why().code, at::error::no_common_parameters);
  EXPECT_EQ(unusable.connect(peer_at(port), deadline()).why().code, at::error::no_common_parameters);
}

TEST_F(client_socket, one_wrong_option_and_nothing_is_connected) {
  const tls_echo echo(port);
  auto config = echo_over("tls");
  config.options.insert(config.options.begin(), {"verify", {number(7)}});
  auto socket = socket_with(std::move(config));
  EXPECT_EQ(socket.connect(peer_at(port), deadline()).why().code, at::error::incorrect_parameters);
  EXPECT_FALSE(socket.is_connected());
}

TEST_F(client_socket, a_daemon_that_dies_is_told_and_the_socket_connects_to_the_next_one) {
  const peer server = coap_server(coap_library::openssl, port, {"-k", "0123456789abcdef"});
  auto config = psk_over_dtls();
  config.options.push_back({"keep", {number(0)}});  // the next daemon would go on with what is kept
  auto socket = socket_with(std::move(config));
  ASSERT_TRUE(socket.connect(peer_at(port), deadline()));
  const int fd = socket.fd();
  daemon_.restart(SIGKILL);
  EXPECT_TRUE(is_readable(fd));
  EXPECT_EQ(receive(socket), "(803)");
  EXPECT_EQ(receive(socket), "(811)");
  EXPECT_EQ(socket.send(as_bytes(coap_ping), deadline())->code, at::error::not_connected);
  const auto again = socket.connect(peer_at(port, socket.handle()), deadline());
  ASSERT_TRUE(again) << again.why().text;
  EXPECT_EQ(socket.fd(), fd);
  EXPECT_TRUE(ping(socket));
}

TEST_F(client_socket, a_daemon_that_hangs_costs_the_deadline_and_no_more) {
  const udp_echo echo(port);
  daemon_.daemon().pause();
  auto socket = socket_with(echo_over("udp"));
  EXPECT_EQ(socket.connect(peer_at(port), at_once() + std::chrono::milliseconds(20)).why().code,
            at::error::handshake_timeout);
  daemon_.daemon().resume();
  ASSERT_TRUE(socket.connect(peer_at(port), deadline()));
}

TEST(client_socket_alone, the_path_comes_from_the_environment_or_is_that_of_the_service) {
  ::unsetenv("TLSMODEM_SOCKET");
  EXPECT_EQ(client::default_socket_path(), "/run/tlsmodemd/at.sock");
  ::setenv("TLSMODEM_SOCKET", "", 1);
  EXPECT_EQ(client::default_socket_path(), "/run/tlsmodemd/at.sock");
  ::setenv("TLSMODEM_SOCKET", "/tmp/other.sock", 1);
  EXPECT_EQ(client::default_socket_path(), "/tmp/other.sock");
}

TEST(client_socket_alone, without_a_daemon_every_call_has_its_error) {
  client::socket nowhere(echo_over("udp"), "/nonexistent/at.sock");
  EXPECT_EQ(nowhere.connect({"127.0.0.1", 1, {}, {}}, at_once()).why().code, at::error::unreachable);
  EXPECT_EQ(nowhere.bind("127.0.0.1", 0, at_once())->code, at::error::unreachable);
  EXPECT_EQ(nowhere.send({}, deadline())->code, at::error::not_connected);
  EXPECT_EQ(receive(nowhere), "(811)");
  nowhere.close(true, deadline());
  EXPECT_EQ(nowhere.fd(), -1);
}

}  // namespace
}  // namespace tlsmodem::test
