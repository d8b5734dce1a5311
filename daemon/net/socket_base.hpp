// What UDP and TCP transports share: options, addresses, and what errno means to a client.
#pragma once

#include "endpoint.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <optional>
#include <span>

namespace tlsmodem::net {

// The error number and reason for a failed system call; who it was about the socket knows.
at::failure failure_of(const boost::system::error_code& error);
at::failure bind_failure(const boost::system::error_code& error, const endpoint& local);

boost::asio::ip::address parse_address(const std::string& text, boost::system::error_code& error);

// Sets interface, DSCP and address reuse on a freshly opened socket.
boost::system::error_code apply_options(int fd, bool is_v6, const socket_options& options);

// One wake-up takes at most this many datagrams, so that a flood on one socket leaves the others their turn.
inline constexpr int datagrams_per_turn = 64;

// One buffer for all transports of a thread: a socket that only waits costs no buffer.
std::span<std::uint8_t> shared_read_buffer();

// Opens the socket for one address family: non-blocking, with its options.
template <typename Socket>
boost::system::error_code open_socket(Socket& socket, bool is_v6, const socket_options& options) {
  using protocol = typename Socket::protocol_type;
  boost::system::error_code error;
  socket.open(is_v6 ? protocol::v6() : protocol::v4(), error);
  if (!error) socket.non_blocking(true, error);
  if (!error) error = apply_options(socket.native_handle(), is_v6, options);
  return error;
}

// Opens the socket and gives it a local address; closed again on a failure.
template <typename Socket>
std::optional<at::failure> bind_socket(Socket& socket, const endpoint& local, const socket_options& options) {
  boost::system::error_code error;
  const auto address = parse_address(local.address, error);
  if (!error) error = open_socket(socket, address.is_v6(), options);
  if (!error) socket.bind({address, local.port}, error);
  if (!error) return std::nullopt;
  boost::system::error_code ignored;
  socket.close(ignored);
  return bind_failure(error, local);
}

template <typename Endpoint>
endpoint to_endpoint(const Endpoint& from) {
  return {from.address().to_string(), from.port()};
}

// {} of a socket that is not bound.
template <typename Socket>
endpoint local_of(const Socket& socket) {
  boost::system::error_code error;
  const auto local = socket.local_endpoint(error);
  return error ? endpoint{} : to_endpoint(local);
}

}  // namespace tlsmodem::net
