#include "daemon/support/systemd_notify.hpp"

#include "daemon/support/log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace tlsmodem {
namespace {

using testing::MatchesRegex;

// Receives what sd_notify sends.
class service_manager : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "notify-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory_ / "socket";
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    socket_ = unique_fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ASSERT_EQ(::bind(socket_.value(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("NOTIFY_SOCKET");
    std::filesystem::remove_all(directory_);
  }

  std::string received() {
    std::array<char, 4096> message{};
    const ssize_t length = ::recv(socket_.value(), message.data(), message.size(), 0);
    return {message.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
  }

 private:
  std::filesystem::path directory_;
  unique_fd socket_;
};

TEST_F(service_manager, is_told_the_state) {
  systemd::notify_ready("listening on /run/x");
  EXPECT_EQ(received(), "READY=1\nSTATUS=listening on /run/x");
  systemd::notify_stopping("3 sockets left");
  EXPECT_EQ(received(), "STOPPING=1\nSTATUS=3 sockets left");
  systemd::notify_watchdog();
  EXPECT_EQ(received(), "WATCHDOG=1");
}

TEST_F(service_manager, gets_reload_and_time_in_one_message) {
  systemd::notify_reloading();
  EXPECT_THAT(received(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  EXPECT_EQ(received(), "");
}

TEST_F(service_manager, cannot_be_told_more_by_a_status_with_a_line_end) {
  systemd::notify_status("a\nREADY=1");
  EXPECT_EQ(received(), "STATUS=a\\x0aREADY=1");
}

TEST(without_a_service_manager, nothing_happens) {
  systemd::notify_ready("x");
  EXPECT_FALSE(systemd::watchdog_interval());
  EXPECT_TRUE(systemd::inherited_listeners().empty());
}

TEST(watchdog, is_fed_twice_in_its_period) {
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(systemd::watchdog_interval(), std::chrono::milliseconds(1500));
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(systemd::watchdog_interval());
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
}

unique_fd listening(int domain, int type) {
  unique_fd made(::socket(domain, type, 0));
  sockaddr_un any{};
  any.sun_family = AF_UNIX;  // alone: the kernel picks an abstract name (autobind, unix(7))
  if (domain == AF_UNIX) {
    EXPECT_EQ(::bind(made.value(), reinterpret_cast<const sockaddr*>(&any), sizeof(any.sun_family)), 0);
  }
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(made.value(), 1), 0);
  }
  return made;
}

// Runs in a child process, for descriptors have fixed numbers there.
int take_over_and_check() {
  const unique_fd good = listening(AF_UNIX, SOCK_STREAM);
  const unique_fd datagram = listening(AF_UNIX, SOCK_DGRAM);
  const unique_fd internet = listening(AF_INET, SOCK_STREAM);
  const unique_fd idle(::socket(AF_UNIX, SOCK_STREAM, 0));
  const unique_fd file(::open("/dev/null", O_RDONLY));
  // Copies first, so that none of the originals is in the way.
  std::array<int, 5> copies{};
  const std::array originals{datagram.value(), good.value(), internet.value(), idle.value(), file.value()};
  std::transform(originals.begin(), originals.end(), copies.begin(),
                 [](int original) { return ::fcntl(original, F_DUPFD, 100); });
  for (int index = 0; index < 5; ++index) {
    ::dup2(copies[static_cast<std::size_t>(index)], 3 + index);
  }
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "5", 1);
  ::setenv("LISTEN_FDNAMES", "datagram:at:internet:idle:file", 1);

  redirect_log(-1, log_format::person);
  const auto listeners = systemd::inherited_listeners();
  if (listeners.size() != 1 || listeners[0].name != "at" || listeners[0].descriptor.value() != 4) {
    return 1;
  }
  if ((::fcntl(4, F_GETFD) & FD_CLOEXEC) == 0 || std::getenv("LISTEN_FDS") != nullptr) {
    return 2;
  }
  for (const int closed : {3, 5, 6, 7}) {
    if (::fcntl(closed, F_GETFD) != -1) {
      return 3;
    }
  }
  return 0;
}

TEST(inherited_listeners, are_only_unix_stream_sockets_that_listen) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::_exit(take_over_and_check());
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tlsmodem
