// What avs_net's TLS sockets send and receive, and how their streams end.
#include "avs_net_fixture.hpp"
#include "data_fixture.hpp"

#include <array>
#include <csignal>

namespace tlsmodem::test {
namespace {

class avs_net_stream : public avs_net_test {
 protected:
  static tls_settings with_anybody() {
    tls_settings made;
    made.transport = over::tcp;
    made.verifies = false;
    return made;
  }
};

TEST_F(avs_net_stream, of_a_mebibyte_comes_back_as_it_was) {
  const tls_echo echo(peer_port);
  const avs_socket socket(with_anybody());
  ASSERT_EQ(socket.connect(), ok);
  const auto sent = random_bytes(std::size_t{1024} * 1024, 1);
  ASSERT_EQ(socket.send(sent), ok);
  const auto got = socket.await_exactly(sent.size());
  EXPECT_EQ(got.how, ok);
  EXPECT_TRUE(got.data == sent);
  EXPECT_EQ(socket.bytes_sent(), sent.size());
  EXPECT_EQ(socket.bytes_received(), sent.size());
  EXPECT_FALSE(socket.has_buffered_data());
}

TEST_F(avs_net_stream, of_large_pieces_in_both_directions_does_not_stand_still) {
  const tls_echo echo(peer_port);
  const avs_socket socket(with_anybody());
  ASSERT_EQ(socket.connect(), ok);
  std::string sent;
  std::string got;
  for (unsigned round = 0; round < 8; ++round) {
    const auto piece = random_bytes(100'000, round);
    ASSERT_EQ(socket.send(piece), ok);
    sent += piece;
    got += socket.await_exactly(50'000).data;
  }
  got += socket.await_exactly(sent.size() - got.size()).data;
  EXPECT_TRUE(got == sent);
}

// A body that is read in pieces stalls when the rest of a record is not announced; so it did in other
// backends, for sessions that were resumed.
TEST_F(avs_net_stream, announces_what_is_left_of_a_record_also_in_a_resumed_session) {
  using enum s_server_version;
  for (const auto version : {tls1_2, tls1_3}) {
    const auto server = certificate_server(version);
    std::array<std::uint8_t, 1024> buffer{};
    for (const bool is_resumed : {false, true}) {
      auto settings = with_certificates(over::tcp);
      settings.more.session_resumption_buffer = buffer.data();
      settings.more.session_resumption_buffer_size = buffer.size();
      const avs_socket socket(settings);
      ASSERT_EQ(socket.connect(), ok);
      EXPECT_EQ(socket.is_resumed(), is_resumed);
      server.type("abcdefghijklmnopqrstuvwxyz\n");
      std::string got = socket.await(10).data;
      ASSERT_EQ(socket.set_receive_timeout(milliseconds(0)), ok);
      while (got.size() < 27) {
        EXPECT_TRUE(socket.has_buffered_data());
        EXPECT_TRUE(socket.is_readable());
        EXPECT_EQ(socket.receive(0).how, ok) << "a probe takes nothing";
        const auto next = socket.receive(5);
        ASSERT_EQ(next.how, ok);
        got += next.data;
      }
      EXPECT_EQ(got, "abcdefghijklmnopqrstuvwxyz\n");
      EXPECT_FALSE(socket.has_buffered_data());
      EXPECT_EQ(socket.receive().how, outcome(AVS_ETIMEDOUT));
    }
  }
}

TEST_F(avs_net_stream, ends_with_zero_bytes_as_often_as_it_is_asked) {
  using enum s_server_version;
  for (const auto version : {tls1_2, tls1_3}) {
    const auto server = certificate_server(version, {"-rev"});
    const avs_socket socket(with_certificates(over::tcp));
    ASSERT_EQ(socket.connect(), ok);
    ASSERT_EQ(socket.send("sdrow tsal\n"), ok);
    ASSERT_EQ(socket.send("CLOSE\n"), ok);
    EXPECT_EQ(socket.await_exactly(11).data, "last words\n");
    for (int i = 0; i < 3; ++i) {
      const auto end = socket.await();
      EXPECT_EQ(end.how, ok);
      EXPECT_EQ(end.data, "");
      EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
    }
    EXPECT_EQ(socket.send("anybody?"), outcome(AVS_EPIPE));
    EXPECT_EQ(socket.close(), ok);
  }
}

// The server asks for a renegotiation, is refused one, and gives up.
TEST_F(avs_net_stream, that_ends_by_an_alert_tells_its_number) {
  const auto server = certificate_server(s_server_version::tls1_2);
  const avs_socket socket(with_certificates(over::tcp));
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_TRUE(talks(socket, server));
  server.type("r\n");
  const auto end = socket.await();
  EXPECT_EQ(end.how, received_alert(40));
  EXPECT_EQ(end.data, "");
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  EXPECT_FALSE(socket.is_readable());
}

// Many servers of HTTP leave close_notify out.
TEST_F(avs_net_stream, that_ends_without_close_notify_ends_like_any_other) {
  const auto server = certificate_server(s_server_version::tls1_3);
  const avs_socket socket(with_certificates(over::tcp));
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_TRUE(talks(socket, server));
  server.program().signal(SIGKILL);
  for (int i = 0; i < 3; ++i) {
    const auto got = socket.await();
    EXPECT_EQ(got.how, ok);
    EXPECT_EQ(got.data, "");
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  }
  EXPECT_FALSE(socket.is_readable());
  EXPECT_EQ(socket.send("anybody?"), outcome(AVS_EPIPE));
}

TEST_F(avs_net_stream, that_is_reset_is_told_by_receive_as_often_as_it_is_asked) {
  const auto server = certificate_server(s_server_version::tls1_2);
  const avs_socket socket(with_certificates(over::tcp));
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_TRUE(talks(socket, server));
  server.program().pause();
  ASSERT_EQ(socket.send("nobody reads this"), ok);
  ASSERT_TRUE(eventually([] { return unread_tcp_bytes(peer_port) > 0; }));
  server.program().signal(SIGKILL);
  for (int i = 0; i < 3; ++i) {
    const auto got = socket.await();
    EXPECT_EQ(got.how, outcome(AVS_ECONNRESET));
    EXPECT_EQ(got.data, "");
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  }
  EXPECT_FALSE(socket.is_readable());
  EXPECT_EQ(socket.send("anybody?"), outcome(AVS_EPIPE));
}

TEST_F(avs_net_stream, of_nothing_is_no_record) {
  const auto server = certificate_server(s_server_version::tls1_2);
  const avs_socket socket(with_certificates(over::tcp));
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_EQ(socket.send(""), ok);
  EXPECT_EQ(socket.bytes_sent(), 0U);
  EXPECT_TRUE(talks(socket, server));
}

TEST_F(avs_net_stream, carries_http_to_nginx) {
  nginx_options options;
  options.certificate_file = server_file_;
  options.client_ca_file = root_file_;
  options.verify_client = "on";
  const nginx server(peer_port, options);
  auto settings = with_client_certificate(over::tcp);
  settings.sni = server_name;
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_EQ(socket.send("GET / HTTP/1.0\r\n\r\n"), ok);
  std::string page;
  for (auto next = socket.await(7); next.how == ok && !next.data.empty(); next = socket.await(7))
    page += next.data;
  EXPECT_NE(page.find("server.test SUCCESS CN=client.test"), std::string::npos) << page;
  EXPECT_EQ(socket.await().how, ok);
}

}  // namespace
}  // namespace tlsmodem::test
