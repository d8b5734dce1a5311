// A client that dies: whatever it was doing, its sockets are closed, peers of streams are told, and nothing
// is left.
#include "data_fixture.hpp"
#include "tests/support/peers.hpp"
#include "tests/support/relays.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <optional>

namespace tlsmodem::test {
namespace {

// So many bytes, or those before the end.
std::string read_text(int fd, std::size_t count) {
  std::string text(count, 0);
  std::size_t got = 0;
  for (ssize_t size = 1; got < count && size > 0;
       got += static_cast<std::size_t>(std::max<ssize_t>(size, 0))) {
    pollfd entry{fd, POLLIN, 0};
    if (::poll(&entry, 1, 10'000) != 1) break;
    size = ::recv(fd, text.data() + got, count - got, 0);
  }
  text.resize(got);
  return text;
}

class client_death : public ::testing::Test {
 protected:
  static constexpr int port = 7400;

  client_death() {
    survivor_.ok("AT");
    before_ = open_fds();
  }

  int open_fds() { return count_open_fds(daemon_.daemon().pid()); }
  ::testing::AssertionResult nothing_is_left() {
    if (!eventually([&] { return open_fds() == before_; }))
      return ::testing::AssertionFailure() << open_fds() << " descriptors instead of " << before_;
    survivor_.ok("AT");
    return ::testing::AssertionSuccess();
  }
  // A client with a TCP socket to `listener_`.
  tcp_connection connect(const std::vector<std::string>& more_options = {}) {
    client_.emplace(daemon_);
    configure(*client_, {R"("proto","tcp")"});
    configure(*client_, more_options);
    client_->connect_up(client_->open(), "127.0.0.1", port);
    return listener_.accept();
  }
  void die() { client_.reset(); }

  tcp_listener listener_{port};
  running_daemon daemon_;
  test_channel survivor_{daemon_};
  std::optional<test_channel> client_;
  int before_ = 0;
};

TEST_F(client_death, while_a_socket_is_connected) {
  const auto peer = connect();
  die();
  EXPECT_TRUE(peer.reads_end());
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(client_death, while_a_tls_handshake_stands_still) {
  client_.emplace(daemon_);
  configure(*client_, tls_echo::profile());
  client_->ok("AT#TCONN=" + std::to_string(client_->open()) + ",\"127.0.0.1\"," + std::to_string(port));
  const auto peer = listener_.accept();
  EXPECT_EQ(peer.read(1), "\x16");  // its ClientHello
  die();
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(client_death, while_a_dtls_handshake_stands_still) {
  client_.emplace(daemon_);
  client_->tcred(1, 3, "0123456789abcdef");
  client_->tcred(1, 4, "device");
  configure(*client_, {R"("psk","1")"});
  const udp_echo no_server(7401);
  client_->ok("AT#TCONN=" + std::to_string(client_->open()) + ",\"127.0.0.1\",7401");
  die();
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(client_death, with_unread_data_in_both_directions) {
  const auto peer = connect();
  std::size_t offered = 0;
  int refusals = 0;
  const auto data = random_bytes(65536, 1);
  eventually([&] {
    const auto size = peer.write_some(data);
    offered += size;
    refusals = size == 0 ? refusals + 1 : 0;
    return refusals == 20;
  });
  die();
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(client_death, with_a_send_that_waits_for_the_peer) {
  const auto peer = connect();
  const auto line = "AT#TSEND=1,65536,1\r" + random_bytes(65536, 2);
  const tcp_connection writer(::dup(client_->raw().fd()));
  std::string_view left;
  int refusals = 0;
  // Until nothing goes any more: the peer's window, the daemon's queues and the channel itself are full.
  eventually([&] {
    if (left.empty()) left = line;
    const auto size = writer.write_some(left);
    left.remove_prefix(size);
    refusals = size == 0 ? refusals + 1 : 0;
    return refusals == 50;
  });
  ::shutdown(writer.fd(), SHUT_RDWR);
  die();
  EXPECT_TRUE(eventually([&] { return daemon_.log().find("channel closed") != std::string::npos; }));
}

// It has closed its half only: the send that waits for the peer is done, and answered.
TEST_F(client_death, is_not_what_the_end_of_its_input_means) {
  const auto peer = connect();
  client_->ok("AT#TPROMPT=0");
  const int fd = client_->raw().fd();
  const auto all_is_read = [&] {
    int unread = 0;
    ::ioctl(fd, SIOCOUTQ, &unread);
    return unread == 0;
  };
  const auto is_answered = [&] {
    // What the daemon has read is executed in the same turn, or in the next ones.
    for (int turns = 0; turns < 3; ++turns) survivor_.ok("AT");
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, 0) > 0;
  };
  const auto payload = random_bytes(65536, 3);
  std::size_t sent = 0;
  bool waits = false;
  while (!waits) {
    ASSERT_FALSE(client_->raw().write("AT#TSEND=1,65536\r" + payload, deadline()));
    sent += payload.size();
    ASSERT_TRUE(eventually(all_is_read));
    waits = !is_answered();
    if (!waits) {
      EXPECT_EQ(read_text(fd, 6), "\r\nOK\r\n");
    }
  }
  ::shutdown(fd, SHUT_WR);
  EXPECT_FALSE(is_answered()) << "not even by the end of the channel";
  EXPECT_EQ(peer.read(sent).size(), sent);
  EXPECT_EQ(read_text(fd, 7), "\r\nOK\r\n") << "and then the end";
  EXPECT_TRUE(peer.reads_end());
}

TEST_F(client_death, in_the_middle_of_a_line) {
  client_.emplace(daemon_);
  ASSERT_FALSE(client_->raw().write("AT#TOP", deadline()));
  die();
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(client_death, while_a_name_is_being_looked_up) {
  client_.emplace(daemon_);
  configure(*client_, {R"("proto","tcp")"});
  client_->ok("AT#TCONN=" + std::to_string(client_->open()) + ",\"nobody.invalid\",1");
  die();
  EXPECT_TRUE(eventually([&] { return open_fds() <= before_; }));
  survivor_.ok("AT");
}

// It has not said goodbye: the server keeps the session, and the next client can resume it.
TEST_F(client_death, sends_nothing_to_a_dtls_server) {
  const auto server = s_server(s_server_version::dtls1_2, 7402,
                               {"-psk", hex_of("0123456789abcdef"), "-nocert", "-cipher", "PSK"});
  const udp_nat path(7403, 7402);
  client_.emplace(daemon_);
  client_->tcred(1, 3, "0123456789abcdef");
  client_->tcred(1, 4, "device");
  configure(*client_, {R"("psk","1")"});
  const int id = client_->open();
  client_->connect_up(id, "127.0.0.1", 7403);
  client_->send(id, "the last word\n");
  ASSERT_TRUE(server.prints("the last word"));
  const auto before = path.conversations().front().size();
  die();
  EXPECT_TRUE(nothing_is_left());
  // Whatever comes from another client passes the relay behind what the dead one may have sent.
  test_channel other(daemon_);
  configure(other, {R"("proto","udp")"});
  const int next = other.open();
  other.connect_up(next, "127.0.0.1", 7403);
  other.send(next, "x");
  ASSERT_TRUE(eventually([&] { return path.conversations().size() == 2; }));
  EXPECT_EQ(path.conversations().front().size(), before);
}

TEST_F(client_death, of_a_killed_process_is_the_same) {
  const process client({"socat", "-", "UNIX-CONNECT:" + daemon_.socket_path()},
                       {{}, "AT#TCFG=0,\"proto\",\"tcp\"\nAT#TOPEN=0\nAT#TCONN=1,\"127.0.0.1\",7400\n", {}});
  const auto peer = listener_.accept();
  client.signal(SIGKILL);
  EXPECT_TRUE(peer.reads_end());
  EXPECT_TRUE(nothing_is_left());
}

}  // namespace
}  // namespace tlsmodem::test
