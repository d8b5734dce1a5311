// Servers of the past: refused with numbers and a sentence, let in by the name of what they lack, which the
// log then tells.
#include "peer_fixture.hpp"

#include <functional>
#include <ostream>

namespace tlsmodem::test {
namespace {

using arguments = std::vector<std::string>;

struct stage {
  const key_files& files;
  const identity& root;
};

struct legacy_row {
  const char* name;
  std::vector<std::string> options;
  std::function<peer(const stage&)> serve;
  // #TFAIL without the option
  int code;
  int alert;
  const char* text;
  std::vector<std::string> not_enough;  // values of the option with which it stays refused
  const char* enough;
};
void PrintTo(const legacy_row& row, std::ostream* out) { *out << row.name; }

std::string certificate(const stage& on, key_kind kind, const char* digest = "SHA256") {
  return on.files.write("old.pem", issue(on.root, {.ip = {"127.0.0.1"}, .digest = digest}, kind));
}

// Without the extension renegotiation_info, RFC 5746.
peer gnutls_without_renegotiation_info(const stage& on, peer_transport over) {
  const auto file = certificate(on, key_kind::ec_p256);
  arguments all = {"gnutls-serv",    "--echo",
                   "--port",         std::to_string(peer_port),
                   "--x509certfile", file,
                   "--x509keyfile",  file,
                   "--priority",     "NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION"};
  if (over == peer_transport::udp) all.emplace_back("--udp");
  return {all, over, peer_port};
}

peer s_server_of_the_past(const char* version, const std::string& certificate_file, peer_transport over) {
  return {{"openssl", "s_server", "-accept", "127.0.0.1:" + std::to_string(peer_port), version, "-cert",
           certificate_file, "-cipher", "ALL:@SECLEVEL=0"},
          over,
          peer_port};
}

const std::vector<legacy_row> rows = {
    {.name = "dtls_server_without_renegotiation_info",
     .options = {},
     .serve = [](const stage& on) { return gnutls_without_renegotiation_info(on, peer_transport::udp); },
     .code = 808,
     .alert = 40,
     .text = "unsafe legacy renegotiation disabled",
     .not_enough = {"security_level_0"},
     .enough = "no_renegotiation_info"},
    {.name = "tls_server_without_renegotiation_info",
     .options = {R"("proto","tls")"},
     .serve = [](const stage& on) { return gnutls_without_renegotiation_info(on, peer_transport::tcp); },
     .code = 808,
     .alert = 40,
     .text = "unsafe legacy renegotiation disabled",
     .not_enough = {"security_level_0"},
     .enough = "no_renegotiation_info"},
    {.name = "short_key",
     .options = {},
     .serve =
         [](const stage& on) {
           return s_server_of_the_past("-dtls1_2", certificate(on, key_kind::rsa_1024), peer_transport::udp);
         },
     .code = 806,
     .alert = 42,
     .text = "EE certificate key too weak",
     .not_enough = {"no_renegotiation_info"},
     .enough = "security_level_1"},
    {.name = "certificate_signed_with_sha1",
     .options = {R"("proto","tls")"},
     .serve =
         [](const stage& on) {
           return s_server_of_the_past("-tls1_2", certificate(on, key_kind::ec_p256, "SHA1"),
                                       peer_transport::tcp);
         },
     .code = 806,
     .alert = 42,
     .text = "CA signature digest algorithm too weak",
     .not_enough = {"security_level_1"},
     .enough = "security_level_0"},
    {.name = "tls_1_1_with_a_certificate",
     .options = {R"("proto","tls")", R"("version","1.1","1.1")"},
     .serve =
         [](const stage& on) {
           return s_server_of_the_past("-tls1_1", certificate(on, key_kind::rsa_2048), peer_transport::tcp);
         },
     .code = 808,
     .alert = 80,
     .text = "legacy sigalg",
     .not_enough = {"security_level_1"},
     .enough = "security_level_0"},
    {.name = "dtls_1_0_with_a_certificate",
     .options = {R"("version","1.1","1.1")"},
     .serve =
         [](const stage& on) {
           return s_server_of_the_past("-dtls1", certificate(on, key_kind::rsa_2048), peer_transport::udp);
         },
     .code = 808,
     .alert = 80,
     .text = "legacy sigalg",
     .not_enough = {"security_level_1"},
     .enough = "no_renegotiation_info,security_level_0"},
};

class legacy_server : public peer_test, public ::testing::WithParamInterface<legacy_row> {
 protected:
  void expect_refusal() {
    const auto& row = GetParam();
    const auto server = row.serve({files_, root_});
    const int id = channel_.open();
    const auto fail = channel_.connect_fail(id, "127.0.0.1", peer_port);
    EXPECT_EQ(static_cast<int>(fail.code), row.code) << fail.text;
    EXPECT_EQ(fail.alert, row.alert) << fail.text;
    EXPECT_NE(fail.text.find(row.text), std::string::npos) << fail.text;
    EXPECT_EQ(channel_.info(id, "alert_out"), "2," + std::to_string(row.alert));
    EXPECT_NE(sentence().find(row.text), std::string::npos) << sentence();
  }
  void allow(const std::string& names) { configure({R"("legacy",")" + names + '"'}); }
};

TEST_P(legacy_server, is_let_in_by_name_only) {
  configure({R"("ca","1")"});
  configure(GetParam().options);
  expect_refusal();
  EXPECT_EQ(daemon_.log().find("legacy="), std::string::npos);
  for (const auto& names : GetParam().not_enough) {
    allow(names);
    expect_refusal();
  }
  allow(GetParam().enough);
  const auto server = GetParam().serve({files_, root_});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  EXPECT_EQ(channel_.info(id, "verify"), "\"ok\"");
  EXPECT_NE(daemon_.log().find("legacy=" + std::string(GetParam().enough)), std::string::npos)
      << daemon_.log();
}

INSTANTIATE_TEST_SUITE_P(rows, legacy_server, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

// 003B and 00B0 do not encrypt, 00A6 does not authenticate, 0003 is an export suite.
TEST_F(peer_test, suites_that_protect_nothing_have_no_name) {
  configure({R"("proto","tls")", R"("ca","1")", R"("legacy","no_renegotiation_info,security_level_0")"});
  for (const char* suite : {"003B", "00A6", "0003"}) {
    configure({R"("ciphers",")" + std::string(suite) + '"'});
    EXPECT_EQ(channel_.error_of("AT#TOPEN=0"), 808) << suite;
  }
  configure({R"("psk","3")", R"("ciphers","00B0")"});
  EXPECT_EQ(channel_.error_of("AT#TOPEN=0"), 808);
  EXPECT_EQ(sentence(), "none of the cipher suites fits the versions and credentials.");
}

// What docs/protocol/profiles.md promises of level 0, and OpenSSL does not.
TEST_F(peer_test, level_0_lets_through_sha1_but_neither_md5_nor_shorter_keys) {
  const auto root = make_root("old", key_kind::rsa_2048);  // ECDSA has no name with MD5
  channel_.tcred(2, 0, to_pem(root.certificate.get()));
  configure({R"("proto","tls")", R"("ca","2")", R"("legacy","security_level_0")"});
  const stage on{files_, root};
  const std::pair<std::string, const char*> servers[] = {
      {certificate(on, key_kind::ec_p256, "MD5"), "CA signature digest algorithm too weak"},
      {files_.write("short.pem", issue(root, {.ip = {"127.0.0.1"}}, key_kind::rsa_512)),
       "EE certificate key too weak"}};
  for (const auto& [file, says] : servers) {
    const auto server = s_server_of_the_past("-tls1_2", file, peer_transport::tcp);
    const auto fail = channel_.connect_fail(channel_.open(), "127.0.0.1", peer_port);
    EXPECT_EQ(fail.code, at::error::certificate_refused) << fail.text;
    EXPECT_NE(fail.text.find(says), std::string::npos) << fail.text;
  }
}

class configured_legacy : public peer_test {
 protected:
  configured_legacy() : peer_test("[profile old]\nlegacy = security_level_1\n") {}
};

TEST_F(configured_legacy, is_an_option_of_one_profile) {
  EXPECT_EQ(channel_.ok(R"(AT#TCFG=0,"legacy")"), std::vector<std::string>{R"(#TCFG: 0,"legacy","")"});
  EXPECT_EQ(channel_.ok(R"(AT#TCFG=1,"load","old";#TCFG=1,"legacy")"),
            std::vector<std::string>{R"(#TCFG: 1,"legacy","security_level_1")"});
}

}  // namespace
}  // namespace tlsmodem::test
