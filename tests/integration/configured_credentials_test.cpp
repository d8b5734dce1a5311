// Credentials of the configuration: for every client, and nobody's to change.
#include "data_fixture.hpp"
#include "tests/support/peers.hpp"

#include <sys/stat.h>

#include <csignal>
#include <filesystem>

namespace tlsmodem::test {
namespace {

constexpr int port = 7810;

class configured_credential : public ::testing::Test {
 protected:
  std::string file(const std::string& name, std::string_view content, unsigned mode = 0600) const {
    const auto path = directory_.path(name);
    write_file(path, content);
    std::filesystem::permissions(path, std::filesystem::perms(mode));
    return path;
  }
  std::string section() const {
    return "[credential 7]\npsk = " + directory_.path("psk") + "\nidentity = " + directory_.path("identity") +
           "\ntrusted = " + directory_.path("root") + "\n";
  }
  void write_files(std::string_view key) const {
    file("psk", key);
    file("identity", "device", 0644);
    file("root", to_pem(root_.certificate.get()), 0644);
  }
  static bool connects(test_channel& channel, std::string_view key) {
    const auto server = s_server(s_server_version::any_tls, port,
                                 {"-nocert", "-psk", hex_of(key), "-psk_identity", "device"});
    configure(channel, {R"("proto","tls")", R"("psk","7")"});
    const int id = channel.open();
    const auto item = channel.connect(id, "127.0.0.1", port);
    channel.ok("AT#TCLOSE=" + std::to_string(id));
    return item.line.starts_with("#TUP:");
  }

  const identity root_ = make_root("root");
  temporary_directory directory_;
};

TEST_F(configured_credential, is_used_and_listed_but_not_deleted) {
  write_files("configured-key");
  const running_daemon daemon(section());
  test_channel channel(daemon);
  EXPECT_EQ(channel.ok("AT#TCRED=1").size(), 3U);
  EXPECT_EQ(channel.ok("AT#TCRED=2,7,0").size(), 1U);
  EXPECT_EQ(channel.error_of("AT#TCRED=2,7,3"), 3);
  EXPECT_EQ(channel.error_of("AT#TCRED=2,7,4"), 3);
  for (const auto* type : {"0", "3", "4"}) {
    EXPECT_EQ(channel.error_of(std::string("AT#TCRED=3,7,") + type), 3) << type;
  }
  EXPECT_EQ(channel.error_of("AT#TCRED=3,7,2"), 22);
  EXPECT_TRUE(connects(channel, "configured-key"));
}

TEST_F(configured_credential, is_hidden_by_what_a_user_has_of_the_same_name) {
  write_files("configured-key");
  const running_daemon daemon(section());
  test_channel channel(daemon);
  const auto configured = channel.ok("AT#TCRED=1,7,3");
  channel.ok("AT#TCRED=0,7,3,3,0", "own");
  EXPECT_NE(channel.ok("AT#TCRED=1,7,3"), configured);
  EXPECT_TRUE(connects(channel, "own"));  // with the identity of the configuration
  channel.tcred(7, 3, "volatile");
  EXPECT_EQ(channel.ok("AT#TCRED=1,7,3").size(), 2U);
  EXPECT_TRUE(connects(channel, "volatile"));
  channel.ok("AT#TCRED=3,7,3");
  channel.ok("AT#TCRED=3,7,3");
  EXPECT_EQ(channel.ok("AT#TCRED=1,7,3"), configured);
  EXPECT_EQ(channel.error_of("AT#TCRED=3,7,3"), 3);
}

TEST_F(configured_credential, is_read_again_on_reload_and_stays_when_that_fails) {
  write_files("configured-key");
  running_daemon daemon(section());
  test_channel channel(daemon);
  file("psk", "changed-key");
  daemon.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon.await_ready());
  EXPECT_TRUE(connects(channel, "changed-key"));

  file("psk", "not-this-one", 0640);
  daemon.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon.await_ready());
  EXPECT_NE(daemon.log().find("config:2: [credential 7] psk: "), std::string::npos) << daemon.log();
  EXPECT_TRUE(connects(channel, "changed-key"));

  daemon.write_config("");
  daemon.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon.await_ready());
  EXPECT_TRUE(channel.ok("AT#TCRED=1").empty());
  EXPECT_EQ(daemon.log().find("not-this-one"), std::string::npos);
}

TEST_F(configured_credential, with_a_mistake_stops_the_start_and_the_check) {
  const auto key = to_pem(root_.key.get());
  ASSERT_EQ(::mkfifo(directory_.path("fifo").c_str(), 0600), 0);
  const struct {
    std::string line;
    std::string says;
  } cases[] = {
      {"psk = " + directory_.path("missing"), "cannot be read: No such file"},
      {"psk = " + file("open", "secret", 0644), "can be read by others"},
      {"key = " + file("group", key, 0640), "can be read by others"},
      {"psk = " + file("empty", ""), "A PSK has 1 to 512 bytes"},
      {"psk = " + file("long", std::string(513, 'x')), "A PSK has 1 to 512 bytes"},
      {"identity = " + file("huge", std::string(1'048'577, 'x')), "is longer than 1048576 bytes"},
      {"key = " + file("sealed", to_pem(root_.key.get(), "pw")), "encrypted and there is no password"},
      {"trusted = " + file("no-pem", "hello"), "no certificate"},
      {"chain = " + file("key", key), "is not a certificate"},
      {"crl = " + file("key", key), "is not a revocation list"},
      {"trusted = " + directory_.path(), "is no regular file"},
      {"pkcs11 = pkcs11:token=t;object=k", "there is no pkcs11-module"},
      {"identity = " + directory_.path("fifo"), "is no regular file"},
  };
  for (const auto& c : cases) {
    const auto config = file("config", "max-channels = 3\n[credential 4]\n" + c.line + "\n");
    for (const bool is_check : {true, false}) {
      std::vector<std::string> arguments = {running_daemon::program(),
                                            "--config",
                                            config,
                                            "--listen",
                                            directory_.path("at.sock"),
                                            "--state-dir",
                                            directory_.path("state")};
      if (is_check) arguments.emplace_back("--check-config");
      process daemon(arguments, {directory_.path("output"), {}, {}});
      EXPECT_EQ(daemon.wait(), 78) << c.line;
      const auto output = read_file(directory_.path("output"));
      EXPECT_NE(output.find("config:3: [credential 4] " + c.line.substr(0, c.line.find(' ')) + ": "),
                std::string::npos)
          << output;
      EXPECT_NE(output.find(c.says), std::string::npos) << output;
      std::filesystem::remove(directory_.path("output"));
    }
  }
  EXPECT_FALSE(std::filesystem::exists(directory_.path("state")));
}

}  // namespace
}  // namespace tlsmodem::test
