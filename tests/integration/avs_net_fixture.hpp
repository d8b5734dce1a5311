// The world of the avs_net contract tests: a daemon, servers, and sockets made and used by avs_net's public
// functions only, as an application does it.
#pragma once

#include "peer_fixture.hpp"
#include "tests/support/relays.hpp"

#include <gtest/gtest.h>

#include <avsystem/commons/avs_socket.h>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

// An avs_error_t that can be compared and read.
struct outcome {
  outcome(avs_error_t from) : category(from.category), code(from.code) {}
  outcome(avs_errno_t number) : outcome(avs_errno(number)) {}
  bool operator==(const outcome&) const = default;

  std::uint16_t category;
  std::uint16_t code;
};
void PrintTo(const outcome& what, std::ostream* out);

inline const outcome ok = AVS_OK;
outcome received_alert(std::uint8_t description);  // a fatal one
outcome library_error(std::uint16_t number);

enum class over { udp, tcp };

// What a socket is made of. A copy can be changed for the next one.
struct tls_settings {
  over transport = over::udp;
  // A key, or else certificates in PEM; "" for none.
  std::string psk;
  std::string identity = std::string(psk_identity);
  std::string trusted;
  std::string chain;
  std::string key;
  bool verifies = true;
  // What else is to be different in the description of certificates, sources of other kinds for example.
  std::function<void(avs_net_certificate_info_t&)> adjust;
  std::optional<avs_net_security_info_t> security;  // instead of all these
  std::string sni;
  std::vector<std::uint32_t> suites;
  std::optional<avs_net_dtls_handshake_timeouts_t> timeouts;
  avs_net_ssl_configuration_t more{};  // everything else

  outcome create(avs_net_socket_t*& into) const;
};

avs_time_duration_t milliseconds(std::int64_t count);
// As short as a retransmission timer gets: for peers that never answer.
avs_net_dtls_handshake_timeouts_t impatience();

struct received_data {
  outcome how;
  std::string data;
};

class avs_socket {
 public:
  explicit avs_socket(const tls_settings& from);  // throws unless it is created
  ~avs_socket() { avs_net_socket_cleanup(&socket_); }
  avs_socket(const avs_socket&) = delete;
  avs_socket& operator=(const avs_socket&) = delete;

  outcome bind(const std::string& address, const std::string& port) const;
  outcome connect(int port = peer_port, const std::string& host = "127.0.0.1") const;
  // Of a datagram socket: from a port that no other socket of this test had. Servers of OpenSSL, which do not
  // hear of our silent ends, take no second handshake from one.
  outcome connect_from_fresh_port(int port = peer_port) const;
  outcome send(std::string_view data) const;
  received_data receive(std::size_t room = 65536) const;
  // Until something other than a time-out comes.
  received_data await(std::size_t room = 65536) const;
  // Until there are this many bytes of a stream, or something else than data.
  received_data await_exactly(std::size_t count) const;
  outcome shutdown() const { return avs_net_socket_shutdown(socket_); }
  outcome close() const { return avs_net_socket_close(socket_); }

  avs_net_socket_state_t state() const { return option(AVS_NET_SOCKET_OPT_STATE).state; }
  bool is_resumed() const { return option(AVS_NET_SOCKET_OPT_SESSION_RESUMED).flag; }
  bool has_buffered_data() const { return option(AVS_NET_SOCKET_HAS_BUFFERED_DATA).flag; }
  std::uint64_t bytes_sent() const { return option(AVS_NET_SOCKET_OPT_BYTES_SENT).bytes_sent; }
  std::uint64_t bytes_received() const { return option(AVS_NET_SOCKET_OPT_BYTES_RECEIVED).bytes_received; }
  // The value of an option that can always be had: throws when it cannot.
  avs_net_socket_opt_value_t option(avs_net_socket_opt_key_t key) const;
  outcome get(avs_net_socket_opt_key_t key, avs_net_socket_opt_value_t& into) const;
  outcome set(avs_net_socket_opt_key_t key, const avs_net_socket_opt_value_t& value) const;
  outcome set_receive_timeout(avs_time_duration_t timeout) const;
  outcome set_handshake_timeouts(const avs_net_dtls_handshake_timeouts_t& timeouts) const;

  using text_call = avs_error_t (*)(avs_net_socket_t*, char*, std::size_t);
  // "?" followed by the error's number when there is none.
  std::string text(text_call what, std::size_t room = 128) const;
  std::string local_port() const { return text(avs_net_socket_get_local_port); }
  std::string local_host() const { return text(avs_net_socket_get_local_host); }
  std::string remote_host() const { return text(avs_net_socket_get_remote_host); }
  std::string remote_hostname() const { return text(avs_net_socket_get_remote_hostname); }
  std::string remote_port() const { return text(avs_net_socket_get_remote_port); }

  // -1 when there is none.
  int descriptor() const;
  bool is_readable() const;  // the descriptor, now
  avs_net_socket_t* raw() const { return socket_; }

 private:
  avs_net_socket_t* socket_ = nullptr;
};

class avs_net_test : public ::testing::Test {
 protected:
  avs_net_test();

  static tls_settings with_psk();
  // Trusts root_.
  tls_settings with_certificates(over transport) const;
  tls_settings with_client_certificate(over transport) const;

  // openssl s_server on `port` with a certificate of root_, or with the key of with_psk().
  peer certificate_server(s_server_version version, const std::vector<std::string>& more = {},
                          int port = peer_port) const;
  static peer psk_server(const std::vector<std::string>& more = {}, int port = peer_port);
  // gnutls-serv, which sends each datagram back.
  peer echo_server(int port = peer_port) const;

  identity root_ = make_root("test root");
  identity server_;
  identity client_;
  key_files files_;
  std::string server_file_;
  std::string root_file_;
  running_daemon daemon_;
};

// Both directions work: what the one end says the other one gets.
::testing::AssertionResult talks(const avs_socket& socket, const peer& typed);

}  // namespace tlsmodem::test
