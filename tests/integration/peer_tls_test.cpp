// TLS 1.2 and 1.3 with s_server and, over HTTPS, with nginx; each with and without a client certificate.
#include "peer_fixture.hpp"

#include <ostream>

namespace tlsmodem::test {
namespace {

struct tls_row {
  const char* name;
  const char* version_option;
  s_server_version server_version;
  const char* version;
  bool has_client_certificate;
};

void PrintTo(const tls_row& made, std::ostream* out) { *out << made.name; }

const std::vector<tls_row> rows = {
    {"tls1_2", "\"version\",\"1.2\",\"1.2\"", s_server_version::tls1_2, "TLSv1.2", false},
    {"tls1_3", "\"version\",\"1.3\"", s_server_version::tls1_3, "TLSv1.3", false},
    {"tls1_2_with_client_certificate", "\"version\",\"1.2\",\"1.2\"", s_server_version::tls1_2, "TLSv1.2",
     true},
    {"tls1_3_with_client_certificate", "\"version\",\"1.3\"", s_server_version::tls1_3, "TLSv1.3", true},
};

class tls_peer : public peer_test, public ::testing::WithParamInterface<tls_row> {
 protected:
  int open_socket(const std::vector<std::string>& more = {}) {
    configure({"\"proto\",\"tls\"", "\"ca\",\"1\"", "\"sni\",\"server.test\"", GetParam().version_option});
    if (GetParam().has_client_certificate) configure({"\"cert\",\"2\"", "\"key\",\"2\""});
    configure(more);
    return channel_.open();
  }
};

TEST_P(tls_peer, s_server_answers_and_the_farewell_is_clean) {
  auto arguments = certificate_server();
  arguments.emplace_back("-rev");
  if (GetParam().has_client_certificate)
    arguments.insert(arguments.end(), {"-Verify", "2", "-verify_return_error"});
  const auto server = s_server(GetParam().server_version, peer_port, arguments);
  const int id = open_socket();

  const auto up = channel_.connect_up(id, "127.0.0.1", peer_port);
  channel_.send(id, "attention please\n");
  const auto answer = receive_exactly(17);
  channel_.send(id, "CLOSE\n");
  const auto down = this->down();

  EXPECT_EQ(up.how, 0);
  EXPECT_EQ(up.version, GetParam().version);
  EXPECT_EQ(up.remote_address, "127.0.0.1");
  EXPECT_EQ(answer, "esaelp noitnetta\n");
  EXPECT_EQ(down.cause, at::down_cause::peer_closed);
  EXPECT_EQ(down.alert, 0);
  EXPECT_EQ(channel_.info(id, "verify"), "\"ok\"");
  EXPECT_EQ(channel_.info(id, "peer_subject"), "\"CN=server.test\"");
  EXPECT_EQ(channel_.info(id, "alert_in"), "1,0");
  EXPECT_EQ(channel_.info(id, "alert_out"), "1,0");
  EXPECT_EQ(server.output().find("CN=client.test") != std::string::npos, GetParam().has_client_certificate);
}

TEST_P(tls_peer, nginx_answers_a_get_and_the_farewell_is_clean) {
  const nginx server(peer_port, {server_file(), root_file(), "optional"});
  const int id = open_socket();

  const auto up = channel_.connect_up(id, "127.0.0.1", peer_port);
  channel_.send(id, "GET / HTTP/1.0\r\nHost: server.test\r\n\r\n");
  const auto [answer, down] = until_down();

  const auto body = answer.find("\r\n\r\n");
  ASSERT_NE(body, std::string::npos) << answer;
  const auto words = answer.substr(body + 4);
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(words.substr(0, 8), std::string(GetParam().version) + " ");
  EXPECT_EQ(words.substr(words.find(" server.test ")),
            GetParam().has_client_certificate ? " server.test SUCCESS CN=client.test" : " server.test NONE ");
  EXPECT_EQ(up.version, GetParam().version);
  EXPECT_EQ(down.cause, at::down_cause::peer_closed);
  EXPECT_EQ(down.alert, 0);
}

TEST_P(tls_peer, one_socket_serves_several_connects_in_turn) {
  const nginx server(peer_port, {server_file(), root_file(), "optional"});
  const int id = open_socket();

  for (int round = 0; round < 3; ++round) {
    const auto up = channel_.connect_up(id, "127.0.0.1", peer_port);
    EXPECT_EQ(up.id, id);
    EXPECT_EQ(up.how, 0);
    channel_.send(id, "GET / HTTP/1.0\r\n\r\n");
    const auto [answer, down] = until_down();
    EXPECT_NE(answer.find("200 OK"), std::string::npos);
    EXPECT_EQ(state_of(id), "\"closed\"");
  }
}

// A server that would rather have a suite of SHA-384, which no pre-shared key of ours can be used with.
class psk_of_tls1_3 : public peer_test {
 protected:
  void expect_up(const std::string& suite) {
    configure({R"("proto","tls")", R"("psk","3")", R"("version","1.3")", R"("ciphers","1302,1303,1301")"});
    const int id = channel_.open();
    const auto up = channel_.connect_up(id, "127.0.0.1", peer_port);
    EXPECT_EQ(up.version, "TLSv1.3");
    EXPECT_EQ(up.suite, suite);
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }
  const std::string known_ =
      files_.write_text("psk", std::string(psk_identity) + ":" + hex_of(psk_key) + "\n");
};

TEST_F(psk_of_tls1_3, is_used_by_s_server_that_prefers_another_hash) {
  for (const char* groups : {"X25519", "P-521"}) {  // the second one: after a HelloRetryRequest
    auto arguments = psk_server();
    arguments.insert(arguments.end(), {"-serverpref", "-ciphersuites",
                                       "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "-groups", groups});
    const auto server = s_server(s_server_version::tls1_3, peer_port, arguments);
    expect_up("TLS_AES_128_GCM_SHA256");
  }
}

TEST_F(psk_of_tls1_3, is_used_by_gnutls_serv_that_prefers_another_hash) {
  for (const char* groups : {"+GROUP-X25519", "+GROUP-SECP521R1"}) {
    const peer server(
        {"gnutls-serv", "--echo", "--port", std::to_string(peer_port), "--pskpasswd", known_, "--priority",
         std::string("NORMAL:%SERVER_PRECEDENCE:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+PSK:+ECDHE-PSK:"
                     "-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:-GROUP-ALL:") +
             groups},
        peer_transport::tcp, peer_port);
    expect_up("TLS_AES_128_GCM_SHA256");
  }
}

INSTANTIATE_TEST_SUITE_P(versions, tls_peer, ::testing::ValuesIn(rows),
                         [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace tlsmodem::test
