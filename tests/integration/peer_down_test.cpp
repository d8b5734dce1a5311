// How associations with real servers end after the handshake, and that the same socket connects again.
#include "peer_fixture.hpp"

#include <csignal>
#include <memory>
#include <ostream>

namespace tlsmodem::test {
namespace {

class ended_association : public peer_test {
 protected:
  // Starts s_server, and connects a socket to it.
  void connect(s_server_version version, const std::vector<std::string>& options,
               const std::vector<std::string>& arguments = {}) {
    configure(options);
    auto all = good_server();
    all.insert(all.end(), arguments.begin(), arguments.end());
    server_.reset(new peer(s_server(version, peer_port, all)));
    id_ = channel_.open();
    channel_.connect_up(id_, "127.0.0.1", peer_port);
  }

  void expect_new_connect(s_server_version version) {
    server_.reset();
    server_.reset(new peer(s_server(version, peer_port, good_server())));
    EXPECT_EQ(state_of(id_), "\"closed\"");
    const auto up = channel_.connect_up(id_, "127.0.0.1", peer_port);
    EXPECT_EQ(up.how, 0);
    EXPECT_EQ(channel_.info(id_, "alert_in"), "-1");
    EXPECT_EQ(channel_.info(id_, "alert_out"), "-1");
  }

