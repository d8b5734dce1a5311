// Credentials that outlive their channel and the daemon.
#include "data_fixture.hpp"
#include "tests/support/peers.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace tlsmodem::test {
namespace {

constexpr int port = 7800;
const std::string psk = "the-preshared-key-that-is-kept";

std::string write_line(int tag, int type, std::string_view content, const std::string& more = {}) {
  return "AT#TCRED=0," + std::to_string(tag) + "," + std::to_string(type) + "," +
         std::to_string(content.size()) + ",0" + more;
}
void keep(test_channel& channel, int tag, int type, std::string_view content, const std::string& more = {}) {
  channel.ok(write_line(tag, type, content, more), content);
}
void keep_psk(test_channel& channel, int tag, std::string_view key) {
  keep(channel, tag, 3, key);
  keep(channel, tag, 4, "device");
}

peer psk_server(std::string_view key) {
  return s_server(s_server_version::any_tls, port,
                  {"-nocert", "-psk", hex_of(key), "-psk_identity", "device"});
}
// Whether a socket that is opened now comes up with this PSK tag.
bool connects(test_channel& channel, int tag) {
  configure(channel, {R"("proto","tls")", R"("psk",")" + std::to_string(tag) + "\""});
  const int id = channel.open();
  const auto item = channel.connect(id, "127.0.0.1", port);
  channel.ok("AT#TCLOSE=" + std::to_string(id));
  return item.line.starts_with("#TUP:");
}

class stored_credentials : public ::testing::TestWithParam<int> {};

TEST_P(stored_credentials, are_used_in_handshakes_after_a_restart) {
  const auto root = make_root("root");
  const auto own = issue(root, {.common_name = "device", .role = certificate_role::client});
  const auto server = issue(root, {.common_name = "server", .ip = {"127.0.0.1"}});
  const key_files files;
  running_daemon daemon;
  std::vector<std::string> before;
  {
    test_channel channel(daemon);
    keep_psk(channel, 1, psk);
    keep(channel, 2, 0, to_pem(root.certificate.get()));
    keep(channel, 2, 1, to_pem(own.certificate.get()));
    keep(channel, 2, 2, to_pem(own.key.get(), "open sesame"), ",\"open sesame\"");
    keep(channel, 2, 5, to_pem(make_revocation_list(root, {}).get()));
    before = channel.ok("AT#TCRED=1");
  }
  daemon.restart(GetParam());

  test_channel channel(daemon);
  EXPECT_EQ(channel.ok("AT#TCRED=1"), before);
  EXPECT_EQ(before.size(), 6U);
  {
    const auto peer = psk_server(psk);
    EXPECT_TRUE(connects(channel, 1));
  }
  const auto peer =
      s_server(s_server_version::tls1_2, port + 1,
               {"-cert", files.write("server.pem", server), "-CAfile",
                files.write_certificate("root.pem", root), "-Verify", "1", "-verify_return_error"});
  configure(channel, {R"("psk","")", R"("ca","2")", R"("cert","2")", R"("key","2")"});
  channel.connect_up(channel.open(), "127.0.0.1", port + 1);
}

INSTANTIATE_TEST_SUITE_P(by, stored_credentials, ::testing::Values(SIGTERM, SIGKILL),
                         [](const auto& row) { return row.param == SIGTERM ? "sigterm" : "sigkill"; });

TEST(stored_credential, is_of_its_user_id_only) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const running_daemon daemon("socket-mode = 0666\n");
  std::filesystem::permissions(daemon.directory().path(), std::filesystem::perms(0711));
  test_channel owner(daemon);
  keep_psk(owner, 1, psk);
  if (::seteuid(65534) != 0) GTEST_SKIP() << "this user namespace has one user only";
  test_channel other(daemon);  // the kernel tells the daemon who connected
  ASSERT_EQ(::seteuid(0), 0);

  EXPECT_TRUE(other.ok("AT#TCRED=1").empty());
  EXPECT_EQ(other.error_of("AT#TCRED=3,1,3"), 22);
  configure(other, {R"("proto","tls")", R"("psk","1")"});
  EXPECT_EQ(other.error_of("AT#TOPEN=0"), 809);
  keep(other, 1, 3, "another one");
  test_channel again(daemon);  // another channel of the owner
  EXPECT_EQ(again.ok("AT#TCRED=1,1"), owner.ok("AT#TCRED=1,1"));
  const auto peer = psk_server(psk);
  EXPECT_TRUE(connects(again, 1));
}

