// What a client entrusts to the daemon comes out nowhere: not in the log, not on a channel, not in a core
// file.
#include "data_fixture.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/peers.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>

namespace tlsmodem::test {
namespace {

// Parts of a secret are secret too.
bool shows_a_part(std::string_view text, std::string_view secret) {
  constexpr std::size_t part = 8;
  for (std::size_t at = 0; at + part <= secret.size(); ++at)
    if (text.find(secret.substr(at, part)) != std::string_view::npos) return true;
  return false;
}

// The lines between BEGIN and END, joined.
std::string base64_of(const std::string& pem) {
  std::string body = pem.substr(pem.find('\n') + 1);
  body = body.substr(0, body.find("-----END"));
  std::erase(body, '\n');
  return body;
}

TEST(secrets, appear_neither_in_the_log_nor_on_any_channel) {
  const std::string psk = "the-preshared-key-of-this-test";
  const std::string password = "the-password-of-this-test";
  const auto server = coap_server(coap_library::openssl, 7701, {"-k", psk});
  const auto root = make_root("root");
  const auto pem = to_pem(root.key.get());
  const auto traditional = to_traditional_pem(root.key.get());
  const auto encrypted = to_pem(root.key.get(), password);
  running_daemon daemon;  // logs everything
  test_channel channel(daemon);
  std::string seen;
  const auto say = [&](const std::string& line, std::string_view payload = {}) {
    for (const auto& item : channel.command(line, payload).lines)
      seen += item.line + "\n" + std::string(as_text(item.payload)) + "\n";
    for (const auto* question : {"AT+CEER", "AT#TCRED=1", "AT#TCFG=0", "AT#TOPEN?"})
      for (const auto& item : channel.command(question).lines) seen += item.line + "\n";
  };
  const auto write = [](int type, std::string_view content, const std::string& more = {}) {
    return "AT#TCRED=0,1," + std::to_string(type) + "," + std::to_string(content.size()) + ",1" + more;
  };
  say(write(3, psk), psk);
  say(write(4, "device"), "device");
  say(write(2, pem), pem);
  say(write(2, traditional), traditional);
  say(write(2, encrypted, "," + at::quote(password)), encrypted);
  say(write(2, encrypted, "," + at::quote(password + "!")), encrypted);  // wrong
  say(write(2, encrypted, "," + at::quote(password) + ",\"surplus\""), encrypted);
  say(write(0, psk), psk);                                          // no certificate
  say("AT#TCRED=0,1,9," + std::to_string(psk.size()) + ",1", psk);  // no such type
  say("AT#TCRED=0,1,3," + std::to_string(psk.size()), psk);         // persistent
  for (const auto* operation : {"AT#TCRED=2,1,2", "AT#TCRED=2,1,3", "AT#TCRED=2,1,4"}) say(operation);
  say("A/");
  say("AT#TCFG=0,\"psk\",\"1\"");
  say("AT#TOPEN=0");
  channel.connect_up(1, "127.0.0.1", 7701);
  say("AT#TINFO=1");
  say("AT#TCLOSE=1");
  daemon.daemon().signal(SIGTERM);
  EXPECT_EQ(daemon.daemon().wait(), 0);

  const auto log = daemon.log();
  ASSERT_NE(log.find("channel opened"), std::string::npos);
  for (const auto& secret : {psk, password, base64_of(pem), base64_of(traditional), base64_of(encrypted)}) {
    EXPECT_FALSE(shows_a_part(log, secret)) << secret;
    EXPECT_FALSE(shows_a_part(seen, secret)) << secret;
    EXPECT_FALSE(shows_a_part(log, hex_of(secret))) << secret;
    EXPECT_FALSE(shows_a_part(seen, hex_of(secret))) << secret;
  }
}

TEST(secrets, do_not_come_into_a_core_file) {
  running_daemon daemon;
  const auto limits = read_file("/proc/" + std::to_string(daemon.daemon().pid()) + "/limits");
  const auto line = limits.substr(limits.find("Max core file size"));
  EXPECT_TRUE(line.substr(19).starts_with("       0")) << line.substr(0, 60);
}

// /proc belongs to root for a process that must not be looked into.
TEST(secrets, are_kept_from_other_processes_of_the_same_user) {
  const auto user = unused_user();
  if (!user) GTEST_SKIP() << "nobody can become another user here";
  const daemon_of_another_user daemon(*user);
  const auto process_directory = "/proc/" + std::to_string(daemon.pid());
  EXPECT_NE(read_file(process_directory + "/status").find("Uid:\t" + std::to_string(*user)),
            std::string::npos);
  struct stat status {};
  ASSERT_EQ(::stat((process_directory + "/environ").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U);
}

TEST(secrets, of_a_channel_go_with_it) {
  const running_daemon daemon;
  {
    test_channel owner(daemon);
    owner.tcred(1, 3, "a-preshared-key");
    owner.ok("AT#TCRED=1");
    EXPECT_TRUE(test_channel(daemon).ok("AT#TCRED=1").empty());
  }
  test_channel next(daemon);
  EXPECT_TRUE(next.ok("AT#TCRED=1").empty());
  next.ok("AT#TCFG=0,\"psk\",\"1\"");
  EXPECT_EQ(next.error_of("AT#TOPEN=0"), 809);
}

}  // namespace
}  // namespace tlsmodem::test
