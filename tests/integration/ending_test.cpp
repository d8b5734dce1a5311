// How connections end: what came before is delivered before, and every way has its own cause.
#include "data_fixture.hpp"

namespace tlsmodem::test {
namespace {

class ending : public data_test {
 protected:
  // A plain TCP socket and the peer's side of it.
  tcp_connection connect(const std::vector<std::string>& more_options = {}) {
    id_ = connected("tcp", more_options);
    return listener_.accept();
  }
  at::down_event down() {
    const auto item = channel_.event("#TDOWN");
    const auto parsed = at::parse_down(item.line);
    if (!parsed) throw std::runtime_error(item.line);
    return *parsed;
  }
  std::string state() { return channel_.info(id_, "state"); }

  tcp_listener listener_{port};
  int id_ = 0;
};

TEST_F(ending, data_and_fin_in_one_go_are_told_in_this_order_without_being_asked) {
  auto peer = connect();
  peer.write("the last words");
  peer.finish();
  EXPECT_EQ(channel_.receive(), "the last words");
  EXPECT_EQ(down().cause, at::down_cause::peer_closed);
  EXPECT_EQ(state(), "\"closed\"");
}

TEST_F(ending, a_large_rest_comes_before_the_end_however_slowly_it_is_read) {
  auto peer = connect();
  const auto sent = random_bytes(200'000, 1);
  peer.write(sent);
  peer.finish();
  EXPECT_TRUE(receive_exactly(channel_, sent.size()) == sent);
  EXPECT_EQ(down().cause, at::down_cause::peer_closed);
}

TEST_F(ending, what_is_pulled_comes_before_the_end_too) {
  auto peer = connect({R"("delivery","pull")"});
  peer.write("0123456789");
  peer.finish();
  channel_.event("#TRDY");
  ASSERT_TRUE(eventually([&] { return state() == "\"closing\""; }));
  EXPECT_EQ(take(channel_, id_, 6).data, "012345");
  EXPECT_EQ(state(), "\"closing\"");
  EXPECT_EQ(take(channel_, id_, 6).data, "6789");
  EXPECT_EQ(down().cause, at::down_cause::peer_closed);
  EXPECT_EQ(state(), "\"closed\"");
}

TEST_F(ending, a_reset_is_a_transport_error) {
  auto peer = connect();
  peer.reset();
  EXPECT_EQ(down().cause, at::down_cause::transport_error);
}

TEST_F(ending, after_shut_the_peer_sees_fin_and_may_still_talk) {
  auto peer = connect();
  channel_.send(id_, "request");
  channel_.ok("AT#TSHUT=" + std::to_string(id_));
  EXPECT_EQ(peer.read(7), "request");
  EXPECT_TRUE(peer.reads_end());
  EXPECT_EQ(state(), "\"closing\"");
  peer.write("answer");
  EXPECT_EQ(channel_.receive(), "answer");
  peer.finish();
  EXPECT_EQ(down().cause, at::down_cause::peer_closed);
}

TEST_F(ending, close_frees_the_id_sends_what_is_left_and_says_nothing_more) {
  auto peer = connect();
  const auto rest = random_bytes(60'000, 2);
  channel_.send(id_, rest);
  channel_.ok("AT#TCLOSE=" + std::to_string(id_));
  EXPECT_TRUE(peer.read(rest.size()) == rest);
  EXPECT_TRUE(peer.reads_end());
  EXPECT_EQ(channel_.error_of("AT#TINFO=" + std::to_string(id_)), 21);
  EXPECT_EQ(channel_.open(), id_);
}

TEST_F(ending, a_closed_socket_connects_again_under_its_id) {
  for (int round = 0; round < 3; ++round) {
    if (round == 0) {
      connect().reset();
    } else {
      channel_.connect_up(id_, "127.0.0.1", port);
      listener_.accept().reset();
    }
    EXPECT_EQ(down().cause, at::down_cause::transport_error);
  }
}

TEST_F(ending, tls_data_and_close_notify_in_one_go_are_told_without_being_asked) {
  const auto server = self_sign({.common_name = "farewell"});
  const temporary_directory files;
  write_file(files.path("pem"), to_pem(server.certificate.get()) + to_pem(server.key.get()));
  const process farewell(
      {"socat", "OPENSSL-LISTEN:7010,bind=127.0.0.1,reuseaddr,fork,verify=0,cert=" + files.path("pem"),
       "SYSTEM:printf words"});
  ASSERT_TRUE(eventually([] { return is_tcp_port_listening(7010); }));
  configure(channel_, tls_echo::profile());
  for (int round = 0; round < 10; ++round) {
    const int id = channel_.open();
    channel_.connect_up(id, "127.0.0.1", 7010);
    EXPECT_EQ(channel_.receive(), "words");
    EXPECT_EQ(down().id, id);
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }
}

TEST_F(ending, a_failed_connect_is_told_without_being_asked_and_leaks_no_id) {
  configure(channel_, tls_echo::profile());
  const int id = channel_.open();
  channel_.ok("AT#TCONN=" + std::to_string(id) + ",\"127.0.0.1\"," + std::to_string(port));
  auto peer = listener_.accept();
  peer.read(5);
  peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");  // no TLS server
  EXPECT_EQ(channel_.event("#TFAIL").line.substr(0, 9), "#TFAIL: " + std::to_string(id));
  EXPECT_EQ(channel_.connect_fail(id, "127.0.0.1", port + 1).code, at::error::connection_refused);
  channel_.ok("AT#TCLOSE=" + std::to_string(id));
  EXPECT_EQ(channel_.open(), id);
}

}  // namespace
}  // namespace tlsmodem::test
