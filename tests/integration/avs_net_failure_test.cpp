// A daemon that dies, hangs or never was; an application that dies; and what is left of either.
#include "avs_net_fixture.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace tlsmodem::test {
namespace {

constexpr int server_port = 5700;

class avs_net_failure : public avs_net_test {
 protected:
  static peer libcoap(int port = peer_port) {
    return coap_server(coap_library::openssl, port, {"-k", std::string(psk_key)});
  }
  // Datagrams of the first one.
  static std::size_t from_client(const udp_nat& nat) {
    const auto all = nat.conversations().at(0);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& each) { return each.is_from_client; }));
  }
  // The connection is over. Once told, there is nothing more to hear, and nothing to spin on.
  static void expect_over(const avs_socket& socket) {
    EXPECT_TRUE(socket.is_readable());
    for (int i = 0; i < 3; ++i) {
      const auto got = socket.await();
      EXPECT_EQ(got.how, outcome(AVS_ECONNRESET));
      EXPECT_EQ(got.data, "");
      EXPECT_FALSE(socket.is_readable());
      EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
    }
    EXPECT_FALSE(socket.has_buffered_data());
    EXPECT_NE(socket.send("anybody?"), ok);
  }
};

TEST_F(avs_net_failure, of_the_daemon_is_told_by_receive_and_survived) {
  const auto server = libcoap();
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(), ok);
  const int descriptor = socket.descriptor();
  daemon_.restart(SIGKILL);
  expect_over(socket);
  ASSERT_EQ(socket.shutdown(), ok);
  ASSERT_EQ(socket.close(), ok);
  ASSERT_EQ(socket.bind("0.0.0.0", "6001"), ok);
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_EQ(socket.descriptor(), descriptor);
  EXPECT_FALSE(socket.is_readable());
}

TEST_F(avs_net_failure, of_the_daemon_ends_a_stream_while_there_is_no_other) {
  const auto server = certificate_server(s_server_version::tls1_3);
  const avs_socket socket(with_certificates(over::tcp));
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_TRUE(talks(socket, server));
  const int descriptor = socket.descriptor();
  daemon_.stop(SIGKILL);
  expect_over(socket);
  ASSERT_EQ(socket.close(), ok);
  EXPECT_NE(socket.connect(), ok);
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  daemon_.restart(SIGKILL);
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_EQ(socket.descriptor(), descriptor);
  EXPECT_TRUE(talks(socket, server));
}

TEST_F(avs_net_failure, of_the_daemon_is_told_by_send_too) {
  const auto server = certificate_server(s_server_version::tls1_2);
  const avs_socket socket(with_certificates(over::tcp));
  ASSERT_EQ(socket.connect(), ok);
  daemon_.stop(SIGKILL);
  EXPECT_EQ(socket.send("anybody?"), outcome(AVS_EPIPE));
  EXPECT_EQ(socket.send("anybody?"), outcome(AVS_EPIPE));
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
  EXPECT_EQ(socket.await().how, outcome(AVS_ECONNRESET));
  EXPECT_FALSE(socket.is_readable());
}

TEST_F(avs_net_failure, of_the_daemon_between_bind_and_connect_takes_the_port_along) {
  const auto server = libcoap();
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.bind("127.0.0.1", "6001"), ok);
  daemon_.restart(SIGKILL);
  const auto how = socket.connect();
  if (how == ok) {
    EXPECT_EQ(socket.local_port(), "6001") << "a connect from elsewhere is not what was asked for";
  } else {
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
    ASSERT_EQ(socket.bind("127.0.0.1", "6001"), ok);
    EXPECT_EQ(socket.connect(), ok);
  }
}

// What an event loop asks for with each packet costs no word with the daemon.
TEST_F(avs_net_failure, to_answer_of_the_daemon_does_not_stop_what_is_known_here) {
  const auto server = psk_server();
  const avs_socket socket(with_psk());
  ASSERT_EQ(socket.connect(), ok);
  ASSERT_TRUE(talks(socket, server));
  const auto inner_mtu = socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu;
  ASSERT_GT(inner_mtu, 0);
  daemon_.daemon().pause();
  ASSERT_EQ(socket.set_receive_timeout(milliseconds(0)), ok);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(socket.receive().how, outcome(AVS_ETIMEDOUT));
    ASSERT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CONNECTED);
    ASSERT_EQ(socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu, inner_mtu);
    ASSERT_FALSE(socket.has_buffered_data());
    ASSERT_FALSE(socket.is_resumed());
    ASSERT_EQ(socket.remote_host(), "127.0.0.1");
    ASSERT_EQ(socket.remote_port(), std::to_string(peer_port));
    ASSERT_FALSE(socket.is_readable());
  }
  EXPECT_EQ(socket.send("later\n"), ok);
  daemon_.daemon().resume();
  EXPECT_TRUE(server.prints("later\n"));
  EXPECT_TRUE(talks(socket, server));
}

