// What the modem gives a name to, and what it says of it: servers without extended master secret (RFC 7627),
// and two sockets with one session.
#include "peer_fixture.hpp"

#include <optional>

namespace tlsmodem::test {
namespace {

// GnuTLS leaves the extension out when it is told to.
constexpr const char* without_ems = ":%NO_SESSION_HASH";

class named_session : public peer_test, public ::testing::WithParamInterface<bool> {
 protected:
  named_session() : named_session(GetParam()) {}

  static peer stream_server(const std::string& file, const std::string& priority) {
    return {{"gnutls-serv", "--echo", "--port", std::to_string(peer_port), "--disable-client-cert",
             "--x509certfile", file, "--x509keyfile", file, "--priority", priority},
            peer_transport::tcp,
            peer_port};
  }
  peer datagram_server(const std::string& priority) const {
    return gnutls_udp_server(peer_port, {"--pskpasswd", psk_file_, "--priority", priority});
  }
  // The handle that #TKEY told before #TUP, if it did.
  std::optional<std::string> connect(int id) {
    channel_.ok("AT#TCONN=" + std::to_string(id) + ",\"127.0.0.1\"," + std::to_string(peer_port));
    auto item = channel_.event();
    const auto key = at::parse_key(item.line);
    if (key) item = channel_.event();
    const auto up = at::parse_up(item.line);
    EXPECT_TRUE(up) << item.line;
    if (up) how_ = up->how;
    return key ? std::optional(key->handle) : std::nullopt;
  }

  int how_ = -1;

 private:
  explicit named_session(bool resumes_without_ems)
      : peer_test(resumes_without_ems ? "resume-without-ems = 1\n" : "") {
    psk_file_ = files_.write_text("psk-file", std::string(psk_identity) + ":" + hex_of(psk_key) + "\n");
  }

  std::string psk_file_;
};

TEST_P(named_session, of_a_stream_without_extended_master_secret) {
  const auto server = stream_server(server_file(), std::string("NORMAL:-VERS-TLS1.3") + without_ems);
  configure({R"("proto","tls")", R"("ca","1")"});
  const int id = channel_.open();
  const auto handle = connect(id);
  EXPECT_EQ(handle.has_value(), GetParam());
  EXPECT_EQ(channel_.info(id, "ems"), "0");
  EXPECT_EQ(channel_.info(id, "resumable"),
            GetParam() ? "1" : R"(0,"the server does not use the extended master secret")");
  EXPECT_EQ(channel_.ok("AT#TSESS?").size(), GetParam() ? 1U : 0U);
}

// The association goes on without any resumption, so its name is of use.
TEST_P(named_session, of_datagrams_without_extended_master_secret) {
  const auto server = datagram_server(std::string("NORMAL:-KX-ALL:+PSK:+ECDHE-PSK") + without_ems);
  configure({R"("psk","3")"});
  const int id = channel_.open();
  const auto handle = connect(id);
  ASSERT_TRUE(handle);
  EXPECT_EQ(channel_.info(id, "ems"), "0");
  EXPECT_EQ(channel_.info(id, "resumable"),
            GetParam() ? "1" : R"(0,"the server does not use the extended master secret")");
  channel_.ok("AT#TCLOSE=" + std::to_string(id) + ",1");
  const int again = channel_.open();
  channel_.ok("AT#TRESUME=" + std::to_string(again) + ",\"" + *handle + "\"");
  EXPECT_EQ(connect(again), handle);
  EXPECT_EQ(how_, 2);
}

INSTANTIATE_TEST_SUITE_P(configured, named_session, ::testing::Bool(), [](const auto& made) {
  return made.param ? "to_resume_all_the_same" : "by_default";
});

class shared_session : public peer_test {};

TEST_F(shared_session, is_told_to_the_socket_that_came_second) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  configure({R"("psk","3")"});
  const auto connect = [&](int id) {
    channel_.ok("AT#TCONN=" + std::to_string(id) + ",\"127.0.0.1\"," + std::to_string(peer_port));
    const auto key = at::parse_key(channel_.event("#TKEY").line);
    EXPECT_TRUE(at::parse_up(channel_.event("#TUP").line));
    return key ? key->handle : "";
  };
  const int first = channel_.open();
  const auto handle = connect(first);
  const int second = channel_.open();
  channel_.ok("AT#TRESUME=" + std::to_string(second) + ",\"" + handle + "\"");
  EXPECT_NE(connect(second), handle);
  EXPECT_EQ(channel_.info(second, "how"), "1");
  EXPECT_EQ(channel_.info(second, "shared_session"), "1");
  EXPECT_EQ(channel_.info(first, "shared_session"), "0");
  EXPECT_TRUE(eventually([&] {
    return daemon_.log().find("two associations have the same session") != std::string::npos;
  })) << daemon_.log();
  // A handshake of its own ends it.
  channel_.ok("AT#TREHS=" + std::to_string(second) + ",0");
  channel_.event("#TKEY");
  channel_.event("#TUP");
  EXPECT_EQ(channel_.info(second, "shared_session"), "0");
}

}  // namespace
}  // namespace tlsmodem::test
