#include "record_relay.hpp"

#include "datagrams.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {
namespace {

constexpr int look_again_ms = 20;  // whether the relay is over
constexpr int room_bytes = 4 * 1024 * 1024;

int udp_socket() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room_bytes, sizeof room_bytes);
  return fd;
}

// Bound to a port that the kernel chose; returns the port.
int bind_to_free_port(int fd) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free UDP port");
  return ntohs(address.sin_port);
}

// Type, and the message with its place in the handshake: the same when it is sent again, whatever the
// record's number.
bytes identity_of(const wire_record& record) {
  const bool has_message = record.type == record_type::handshake && record.data.size() >= 13 + 9;
  const auto message = has_message ? bytes_view(record.data).subspan(13, 9) : bytes_view{};
  bytes identity(message.begin(), message.end());
  identity.push_back(record.type);
  return identity;
}

}  // namespace

bool flight_loss::is_lost(const std::vector<wire_record>& datagram) {
  if (is_over_ || datagram.empty()) return false;
  const auto& first = datagram.front();
  if (first.is_protected() || first.type == record_type::alert)  // not the beginning of a flight
    return std::exchange(awaits_finished_, false) && first.is_from_client == is_from_client_;
  if (current_ == 0 || first.is_from_client != is_from_client_) {
    ++current_;
    is_from_client_ = first.is_from_client;
  }
  if (has_lost()) {
    const bool is_repeated = identity_of(first) == first_of_lost_;
    is_over_ = is_repeated || current_ > number_ + 1;
    if (is_over_ || current_ != number_) return false;
  } else if (current_ == number_) {
    first_of_lost_ = identity_of(first);
  } else {
    return false;
  }
  awaits_finished_ = datagram.back().type == record_type::change_cipher_spec;
  return true;
}

record_relay::record_relay(int server_port)
    : server_port_(server_port),
      client_fd_(udp_socket()),
      elsewhere_fd_(udp_socket()),
      server_fd_(socket_to_server()) {
  port_ = bind_to_free_port(client_fd_);
  port_elsewhere_ = bind_to_free_port(elsewhere_fd_);
  thread_ = std::thread([this] { run(); });
}

record_relay::~record_relay() {
  is_over_ = true;
  thread_.join();
  ::close(client_fd_);
  ::close(elsewhere_fd_);
  ::close(server_fd_);
}

int record_relay::socket_to_server() const {
  const int fd = udp_socket();
  const auto address = loopback(server_port_);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return fd;
}

void record_relay::speak_from_elsewhere(bool does) {
  const std::lock_guard lock(mutex_);
  speaks_from_elsewhere_ = does;
}

std::size_t record_relay::heard_elsewhere() const {
  const std::lock_guard lock(mutex_);
  return heard_elsewhere_;
}

void record_relay::deliver(delivery how) {
  const std::lock_guard lock(mutex_);
  how_ = how;
}

void record_relay::lose_flight(int number) {
  const std::lock_guard lock(mutex_);
  loss_.emplace(number);
}

bool record_relay::has_lost_flight() const {
  const std::lock_guard lock(mutex_);
  return loss_ && loss_->has_lost();
}

wire_log record_relay::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

std::size_t record_relay::look(std::size_t (*at)(const wire_log& log, std::size_t from_datagram),
                               std::size_t from) const {
  const std::lock_guard lock(mutex_);
  return at(log_, from);
}

std::size_t record_relay::datagrams() const {
  const std::lock_guard lock(mutex_);
  return log_.datagrams();
}

std::size_t record_relay::client_records() {
  const std::lock_guard lock(mutex_);
  pass_from_client(client_fd_);
  pass_from_client(elsewhere_fd_);
  return client_records_;
}

void record_relay::forget_clients() {
  const std::lock_guard lock(mutex_);
  pass_from_client(client_fd_);  // what they sent is theirs
  pass_from_client(elsewhere_fd_);
  log_.forget_ports();
}

std::size_t record_relay::protected_records(bool is_from_client) const {
  const std::lock_guard lock(mutex_);
  return is_from_client ? protected_from_client_ : protected_from_server_;
}

void record_relay::replay_to_client(std::size_t from_datagram, std::size_t to_datagram) {
  const std::lock_guard lock(mutex_);
  for (const auto& record : log_.records())
    if (!record.is_from_client && record.datagram >= from_datagram && record.datagram < to_datagram)
      send_to_client(record.data);
}

void record_relay::run() {
  while (!is_over_) {
    std::array<pollfd, 3> entries = {pollfd{client_fd_, POLLIN, 0}, pollfd{elsewhere_fd_, POLLIN, 0},
                                     pollfd{server_fd_, POLLIN, 0}};
    ::poll(entries.data(), entries.size(), look_again_ms);
    const std::lock_guard lock(mutex_);
    pass_from_client(client_fd_);
    pass_from_client(elsewhere_fd_);
    pass_from_server();
  }
}

void record_relay::pass_from_client(int fd) {
  std::array<std::uint8_t, 65536> buffer;
  for (;;) {
    socklen_t size = sizeof client_;
    const auto length =
        ::recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&client_), &size);
    if (length < 0) return;
    if (fd == elsewhere_fd_) ++heard_elsewhere_;
    for (const auto& each : noted(true, bytes_view(buffer.data(), static_cast<std::size_t>(length))))
      ::send(server_fd_, each.data(), each.size(), 0);
  }
}

void record_relay::pass_from_server() {
  std::array<std::uint8_t, 65536> buffer;
  for (;;) {
    const auto length = ::recv(server_fd_, buffer.data(), buffer.size(), 0);
    if (length < 0) return;
    const auto arriving = noted(false, bytes_view(buffer.data(), static_cast<std::size_t>(length)));
    for (const auto& each : arriving) send_to_client(each);
  }
}

void record_relay::send_to_client(bytes_view datagram) const {
  ::sendto(speaks_from_elsewhere_ ? elsewhere_fd_ : client_fd_, datagram.data(), datagram.size(), 0,
           reinterpret_cast<const sockaddr*>(&client_), sizeof client_);
}

// What becomes of the datagram; it is in the log before it is passed on.
std::vector<bytes> record_relay::noted(bool is_from_client, bytes_view datagram) {
  const auto records = log_.note(is_from_client, ntohs(client_.sin_port), datagram);
  if (is_from_client) client_records_ += records.size();
  (is_from_client ? protected_from_client_ : protected_from_server_) +=
      static_cast<std::size_t>(std::count_if(records.begin(), records.end(),
                                             [](const auto& record) { return record.is_protected(); }));
  if (loss_ && loss_->is_lost(records)) return {};
  const bytes whole(datagram.begin(), datagram.end());
  switch (how_) {
    case delivery::as_sent:
      return {whole};
    case delivery::doubled:
      return {whole, whole};
    case delivery::reversed:
      break;
  }
  std::vector<bytes> parts;
  std::transform(records.rbegin(), records.rend(), std::back_inserter(parts),
                 [](const auto& record) { return record.data; });
  return parts;
}

int free_udp_port() {
  const int fd = udp_socket();
  const int port = bind_to_free_port(fd);
  ::close(fd);
  return port;
}

}  // namespace tlsmodem::test
