// Options of the profile, seen by a real server or in what a real server is accepted for.
#include "peer_fixture.hpp"

#include <ostream>

namespace tlsmodem::test {
namespace {

class profile_option : public peer_test {
 protected:
  // A server whose certificate nobody trusts, for another name.
  std::vector<std::string> dubious_server() {
    return {"-cert", files_.write("dubious.pem", self_sign({.dns = {"elsewhere.test"}}))};
  }
};

TEST_F(profile_option, verify_0_takes_any_server) {
  const auto server = s_server(s_server_version::dtls1_2, peer_port, dubious_server());
  configure({R"("verify",0)"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_EQ(channel_.info(id, "verify"), "\"\"");
  EXPECT_EQ(channel_.info(id, "peer_subject"), "\"CN=tlsmodem test\"");
}

TEST_F(profile_option, verify_1_takes_any_server_and_tells_what_is_wrong) {
  const auto server = s_server(s_server_version::dtls1_2, peer_port, dubious_server());
  configure({R"("verify",1)", R"("ca","1")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_EQ(channel_.info(id, "verify"), "\"self-signed certificate\"");
}

TEST_F(profile_option, verify_1_tells_a_wrong_name_too) {
  const auto server = s_server(s_server_version::tls1_3, peer_port, good_server());
  configure({R"("verify",1)", R"("ca","1")", R"("proto","tls")", R"("sni","elsewhere.test")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_EQ(channel_.info(id, "verify"), "\"hostname mismatch\"");
}

TEST_F(profile_option, verify_1_finds_nothing_wrong_with_a_good_server) {
  const auto server = s_server(s_server_version::tls1_3, peer_port, good_server());
  configure({R"("verify",1)", R"("ca","1")", R"("proto","tls")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_EQ(channel_.info(id, "verify"), "\"ok\"");
}

TEST_F(profile_option, verify_2_is_the_default_and_refuses) {
  const auto server = s_server(s_server_version::dtls1_2, peer_port, dubious_server());
  configure({R"("ca","1")"});
  const int id = channel_.open();
  EXPECT_EQ(channel_.connect_fail(id, "127.0.0.1", peer_port).code, at::error::certificate_refused);
  configure({R"("verify",2)"});
  const int other = channel_.open();
  EXPECT_EQ(channel_.connect_fail(other, "127.0.0.1", peer_port).code, at::error::certificate_refused);
}

TEST_F(profile_option, an_open_socket_keeps_the_options_it_was_opened_with) {
  const auto server = s_server(s_server_version::dtls1_2, peer_port, dubious_server());
  configure({R"("ca","1")"});
  const int strict = channel_.open();
  configure({R"("verify",0)"});
  const int careless = channel_.open();
  EXPECT_EQ(channel_.connect_fail(strict, "127.0.0.1", peer_port).code, at::error::certificate_refused);
  channel_.connect_up(careless, "127.0.0.1", peer_port);
}

TEST_F(profile_option, an_open_socket_keeps_its_credentials_when_they_are_deleted) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  configure({R"("psk","3")"});
  const int id = channel_.open();
  channel_.ok("AT#TCRED=3,3,3");
  channel_.ok("AT#TCRED=3,3,4");
  EXPECT_EQ(channel_.connect_up(id, "127.0.0.1", peer_port).version, "DTLSv1.2");
  EXPECT_EQ(channel_.error_of("AT#TOPEN=0"), 809);
}

TEST_F(profile_option, sni_reaches_the_server_and_is_what_is_verified) {
  auto arguments = good_server();
  arguments.insert(arguments.end(),
                   {"-servername", server_name, "-cert2", server_file(), "-key2", server_file()});
  const auto server = s_server(s_server_version::dtls1_2, peer_port, arguments);
  configure({R"("ca","1")", R"("sni","server.test")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_EQ(channel_.info(id, "verify"), "\"ok\"");
  EXPECT_TRUE(server.prints("Hostname in TLS extension: \"server.test\""));
}

TEST_F(profile_option, an_empty_sni_verifies_the_host_of_the_connect) {
  const auto elsewhere = issue(root_, {.dns = {"elsewhere.test"}, .ip = {"127.0.0.2"}});
  const auto server = s_server(s_server_version::tls1_2, peer_port,
                               {"-cert", files_.write("elsewhere.pem", elsewhere)}, "0.0.0.0");
  configure({R"("ca","1")", R"("proto","tls")", R"("sni","")"});
  const int id = channel_.open();
  EXPECT_EQ(channel_.connect_fail(id, "127.0.0.1", peer_port).code, at::error::name_mismatch);
  channel_.connect_up(id, "127.0.0.2", peer_port);
}

TEST_F(profile_option, alpn_is_agreed_and_told) {
  auto arguments = good_server();
  arguments.insert(arguments.end(), {"-alpn", "h2,coap"});
  const auto server = s_server(s_server_version::tls1_3, peer_port, arguments);
  configure({R"("ca","1")", R"("proto","tls")", R"("alpn","http/1.1,coap")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_EQ(channel_.info(id, "alpn"), "\"coap\"");
  EXPECT_TRUE(server.prints("ALPN protocols selected: coap"));
}

struct suite_row {
  const char* id;
  const char* name;
  const char* credential;
};

void PrintTo(const suite_row& made, std::ostream* out) { *out << made.id; }

class suite_by_id : public peer_test, public ::testing::WithParamInterface<suite_row> {};

TEST_P(suite_by_id, is_what_the_association_uses) {
  const auto& row = GetParam();
  const auto server = s_server(s_server_version::dtls1_2, peer_port, good_server());
  configure({row.credential, std::string(R"("ciphers",")") + row.id + "\""});
  const int id = channel_.open();
  EXPECT_EQ(channel_.connect_up(id, "127.0.0.1", peer_port).suite, row.name);
  EXPECT_EQ(channel_.info(id, "suite"), at::quote(row.name));
  channel_.send(id, "attention\n");
  EXPECT_TRUE(server.prints("attention\n"));
}

constexpr const char* psk = R"("psk","3")";
constexpr const char* root = R"("ca","1")";
INSTANTIATE_TEST_SUITE_P(
    iana, suite_by_id,
    ::testing::Values(suite_row{"C0A8", "TLS_PSK_WITH_AES_128_CCM_8", psk},
                      suite_row{"C0A4", "TLS_PSK_WITH_AES_128_CCM", psk},
                      suite_row{"00A8", "TLS_PSK_WITH_AES_128_GCM_SHA256", psk},
                      suite_row{"00AE", "TLS_PSK_WITH_AES_128_CBC_SHA256", psk},
                      suite_row{"C037", "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", psk},
                      suite_row{"CCAC", "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", psk},
                      suite_row{"C0AE", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", root},
                      suite_row{"C02B", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", root},
                      suite_row{"CCA9", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", root}),
    [](const auto& row) { return std::string(row.param.id); });

}  // namespace
}  // namespace tlsmodem::test
