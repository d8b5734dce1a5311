#include "socket_base.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace tlsmodem::net {
namespace {

at::error code_of(int number) {
  switch (number) {
    case ECONNREFUSED:
      return at::error::connection_refused;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return at::error::connection_reset;
    case ETIMEDOUT:
      return at::error::handshake_timeout;
    case EADDRINUSE:
    case EADDRNOTAVAIL:
      return at::error::address_in_use;
    case EACCES:
    case EPERM:
      return at::error::permission_denied;
    case EMSGSIZE:
      return at::error::message_too_long;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return at::error::limit_reached;
    default:
      return at::error::unreachable;
  }
}

std::string with_port(const endpoint& e) {
  return (e.is_v6() ? "[" + e.address + "]" : e.address) + ":" + std::to_string(e.port);
}

boost::system::error_code set_option(int fd, int level, int name, const void* value, socklen_t size) {
  if (::setsockopt(fd, level, name, value, size) == 0) return {};
  return {errno, boost::system::system_category()};
}

}  // namespace

at::failure failure_of(const boost::system::error_code& error) {
  return {code_of(error.value()), error.message() + "."};
}

at::failure bind_failure(const boost::system::error_code& error, const endpoint& local) {
  auto code = code_of(error.value());
  if (error.value() == EADDRNOTAVAIL || error.value() == EINVAL) code = at::error::incorrect_parameters;
  return {code, "Cannot bind to " + with_port(local) + ": " + error.message() + "."};
}

boost::asio::ip::address parse_address(const std::string& text, boost::system::error_code& error) {
  return boost::asio::ip::make_address(text, error);
}

boost::system::error_code apply_options(int fd, bool is_v6, const socket_options& options) {
  boost::system::error_code error;
  if (!options.interface.empty())
    error = set_option(fd, SOL_SOCKET, SO_BINDTODEVICE, options.interface.c_str(),
                       static_cast<socklen_t>(options.interface.size()));
  if (!error && options.dscp != 0) {
    const int traffic_class = options.dscp << 2;
    error = is_v6 ? set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class, sizeof traffic_class)
                  : set_option(fd, IPPROTO_IP, IP_TOS, &traffic_class, sizeof traffic_class);
  }
  if (!error && options.reuse) {
    const int on = 1;
    error = set_option(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  return error;
}

std::span<std::uint8_t> shared_read_buffer() {
  // Many TLS records or the largest UDP datagram at once: bulk is decided by how much one wake-up moves.
  thread_local std::array<std::uint8_t, std::size_t{128} * 1024> buffer;
  return buffer;
}

}  // namespace tlsmodem::net
