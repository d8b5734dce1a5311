// The options dane, crl and rebuild_chain against a real server: let in, and refused with the event's numbers
// and text and the alerts of AT#TINFO.
#include "peer_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <ostream>

namespace tlsmodem::test {
namespace {

constexpr int crl_tag = 20;
constexpr int authorities_tag = 21;

std::string tlsa(int usage, const identity& of) {
  const auto digest = tlsa_data(of.certificate.get(), 1, 1);
  return "\"" + std::to_string(usage) + " 1 1 " + hex_of(as_text(digest)) + "\"";
}

std::string dane(int usage, const identity& of) { return R"("dane",)" + tlsa(usage, of); }

class peer_trust : public peer_test {
 protected:
  // Connects a new socket of the profile, which must fail.
  void expect_refusal(int code, int alert, std::string_view text) {
    const int id = channel_.open();
    const auto fail = channel_.connect_fail(id, "127.0.0.1", peer_port);
    EXPECT_EQ(static_cast<int>(fail.code), code) << fail.text;
    EXPECT_EQ(fail.alert, alert) << fail.text;
    EXPECT_NE(fail.text.find(text), std::string::npos) << fail.text;
    EXPECT_EQ(channel_.info(id, "alert_out"), "2," + std::to_string(alert));
    EXPECT_NE(sentence().find(text), std::string::npos) << sentence();
  }

  void expect_up(std::string_view verify_result) {
    const int id = channel_.open();
    channel_.connect_up(id, "127.0.0.1", peer_port);
    EXPECT_EQ(channel_.info(id, "verify"), "\"" + std::string(verify_result) + "\"");
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }

  void revoke(const std::vector<const X509*>& revoked, int from_days = 0, int until_days = 30) {
    channel_.tcred(crl_tag, 5, to_pem(make_revocation_list(root_, revoked, from_days, until_days).get()));
  }

