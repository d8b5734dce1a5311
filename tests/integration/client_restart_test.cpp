// A client that blocks in poll() while the daemon, which makes its own socket, is killed: at once, and again
// in each step of the client's way back. The association is intact, and so the client notices nothing.
#include "client-shim/client/socket.hpp"
#include "data_fixture.hpp"
#include "tests/support/peers.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <future>
#include <optional>
#include <thread>

namespace tlsmodem::test {
namespace {

constexpr int port = 7700;
const std::string coap_ping("\x40\x00\x12\x34", 4);  // RFC 7252 4.3
const std::string coap_reset("\x70\x00\x12\x34", 4);

client::configuration psk_over_dtls() {
  client::configuration made;
  made.options = {{"psk", {{at::value::kind::string, 0, "1"}}}};
  made.credentials.push_back({1, at::credential_type::psk, wiped_string("0123456789abcdef"), {}});
  made.credentials.push_back({1, at::credential_type::psk_identity, wiped_string("device"), {}});
  return made;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  return address;
}

// When the daemon is killed: before a command line, or after it, when its answer has come and was not
// handed on.
enum class side { before, after };

// A relay in front of the daemon's socket that hands on one command line after the other, so that the daemon
// can be killed at each. While there is none, channels are ended without a word.
class channel_relay {
 public:
  channel_relay(std::string path, running_daemon& daemon) : path_(std::move(path)), daemon_(daemon) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = address_of(path_);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 8) != 0)
      throw std::runtime_error("cannot listen on " + path_);
    thread_ = std::thread([this] { run(); });
  }
  ~channel_relay() {
    is_over_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  channel_relay(const channel_relay&) = delete;
  channel_relay& operator=(const channel_relay&) = delete;

  // From now on new channels are ended. One that is open is, with the daemon, once this is open again.
  void close() { is_open_ = false; }
  void open() {
    lines_left_ = -1;
    is_open_ = true;
  }
  // The daemon is killed at the nth line from now on, counted from 0; after that it is as closed.
  void open_and_kill_at(std::size_t line, side where) {
    where_ = where;
    has_killed_ = false;
    lines_left_ = static_cast<long>(line);
    is_open_ = true;
  }
  bool has_killed() const { return has_killed_; }

 private:
  void run() {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      const int modem = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const auto address = address_of(daemon_.socket_path());
      if (is_open_ && ::connect(modem, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        serve(client, modem);
      ::close(modem);
      ::close(client);
    }
  }

  void serve(int client, int modem) {
    while (!is_over_) {
      std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{modem, POLLIN, 0}};
      ::poll(ends.data(), ends.size(), 10);
      if (ends[0].revents != 0 && !hand_on_lines(client, modem)) return;
      if (ends[1].revents == 0 || hand_on(modem, client)) continue;
      // The client's time is short: it hears of the end when there is another daemon.
      while (!is_open_ && !is_over_) ::poll(nullptr, 0, 1);
      return;
    }
  }

  static bool write_all(int to, std::string_view data) {
    while (!data.empty()) {
      const auto sent = ::send(to, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      data.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  static std::string read_some(int from) {
    std::array<char, 65536> buffer;
    const auto size = ::recv(from, buffer.data(), buffer.size(), 0);
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
  }

  static bool hand_on(int from, int to) {
    const auto data = read_some(from);
    return !data.empty() && write_all(to, data);
  }

  // A payload goes with the line that follows it. False when the channel is over.
  bool hand_on_lines(int client, int modem) {
    const auto data = read_some(client);
    if (data.empty()) return false;
    for (std::string_view rest = data; !rest.empty();) {
      const auto end = rest.find('\r');
      const auto line = rest.substr(0, end == std::string_view::npos ? end : end + 1);
      rest.remove_prefix(line.size());
      const bool is_last = lines_left_ >= 0 && lines_left_-- == 0;
      if (is_last && where_ == side::before) return kill();
      if (!write_all(modem, line)) return false;
      if (is_last) {
        read_some(modem);
        return kill();
      }
    }
    return true;
  }

  bool kill() {
    is_open_ = false;
    daemon_.stop(SIGKILL);
    has_killed_ = true;
    return false;
  }

  const std::string path_;
  running_daemon& daemon_;
  int listener_ = -1;
  std::atomic<bool> is_over_ = false;
  std::atomic<bool> is_open_ = true;
  std::atomic<side> where_ = side::before;
  std::atomic<long> lines_left_ = -1;
  std::atomic<bool> has_killed_ = false;
  std::thread thread_;  // last: it uses all of the above
};

class client_restart : public ::testing::Test {
 protected:
  client::socket connect(const std::string& path) {
    client::socket socket(psk_over_dtls(), path);
    const auto up = socket.connect({"127.0.0.1", static_cast<std::uint16_t>(port), {}, {}}, deadline());
    if (!up) throw std::runtime_error(up.why().text);
    return socket;
  }
  // Repeated, as CoAP does.
  static bool ping(client::socket& over) {
    return eventually([&] {
      if (over.send(as_bytes(coap_ping), deadline())) return false;
      std::array<std::uint8_t, 64> buffer{};
      const auto got =
          over.receive(buffer, std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
      return got && as_text({buffer.data(), got->size}) == coap_reset;
    });
  }
  // What the client's event loop does: the error that it gets, and 0 for none. Data that were still on their
  // way are taken.
  static int wait_in_poll(client::socket& socket) {
    pollfd entry{socket.fd(), POLLIN, 0};
    if (::poll(&entry, 1, std::chrono::milliseconds(patience).count()) != 1) return -1;
    std::array<std::uint8_t, 64> buffer{};
    for (;;) {
      const auto got = socket.receive(buffer, std::chrono::steady_clock::now());
      if (got) continue;
      return got.why().code == at::error::handshake_timeout ? 0 : static_cast<int>(got.why().code);
    }
  }
  // Data of a ping that was repeated must not wake the client up before the daemon is gone.
  static void drain(client::socket& socket) {
    std::array<std::uint8_t, 64> buffer{};
    while (socket.receive(buffer, std::chrono::steady_clock::now() + std::chrono::milliseconds(50))) {
    }
  }

  peer server_ = coap_server(coap_library::openssl, port, {"-k", "0123456789abcdef"});
  running_daemon daemon_;
};

// The client's connect meets the process that is ending: it succeeds, and is reset.
TEST_F(client_restart, by_a_kill_is_not_noticed_however_often) {
  auto socket = connect(daemon_.socket_path());
  ASSERT_TRUE(ping(socket));
  for (int round = 0; round < 20; ++round) {
    drain(socket);
    auto waiting = std::async(std::launch::async, [&] { return wait_in_poll(socket); });
    daemon_.restart(SIGKILL);
    ASSERT_EQ(waiting.get(), 0) << "round " << round;
  }
  EXPECT_TRUE(ping(socket));
}

TEST_F(client_restart, by_a_kill_at_each_step_of_the_way_back_is_not_noticed) {
  const temporary_directory directory;
  channel_relay relay(directory.path("relay.sock"), daemon_);
  auto socket = connect(directory.path("relay.sock"));
  for (const auto where : {side::before, side::after})
    for (std::size_t step = 0;; ++step) {
      ASSERT_TRUE(ping(socket));
      drain(socket);
      auto waiting = std::async(std::launch::async, [&] { return wait_in_poll(socket); });
      relay.close();
      daemon_.restart(SIGKILL);
      relay.open_and_kill_at(step, where);
      // Killed again in the middle of it, or the client is through.
      ASSERT_TRUE(eventually([&] {
        return relay.has_killed() || waiting.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
      }));
      const bool is_killed = relay.has_killed();
      if (is_killed) daemon_.restart(SIGKILL);
      relay.open();
      ASSERT_EQ(waiting.get(), 0) << "step " << step << (where == side::before ? ", before" : ", after");
      if (is_killed) continue;
      EXPECT_GT(step, 6U) << "lines that a continuation takes";
      break;
    }
}

}  // namespace
}  // namespace tlsmodem::test
