// An avs_net TLS configuration, taken over when a socket is created, and the profile of the modem that it
// asks for.
#pragma once

#include "client-shim/client/socket.hpp"

#include <avsystem/commons/avs_socket.h>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tlsmodem::avs {

enum class transport : std::uint8_t { stream, datagram };

// DTLS's retransmission timer, RFC 6347 4.2.4.1.
struct handshake_timer {
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds last{60000};
};
// Unset when the times are no times or last is below first.
std::optional<handshake_timer> timer_of(const avs_net_dtls_handshake_timeouts_t& timeouts);

struct configuration {
  transport over = transport::datagram;
  std::vector<client::option> lasting;  // options that no call changes later
  std::vector<client::credential> credentials;
  handshake_timer timer;
  avs_net_af_t family = AVS_NET_AF_UNSPEC;
  avs_net_af_t preferred_family = AVS_NET_AF_UNSPEC;
  bool uses_dane = false;
  std::vector<std::string> tlsa_records;  // as the option dane takes them
  int forced_mtu = 0;
  avs_net_resolved_endpoint_t* preferred_endpoint = nullptr;  // the application's, or none
  std::span<std::uint8_t> resumption_buffer;                  // the application's
  bool uses_psk = false;
  bool is_psk_resumption = false;  // see read_environment()
  bool continues = false;          // with a connection ID: a connect may go on without a handshake
  std::string interface_name;
};

// Reads files, keeps copies. Errors: ENOTSUP a version or a setting that the modem cannot have; EINVAL a
// setting without meaning; those of credentials::add().
avs_error_t read_configuration(const avs_net_ssl_configuration_t& from, transport over, configuration& into);
avs_error_t read_tlsa(const avs_net_socket_dane_tlsa_array_t& from, std::vector<std::string>& into);

// What whoever starts the application may choose. $TLSMODEM_PSK_IS_RESUMPTION, 1 or 0 (as without it): a full
// handshake of TLS 1.3 with a pre-shared key passes for a resumption where the socket was connected to the
// same server before and the application has not zeroed its buffer. Errors: EINVAL another value.
avs_error_t read_environment(configuration& into);

// Everything that the profile says.
std::vector<client::option> options_of(const configuration& from);

}  // namespace tlsmodem::avs