  const identity stranger_ = make_root("stranger");
};

struct transport_row {
  const char* name;
  s_server_version version;
  const char* proto;
};
void PrintTo(const transport_row& row, std::ostream* out) { *out << row.name; }

class peer_trust_on : public peer_trust, public ::testing::WithParamInterface<transport_row> {
 protected:
  peer s_server_with(const std::vector<std::string>& arguments) {
    configure({std::string(R"("proto",)") + GetParam().proto});
    return s_server(GetParam().version, peer_port, arguments);
  }
};

INSTANTIATE_TEST_SUITE_P(transports, peer_trust_on,
                         ::testing::Values(transport_row{"dtls1_2", s_server_version::dtls1_2, R"("dtls")"},
                                           transport_row{"tls1_3", s_server_version::tls1_3, R"("tls")"}),
                         [](const auto& row) { return row.param.name; });

TEST_P(peer_trust_on, records_of_the_server_stand_without_trusted_certificates) {
  const auto server = s_server_with(good_server());
  EXPECT_EQ(channel_.error_of("AT#TOPEN=0"), 809);
  configure({dane(1, server_)});
  EXPECT_EQ(channel_.error_of("AT#TOPEN=0"), 809);
  configure({R"("dane","")", dane(3, stranger_)});
  expect_refusal(806, 42, "no matching DANE TLSA records");
  configure({dane(3, server_)});
  expect_up("ok");
  EXPECT_EQ(channel_.ok("AT#TCFG=0,\"dane\""),
            (std::vector<std::string>{"#TCFG: 0,\"dane\"," + tlsa(3, stranger_),
                                      "#TCFG: 0,\"dane\"," + tlsa(3, server_)}));
}

TEST_P(peer_trust_on, records_of_the_authority_let_its_servers_in) {
  auto arguments = good_server();
  arguments.insert(arguments.end(), {"-cert_chain", root_file()});
  const auto server = s_server_with(arguments);
  configure({dane(2, root_)});
  expect_up("ok");
  configure({R"("sni","elsewhere.test")"});
  expect_refusal(807, 42, "hostname mismatch");
}

TEST_P(peer_trust_on, records_narrow_what_trusted_certificates_vouch_for) {
  const auto server = s_server_with(good_server());
  configure({R"("ca","1")", dane(1, server_)});
  expect_up("ok");
  configure({R"("dane","")", dane(0, stranger_)});
  expect_refusal(806, 42, "no matching DANE TLSA records");
  configure({R"("dane","")", R"("dane","3 1 1 00")"});
  expect_refusal(806, 42, "none of the TLSA records is usable");
}

TEST_P(peer_trust_on, records_without_verification_are_enforced_when_they_are_usable) {
  const auto server = s_server_with(good_server());
  configure({R"("verify",0)", dane(1, stranger_), R"("dane","3 1 1 00")"});
  expect_up("");
  configure({dane(3, stranger_)});
  expect_refusal(806, 42, "no matching DANE TLSA records");
  configure({dane(3, server_)});
  expect_up("ok");
}

TEST_P(peer_trust_on, revocation_lists_are_asked) {
  const auto server = s_server_with(good_server());
  configure({R"("ca","1")", R"("crl","20")"});
  EXPECT_EQ(channel_.error_of("AT#TOPEN=0"), 809);
  revoke({client_.certificate.get()});
  expect_up("ok");
  revoke({server_.certificate.get()});
  expect_refusal(806, 44, "the server's certificate was refused: it is revoked");
  revoke({}, -9, -2);
  expect_refusal(806, 45, "the revocation list that covers it has expired");
  channel_.tcred(crl_tag, 5, to_pem(make_revocation_list(stranger_, {}).get()));
  expect_refusal(806, 48, "there is no revocation list that covers it");
}

TEST_P(peer_trust_on, revoked_authority_costs_its_servers) {
  const auto middle = issue(root_, {.common_name = "middle", .role = certificate_role::authority});
  const auto below = issue(middle, {.ip = {"127.0.0.1"}});
  const auto server = s_server_with({"-cert", files_.write("below.pem", below), "-cert_chain",
                                     files_.write_certificate("middle.pem", middle)});
  const auto of_middle = to_pem(make_revocation_list(middle, {}).get());
  configure({R"("ca","1")", R"("crl","20,22")"});
  channel_.tcred(22, 5, of_middle);
  revoke({});
  expect_up("ok");
  revoke({middle.certificate.get()});
  expect_refusal(806, 44, "the certificate of one of its authorities is revoked");
  configure({R"("crl","22")"});
  expect_refusal(806, 48, "there is no revocation list that covers one of its authorities");
}

TEST_P(peer_trust_on, own_chain_is_completed) {
  const auto middle = issue(root_, {.common_name = "middle", .role = certificate_role::authority});
  const auto own = issue(middle, {.common_name = "far.test", .role = certificate_role::client});
  auto arguments = good_server();
  arguments.insert(arguments.end(), {"-CAfile", root_file(), "-Verify", "3", "-verify_return_error"});
  const auto server = s_server_with(arguments);
  channel_.tcred(authorities_tag, 0, to_pem(middle.certificate.get()));
  channel_.tcred(authorities_tag, 1, to_pem(own.certificate.get()));
  channel_.tcred(authorities_tag, 2, to_pem(own.key.get()));
  configure({R"("verify",0)", R"("ca","21")", R"("cert","21")", R"("key","21")", R"("rebuild_chain",1)"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_TRUE(server.prints("CN=far.test"));
  EXPECT_TRUE(server.prints("CN=middle"));
}

TEST_F(peer_trust, own_chain_is_shown_as_it_is_unless_told) {
  const auto middle = issue(root_, {.common_name = "middle", .role = certificate_role::authority});
  const auto own = issue(middle, {.common_name = "far.test", .role = certificate_role::client});
  auto arguments = good_server();
  arguments.insert(arguments.end(), {"-CAfile", root_file(), "-Verify", "3", "-verify_return_error"});
  const auto server = s_server(s_server_version::dtls1_2, peer_port, arguments);
  channel_.tcred(authorities_tag, 0, to_pem(middle.certificate.get()));
  channel_.tcred(authorities_tag, 1, to_pem(own.certificate.get()));
  channel_.tcred(authorities_tag, 2, to_pem(own.key.get()));
  configure({R"("verify",0)", R"("ca","21")", R"("cert","21")", R"("key","21")"});
  const auto fail = channel_.connect_fail(channel_.open(), "127.0.0.1", peer_port);
  EXPECT_EQ(fail.code, at::error::alert_received);
  EXPECT_EQ(fail.alert, 48);
}

class configured_trust : public peer_test {
 protected:
  configured_trust()
      : peer_test("[profile default]\ndane = 3 1 1 00\n[profile a]\ndane = 2 1 1 00\ndane = 2 1 1 01\n") {}
};

TEST_F(configured_trust, records_of_a_profile_add_to_those_of_the_default) {
  EXPECT_EQ(channel_.ok(R"(AT#TCFG=0,"dane")"), std::vector<std::string>{R"(#TCFG: 0,"dane","3 1 1 00")"});
  EXPECT_EQ(channel_.ok(R"(AT#TCFG=0,"load","a";#TCFG=0,"dane")").size(), 3U);
  EXPECT_EQ(channel_.ok(R"(AT#TCFG=0,"load","default";#TCFG=0,"dane")").size(), 1U);
}

// A whole certificate of an RSA key fits the command line; what does not is a line that is too long.
TEST_F(peer_trust, records_of_whole_certificates_fit_a_command_line) {
  const auto rsa = issue(root_, {.dns = {std::string(60, 'a') + ".test", std::string(60, 'b') + ".test"}},
                         key_kind::rsa_2048);
  const auto whole = hex_of(as_text(tlsa_data(rsa.certificate.get(), 0, 0)));
  const auto server = s_server(s_server_version::dtls1_2, peer_port, {"-cert", files_.write("rsa.pem", rsa)});
  configure({R"("dane","3 0 0 )" + whole + "\""});
  expect_up("ok");
  EXPECT_EQ(channel_.error_of(R"(AT#TCFG=0,"dane","3 0 0 )" + std::string(4096, '0') + "\""), -1);
  EXPECT_EQ(channel_.error_of(R"(AT#TCFG=0,"dane","3 0 0 )" + whole + "0\""), 50);
  EXPECT_EQ(channel_.ok(R"(AT#TCFG=0,"dane")").size(), 1U);
}

// The file of the system's authorities, for a daemon that is started later.
class own_system_file {
 public:
  own_system_file() { ::setenv("SSL_CERT_FILE", path().c_str(), 1); }
  ~own_system_file() { ::unsetenv("SSL_CERT_FILE"); }
  own_system_file(const own_system_file&) = delete;
  own_system_file& operator=(const own_system_file&) = delete;
  std::string path() const { return directory_.path("authorities.pem"); }
  void holds(const identity& authority) const {
    write_file(directory_.path("next"), to_pem(authority.certificate.get()));
    std::filesystem::rename(directory_.path("next"), path());
  }

 private:
  temporary_directory directory_;
};

class system_trust : public own_system_file, public peer_trust {};

TEST_F(system_trust, is_what_the_file_holds_when_a_socket_is_opened) {
  const auto server = s_server(s_server_version::tls1_3, peer_port, good_server());
  configure({R"("proto","tls")", R"("system_ca",1)", R"("resume",0)"});
  holds(root_);
  const int first = channel_.open();
  holds(stranger_);
  expect_refusal(806, 48, "self-signed certificate in certificate chain");
  channel_.connect_up(first, "127.0.0.1", peer_port);
  channel_.ok("AT#TCLOSE=" + std::to_string(first));  // the server has one client at a time
  write_file(path(), "damaged");
  expect_refusal(806, 48, "self-signed certificate in certificate chain");
  holds(root_);
  expect_up("ok");
  EXPECT_NE(daemon_.log().find("trusted certificates cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace tlsmodem::test
