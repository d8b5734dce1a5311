// Keys in a PKCS #11 token sign handshakes, and stay there.
#include "token_fixture.hpp"

#include <csignal>
#include <ostream>

namespace tlsmodem::test {
namespace {

struct kind_of_key {
  const char* name;
  const char* kind;  // of pkcs11-tool; null: made by AT#TCRED=4
};

void PrintTo(const kind_of_key& key, std::ostream* out) { *out << key.name; }

class key_in_token : public token_test,
                     public ::testing::WithParamInterface<std::tuple<kind_of_key, s_server_version>> {};

TEST_P(key_in_token, signs_for_a_server_that_wants_its_certificate) {
  const auto& [kind, version] = GetParam();
  if (kind.kind != nullptr) token_.make_key("device", "0a0b", kind.kind);
  keep_uri("object=device;id=%0a%0b");
  enrol(6);
  expect_accepted(version);
}

INSTANTIATE_TEST_SUITE_P(by, key_in_token,
                         ::testing::Combine(::testing::Values(kind_of_key{"made_p256", nullptr},
                                                              kind_of_key{"p256", "EC:prime256v1"},
                                                              kind_of_key{"p384", "EC:secp384r1"},
                                                              kind_of_key{"rsa", "rsa:2048"}),
                                            ::testing::ValuesIn(versions)),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).name) + "_over_" +
                                  name_of(std::get<1>(row.param));
                         });

class token_key : public token_test {
 protected:
  void enrol_device() {
    keep_uri("object=device");
    enrol(6);
  }
};

TEST_F(token_key, is_used_after_a_restart_of_the_daemon) {
  enrol_device();
  const auto before = channel_->ok("AT#TCRED=1,7");
  for (const int how : {SIGTERM, SIGKILL}) {
    daemon_.restart(how);
    new_channel();
    EXPECT_EQ(channel_->ok("AT#TCRED=1,7"), before);
    expect_accepted(s_server_version::tls1_3);
    expect_accepted(s_server_version::dtls1_2);
  }
}

TEST_F(token_key, made_in_the_token_is_sensitive_and_never_extractable) {
  keep_uri("object=device");
  request(6);
  const auto listed = token_.private_keys();
  EXPECT_NE(listed.find("device"), std::string::npos) << listed;
  EXPECT_NE(listed.find("sensitive, always sensitive, never extractable, local"), std::string::npos)
      << listed;
}

TEST_F(token_key, that_is_there_is_asked_for_another_request_not_replaced) {
  keep_uri("object=device");
  const auto first = issue_on(root_, request(6));
  const auto second = issue_on(root_, request(6));
  EXPECT_EQ(EVP_PKEY_eq(first.key.get(), second.key.get()), 1);
}

TEST_F(token_key, is_named_in_lists_and_not_read_back) {
  keep_uri("object=device");
  const auto lines = channel_->ok("AT#TCRED=1,7,6");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines.front().starts_with("#TCRED: 7,6,\""));
  EXPECT_EQ(channel_->error_of("AT#TCRED=2,7,6"), 3);
  channel_->ok("AT#TCRED=3,7,6");
  EXPECT_EQ(channel_->error_of("AT#TCRED=4,7,6"), 22);
}

TEST_F(token_key, may_be_named_by_a_volatile_uri) {
  token_.make_key("device", "01", "EC:prime256v1");
  const auto content = uri("id=%01");
  channel_->tcred(tag, 6, content);
  enrol(6);
  expect_accepted(s_server_version::tls1_2);
  new_channel();
  EXPECT_TRUE(channel_->ok("AT#TCRED=1,7,6").empty());
}

// A token's key is preferred to one that the daemon has at the same place.
TEST_F(token_key, is_used_rather_than_a_key_beside_it) {
  const auto other = issue(root_, {.common_name = "other", .role = certificate_role::client});
  keep(2, to_pem(other.key.get()));
  enrol_device();
  expect_accepted(s_server_version::tls1_3);
}

TEST_F(token_key, works_again_when_the_token_was_out_meanwhile) {
  enrol_device();
  const auto accepting = server(s_server_version::tls1_3);
  const int id = open(s_server_version::tls1_3);
  token_.take_out();
  const auto failed = channel_->connect_fail(id, "127.0.0.1", port);
  EXPECT_EQ(failed.code, at::error::credentials_unusable);
  EXPECT_NE(failed.text.find("The token did not sign: There is no token"), std::string::npos) << failed.text;
  EXPECT_EQ(channel_->error_of("AT#TOPEN=0"), 810);

  token_.put_in();
  channel_->connect_up(id, "127.0.0.1", port);
}

TEST_F(token_key, does_not_sign_without_its_token_and_the_daemon_goes_on) {
  enrol_device();
  for (const auto version : {s_server_version::dtls1_2, s_server_version::tls1_2}) {
    const auto accepting = server(version);
    const int id = open(version);
    token_.take_out();
    const auto failed = channel_->connect_fail(id, "127.0.0.1", port);
    EXPECT_EQ(failed.code, at::error::credentials_unusable);
    EXPECT_NE(failed.text.find("The token did not sign"), std::string::npos) << failed.text;
    token_.put_in();
  }
  expect_accepted(s_server_version::tls1_2);
}

TEST_F(token_key, and_pin_come_out_nowhere) {
  enrol_device();
  expect_accepted(s_server_version::tls1_3);
  token_.write_pin("wrong-pin-of-the-token");
  daemon_.restart(SIGTERM);
  new_channel();
  EXPECT_EQ(error_of_opening(), 810);
  std::string seen = sentence();
  for (const auto* line : {"AT#TCRED=1", "AT#TCFG=0", "AT#TOPEN?"})
    for (const auto& text : channel_->ok(line)) seen += text;
  daemon_.daemon().signal(SIGTERM);
  EXPECT_EQ(daemon_.daemon().wait(), 0) << daemon_.log();

  const auto log = daemon_.log();
  EXPECT_NE(log.find("logged in to a token"), std::string::npos);
  EXPECT_NE(log.find("PKCS #11 module loaded"), std::string::npos);
  for (const auto& text : {log, seen, read_file(daemon_.state_path("store.db")), token_.stored()})
    for (const std::string secret : {soft_token::pin, "wrong-pin-of-the-token"})
      for (std::size_t at = 0; at + 12 <= secret.size(); ++at)
        EXPECT_EQ(text.find(secret.substr(at, 12)), std::string::npos);
}

}  // namespace
}  // namespace tlsmodem::test
