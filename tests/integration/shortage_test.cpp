// When the system has nothing left: the daemon says so, waits, and goes on when there is something again.
#include "data_fixture.hpp"
#include "tests/support/other_user.hpp"
#include "tests/support/peers.hpp"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>

namespace tlsmodem::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool needs_descriptors_itself = true;
#else
constexpr bool needs_descriptors_itself = false;
#endif

bool is_asleep(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number;
  std::string name;
  std::string state;
  file >> number >> name >> state;
  return state == "S";
}

class descriptor_shortage : public ::testing::Test {
 protected:
  // So many more descriptors than it has now; the lowest numbers that are free are taken first.
  void leave(int free_descriptors) {
    const auto in_use = [this](rlim_t number) {
      return std::filesystem::exists(std::filesystem::symlink_status(
          "/proc/" + std::to_string(daemon_.daemon().pid()) + "/fd/" + std::to_string(number)));
    };
    rlim_t highest = 0;
    for (; in_use(highest) || free_descriptors > 0; ++highest) free_descriptors -= in_use(highest) ? 0 : 1;
    rlimit limit{};
    ASSERT_EQ(::prlimit(daemon_.daemon().pid(), RLIMIT_NOFILE, nullptr, &normal_), 0);
    limit = normal_;
    limit.rlim_cur = highest;
    ASSERT_EQ(::prlimit(daemon_.daemon().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  }
  void relieve() { ASSERT_EQ(::prlimit(daemon_.daemon().pid(), RLIMIT_NOFILE, &normal_, nullptr), 0); }

  rlimit normal_{};
  udp_echo echo_{7600};
  running_daemon daemon_{"[profile default]\nproto = udp\n"};
  test_channel channel_{daemon_};
};

TEST_F(descriptor_shortage, makes_new_channels_wait_without_spinning_and_passes) {
  channel_.ok("AT");
  leave(2);
  std::vector<test_channel> more;
  for (int i = 0; i < 5; ++i) more.emplace_back(daemon_);  // two are served, the others wait in the backlog
  ASSERT_TRUE(
      eventually([&] { return daemon_.log().find("no channel can be accepted") != std::string::npos; }));
  more[0].ok("AT");
  more[1].ok("AT");

  int looks_asleep = 0;  // in a row: a daemon that spins would be seen running
  EXPECT_TRUE(eventually([&] {
    looks_asleep = is_asleep(daemon_.daemon().pid()) ? looks_asleep + 1 : 0;
    return looks_asleep == 30;
  }));
  channel_.ok("AT");

  relieve();
  for (auto& channel : more) channel.ok("AT");
  const auto log = daemon_.log();
  std::size_t told = 0;
  for (std::size_t at = 0; (at = log.find("no channel can be accepted", at)) != std::string::npos; ++at)
    ++told;
  EXPECT_EQ(told, 1U);
}

TEST_F(descriptor_shortage, fails_connects_with_limit_reached_and_passes) {
  if (needs_descriptors_itself) GTEST_SKIP() << "the sanitizer looks at memory through a pipe of its own";
  const int id = channel_.open();
  leave(0);
  EXPECT_EQ(channel_.connect_fail(id, "127.0.0.1", 7600).code, at::error::limit_reached);
  EXPECT_EQ(channel_.error_of("AT#TCONN=99,\"127.0.0.1\",1"), 21);
  relieve();
  channel_.connect_up(id, "127.0.0.1", 7600);
  channel_.send(id, "there again");
  EXPECT_EQ(channel_.receive(), "there again");
}

TEST_F(descriptor_shortage, fails_a_bind_with_limit_reached_and_passes) {
  if (needs_descriptors_itself) GTEST_SKIP() << "the sanitizer looks at memory through a pipe of its own";
  const int id = channel_.open();
  leave(0);
  EXPECT_EQ(channel_.error_of("AT#TBIND=" + std::to_string(id) + ",\"127.0.0.1\",0"), 815);
  relieve();
  channel_.ok("AT#TBIND=" + std::to_string(id) + ",\"127.0.0.1\",0");
}

// The handshake that the send waits for cannot even begin, and nothing else happens that would wake the
// channel.
TEST_F(descriptor_shortage, fails_a_send_that_waits_for_a_new_handshake) {
  if (needs_descriptors_itself) GTEST_SKIP() << "the sanitizer looks at memory through a pipe of its own";
  const peer server = coap_server(coap_library::openssl, 7610, {"-k", "0123456789abcdef"});
  channel_.tcred(1, 3, "0123456789abcdef");
  channel_.tcred(1, 4, "device");
  for (const char* option : {R"("proto","dtls")", R"("psk","1")", R"("auto_resume",1)"})
    channel_.ok(std::string("AT#TCFG=0,") + option);
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", 7610);
  const auto line = "AT#TSEND=" + std::to_string(id) + ",4";
  const std::string empty_message("\x40\x00\x00\x01", 4);  // a CoAP ping
  channel_.ok(line, empty_message);  // which waits for nothing: the handshake was just now
  leave(0);
  EXPECT_TRUE(eventually([&] { return channel_.error_of(line, empty_message) == 815; }));
  relieve();
  channel_.ok(line, empty_message);
}

// Threads look names up; the store has its own, which the daemon starts with. Root has no limit of threads,
// so this needs another user.
TEST(thread_shortage, fails_the_look_up_and_not_the_daemon) {
  const auto user = unused_user();
  if (!user) GTEST_SKIP() << "nobody can become another user here";
  const daemon_of_another_user daemon(*user, {"prlimit", "--nproc=2:2"});
  test_channel channel(daemon.socket_path());
  channel.ok("AT#TCFG=0,\"proto\",\"udp\"");
  const int id = channel.open();
  EXPECT_EQ(channel.connect_fail(id, "a.name.invalid", 7600).code, at::error::limit_reached);
  channel.connect_up(id, "127.0.0.1", 7600);
}

}  // namespace
}  // namespace tlsmodem::test
