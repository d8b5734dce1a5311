// DTLS 1.2 with every server that the machine has: pre-shared keys, certificates, client certificates, and
// real data over each association.
#include "peer_fixture.hpp"

#include <memory>
#include <ostream>

namespace tlsmodem::test {
namespace {

constexpr std::string_view coap_get_time("\x40\x01\x12\x34\xb4time");

struct server_files {
  std::string server;  // certificate and key
  std::string root;
  std::string psk;  // as gnutls-serv reads it
};

using running = std::unique_ptr<peer>;

running start_s_server(const std::vector<std::string>& arguments) {
  return running(new peer(s_server(s_server_version::dtls1_2, peer_port, arguments)));
}

running start_coap(coap_library library, const std::vector<std::string>& arguments) {
  return running(new peer(coap_server(library, peer_port, arguments)));
}

running start_gnutls(std::vector<std::string> arguments) {
  return running(new peer(gnutls_udp_server(peer_port, arguments)));
}

enum class talk { coap, typed, echo };

struct row {
  const char* name;
  running (*start)(const server_files& files);
  std::vector<std::string> options;
  talk how;
  const char* suite_part;
  const char* peer_subject;  // as AT#TINFO tells it
};

void PrintTo(const row& made, std::ostream* out) { *out << made.name; }

const std::vector<std::string> with_psk = {"\"psk\",\"3\""};
const std::vector<std::string> with_root = {"\"ca\",\"1\""};
const std::vector<std::string> with_client_certificate = {"\"ca\",\"1\"", "\"cert\",\"2\"", "\"key\",\"2\""};
constexpr const char* no_subject = "\"\"";
constexpr const char* server_subject = "\"CN=server.test\"";

const std::vector<row> rows = {
    {"psk_s_server",
     [](const server_files&) {
       return start_s_server({"-nocert", "-psk", hex_of(psk_key), "-cipher", "PSK"});
     },
     with_psk, talk::typed, "PSK", no_subject},
    {"psk_coap_server_openssl",
     [](const server_files&) {
       return start_coap(coap_library::openssl, {"-k", std::string(psk_key)});
     },
     with_psk, talk::coap, "PSK", no_subject},
    {"psk_coap_server_gnutls",
     [](const server_files&) {
       return start_coap(coap_library::gnutls, {"-k", std::string(psk_key)});
     },
     with_psk, talk::coap, "PSK", no_subject},
    {"psk_gnutls_serv",
     [](const server_files& files) {
       return start_gnutls({"--pskpasswd", files.psk, "--priority", "NORMAL:-KX-ALL:+PSK:+ECDHE-PSK"});
     },
     with_psk, talk::echo, "PSK", no_subject},
    {"certificate_s_server",
     [](const server_files& files) {
       return start_s_server({"-cert", files.server});
     },
     with_root, talk::typed, "ECDHE_ECDSA", server_subject},
    {"certificate_coap_server_openssl",
     [](const server_files& files) {
       return start_coap(coap_library::openssl, {"-n", "-c", files.server, "-C", files.root});
     },
     with_root, talk::coap, "ECDHE_ECDSA", server_subject},
    {"certificate_coap_server_gnutls",
     [](const server_files& files) {
       return start_coap(coap_library::gnutls, {"-n", "-c", files.server, "-C", files.root});
     },
     with_root, talk::coap, "ECDHE_ECDSA", server_subject},
    {"certificate_gnutls_serv",
     [](const server_files& files) {
       return start_gnutls(
           {"--disable-client-cert", "--x509certfile", files.server, "--x509keyfile", files.server});
     },
     with_root, talk::echo, "ECDHE_ECDSA", server_subject},
    {"client_certificate_s_server",
     [](const server_files& files) {
       return start_s_server(
           {"-cert", files.server, "-CAfile", files.root, "-Verify", "2", "-verify_return_error"});
     },
     with_client_certificate, talk::typed, "ECDHE_ECDSA", server_subject},
    {"client_certificate_coap_server_openssl",
     [](const server_files& files) {
       return start_coap(coap_library::openssl, {"-c", files.server, "-C", files.root, "-R", files.root});
     },
     with_client_certificate, talk::coap, "ECDHE_ECDSA", server_subject},
    {"client_certificate_coap_server_gnutls",
     [](const server_files& files) {
       return start_coap(coap_library::gnutls, {"-c", files.server, "-C", files.root, "-R", files.root});
     },
     with_client_certificate, talk::coap, "ECDHE_ECDSA", server_subject},
    {"client_certificate_gnutls_serv",
     [](const server_files& files) {
       return start_gnutls({"--require-client-cert", "--verify-client-cert", "--x509cafile", files.root,
                            "--x509certfile", files.server, "--x509keyfile", files.server});
     },
     with_client_certificate, talk::echo, "ECDHE_ECDSA", server_subject},
};

class dtls_peer : public peer_test, public ::testing::WithParamInterface<row> {
 protected:
  void expect_data_both_ways(int id, const peer& server) {
    switch (GetParam().how) {
      case talk::coap: {
        channel_.send(id, coap_get_time);
        const auto answer = channel_.receive();
        ASSERT_GT(answer.size(), 4U);
        EXPECT_EQ(answer.substr(0, 4), "\x60\x45\x12\x34");  // ACK, 2.05 Content, the same message id
        return;
      }
      case talk::typed:
        channel_.send(id, "attention\n");
        EXPECT_TRUE(server.prints("attention\n"));
        server.type("here you are\n");
        EXPECT_EQ(channel_.receive(), "here you are\n");
        return;
      case talk::echo:
        channel_.send(id, "attention\n");
        EXPECT_EQ(channel_.receive(), "attention\n");
        return;
    }
  }
};

TEST_P(dtls_peer, handshakes_and_exchanges_data_twice) {
  const auto& row = GetParam();
  const auto server =
      row.start({server_file(), root_file(), files_.write_text("psk", "device:" + hex_of(psk_key) + "\n")});
  configure(row.options);
  int id = channel_.open();

  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(server->output());
    const auto up = channel_.connect_up(id, "127.0.0.1", peer_port);
    EXPECT_EQ(up.how, 0);
    EXPECT_EQ(up.version, "DTLSv1.2");
    EXPECT_NE(up.suite.find(row.suite_part), std::string::npos) << up.suite;
    EXPECT_EQ(up.remote_address, "127.0.0.1");
    EXPECT_EQ(up.remote_port, peer_port);
    expect_data_both_ways(id, *server);
    EXPECT_EQ(channel_.info(id, "peer_subject"), row.peer_subject);
    EXPECT_EQ(channel_.info(id, "state"), "\"connected\"");
    if (row.how == talk::echo) {  // gnutls-serv does not answer a close_notify over UDP
      channel_.ok("AT#TCLOSE=" + std::to_string(id));
      id = channel_.open();
      continue;
    }
    channel_.ok("AT#TSHUT=" + std::to_string(id));
    EXPECT_EQ(down().cause, at::down_cause::peer_closed);
  }
}

INSTANTIATE_TEST_SUITE_P(servers, dtls_peer, ::testing::ValuesIn(rows),
                         [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace tlsmodem::test
