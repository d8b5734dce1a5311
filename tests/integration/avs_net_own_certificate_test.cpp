// The device proves itself with a certificate: every kind of key, and servers that do not believe it.
#include "avs_net_trust_fixture.hpp"

namespace tlsmodem::test {
namespace {

constexpr key_kind all_kinds[] = {key_kind::rsa_2048, key_kind::ec_p256, key_kind::ec_p384,
                                  key_kind::ed25519};

class avs_net_own_certificate : public avs_net_trust {
 protected:
  void serve_known_clients() {
    serve_below_middle({"-CAfile", root_file_, "-Verify", "2", "-verify_return_error"});
  }

  tls_settings showing(const identity& who, const std::string& above = {}) const {
    auto made = with_certificates(transport());
    made.chain = to_pem(who.certificate.get()) + above;
    made.key = to_pem(who.key.get());
    return made;
  }

  static identity issue_client(const identity& by, const std::string& name,
                               key_kind kind = key_kind::ec_p256) {
    return issue(by, {.common_name = name, .role = certificate_role::client}, kind);
  }

  // The server's alert, which in TLS 1.3 comes when the client is done already.
  outcome judgement(const tls_settings& settings) {
    const avs_socket socket(settings);
    const auto how = transport() == over::udp ? socket.connect_from_fresh_port() : socket.connect();
    return how == ok && GetParam().version == s_server_version::tls1_3 ? socket.await().how : how;
  }
};
INSTANTIATE_TEST_SUITE_P(over, avs_net_own_certificate, ::testing::ValuesIn(all_transports()), name_of);

TEST_P(avs_net_own_certificate, of_every_kind_is_believed) {
  for (const auto kind : all_kinds) {
    SCOPED_TRACE(static_cast<int>(kind));
    serve_known_clients();
    const auto name = "kind-" + std::to_string(static_cast<int>(kind)) + ".test";
    const avs_socket socket(showing(issue_client(root_, name, kind)));
    ASSERT_EQ(socket.connect(), ok);
    EXPECT_TRUE(talks(socket, server()));
    EXPECT_TRUE(server().prints("CN=" + name));
  }
}

TEST_P(avs_net_own_certificate, of_every_kind_is_refused_when_nobody_known_signed_it) {
  serve_known_clients();
  for (const auto kind : all_kinds) {
    const auto outsider = issue_client(stranger_, "outsider", kind);
    EXPECT_EQ(judgement(showing(outsider)), received_alert(unknown_ca)) << static_cast<int>(kind);
  }
}

TEST_P(avs_net_own_certificate, is_refused_with_the_alert_of_its_defect) {
  serve_known_clients();
  const auto expired = issue(root_, {.common_name = "expired",
                                     .role = certificate_role::client,
                                     .not_before_days = -9,
                                     .not_after_days = -2});
  EXPECT_EQ(judgement(showing(expired)), received_alert(certificate_expired));
  EXPECT_EQ(judgement(showing(issue_client(middle_, "far.test"))), received_alert(unknown_ca))
      << "nobody showed the authority in between";
}

TEST_P(avs_net_own_certificate, below_another_authority_is_shown_with_it) {
  const auto far = issue_client(middle_, "far.test");
  const auto above = to_pem(middle_.certificate.get());
  serve_known_clients();
  EXPECT_EQ(connect(showing(far, above)), ok) << "by the application";
  auto rebuilt = showing(far);
  rebuilt.trusted += above;
  rebuilt.adjust = [](avs_net_certificate_info_t& info) { info.rebuild_client_cert_chain = true; };
  EXPECT_EQ(connect(rebuilt), ok) << "from the trusted certificates";
  rebuilt.verifies = false;
  EXPECT_EQ(connect(rebuilt), ok) << "which needs no validation";
}

}  // namespace
}  // namespace tlsmodem::test
