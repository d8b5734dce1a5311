// Keys that AT#TCRED=4 makes in the daemon: certified by their request, never outside.
#include "token_fixture.hpp"

#include <csignal>

namespace tlsmodem::test {
namespace {

class made_key : public token_test {};

TEST_F(made_key, signs_for_servers_also_after_a_restart) {
  enrol(2);
  for (const auto version : versions) expect_accepted(version);
  daemon_.restart(SIGKILL);
  new_channel();
  for (const auto version : versions) expect_accepted(version);
}

TEST_F(made_key, is_asked_for_by_a_request_with_the_name_of_the_device) {
  const auto text = request(2);
  EXPECT_TRUE(text.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
  const auto issued = issue_on(root_, text);
  ASSERT_NE(issued.key, nullptr);
  EXPECT_EQ(EVP_PKEY_get_bits(issued.key.get()), 256);
  EXPECT_EQ(channel_->ok("AT#TCRED=1,7,2").size(), 1U);
  EXPECT_EQ(channel_->error_of("AT#TCRED=2,7,2"), 3);
}

TEST_F(made_key, without_a_name_in_the_configuration_has_that_of_the_machine) {
  const running_daemon daemon;
  test_channel channel(daemon);
  const auto answer = channel.command("AT#TCRED=4,1,2,,1");
  ASSERT_TRUE(answer.is_ok);
  const auto issued = issue_on(root_, std::string(as_text(answer.lines.front().payload)));
  ASSERT_NE(issued.certificate, nullptr);
  char name[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(issued.certificate.get()), NID_commonName, name,
                            sizeof name);
  EXPECT_TRUE(std::string_view(name).starts_with("tlsmodem")) << name;
}

// For the next certificate, or when the answer was lost on its way.
TEST_F(made_key, that_is_there_is_asked_for_again) {
  const auto first = request(2);
  const auto before = channel_->ok("AT#TCRED=1,7");
  const auto again = request(2);
  EXPECT_EQ(channel_->ok("AT#TCRED=1,7"), before);
  EXPECT_EQ(EVP_PKEY_eq(issue_on(root_, first).key.get(), issue_on(root_, again).key.get()), 1);

  channel_->ok("AT#TCRED=3,7,2");
  request(2);
  EXPECT_NE(channel_->ok("AT#TCRED=1,7"), before);
}

TEST_F(made_key, may_have_been_written_and_of_any_kind) {
  for (const auto kind : {key_kind::ec_p384, key_kind::rsa_2048, key_kind::ed25519}) {
    const auto key = make_key(kind);
    keep(2, to_pem(key.get()));
    EXPECT_EQ(EVP_PKEY_eq(issue_on(root_, request(2)).key.get(), key.get()), 1);
  }
}

TEST_F(made_key, does_not_hide_behind_the_uri_of_another) {
  keep_uri("object=device");
  EXPECT_EQ(channel_->error_of("AT#TCRED=4,7,2"), 3);
  EXPECT_NE(sentence().find("names a key in a token"), std::string::npos) << sentence();
}

TEST_F(made_key, may_be_volatile_and_goes_with_its_channel) {
  request(2);
  request(2, ",,1");
  EXPECT_EQ(channel_->ok("AT#TCRED=1,7,2").size(), 2U);
  new_channel();
  EXPECT_EQ(channel_->ok("AT#TCRED=1,7,2").size(), 1U);
}

TEST_F(made_key, of_two_channels_at_once_is_one_key) {
  test_channel other(daemon_);
  other.ok("AT");
  // It finds both commands when it goes on, so that the first is not done before the second comes.
  daemon_.daemon().pause();
  ASSERT_FALSE(channel_->raw().write("AT#TCRED=4,7,2\r", deadline()));
  ASSERT_FALSE(other.raw().write("AT#TCRED=4,7,2\r", deadline()));
  daemon_.daemon().resume();
  int made = 0;
  for (auto* channel : {&*channel_, &other}) {
    const auto answer = channel->raw().finish_command(deadline());
    ASSERT_TRUE(answer);
    made += answer->is_ok ? 1 : 0;
    if (!answer->is_ok) {
      EXPECT_EQ(answer->code, at::error::not_allowed);
      EXPECT_TRUE(answer->lines.empty());
    }
  }
  EXPECT_EQ(made, 1);
}

TEST_F(made_key, comes_out_nowhere) {
  enrol(2);
  expect_accepted(s_server_version::tls1_3);
  daemon_.daemon().signal(SIGTERM);
  EXPECT_EQ(daemon_.daemon().wait(), 0) << daemon_.log();
  // The PKCS #8 form of an EC key begins so behind its first length.
  const std::string algorithm("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", 11);
  for (const auto* name : {"store.db", "store.key"})
    EXPECT_EQ(read_file(daemon_.state_path(name)).find(algorithm), std::string::npos) << name;
  EXPECT_EQ(daemon_.log().find("PRIVATE KEY"), std::string::npos);
}

}  // namespace
}  // namespace tlsmodem::test
