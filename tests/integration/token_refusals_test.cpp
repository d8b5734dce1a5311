// What is refused of keys in tokens: each with its error and a sentence of its own.
#include "token_fixture.hpp"

#include <csignal>
#include <filesystem>

namespace tlsmodem::test {
namespace {

std::size_t count_of(std::string_view what, const std::string& in) {
  std::size_t count = 0;
  for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++count;
  return count;
}

class token_refusal : public token_test {
 protected:
  void enrol_device() {
    keep_uri("object=device");
    enrol(6);
  }
  void expect_refused(std::string_view says) {
    EXPECT_EQ(error_of_opening(), 810);
    EXPECT_NE(sentence().find(says), std::string::npos) << sentence();
  }
  void restart() {
    daemon_.restart(SIGTERM);
    new_channel();
  }
};

TEST_F(token_refusal, of_a_uri_that_chooses_more_than_a_key) {
  for (const auto* more : {"object=k?pin-value=1234", "object=k?pin-source=/etc/passwd",
                           "object=k?module-path=/tmp/evil.so", "object=k?module-name=evil"}) {
    EXPECT_EQ(error_of_keeping(6, uri(more)), 810);
    EXPECT_NE(sentence().find("The URI may not have"), std::string::npos) << sentence();
  }
  EXPECT_TRUE(channel_->ok("AT#TCRED=1,7,6").empty());
}

// As often as a client asks: the token would lock itself.
TEST_F(token_refusal, of_a_wrong_pin_is_remembered_until_there_is_another) {
  enrol_device();
  token_.write_pin("not-the-pin");
  restart();
  expect_refused("refuses the PIN");
  for (int i = 0; i < 5; ++i) expect_refused("refused this PIN before");
  EXPECT_EQ(channel_->error_of("AT#TCRED=4,7,6"), 810);
  EXPECT_EQ(count_of("a token refused the login", daemon_.log()), 1U);

  token_.write_pin(std::string(soft_token::pin) + "\n");  // as an editor writes it
  expect_accepted(s_server_version::tls1_3);
}

TEST_F(token_refusal, of_a_pin_file_that_is_not_there_or_open_to_others) {
  enrol_device();
  restart();
  std::filesystem::permissions(token_.pin_file(), std::filesystem::perms(0640));
  expect_refused("is open to other users");
  std::filesystem::remove(token_.pin_file());
  expect_refused("cannot be opened");
  for (const auto* nothing : {"", "\n", "\r\n"}) {
    token_.write_pin(nothing);
    expect_refused("is empty");
  }
  token_.write_pin(std::string(300, '1'));
  expect_refused("is longer than 256 bytes");
}

TEST_F(token_refusal, of_a_token_or_a_key_that_is_not_there) {
  enrol_device();
  keep(6, "pkcs11:token=nobody;object=device");
  expect_refused("There is no token that the URI names.");
  keep_uri("object=nobody");
  expect_refused("The token has no private key that the URI names.");
  keep(6, "pkcs11:serial=0000;object=device");
  expect_refused("There is no token that the URI names.");
}

TEST_F(token_refusal, of_several_keys_of_one_name) {
  token_.make_key("device", "01", "EC:prime256v1");
  token_.make_key("device", "02", "EC:prime256v1");
  keep_uri("object=device");
  EXPECT_EQ(channel_->error_of("AT#TCRED=4,7,6"), 810);
  EXPECT_NE(sentence().find("several private keys"), std::string::npos) << sentence();
  keep_uri("object=device;id=%02");
  enrol(6);
  expect_accepted(s_server_version::tls1_2);
}

TEST_F(token_refusal, of_a_curve_that_is_not_served) {
  token_.make_key("device", "01", "EC:secp521r1");
  keep_uri("object=device");
  EXPECT_EQ(channel_->error_of("AT#TCRED=4,7,6"), 810);
  EXPECT_NE(sentence().find("neither RSA nor EC on P-256 or P-384"), std::string::npos) << sentence();
}

TEST_F(token_refusal, of_a_certificate_for_another_key) {
  enrol_device();
  const auto other = issue(root_, {.common_name = "other", .role = certificate_role::client});
  keep(1, to_pem(other.certificate.get()));
  expect_refused("does not match the own certificate");
}

class without_a_module : public ::testing::Test {};

TEST_F(without_a_module, nothing_of_tokens_is_taken) {
  const running_daemon daemon;
  test_channel channel(daemon);
  const std::string content = "pkcs11:token=t;object=k";
  EXPECT_EQ(channel.error_of("AT#TCRED=0,7,6," + std::to_string(content.size()), content), 4);
  EXPECT_NE(channel.failure_sentence().find("pkcs11-module is empty"), std::string::npos);
}

TEST_F(without_a_module, what_was_kept_is_refused_when_it_is_used) {
  const soft_token token;
  const auto root = make_root("root");
  const auto own = issue(root, {.common_name = "own", .role = certificate_role::client});
  running_daemon daemon;
  daemon.restart(SIGTERM, {"--pkcs11-module", soft_token::module()});
  {
    test_channel channel(daemon);
    const std::string content = "pkcs11:token=t;object=k";
    channel.ok("AT#TCRED=0,7,6," + std::to_string(content.size()), content);
  }
  daemon.restart(SIGTERM);
  test_channel channel(daemon);
  channel.tcred(7, 1, to_pem(own.certificate.get()));
  channel.ok("AT#TCFG=0,\"cert\",\"7\";#TCFG=0,\"key\",\"7\";#TCFG=0,\"verify\",0");
  EXPECT_EQ(channel.error_of("AT#TOPEN=0"), 4);
}

TEST_F(without_a_module, one_that_cannot_be_loaded_is_told) {
  const running_daemon daemon("pkcs11-module = /nowhere/module.so\n");
  test_channel channel(daemon);
  channel.tcred(7, 6, "pkcs11:token=t;object=k");
  EXPECT_EQ(channel.error_of("AT#TCRED=4,7,6"), 810);
  EXPECT_NE(channel.failure_sentence().find("The PKCS #11 module cannot be loaded"), std::string::npos)
      << channel.failure_sentence();
}

class configured_token_key : public token_test {
 protected:
  configured_token_key()
      : token_test("pkcs11-configured-only = 1\n[credential 7]\npkcs11 = " + uri("object=device") + "\n") {}
};

TEST_F(configured_token_key, is_used_where_only_the_configuration_names_keys) {
  enrol(6);
  expect_accepted(s_server_version::tls1_3);
  EXPECT_EQ(channel_->error_of("AT#TCRED=3,7,6"), 3);
  EXPECT_EQ(error_of_keeping(6, uri("object=device")), 816);
  EXPECT_NE(sentence().find("Only the configuration names keys"), std::string::npos) << sentence();
}

TEST_F(configured_token_key, of_a_client_is_not_used_any_more) {
  daemon_.write_config("pkcs11-module = " + soft_token::module() +
                       "\npkcs11-pin-file = " + token_.pin_file() + "\n");
  daemon_.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon_.await_ready());
  keep_uri("object=device");
  enrol(6);
  EXPECT_EQ(error_of_opening(), 0);
  daemon_.write_config("pkcs11-configured-only = 1\npkcs11-module = " + soft_token::module() +
                       "\npkcs11-pin-file = " + token_.pin_file() + "\n");
  daemon_.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon_.await_ready());
  EXPECT_EQ(error_of_opening(), 816);
}

}  // namespace
}  // namespace tlsmodem::test
