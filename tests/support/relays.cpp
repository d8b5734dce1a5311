#include "relays.hpp"

#include "datagrams.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {
namespace {

constexpr int look_again_ms = 20;  // whether the relay is over, or has a new order

int bound_socket(int type, int port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("port " + std::to_string(port) + " is taken");
  return fd;
}

bool is_same(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

}  // namespace

std::vector<conversation> recording::all() const {
  const std::lock_guard lock(mutex_);
  return conversations_;
}

std::size_t recording::begin() {
  const std::lock_guard lock(mutex_);
  conversations_.emplace_back();
  return conversations_.size() - 1;
}

void recording::add(std::size_t which, const passage& what) {
  const std::lock_guard lock(mutex_);
  conversations_[which].push_back(what);
}

// ---- datagrams

namespace {

constexpr std::size_t header_bytes = 13;  // of a DTLS record: type, version, epoch, number, length

// A handshake record of epoch 0 with the number 0.
bool begins_association(bytes_view datagram) {
  return datagram.size() > header_bytes && datagram[0] == 22 &&
         std::all_of(datagram.begin() + 3, datagram.begin() + 11, [](auto byte) { return byte == 0; });
}

// Any of its records is of an epoch with keys.
bool has_protected(bytes_view datagram) {
  while (datagram.size() > header_bytes && datagram[1] == 0xfe) {
    if (datagram[3] != 0 || datagram[4] != 0) return true;
    const std::size_t size = header_bytes + (std::size_t{datagram[11]} << 8 | datagram[12]);
    datagram = datagram.subspan(std::min(size, datagram.size()));
  }
  return false;
}

}  // namespace

udp_nat::udp_nat(int port, int server_port)
    : server_port_(server_port), fd_(bound_socket(SOCK_DGRAM, port)), thread_([this] { run(); }) {}

udp_nat::~udp_nat() {
  is_over_ = true;
  thread_.join();
  ::close(fd_);
  for (const auto& each : mappings_) ::close(each.server_fd);
}

void udp_nat::lose(std::function<bool(const passage&)> rule) {
  if (!rule) return impair({});
  impair([rule](const passage& what) { return rule(what) ? fate::is_lost : fate::passes; });
}

void udp_nat::impair(std::function<fate(const passage&)> rule) {
  const std::lock_guard lock(rule_mutex_);
  rule_ = std::move(rule);
}

fate udp_nat::fate_of(const passage& what) const {
  const std::lock_guard lock(rule_mutex_);
  return rule_ ? rule_(what) : fate::passes;
}

void udp_nat::pass(mapping& through, const passage& what) {
  if (what.is_from_client && tells_apart_) {
    if (through.had_keys && begins_association(what.data)) {
      through.number = recording_.begin();
      through.had_keys = false;
    }
    through.had_keys = through.had_keys || has_protected(what.data);
  }
  recording_.add(through.number, what);
  bytes& overtaken = what.is_from_client ? through.overtaken_to_server : through.overtaken_to_client;
  const fate becomes = fate_of(what);
  if (becomes == fate::is_lost) return;
  if (becomes == fate::is_overtaken && overtaken.empty()) {
    overtaken = what.data;
    return;
  }
  send(through, what);
  if (becomes == fate::comes_twice) send(through, what);
  if (!overtaken.empty()) send(through, {what.is_from_client, std::exchange(overtaken, {})});
}

void udp_nat::send(const mapping& through, const passage& what) const {
  if (what.is_from_client) {
    ::send(through.server_fd, what.data.data(), what.data.size(), 0);
  } else {
    ::sendto(fd_, what.data.data(), what.data.size(), 0, reinterpret_cast<const sockaddr*>(&through.client),
             sizeof through.client);
  }
}

int udp_nat::socket_to_server() const {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto address = loopback(server_port_);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return fd;
}

void udp_nat::run() {
  while (!is_over_) {
    if (is_rebind_due_.exchange(false))
      for (auto& each : mappings_) {
        const int fresh = socket_to_server();  // while the old one is there: another port
        ::close(std::exchange(each.server_fd, fresh));
      }
    std::vector<pollfd> entries = {{fd_, POLLIN, 0}};
    for (const auto& each : mappings_) entries.push_back({each.server_fd, POLLIN, 0});
    ::poll(entries.data(), entries.size(), look_again_ms);
    if (is_rebind_due_) continue;  // before anything else passes
    pass_from_clients();
    for (auto& each : mappings_) pass_from_server(each);
  }
}

void udp_nat::pass_from_clients() {
  std::array<std::uint8_t, 65536> buffer;
  for (;;) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto length =
        ::recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (length < 0) return;
    pass(mapping_of(from), {true, bytes(buffer.data(), buffer.data() + length)});
  }
}

void udp_nat::pass_from_server(mapping& from) {
  std::array<std::uint8_t, 65536> buffer;
  for (;;) {
    const auto length = ::recv(from.server_fd, buffer.data(), buffer.size(), 0);
    if (length < 0) return;
    pass(from, {false, bytes(buffer.data(), buffer.data() + length)});
  }
}

udp_nat::mapping& udp_nat::mapping_of(const sockaddr_in& client) {
  const auto found = std::find_if(mappings_.begin(), mappings_.end(),
                                  [&](const mapping& each) { return is_same(each.client, client); });
  if (found != mappings_.end()) return *found;
  return mappings_.emplace_back(mapping{client, socket_to_server(), recording_.begin(), false, {}, {}});
}

// ---- streams

tcp_relay::tcp_relay(int port, int server_port)
    : server_port_(server_port), fd_(bound_socket(SOCK_STREAM, port)) {
  ::listen(fd_, 16);
  thread_ = std::thread([this] { run(); });
}

tcp_relay::~tcp_relay() {
  is_over_ = true;
  thread_.join();
  ::close(fd_);
  for (const auto& each : pairs_) {
    ::close(each.client_fd);
    ::close(each.server_fd);
  }
}

void tcp_relay::run() {
  while (!is_over_) {
    std::vector<pollfd> entries = {{fd_, POLLIN, 0}};
    for (const auto& each : pairs_) {
      entries.push_back({each.client_fd, POLLIN, 0});
      entries.push_back({each.server_fd, POLLIN, 0});
    }
    ::poll(entries.data(), entries.size(), look_again_ms);
    std::erase_if(pairs_, [this](const pair& each) {
      if (pass(each, true) && pass(each, false)) return false;
      ::close(each.client_fd);
      ::close(each.server_fd);
      return true;
    });
    accept();
  }
}

void tcp_relay::accept() {
  const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(server_port_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(client);
    ::close(server);
    return;
  }
  pairs_.push_back({client, server, recording_.begin()});
}

bool tcp_relay::pass(const pair& through, bool is_from_client) {
  std::array<std::uint8_t, 65536> buffer;
  const int from = is_from_client ? through.client_fd : through.server_fd;
  for (;;) {
    const auto length = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0) return errno == EAGAIN;
    if (length == 0) return false;  // none of our tests listens to the other direction then
    const auto end = buffer.data() + length;
    if ((is_from_client ? damages_client_ : damages_server_).exchange(false)) end[-1] ^= 1;
    const passage what{is_from_client, bytes(buffer.data(), end)};
    recording_.add(through.number, what);
    if (!write(is_from_client ? through.server_fd : through.client_fd, what.data)) return false;
  }
}

bool tcp_relay::write(int fd, bytes_view data) {
  while (!data.empty()) {
    pollfd writable{fd, POLLOUT, 0};
    ::poll(&writable, 1, look_again_ms);
    const auto sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) data = data.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace tlsmodem::test
