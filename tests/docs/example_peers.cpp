#include "example_peers.hpp"

#include "tests/support/peers.hpp"
#include "tests/support/pki.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace tlsmodem::test {
namespace {

constexpr int echo_port = 7007;
constexpr int tls_port = 4433;
constexpr const char* password = "open sesame";

class descriptor {
 public:
  explicit descriptor(int fd = -1) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int value() const { return fd_; }

 private:
  int fd_;
};

descriptor bound_socket(int type, int port) {
  descriptor made(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(made.value(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(made.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      (type == SOCK_STREAM && ::listen(made.value(), 8) != 0))
    throw std::runtime_error("no port for the peer");
  return made;
}

// True once `fd` is readable, false when the orders end or, if they count, one is there.
enum class orders_count : std::uint8_t { no, yes };
bool await_readable(int fd, int orders, orders_count count) {
  const auto wanted = static_cast<short>(count == orders_count::yes ? POLLIN : 0);
  std::array<pollfd, 2> entries{{{fd, POLLIN, 0}, {orders, wanted, 0}}};
  ::poll(entries.data(), entries.size(), -1);
  return entries[1].revents == 0;
}

class no_peer final : public example_peer {
  bool act(const std::string&) override { return false; }
};

class coap_peer final : public example_peer {
 public:
  bool act(const std::string&) override { return false; }

 private:
  peer server_ = coap_server(coap_library::openssl, 5684, {"-k", "secretPSK"});
};

// As the README starts it.
class reversing_tls_peer final : public example_peer {
 public:
  reversing_tls_peer()
      : server_({"openssl", "s_server", "-accept", "127.0.0.1:4433", "-nocert", "-psk", "73656372657450534b",
                 "-rev", "-quiet"}) {
    if (!eventually([] { return is_tcp_port_listening(tls_port); }))
      throw std::runtime_error("openssl s_server does not start");
  }
  bool act(const std::string&) override { return false; }

 private:
  process server_;
};

// An echo server in a thread; orders go through a pipe, one byte each, and closing it ends the thread.
class echo_server : public example_peer {
 public:
  echo_server() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    orders_ = descriptor(ends[0]);
    giver_ = descriptor(ends[1]);
  }
  ~echo_server() override { stop(); }

  bool act(const std::string& what) override {
    if (what == "the peer stops") {
      stop();
      return true;
    }
    const char order = what == "the peer closes"                        ? 'c'
                       : what == "the peer closes without close_notify" ? 'f'
                       : what == "the peer resets the connection"       ? 'r'
                                                                        : ' ';
    return order != ' ' && ::write(giver_.value(), &order, 1) == 1;
  }

 protected:
  template <typename Work>
  void start(Work work) {
    thread_ = std::thread(std::move(work));
  }
  // Derived classes call it first in their destructors: the thread uses their members.
  void stop() {
    giver_ = descriptor();
    if (thread_.joinable()) thread_.join();
  }
  int orders() const { return orders_.value(); }
  // The next order, 0 when there will be none.
  char order() const {
    char c = 0;
    return ::read(orders_.value(), &c, 1) == 1 ? c : '\0';
  }

 private:
  descriptor orders_;
  descriptor giver_;
  std::thread thread_;
};

class udp_echo final : public echo_server {
 public:
  udp_echo() : socket_(bound_socket(SOCK_DGRAM, echo_port)) {
    start([this] { serve(); });
  }
  ~udp_echo() override { stop(); }

 private:
  void serve() {
    std::array<char, 65536> buffer;
    while (await_readable(socket_.value(), orders(), orders_count::yes)) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto* const address = reinterpret_cast<sockaddr*>(&from);
      const auto length = ::recvfrom(socket_.value(), buffer.data(), buffer.size(), 0, address, &size);
      if (length >= 0)
        ::sendto(socket_.value(), buffer.data(), static_cast<std::size_t>(length), 0, address, size);
    }
    socket_ = descriptor();
  }

  descriptor socket_;
};

// How a stream is spoken once it is accepted: plainly, or in TLS.
class speaker {
 public:
  virtual ~speaker() = default;
  // Bytes read, 0 or less at the end.
  virtual int read(char* buffer, int size) = 0;
  virtual void write(const char* data, int size) = 0;
  virtual void say_farewell() {}
};

class plain_speaker final : public speaker {
 public:
  explicit plain_speaker(int fd) : fd_(fd) {}
  int read(char* buffer, int size) override {
    return static_cast<int>(::recv(fd_, buffer, static_cast<std::size_t>(size), 0));
  }
  void write(const char* data, int size) override {
    ::send(fd_, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  }

 private:
  int fd_;
};

class tls_speaker final : public speaker {
 public:
  tls_speaker(SSL_CTX* context, int fd) : ssl_(SSL_new(context), &SSL_free) {
    SSL_set_fd(ssl_.get(), fd);
    SSL_accept(ssl_.get());
  }
  int read(char* buffer, int size) override { return SSL_read(ssl_.get(), buffer, size); }
  void write(const char* data, int size) override { SSL_write(ssl_.get(), data, size); }
  void say_farewell() override { SSL_shutdown(ssl_.get()); }

 private:
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

class stream_echo : public echo_server {
 public:
  explicit stream_echo(int port) : listener_(bound_socket(SOCK_STREAM, port)) {}

 protected:
  virtual std::unique_ptr<speaker> greet(int fd) = 0;

  void serve() {
    // An order that comes before accept() is for the connection.
    while (await_readable(listener_.value(), orders(), orders_count::no)) {
      descriptor connection(::accept4(listener_.value(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.value() < 0) continue;
      const auto speaks = greet(connection.value());
      if (!echo(connection.value(), *speaks)) return;
    }
  }

 private:
  // Until the client or an order ends it. False when the server is to end too.
  bool echo(int fd, speaker& speaks) {
    std::array<char, 16384> buffer;
    while (await_readable(fd, orders(), orders_count::yes)) {
      const int length = speaks.read(buffer.data(), static_cast<int>(buffer.size()));
      if (length <= 0) {
        speaks.say_farewell();
        return true;
      }
      speaks.write(buffer.data(), length);
    }
    const char what = order();
    if (what == 'c') speaks.say_farewell();
    if (what == 'r') {
      const linger at_once{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    return what != '\0';
  }

  descriptor listener_;
};

class tcp_echo final : public stream_echo {
 public:
  tcp_echo() : stream_echo(echo_port) {
    start([this] { serve(); });
  }
  ~tcp_echo() override { stop(); }

 private:
  std::unique_ptr<speaker> greet(int fd) override { return std::make_unique<plain_speaker>(fd); }
};

const identity& authority() {
  static const identity made = make_root("tlsmodem example CA");
  return made;
}

class tls_echo final : public stream_echo {
 public:
  tls_echo() : stream_echo(tls_port), context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
    const auto own = issue(authority(), {.common_name = "server.example",
                                         .dns = {"server.example"},
                                         .ip = {"127.0.0.1"},
                                         .role = certificate_role::server});
    SSL_CTX_use_certificate(context_.get(), own.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), own.key.get());
    start([this] { serve(); });
  }
  ~tls_echo() override { stop(); }

 private:
  std::unique_ptr<speaker> greet(int fd) override {
    return std::make_unique<tls_speaker>(context_.get(), fd);
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

}  // namespace

std::unique_ptr<example_peer> start_peer(const std::string& name) {
  if (name == "none") return std::make_unique<no_peer>();
  if (name == "coap-psk") return std::make_unique<coap_peer>();
  if (name == "tls-psk-reverse") return std::make_unique<reversing_tls_peer>();
  if (name == "udp-echo") return std::make_unique<udp_echo>();
  if (name == "tcp-echo") return std::make_unique<tcp_echo>();
  if (name == "tls-echo") return std::make_unique<tls_echo>();
  throw std::runtime_error("there is no peer " + name);
}

const std::map<std::string, std::string>& credential_files() {
  static const auto files = [] {
    const auto own = issue(authority(), {.common_name = "device", .role = certificate_role::client});
    return std::map<std::string, std::string>{
        {"ca.pem", to_pem(authority().certificate.get())},
        {"device.pem", to_pem(own.certificate.get())},
        {"device-key.pem", to_pem(own.key.get(), password)},
    };
  }();
  return files;
}

}  // namespace tlsmodem::test
