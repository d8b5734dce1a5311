#include "sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {
namespace {

int bound_socket(int type, int port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("bind");
  return fd;
}

void await(int fd, short events) {
  pollfd entry{fd, events, 0};
  if (::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) <= 0)
    throw std::runtime_error("the peer waited in vain");
}

}  // namespace

udp_echo::udp_echo(int port) : fd_(bound_socket(SOCK_DGRAM, port)) {
  const int room = 4 * 1024 * 1024;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  thread_ = std::thread([this] { run(); });
}

udp_echo::~udp_echo() {
  is_over_ = true;
  ::shutdown(fd_, SHUT_RD);  // wakes the thread
  thread_.join();
  ::close(fd_);
}

void udp_echo::run() const {
  std::array<char, 65536> buffer;
  sockaddr_in from{};
  while (!is_over_) {
    socklen_t size = sizeof from;
    const auto length =
        ::recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (length < 0 || is_over_) continue;
    ::sendto(fd_, buffer.data(), static_cast<std::size_t>(length), 0, reinterpret_cast<sockaddr*>(&from),
             size);
  }
}

tcp_connection::~tcp_connection() {
  if (fd_ >= 0) ::close(fd_);
}

tcp_connection::tcp_connection(tcp_connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

std::string tcp_connection::read(std::size_t count) const {
  std::string data(count, '\0');
  for (std::size_t done = 0; done < count;) {
    await(fd_, POLLIN);
    const auto size = ::recv(fd_, data.data() + done, count - done, 0);
    if (size <= 0) throw std::runtime_error("the connection ended after " + std::to_string(done) + " bytes");
    done += static_cast<std::size_t>(size);
  }
  return data;
}

bool tcp_connection::reads_end() const {
  await(fd_, POLLIN);
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_PEEK) == 0;
}

void tcp_connection::write(std::string_view data) const {
  while (!data.empty()) {
    await(fd_, POLLOUT);
    data.remove_prefix(write_some(data));
  }
}

std::size_t tcp_connection::write_some(std::string_view data) const {
  const auto size = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size < 0 && errno != EAGAIN) throw std::runtime_error("the connection is gone");
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}

void tcp_connection::finish() const { ::shutdown(fd_, SHUT_WR); }

void tcp_connection::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

tcp_listener::tcp_listener(int port) : fd_(bound_socket(SOCK_STREAM, port)) { ::listen(fd_, 64); }

tcp_listener::~tcp_listener() { ::close(fd_); }

tcp_connection tcp_listener::accept() const {
  await(fd_, POLLIN);
  return tcp_connection(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
}

}  // namespace tlsmodem::test