TEST(stored_credential, that_is_replaced_leaves_open_sockets_alone) {
  const running_daemon daemon;
  test_channel channel(daemon);
  test_channel other(daemon);
  keep_psk(channel, 1, psk);
  configure(channel, {R"("proto","tls")", R"("psk","1")"});
  const int id = channel.open();
  keep(other, 1, 3, "another-preshared-key");

  const auto peer = psk_server(psk);
  channel.connect_up(id, "127.0.0.1", port);
  channel.ok("AT#TCLOSE=1");
  EXPECT_FALSE(connects(channel, 1));
}

TEST(stored_credential, is_hidden_by_a_volatile_one_which_is_deleted_first) {
  const running_daemon daemon;
  test_channel channel(daemon);
  keep_psk(channel, 1, psk);
  channel.tcred(1, 3, "a volatile key");
  EXPECT_EQ(channel.ok("AT#TCRED=1,1,3").size(), 2U);
  channel.ok("AT#TCRED=3,1,3");
  EXPECT_EQ(channel.ok("AT#TCRED=1,1,3").size(), 1U);
  const auto peer = psk_server(psk);
  EXPECT_TRUE(connects(channel, 1));
  channel.ok("AT#TCRED=3,1,3");
  EXPECT_EQ(channel.error_of("AT#TCRED=3,1,3"), 22);
}

// `printf ... | socat`: the input is over before the disk has answered.
TEST(stored_credential, is_answered_to_a_client_that_has_nothing_more_to_say) {
  const running_daemon daemon;
  test_channel channel(daemon);
  const auto input = write_line(1, 3, psk) + "\r" + psk + "AT#TCRED=1\r";
  ASSERT_FALSE(channel.raw().write(input, deadline()));
  ASSERT_EQ(::shutdown(channel.raw().fd(), SHUT_WR), 0);
  std::string answer;
  char part[4096];
  pollfd readable{channel.raw().fd(), POLLIN, 0};
  constexpr int patience_ms = 60'000;
  while (::poll(&readable, 1, patience_ms) == 1) {
    const auto size = ::recv(readable.fd, part, sizeof part, 0);
    if (size <= 0) break;
    answer.append(part, static_cast<std::size_t>(size));
  }
  EXPECT_TRUE(answer.starts_with("\r\nOK\r\n\r\n#TCRED: 1,3,")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\nOK\r\n")) << answer;
}

TEST(stored_credential, stays_in_its_file_when_the_key_is_another_one) {
  running_daemon daemon;
  const auto file = daemon.state_path("store.db");
  {
    test_channel channel(daemon);
    keep_psk(channel, 1, psk);
  }
  const auto key_file = daemon.directory().path("other-key");
  write_file(key_file, std::string(32, 'x'));
  std::filesystem::permissions(key_file, std::filesystem::perms(0600));
  daemon.stop(SIGTERM);
  const auto before = read_file(file);
  daemon.restart(SIGTERM, {"--store-key", key_file});
  {
    test_channel channel(daemon);
    EXPECT_TRUE(channel.ok("AT#TCRED=1").empty());
    EXPECT_EQ(channel.error_of(write_line(2, 3, psk), psk), 818);
    EXPECT_NE(channel.failure_sentence().find("was written with another key"), std::string::npos)
        << channel.failure_sentence();
    channel.tcred(1, 3, psk);
    channel.tcred(1, 4, "device");
    const auto peer = psk_server(psk);
    EXPECT_TRUE(connects(channel, 1));
  }
  daemon.stop(SIGTERM);
  EXPECT_EQ(read_file(file), before);
  daemon.restart(SIGTERM);
  EXPECT_EQ(test_channel(daemon).ok("AT#TCRED=1").size(), 2U);
}

// ---- at rest

bool has_a_part(std::string_view text, std::string_view secret) {
  constexpr std::size_t part = 8;
  for (std::size_t at = 0; at + part <= secret.size(); ++at)
    if (text.find(secret.substr(at, part)) != std::string_view::npos) return true;
  return false;
}

TEST(stored_credential, is_readable_in_no_file) {
  running_daemon daemon;
  const auto key = make_key(key_kind::ec_p256);
  const auto pem = to_pem(key.get());
  const auto der = to_der(key.get());
  std::string body = pem.substr(pem.find('\n') + 1);
  body.erase(body.find("-----END"));
  const std::string secrets[] = {psk, hex_of(psk), std::string(as_text(der)), body,
                                 "open-sesame-of-this-test"};
  {
    test_channel channel(daemon);
    std::string seen;
    const auto say = [&](const std::string& line, std::string_view payload = {}) {
      for (const auto& item : channel.command(line, payload).lines)
        seen += item.line + "\n" + std::string(as_text(item.payload));
    };
    say(write_line(1, 3, psk), psk);
    say(write_line(1, 2, pem), pem);
    const auto encrypted = to_pem(key.get(), secrets[4]);
    say(write_line(2, 2, encrypted, ",\"" + secrets[4] + "\""), encrypted);
    say(write_line(3, 3, psk), psk);
    say("AT#TCRED=3,3,3");
    for (const auto* line : {"AT#TCRED=1", "AT#TCRED=2,1,3", "AT#TCRED=2,1,2", "AT+CEER"}) say(line);
    EXPECT_EQ(channel.ok("AT#TCRED=1").size(), 3U);
    for (const auto& secret : secrets) EXPECT_FALSE(has_a_part(seen, secret));
  }
  const auto look = [&] {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(daemon.state_path())) {
      const auto content = read_file(entry.path());
      for (const auto& secret : secrets) EXPECT_FALSE(has_a_part(content, secret)) << entry.path();
      struct stat status {};
      EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 0777U, 0600U) << entry.path();
      ++files;
    }
    EXPECT_GE(files, 2);
  };
  look();  // with the log of the database
  daemon.daemon().signal(SIGTERM);
  EXPECT_EQ(daemon.daemon().wait(), 0);
  look();
  for (const auto& secret : secrets) EXPECT_FALSE(has_a_part(daemon.log(), secret));
}

