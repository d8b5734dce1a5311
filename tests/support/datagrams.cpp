#include "datagrams.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

namespace {

int udp_socket() { return ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

int udp_socket_on(int port) {
  const int fd = udp_socket();
  const auto address = loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("UDP port " + std::to_string(port) + " is taken");
  return fd;
}

int udp_socket_to(int port) {
  const int fd = udp_socket();
  const auto address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("UDP connect");
  return fd;
}

// The next datagram that waits on the socket, and who sent it.
std::optional<silent_port::datagram> receive_from(int fd) {
  std::array<std::uint8_t, 65536> buffer;
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const auto length =
      ::recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (length < 0) return std::nullopt;
  return silent_port::datagram{bytes(buffer.data(), buffer.data() + length), ntohs(from.sin_port)};
}

}  // namespace

silent_port::silent_port(int port) : fd_(udp_socket_on(port)) {}
silent_port::~silent_port() { ::close(fd_); }

std::optional<silent_port::datagram> silent_port::receive() const { return receive_from(fd_); }

std::vector<silent_port::datagram> silent_port::take() const {
  std::vector<datagram> all;
  while (auto one = receive()) all.push_back(std::move(*one));
  return all;
}

silent_port::datagram silent_port::next() const {
  std::optional<datagram> found;
  if (!eventually([&] { return (found = receive()).has_value(); })) throw std::runtime_error("no datagram");
  return std::move(*found);
}

udp_relay::udp_relay(int port, int server_port, std::size_t most_from_server)
    : most_from_server_(most_from_server),
      client_fd_(udp_socket_on(port)),
      server_fd_(udp_socket_to(server_port)),
      thread_([this] { run(); }) {}

udp_relay::~udp_relay() {
  is_over_ = true;
  thread_.join();
  ::close(client_fd_);
  ::close(server_fd_);
}

void udp_relay::run() {
  while (!is_over_) {
    std::array<pollfd, 2> entries = {pollfd{client_fd_, POLLIN, 0}, pollfd{server_fd_, POLLIN, 0}};
    ::poll(entries.data(), entries.size(), 20);  // to look at is_over_ now and then
    while (auto sent = receive_from(client_fd_)) {
      client_port_ = sent->from_port;
      keep(from_client_, sent->data);
      ::send(server_fd_, sent->data.data(), sent->data.size(), 0);
    }
    while (auto sent = receive_from(server_fd_)) {
      if (keep(from_server_, sent->data) <= most_from_server_) inject(sent->data);
    }
  }
}

// Before it is passed on: what the client answers to must already be in the copy. Returns how many there are.
std::size_t udp_relay::keep(std::vector<bytes>& copies, const bytes& datagram) {
  const std::lock_guard lock(mutex_);
  copies.push_back(datagram);
  return copies.size();
}

std::vector<bytes> udp_relay::from_client() const {
  const std::lock_guard lock(mutex_);
  return from_client_;
}

std::vector<bytes> udp_relay::from_server() const {
  const std::lock_guard lock(mutex_);
  return from_server_;
}

void udp_relay::inject(bytes_view datagram) const {
  const auto client = loopback(client_port_);
  ::sendto(client_fd_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&client),
           sizeof client);
}

}  // namespace tlsmodem::test
