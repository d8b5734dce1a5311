// One avs_net TLS or DTLS socket: the semantics that the interface asks for, over a socket of the modem.
//
// It has its own channel, so what get_system() gives can be polled without anybody's help. Everything that
// applications ask for with each packet is answered from here; only bind(), connect(), close() and the first
// look at the MTU talk to the modem and wait. The state stays CONNECTED until the application itself closes:
// an application stops watching a socket that is not, and would never hear why.
#pragma once

#include "configuration.hpp"
#include "errors.hpp"

#include <memory>
#include <optional>
#include <string>

namespace tlsmodem::avs {

// The modem answers at once what needs no network; a daemon that hangs costs this.
inline constexpr std::chrono::seconds command_limit{5};

class secure_socket {
 public:
  // Takes the configuration over and has the modem check it. A modem that cannot be reached now is no error:
  // the socket looks for it again when it connects.
  static avs_error_t create(const avs_net_ssl_configuration_t& from, transport over,
                            std::unique_ptr<secure_socket>& into);

  avs_error_t bind(const char* address, const char* port);
  avs_error_t connect(const char* host, const char* port);
  avs_error_t send(bytes_view data);
  avs_error_t receive(std::span<std::uint8_t> into, std::size_t& size);
  avs_error_t shutdown();
  void close();

  // A descriptor to poll, null when closed; the number is the same as long as the socket lives.
  const int* system_socket() const;
  avs_error_t interface_name(std::string& into) const;
  std::optional<std::string> remote_host() const;
  std::optional<std::string> remote_hostname() const;
  std::optional<std::string> remote_port() const;
  std::optional<std::string> local_host() const;
  std::optional<std::string> local_port() const;

  avs_error_t option(avs_net_socket_opt_key_t key, avs_net_socket_opt_value_t& into);
  avs_error_t set_option(avs_net_socket_opt_key_t key, const avs_net_socket_opt_value_t& value);

 private:
  explicit secure_socket(configuration config);

  client::time_point receive_deadline() const;
  client::time_point connect_deadline() const;
  std::uint16_t chosen_port();
  std::string preferred_address() const;
  std::optional<avs_net_resolved_endpoint_t> resolve(const std::string& host, std::uint16_t port) const;
  void keep_endpoint() const;
  void keep_handle();
  void update_options();
  avs_error_t fail_connect(const at::failure& why);
  bool has_alert_of_peer();
  bool has_connection_id();
  bool passes_for_resumption(const std::string& peer, const std::string& offered) const;
  avs_error_t after_the_end(client::time_point deadline) const;
  void release();
  bool is_datagram() const { return config_.over == transport::datagram; }
  bool was_connected() const;
  int ip_headers() const;
  std::optional<int> learn_limits();
  avs_error_t mtu(int& into);
  avs_error_t inner_mtu(int& into);

  configuration config_;
  client::socket socket_;
  avs_net_socket_state_t state_ = AVS_NET_SOCKET_STATE_CLOSED;
  int descriptor_ = -1;
  avs_time_duration_t receive_timeout_ = AVS_NET_SOCKET_DEFAULT_RECV_TIMEOUT;

  struct local_address {
    std::string host;
    std::uint16_t port = 0;
  };
  std::optional<local_address> bound_;
  at::up_event up_;  // of the last connect
  bool is_resumed_ = false;
  std::string last_peer_;  // with its port; also after close()
  std::string hostname_;
  std::string port_text_;
  std::string kept_handle_;
  enum class ending : std::uint8_t { none, orderly, failed };
  ending ending_ = ending::none;    // of the connection, as receive() has told it
  std::optional<int> path_limit_;   // largest UDP payload, bytes
  std::optional<int> inner_limit_;  // largest payload of a record in it, bytes
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
};

}  // namespace tlsmodem::avs