// ---- a full disk

TEST(stored_credential, is_refused_by_a_full_disk_and_taken_when_there_is_room_again) {
  const temporary_directory directory;
  const auto state = directory.path("state");
  std::filesystem::create_directory(state);
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", state.c_str(), "tmpfs", 0, "size=512k,mode=0700") != 0)
    GTEST_SKIP() << "this system does not let us mount";
  write_file(state + "/filler", std::string(200'000, 'x'));
  const auto start = [&] {
    process daemon({running_daemon::program(), "--config", "/dev/null", "--listen", directory.path("at.sock"),
                    "--state-dir", state},
                   {directory.path("log"), {}, {}});
    EXPECT_TRUE(eventually([&] { return can_be_connected(directory.path("at.sock")); }));
    return daemon;
  };
  auto daemon = start();
  const auto certificate = to_pem(make_root("root").certificate.get());
  std::string bundle;
  while (bundle.size() < 30'000) bundle += certificate;
  std::size_t kept = 0;
  {
    test_channel channel(directory.path("at.sock"));
    int code = 0;
    for (; kept < 100 && code == 0; ++kept)
      code = channel.error_of(write_line(static_cast<int>(kept), 0, bundle), bundle);
    --kept;
    EXPECT_EQ(code, 818);
    EXPECT_GT(channel.failure_sentence().size(), 20U);
    EXPECT_EQ(channel.ok("AT#TCRED=1").size(), kept);
    channel.tcred(1000, 3, psk);  // volatile ones need no disk
    EXPECT_EQ(channel.ok("AT#TCRED=1").size(), kept + 1);

    std::filesystem::remove(state + "/filler");
    keep(channel, 1001, 0, bundle);
    EXPECT_EQ(channel.ok("AT#TCRED=1").size(), kept + 2);
  }
  daemon.signal(SIGKILL);
  daemon.wait();
  std::filesystem::remove(directory.path("at.sock"));
  daemon = start();
  EXPECT_EQ(test_channel(directory.path("at.sock")).ok("AT#TCRED=1").size(), kept + 1);
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << read_file(directory.path("log"));
  ::umount2(state.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace tlsmodem::test
