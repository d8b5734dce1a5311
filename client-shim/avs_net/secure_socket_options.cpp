// What can be asked of a socket and set on it.
#include "secure_socket.hpp"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tlsmodem::avs {
namespace {

constexpr std::string_view mapped_prefix = "::ffff:";

bool is_v6(std::string_view address) { return address.find(':') != std::string_view::npos; }

bool is_family(avs_net_af_t family) {
  return family == AVS_NET_AF_UNSPEC || family == AVS_NET_AF_INET4 || family == AVS_NET_AF_INET6;
}

// An IPv4 address that a dual-stack socket reports is one all the same.
std::string without_mapping(const std::string& address) {
  const bool is_mapped = address.starts_with(mapped_prefix) && address.find('.') != std::string::npos;
  return is_mapped ? address.substr(mapped_prefix.size()) : address;
}

std::string numeric_host(const sockaddr* address) {
  std::array<char, NI_MAXHOST> host{};
  const socklen_t size = address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (::getnameinfo(address, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return host.data();
}

std::optional<int> number_of(const std::map<std::string, std::string>& info, const char* key) {
  const auto found = info.find(key);
  if (found == info.end()) return std::nullopt;
  int number = 0;
  const auto* const end = found->second.data() + found->second.size();
  const auto [stop, status] = std::from_chars(found->second.data(), end, number);
  return status == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

bool secure_socket::was_connected() const {
  return state_ == AVS_NET_SOCKET_STATE_CONNECTED || state_ == AVS_NET_SOCKET_STATE_SHUTDOWN;
}

const int* secure_socket::system_socket() const { return descriptor_ >= 0 ? &descriptor_ : nullptr; }

// ---- addresses

std::optional<std::string> secure_socket::remote_host() const {
  if (!was_connected() || up_.remote_address.empty()) return std::nullopt;
  return without_mapping(up_.remote_address);
}

std::optional<std::string> secure_socket::remote_hostname() const {
  return hostname_.empty() ? std::nullopt : std::optional(hostname_);
}

std::optional<std::string> secure_socket::remote_port() const {
  return port_text_.empty() ? std::nullopt : std::optional(port_text_);
}

std::optional<std::string> secure_socket::local_host() const {
  if (bound_) return bound_->host;
  if (!was_connected() || up_.local_address.empty()) return std::nullopt;
  return without_mapping(up_.local_address);
}

std::optional<std::string> secure_socket::local_port() const {
  if (bound_ && bound_->port != 0) return std::to_string(bound_->port);
  if (!was_connected() || up_.local_port == 0) return std::nullopt;
  return std::to_string(up_.local_port);
}

// The modem is on this host, so the interface is the one that has the local address.
avs_error_t secure_socket::interface_name(std::string& into) const {
  if (!config_.interface_name.empty()) {
    into = config_.interface_name;
    return AVS_OK;
  }
  const auto address = local_host();
  ifaddrs* all = nullptr;
  if (!address || ::getifaddrs(&all) != 0) return error_of(AVS_ENODEV);
  for (const auto* one = all; one != nullptr && into.empty(); one = one->ifa_next) {
    const auto* const own = one->ifa_addr;
    if (own != nullptr && (own->sa_family == AF_INET || own->sa_family == AF_INET6) &&
        numeric_host(own) == *address)
      into = one->ifa_name;
  }
  ::freeifaddrs(all);
  return into.empty() ? error_of(AVS_ENODEV) : AVS_OK;
}

// ---- limits

int secure_socket::ip_headers() const {
  const auto host = remote_host();
  return (host && is_v6(*host) ? 40 : 20) + 8;
}

// Asks the modem once for a connection. The inner limit, unset when it cannot be had.
std::optional<int> secure_socket::learn_limits() {
  if (inner_limit_ || state_ != AVS_NET_SOCKET_STATE_CONNECTED) return inner_limit_;
  const auto info = socket_.info(std::chrono::steady_clock::now() + command_limit);
  if (!info) return std::nullopt;
  path_limit_ = number_of(*info, "mtu");
  inner_limit_ = number_of(*info, "inner_mtu");
  // The profile's limit was computed for IPv4; a longer IP header is at the cost of the payload.
  if (inner_limit_ && path_limit_ && config_.forced_mtu > 0)
    inner_limit_ = std::max(0, *inner_limit_ - std::max(0, *path_limit_ + ip_headers() - config_.forced_mtu));
  return inner_limit_;
}

avs_error_t secure_socket::mtu(int& into) {
  if (!was_connected()) return error_of(AVS_ENOTCONN);
  if (config_.forced_mtu > 0) {
    into = config_.forced_mtu;
    return AVS_OK;
  }
  learn_limits();
  if (!path_limit_) return error_of(AVS_ENOTSUP);  // of a stream
  into = *path_limit_ + ip_headers();
  return AVS_OK;
}

avs_error_t secure_socket::inner_mtu(int& into) {
  into = 0;
  if (!is_datagram() || state_ == AVS_NET_SOCKET_STATE_CLOSED) return AVS_OK;
  if (!was_connected()) return error_of(AVS_ENOTCONN);
  learn_limits();
  if (!inner_limit_) return error_of(AVS_ENOTCONN);
  into = *inner_limit_;
  return AVS_OK;
}

// ---- options

avs_error_t secure_socket::option(avs_net_socket_opt_key_t key, avs_net_socket_opt_value_t& into) {
  const bool is_connected = state_ == AVS_NET_SOCKET_STATE_CONNECTED;
  switch (key) {
    case AVS_NET_SOCKET_OPT_RECV_TIMEOUT:
      into.recv_timeout = receive_timeout_;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_STATE:
      into.state = state_;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_ADDR_FAMILY: {
      const auto host = was_connected() ? remote_host() : local_host();
      into.addr_family = !host ? AVS_NET_AF_UNSPEC : is_v6(*host) ? AVS_NET_AF_INET6 : AVS_NET_AF_INET4;
      return AVS_OK;
    }
    case AVS_NET_SOCKET_OPT_MTU:
      return mtu(into.mtu);
    case AVS_NET_SOCKET_OPT_INNER_MTU:
      return inner_mtu(into.mtu);
    case AVS_NET_SOCKET_OPT_SESSION_RESUMED:
      into.flag = is_connected && is_resumed_;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_CONNECTION_ID_RESUMED:
      into.flag = is_connected && up_.how == 2;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_BYTES_SENT:
      into.bytes_sent = bytes_sent_;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_BYTES_RECEIVED:
      into.bytes_received = bytes_received_;
      return AVS_OK;
    case AVS_NET_SOCKET_HAS_BUFFERED_DATA:
      into.flag = is_connected && socket_.has_buffered_data();
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_PREFERRED_ADDR_FAMILY:
      into.addr_family = config_.preferred_family;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_FORCED_ADDR_FAMILY:
      into.addr_family = config_.family;
      return AVS_OK;
    default:
      return error_of(AVS_EINVAL);
  }
}

avs_error_t secure_socket::set_option(avs_net_socket_opt_key_t key, const avs_net_socket_opt_value_t& value) {
  switch (key) {
    case AVS_NET_SOCKET_OPT_RECV_TIMEOUT:
      receive_timeout_ = value.recv_timeout;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_DANE_TLSA_ARRAY:
      return read_tlsa(value.dane_tlsa_array, config_.tlsa_records);
    case AVS_NET_SOCKET_OPT_DTLS_HANDSHAKE_TIMEOUTS: {
      if (!is_datagram()) return error_of(AVS_EBADF);
      const auto timer = timer_of(value.dtls_handshake_timeouts);
      if (!timer) return error_of(AVS_EINVAL);
      config_.timer = *timer;
      return AVS_OK;
    }
    case AVS_NET_SOCKET_OPT_PREFERRED_ADDR_FAMILY:
      if (!is_family(value.addr_family)) return error_of(AVS_EINVAL);
      config_.preferred_family = value.addr_family;
      return AVS_OK;
    case AVS_NET_SOCKET_OPT_FORCED_ADDR_FAMILY:
      if (!is_family(value.addr_family)) return error_of(AVS_EINVAL);
      config_.family = value.addr_family;
      return AVS_OK;
    default:
      return error_of(AVS_EINVAL);
  }
}

}  // namespace tlsmodem::avs
