#include "secure_socket.hpp"

#include "resumption_buffer.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <avsystem/commons/avs_addrinfo.h>
#include <charconv>

namespace tlsmodem::avs {
namespace {

using namespace std::chrono_literals;

// A closed socket's port must be free when the call returns, or the next bind would fail.
constexpr auto close_limit = 2s;
// As long as avs_net waits for a plain socket to become writable.
constexpr auto send_limit = 30s;
// On top of what the modem waits for the peer: its name server, more than one address.
constexpr auto beyond_handshake = 30s;
constexpr auto stream_connect_limit = 70s;
// Fits the datagram of 576 bytes that every host takes (RFC 791): up to here nothing has to be asked.
constexpr std::size_t always_fits_bytes = 468;

client::time_point in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

// A number, or a service's name.
std::optional<std::uint16_t> port_of(const char* text, bool is_datagram) {
  if (text == nullptr || *text == '\0') return 0;
  const std::string_view digits(text);
  std::uint16_t port = 0;
  const auto [stop, status] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (status == std::errc{} && stop == digits.data() + digits.size()) return port;
  servent entry{};
  servent* found = nullptr;
  std::array<char, 1024> memory;
  if (::getservbyname_r(text, is_datagram ? "udp" : "tcp", &entry, memory.data(), memory.size(), &found) !=
          0 ||
      found == nullptr)
    return std::nullopt;
  return ntohs(static_cast<std::uint16_t>(found->s_port));
}

// "" when it holds no address.
std::string endpoint_host(const avs_net_resolved_endpoint_t& from) {
  std::array<char, NI_MAXHOST> host{};
  const auto wrong = avs_net_resolved_endpoint_get_host(&from, host.data(), host.size());
  return avs_is_err(wrong) ? std::string() : std::string(host.data());
}

}  // namespace

avs_error_t secure_socket::create(const avs_net_ssl_configuration_t& from, transport over,
                                  std::unique_ptr<secure_socket>& into) {
  configuration config;
  if (const auto wrong = read_configuration(from, over, config); avs_is_err(wrong)) return wrong;
  if (const auto wrong = read_environment(config); avs_is_err(wrong)) return wrong;
  std::unique_ptr<secure_socket> made(new secure_socket(std::move(config)));
  if (const auto wrong = made->socket_.open(in(command_limit))) {
    const bool is_credential = made->socket_.refused_part() == client::refused::credential;
    if (is_credential && wrong->code == at::error::credentials_unusable) return error_of(AVS_EPROTO);
    // No suite in common and nobody to trust are what the peer and the operator see as a failed connect.
    const bool shows_later = made->socket_.refused_part() == client::refused::nothing ||
                             wrong->code == at::error::no_common_parameters ||
                             (wrong->code == at::error::credentials_missing && !is_credential);
    if (!shows_later) return error_of(wrong->code, -1, call::create);
  }
  into = std::move(made);
  return AVS_OK;
}

secure_socket::secure_socket(configuration config)
    : config_(std::move(config)),
      socket_({options_of(config_), std::move(config_.credentials)}, client::default_socket_path()) {}

// ---- connecting

void secure_socket::update_options() {
  auto wanted = options_of(config_);
  if (wanted != socket_.options()) socket_.set_options(std::move(wanted));
}

avs_error_t secure_socket::bind(const char* address, const char* port) {
  if (state_ != AVS_NET_SOCKET_STATE_CLOSED && state_ != AVS_NET_SOCKET_STATE_SHUTDOWN)
    return error_of(AVS_EISCONN);
  const auto number = port_of(port, is_datagram());
  if (!number) return error_of(AVS_EINVAL);
  local_address wanted{address == nullptr ? "" : address, *number};
  if (wanted.host.empty()) {
    const auto family = config_.family == AVS_NET_AF_UNSPEC ? config_.preferred_family : config_.family;
    wanted.host = family == AVS_NET_AF_INET6 ? "::" : "0.0.0.0";
  } else {
    const auto resolved = resolve(wanted.host, *number);
    if (!resolved) return error_of(AVS_EADDRNOTAVAIL);
    wanted.host = endpoint_host(*resolved);
  }
  update_options();
  if (const auto wrong = socket_.bind(wanted.host, wanted.port, in(command_limit))) {
    release();
    return error_of(wrong->code, -1, call::bind);
  }
  if (wanted.port == 0) wanted.port = chosen_port();
  bound_ = std::move(wanted);
  state_ = AVS_NET_SOCKET_STATE_BOUND;
  descriptor_ = socket_.fd();
  return AVS_OK;
}

avs_error_t secure_socket::connect(const char* host, const char* port) {
  if (state_ == AVS_NET_SOCKET_STATE_CONNECTED) return error_of(AVS_EISCONN);
  if (host == nullptr) return error_of(AVS_EINVAL);
  const auto number = port_of(port, is_datagram());
  if (!number || *number == 0) return error_of(AVS_EADDRNOTAVAIL);
  update_options();
  ending_ = ending::none;
  path_limit_.reset();
  inner_limit_.reset();
  const auto handle = load_handle(config_.resumption_buffer);
  auto up = socket_.connect({host, *number, preferred_address(), handle}, connect_deadline());
  // Without a connection ID the application counts on a connect to find out whether the server still knows
  // it.
  if (up && up->how == 2 && !(config_.continues && has_connection_id()))
    up = socket_.rehandshake(connect_deadline());
  if (!up) return fail_connect(up.why());
  up_ = *up;
  auto peer = std::string(host) + ":" + std::to_string(*number);
  is_resumed_ = up_.how != 0 || passes_for_resumption(peer, handle);
  last_peer_ = std::move(peer);
  hostname_ = host;
  port_text_ = port;
  bound_.reset();
  state_ = AVS_NET_SOCKET_STATE_CONNECTED;
  descriptor_ = socket_.fd();
  keep_endpoint();
  kept_handle_.clear();
  keep_handle();
  return AVS_OK;
}

// A ticket would have proved no more: the server knows the key, which this socket has had from the beginning.
bool secure_socket::passes_for_resumption(const std::string& peer, const std::string& offered) const {
  return config_.is_psk_resumption && config_.uses_psk && up_.version == "TLSv1.3" && !offered.empty() &&
         peer == last_peer_;
}

// The server may have declined it.
bool secure_socket::has_connection_id() {
  const auto info = socket_.info(in(command_limit));
  return info && info->contains("cid_out") && info->at("cid_out") != "\"\"";
}

avs_error_t secure_socket::fail_connect(const at::failure& why) {
  // #TFAIL does not say who sent the alert, and only the peer's is told as one.
  const bool may_be_of_peer = why.code == at::error::no_common_parameters && socket_.alert() >= 0;
  const auto code = may_be_of_peer && has_alert_of_peer() ? at::error::alert_received : why.code;
  const auto error = error_of(code, socket_.alert(), call::connect);
  release();
  return error;
}

bool secure_socket::has_alert_of_peer() {
  const auto info = socket_.info(in(command_limit));
  return info && info->contains("alert_in") && info->at("alert_in") != "-1";
}

client::time_point secure_socket::connect_deadline() const {
  if (!is_datagram()) return in(stream_connect_limit + beyond_handshake);
  std::chrono::milliseconds silence{0};
  for (auto wait = config_.timer.first; wait < config_.timer.last; wait *= 2) silence += wait;
  silence += config_.timer.last;
  // A lossy path may need some of it for each flight.
  return in(4 * silence + beyond_handshake);
}

// What the kernel chose; 0 when the modem does not tell.
std::uint16_t secure_socket::chosen_port() {
  const auto info = socket_.info(in(command_limit));
  if (!info || !info->contains("local")) return 0;
  const auto& text = info->at("local");  // "address",port
  return port_of(text.c_str() + text.rfind(',') + 1, is_datagram()).value_or(0);
}

std::string secure_socket::preferred_address() const {
  if (config_.preferred_endpoint == nullptr || config_.preferred_endpoint->size == 0) return {};
  return endpoint_host(*config_.preferred_endpoint);
}

std::optional<avs_net_resolved_endpoint_t> secure_socket::resolve(const std::string& host,
                                                                  std::uint16_t port) const {
  auto* found = avs_net_addrinfo_resolve_ex(is_datagram() ? AVS_NET_UDP_SOCKET : AVS_NET_TCP_SOCKET,
                                            config_.family, host.c_str(), std::to_string(port).c_str(),
                                            AVS_NET_ADDRINFO_RESOLVE_F_NOADDRCONFIG, nullptr);
  if (found == nullptr) return std::nullopt;
  avs_net_resolved_endpoint_t first{};
  const bool is_there = avs_net_addrinfo_next(found, &first) == 0;
  avs_net_addrinfo_delete(&found);
  return is_there ? std::optional(first) : std::nullopt;
}

// The modem resolves names; what it chose is an address, which needs no resolver.
void secure_socket::keep_endpoint() const {
  if (config_.preferred_endpoint == nullptr) return;
  if (const auto chosen = resolve(up_.remote_address, up_.remote_port)) *config_.preferred_endpoint = *chosen;
}

// Only within a call of the application, since it owns the buffer, and only what is new: an application
// zeroes the buffer to forbid a resumption.
void secure_socket::keep_handle() {
  if (config_.resumption_buffer.empty() || socket_.handle() == kept_handle_) return;
  kept_handle_ = socket_.handle();
  save_handle(kept_handle_, config_.resumption_buffer);
}

// ---- data

avs_error_t secure_socket::send(bytes_view data) {
  if (state_ != AVS_NET_SOCKET_STATE_CONNECTED) return error_of(AVS_ENOTCONN);
  if (data.empty()) return AVS_OK;  // no record is empty
  if (is_datagram() && (data.size() > always_fits_bytes || config_.forced_mtu > 0)) {
    const auto limit = learn_limits();
    if (limit && data.size() > static_cast<std::size_t>(*limit)) return error_of(AVS_EMSGSIZE);
  }
  if (const auto wrong = socket_.send(data, in(send_limit))) {
    // EPIPE makes an HTTP client open a new connection and repeat its request.
    if (wrong->code == at::error::not_connected || wrong->code == at::error::connection_reset)
      return error_of(is_datagram() ? AVS_ECONNRESET : AVS_EPIPE);
    return error_of(wrong->code, socket_.alert(), call::send);
  }
  bytes_sent_ += data.size();
  keep_handle();
  return AVS_OK;
}

client::time_point secure_socket::receive_deadline() const {
  if (!avs_time_duration_valid(receive_timeout_)) return client::time_point::max();
  std::int64_t count = 0;
  if (avs_time_duration_to_scalar(&count, AVS_TIME_MS, receive_timeout_) != 0) return in(0ms);
  constexpr std::int64_t as_good_as_ever = std::int64_t{1000} * 60 * 60 * 24 * 365;
  return in(std::chrono::milliseconds(std::clamp<std::int64_t>(count, 0, as_good_as_ever)));
}

avs_error_t secure_socket::receive(std::span<std::uint8_t> into, std::size_t& size) {
  size = 0;
  if (state_ != AVS_NET_SOCKET_STATE_CONNECTED) return error_of(AVS_ENOTCONN);
  const auto deadline = receive_deadline();
  const auto got = socket_.receive(into, deadline);
  keep_handle();
  if (!got) {
    if (got.why().code == at::error::handshake_timeout) return error_of(AVS_ETIMEDOUT);
    if (got.why().code == at::error::not_connected) return after_the_end(deadline);
    if (!socket_.is_connected()) ending_ = ending::failed;
    return error_of(got.why().code, socket_.alert(), call::receive);
  }
  // Also without close_notify, as in avs_net's own backends: many servers of HTTP end so.
  if (got->is_end) {
    ending_ = ending::orderly;
    return AVS_OK;
  }
  size = got->size;
  bytes_received_ += size;
  return got->is_truncated ? error_of(AVS_EMSGSIZE) : AVS_OK;
}

// A stream's end can be read again and again. A datagram socket whose peer said goodbye is as silent as any
// other without traffic; the next send() tells.
avs_error_t secure_socket::after_the_end(client::time_point deadline) const {
  if (ending_ != ending::orderly) return error_of(AVS_ECONNRESET);
  if (!is_datagram()) return AVS_OK;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<client::time_point::duration>(deadline - std::chrono::steady_clock::now(), 1h));
    ::poll(nullptr, 0, static_cast<int>(left.count()));
  }
  return error_of(AVS_ETIMEDOUT);
}

// ---- ending

void secure_socket::release() {
  // Nothing goes to the peer: a device that sleeps does not end its session.
  socket_.close(true, in(close_limit));
  bound_.reset();
  descriptor_ = -1;
  state_ = AVS_NET_SOCKET_STATE_CLOSED;
}

avs_error_t secure_socket::shutdown() {
  if (state_ == AVS_NET_SOCKET_STATE_CLOSED) return error_of(AVS_EBADF);
  const auto descriptor = descriptor_;
  release();
  descriptor_ = descriptor;
  state_ = AVS_NET_SOCKET_STATE_SHUTDOWN;
  return AVS_OK;
}

void secure_socket::close() {
  release();
  hostname_.clear();
  port_text_.clear();
  up_ = {};
  path_limit_.reset();
  inner_limit_.reset();
}

}  // namespace tlsmodem::avs
