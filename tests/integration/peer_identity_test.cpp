// How a device proves itself, and how it knows its server: kinds of client certificates, chains in any order,
// and names.
#include "peer_fixture.hpp"

#include <ostream>

namespace tlsmodem::test {
namespace {

constexpr int own_tag = 30;

struct version_row {
  const char* name;
  s_server_version version;
  std::vector<std::string> options;
};

void PrintTo(const version_row& row, std::ostream* out) { *out << row.name; }

const std::vector<version_row> versions = {
    {"dtls1_2", s_server_version::dtls1_2, {}},
    {"tls1_2", s_server_version::tls1_2, {R"("proto","tls")", R"("version","1.2","1.2")"}},
    {"tls1_3", s_server_version::tls1_3, {R"("proto","tls")", R"("version","1.3")"}},
};

struct kind_row {
  const char* name;
  key_kind kind;
};
void PrintTo(const kind_row& row, std::ostream* out) { *out << row.name; }

const std::vector<kind_row> kinds = {{"p256", key_kind::ec_p256},
                                     {"p384", key_kind::ec_p384},
                                     {"rsa2048", key_kind::rsa_2048},
                                     {"ed25519", key_kind::ed25519}};

class own_certificate : public peer_test,
                        public ::testing::WithParamInterface<std::tuple<version_row, kind_row>> {
 protected:
  const version_row& version() const { return std::get<version_row>(GetParam()); }
  peer server_that_asks(const std::string& trusted_file) {
    configure(version().options);
    configure({R"("ca","1")", R"("cert","30")", R"("key","30")"});
    return s_server(
        version().version, peer_port,
        {"-cert", server_file(), "-CAfile", trusted_file, "-Verify", "3", "-verify_return_error"});
  }
  void give(const identity& own, const std::string& chain) {
    channel_.tcred(own_tag, 1, chain);
    channel_.tcred(own_tag, 2, to_pem(own.key.get()));
  }
  const identity middle_ = issue(root_, {.common_name = "middle", .role = certificate_role::authority});
  const identity low_ = issue(middle_, {.common_name = "low", .role = certificate_role::authority});
  const identity own_ = issue(low_, {.common_name = "device.test", .role = certificate_role::client},
                              std::get<kind_row>(GetParam()).kind);
};

TEST_P(own_certificate, is_accepted_with_its_chain_in_any_order) {
  const auto pem = [](const identity& who) { return to_pem(who.certificate.get()); };
  const auto server = server_that_asks(root_file());
  const std::string chains[] = {pem(own_) + pem(low_) + pem(middle_), pem(middle_) + pem(own_) + pem(low_)};
  for (const auto& chain : chains) {
    give(own_, chain);
    const int id = channel_.open();
    channel_.connect_up(id, "127.0.0.1", peer_port);
    const auto words = "over socket " + std::to_string(&chain - chains) + "\n";
    channel_.send(id, words);  // in TLS 1.3 the server's verdict comes behind the handshake
    EXPECT_TRUE(server.prints(words)) << server.output();
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }
}

TEST_P(own_certificate, is_refused_by_who_does_not_trust_its_authority) {
  const auto stranger = make_root("stranger");
  const auto server = server_that_asks(files_.write_certificate("stranger.pem", stranger));
  give(own_, to_pem(own_.certificate.get()));
  const int id = channel_.open();
  if (version().version == s_server_version::tls1_3) {
    channel_.connect_up(id, "127.0.0.1", peer_port);
    const auto end = down();
    EXPECT_EQ(end.cause, at::down_cause::alert);
    EXPECT_EQ(end.alert, 48);
    EXPECT_NE(end.text.find("unknown_ca (48)"), std::string::npos) << end.text;
  } else {
    const auto fail = channel_.connect_fail(id, "127.0.0.1", peer_port);
    EXPECT_EQ(fail.code, at::error::alert_received);
    EXPECT_EQ(fail.alert, 48);
    EXPECT_NE(fail.text.find("unknown_ca (48)"), std::string::npos) << fail.text;
  }
  EXPECT_EQ(channel_.info(id, "alert_in"), "2,48");
  EXPECT_NE(sentence().find("unknown_ca (48)"), std::string::npos) << sentence();
}

INSTANTIATE_TEST_SUITE_P(kinds, own_certificate,
                         ::testing::Combine(::testing::ValuesIn(versions), ::testing::ValuesIn(kinds)),
                         [](const auto& row) {
                           return std::string(std::get<version_row>(row.param).name) + "_" +
                                  std::get<kind_row>(row.param).name;
                         });

struct name_row {
  const char* name;
  const char* host;
  const char* sni;  // null: not set
  const char* sent;
  const char* text = nullptr;  // of the refusal, 807 and alert 42; null: it connects
};
void PrintTo(const name_row& row, std::ostream* out) { *out << row.name; }

class known_server : public peer_test, public ::testing::WithParamInterface<name_row> {
 protected:
  const identity named_ =
      issue(root_, {.dns = {"server.test", "*.wild.test", "xn--bcher-kva.test"}, .ip = {"127.0.0.1", "::1"}});
  // What s_server says of the extension server_name.
  static std::string told(const std::string& name) { return "Hostname in TLS extension: \"" + name + '"'; }
};

TEST_P(known_server, has_the_name_that_was_asked_for) {
  const auto& row = GetParam();
  const std::string address = std::string(row.host).find(':') == std::string::npos ? row.host : "[::1]";
  const auto file = files_.write("named.pem", named_);
  const auto server =
      s_server(s_server_version::dtls1_2, peer_port,
               {"-cert", file, "-servername", "unused.test", "-cert2", file, "-key2", file}, address);
  configure({R"("ca","1")"});
  if (row.sni != nullptr) configure({R"("sni",")" + std::string(row.sni) + '"'});
  const int id = channel_.open();
  if (row.text == nullptr) {
    channel_.connect_up(id, row.host, peer_port);
    EXPECT_EQ(channel_.info(id, "verify"), "\"ok\"");
  } else {
    const auto fail = channel_.connect_fail(id, row.host, peer_port);
    EXPECT_EQ(fail.code, at::error::name_mismatch);
    EXPECT_EQ(fail.alert, 42);
    EXPECT_NE(fail.text.find(row.text), std::string::npos) << fail.text;
    EXPECT_EQ(channel_.info(id, "alert_out"), "2,42");
    EXPECT_NE(sentence().find(row.text), std::string::npos) << sentence();
  }
  // It has another one, and says so by a warning to who names one.
  EXPECT_EQ(channel_.info(id, "alert_in"), *row.sent != '\0' ? "1,112" : "-1");
  // That is told when a handshake is done.
  if (*row.sent != '\0' && row.text == nullptr) {
    EXPECT_TRUE(server.prints(told(row.sent))) << server.output();
  }
}

INSTANTIATE_TEST_SUITE_P(
    names, known_server,
    ::testing::Values(
        name_row{"address", "127.0.0.1", nullptr, ""}, name_row{"address_of_six", "::1", nullptr, ""},
        name_row{"no_sni", "127.0.0.1", "", ""},
        name_row{"other_address_in_sni", "127.0.0.1", "127.0.0.2", "", "IP address mismatch"},
        name_row{"override", "127.0.0.1", "server.test", "server.test"},
        name_row{"wrong_override", "127.0.0.1", "other.test", "other.test", "hostname mismatch"},
        name_row{"wildcard", "127.0.0.1", "a.wild.test", "a.wild.test"},
        name_row{"wildcard_is_one_label", "127.0.0.1", "a.b.wild.test", "a.b.wild.test", "hostname mismatch"},
        name_row{"wildcard_is_a_label", "127.0.0.1", "wild.test", "wild.test", "hostname mismatch"},
        name_row{"a_label", "127.0.0.1", "xn--bcher-kva.test", "xn--bcher-kva.test"},
        name_row{"u_label", "127.0.0.1", "b\u00fccher.test", "xn--bcher-kva.test"},
        name_row{"other_u_label", "127.0.0.1", "b\u00e4cher.test", "xn--bcher-bra.test",
                 "hostname mismatch"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(peer_test, host_beyond_ascii_is_looked_up_by_its_a_labels) {
  configure({R"("ca","1")"});
  const int id = channel_.open();
  const auto fail = channel_.connect_fail(id, "b\u00fccher.invalid", peer_port);
  EXPECT_EQ(fail.code, at::error::name_not_resolved);
  EXPECT_NE(fail.text.find("xn--bcher-kva.invalid"), std::string::npos) << fail.text;
  EXPECT_EQ(channel_.error_of("AT#TCONN=" + std::to_string(id) + ",\"\\FF.test\",5684"), 50);
  EXPECT_EQ(channel_.error_of(R"(AT#TCFG=0,"sni","\FF.test")"), 50);
  EXPECT_NE(sentence().find("The name cannot be one"), std::string::npos);
}

}  // namespace
}  // namespace tlsmodem::test