TEST_F(avs_net_failure, to_find_the_daemon_is_no_error_of_a_name) {
  for (const auto& path : {std::string("/nonexistent/at.sock"), "/" + std::string(200, 'a')}) {
    ::setenv("TLSMODEM_SOCKET", path.c_str(), 1);
    const avs_socket socket(with_psk());
    // Either waits for a daemon that restarts: one of them for each path is enough.
    const bool is_bound_first = path.size() > 100;
    EXPECT_EQ(is_bound_first ? socket.bind("127.0.0.1", "6001") : socket.connect(),
              outcome(AVS_EHOSTUNREACH));
    EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
    EXPECT_EQ(socket.descriptor(), -1);
    EXPECT_EQ(socket.close(), ok);
  }
}

// A command has a limit, also where nobody accepts.
TEST_F(avs_net_failure, to_accept_of_a_daemon_is_not_waited_for_for_ever) {
  const temporary_directory directory;
  const auto path = directory.path("deaf.sock");
  ::setenv("TLSMODEM_SOCKET", path.c_str(), 1);
  const avs_socket socket(with_psk());  // nobody listens yet
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int first = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  const auto* const raw = reinterpret_cast<const sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, raw, sizeof address), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::connect(first, raw, sizeof address), 0);  // a backlog of 0 has room for one
  EXPECT_EQ(socket.connect(), outcome(AVS_ETIMEDOUT));
  EXPECT_EQ(socket.state(), AVS_NET_SOCKET_STATE_CLOSED);
  ::close(first);
  ::close(listener);
}

// Started again, it comes from the same port, to a server that has not heard of its end.
TEST_F(avs_net_failure, of_the_application_leaves_its_port_free_and_tells_the_server_nothing) {
  const auto server = libcoap(server_port);
  const udp_nat nat(peer_port, server_port);
  int done[2];
  ASSERT_EQ(::pipe2(done, O_CLOEXEC), 0);
  const pid_t application = ::fork();
  if (application == 0) {
    const avs_socket socket(with_psk());
    const bool is_up = socket.bind("127.0.0.1", "6001") == ok && socket.connect() == ok;
    static_cast<void>(::write(done[1], is_up ? "y" : "n", 1));
    for (;;) ::pause();
  }
  ::close(done[1]);
  char answer = 0;
  ASSERT_EQ(::read(done[0], &answer, 1), 1);
  ::close(done[0]);
  EXPECT_EQ(answer, 'y');
  EXPECT_TRUE(is_udp_port_bound(6001));
  const auto said = from_client(nat);
  ASSERT_EQ(::kill(application, SIGKILL), 0);
  ASSERT_EQ(::waitpid(application, nullptr, 0), application);
  EXPECT_TRUE(eventually([] { return !is_udp_port_bound(6001); }));
  const avs_socket next(with_psk());
  ASSERT_EQ(next.bind("127.0.0.1", "6002"), ok);
  ASSERT_EQ(next.connect(), ok);  // had anything been said, it were in front of this
  EXPECT_EQ(from_client(nat), said);
  ASSERT_EQ(next.close(), ok);
  EXPECT_EQ(next.bind("127.0.0.1", "6001"), ok);
}

std::vector<int> open_descriptors() {
  std::vector<int> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    all.push_back(std::stoi(entry.path().filename()));
  return all;
}

TEST_F(avs_net_failure, or_success_leaves_no_descriptor) {
  const auto server = libcoap();
  const auto before = open_descriptors().size();
  const int daemon_before = count_open_fds(daemon_.daemon().pid());
  for (int i = 0; i < 50; ++i) {
    const avs_socket socket(with_psk());
    ASSERT_EQ(socket.connect_from_fresh_port(), ok);
    const avs_socket refused(with_psk());
    ASSERT_EQ(refused.connect(peer_port + 1), outcome(AVS_ECONNREFUSED));
    const avs_socket unused(with_psk());
    avs_net_socket_t* none = nullptr;
    auto settings = with_client_certificate(over::udp);
    settings.key = "no key";
    ASSERT_NE(settings.create(none), ok);
    ASSERT_EQ(i % 2 == 0 ? socket.shutdown() : socket.close(), ok);
  }
  EXPECT_EQ(open_descriptors().size(), before);
  EXPECT_TRUE(eventually([&] { return count_open_fds(daemon_.daemon().pid()) == daemon_before; }));
}

TEST_F(avs_net_failure, to_close_descriptors_over_an_exec_happens_to_none) {
  const auto server = libcoap();
  const auto before = open_descriptors();
  const avs_socket first(with_psk());
  const avs_socket second(with_psk());
  ASSERT_EQ(first.connect(), ok);
  ASSERT_EQ(second.bind("127.0.0.1", "0"), ok);
  std::size_t fresh = 0;
  for (const int fd : open_descriptors()) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || std::find(before.begin(), before.end(), fd) != before.end()) continue;
    ++fresh;
    EXPECT_TRUE(flags & FD_CLOEXEC) << fd;
  }
  EXPECT_GE(fresh, 2U);
}

}  // namespace
}  // namespace tlsmodem::test