  std::unique_ptr<peer> server_;
  int id_ = 0;
};

const std::vector<std::string> tls1_2 = {R"("proto","tls")", R"("ca","1")", R"("version","1.2","1.2")"};
const std::vector<std::string> tls1_3 = {R"("proto","tls")", R"("ca","1")", R"("version","1.3")"};

TEST_F(ended_association, by_fin_without_close_notify_is_truncated) {
  connect(s_server_version::tls1_3, tls1_3);
  server_->type("the last words\n");
  ASSERT_EQ(receive_exactly(15), "the last words\n");
  server_->program().signal(SIGKILL);

  const auto down = this->down();

  EXPECT_EQ(down.cause, at::down_cause::truncated);
  EXPECT_EQ(down.alert, -1);
  EXPECT_NE(down.text.find("without close_notify"), std::string::npos) << down.text;
  EXPECT_EQ(sentence(), "The connection ended: " + down.text + ".");
  expect_new_connect(s_server_version::tls1_3);
}

TEST_F(ended_association, by_rst_is_a_transport_error) {
  connect(s_server_version::tls1_2, tls1_2);
  server_->program().pause();
  channel_.send(id_, "nobody reads this");
  ASSERT_TRUE(eventually([] { return unread_tcp_bytes(peer_port) > 0; }));
  server_->program().signal(SIGKILL);  // the kernel resets what goes with unread data

  const auto down = this->down();

  EXPECT_EQ(down.cause, at::down_cause::transport_error);
  EXPECT_EQ(down.alert, -1);
  EXPECT_NE(down.text.find("Connection reset by peer"), std::string::npos) << down.text;
  EXPECT_EQ(sentence(), "The connection ended: " + down.text);
  expect_new_connect(s_server_version::tls1_2);
}

TEST_F(ended_association, by_close_notify_is_the_peers_goodbye) {
  connect(s_server_version::tls1_2, tls1_2, {"-rev"});
  channel_.send(id_, "CLOSE\n");

  const auto down = this->down();

  EXPECT_EQ(down.cause, at::down_cause::peer_closed);
  EXPECT_EQ(down.alert, 0);
  EXPECT_EQ(channel_.info(id_, "alert_in"), "1,0");
  EXPECT_EQ(channel_.info(id_, "alert_out"), "1,0");
  expect_new_connect(s_server_version::tls1_2);
}

TEST_F(ended_association, by_close_notify_over_dtls_is_the_peers_goodbye) {
  const auto server = coap_server(coap_library::openssl, second_port, {"-k", std::string(psk_key)});
  configure({R"("psk","3")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", second_port);
  server.program().signal(SIGTERM);  // it says goodbye to its clients

  const auto down = this->down();

  EXPECT_EQ(down.cause, at::down_cause::peer_closed);
  EXPECT_EQ(down.alert, 0);
  EXPECT_EQ(channel_.info(id, "alert_in"), "1,0");
  EXPECT_EQ(state_of(id), "\"closed\"");
}

// The server asks for a renegotiation, is refused one, and gives up.
TEST_F(ended_association, by_a_fatal_alert_tells_the_alerts_of_both_directions) {
  connect(s_server_version::tls1_2, tls1_2);
  server_->type("r\n");

  const auto down = this->down();

  EXPECT_EQ(down.cause, at::down_cause::alert);
  EXPECT_EQ(down.alert, 40);
  EXPECT_NE(down.text.find("handshake_failure (40)"), std::string::npos) << down.text;
  EXPECT_EQ(sentence(), "The connection ended: " + down.text + ".");
  EXPECT_EQ(channel_.info(id_, "alert_in"), "2,40");
  EXPECT_EQ(channel_.info(id_, "alert_out"), "1,100");  // no_renegotiation
  expect_new_connect(s_server_version::tls1_2);
}

TEST_F(ended_association, by_plain_text_of_the_server_ends_with_our_alert) {
  connect(s_server_version::tls1_2, tls1_2);
  server_->type("P\n");

  const auto down = this->down();

  EXPECT_EQ(down.alert, 70);
  EXPECT_EQ(down.cause, at::down_cause::alert);
  EXPECT_EQ(channel_.info(id_, "alert_in"), "-1");
  EXPECT_EQ(channel_.info(id_, "alert_out"), "2,70");
  expect_new_connect(s_server_version::tls1_2);
}

struct late_refusal {
  const char* name;
  std::vector<std::string> options;
  int alert;
  const char* alert_name;
};

void PrintTo(const late_refusal& made, std::ostream* out) { *out << made.name; }

class late_client_refusal : public ended_association, public ::testing::WithParamInterface<late_refusal> {};

// A TLS 1.3 client has finished before the server has seen its certificate.
TEST_P(late_client_refusal, comes_behind_tup) {
  const auto& row = GetParam();
  configure(row.options);
  connect(s_server_version::tls1_3, tls1_3, {"-Verify", "2", "-verify_return_error"});

  const auto down = this->down();

  EXPECT_EQ(down.cause, at::down_cause::alert);
  EXPECT_EQ(down.alert, row.alert);
  EXPECT_NE(down.text.find(row.alert_name), std::string::npos) << down.text;
  EXPECT_EQ(channel_.info(id_, "alert_in"), "2," + std::to_string(row.alert));
  EXPECT_EQ(channel_.info(id_, "alert_out"), "-1");
  expect_new_connect(s_server_version::tls1_3);
}

INSTANTIATE_TEST_SUITE_P(
    over_tls1_3, late_client_refusal,
    ::testing::Values(
        late_refusal{"no_certificate",
                     {},
                     116,
                     "certificate_required (116); it asked for a client certificate, and there is none"},
        late_refusal{"unknown_authority", {R"("cert","7")", R"("key","7")"}, 48, "unknown_ca (48)"}),
    [](const auto& row) { return row.param.name; });

// ICMP is not authenticated: it is told, and the association lives on.
TEST_F(ended_association, a_dtls_server_that_is_gone_is_told_and_the_association_goes_on) {
  std::unique_ptr<peer> server(
      new peer(coap_server(coap_library::openssl, second_port, {"-k", std::string(psk_key)})));
  configure({R"("psk","3")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", second_port);
  server.reset();

  channel_.send(id, "is anybody there?");
  EXPECT_EQ(channel_.event("#TERR").line, "#TERR: " + std::to_string(id) + ",802");
  EXPECT_EQ(sentence(), "127.0.0.1 port 6000: Connection refused.");
  EXPECT_EQ(state_of(id), "\"connected\"");
}

}  // namespace
}  // namespace tlsmodem::test
