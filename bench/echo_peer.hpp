// The peers of the benchmarks: echo and sink servers on plain OpenSSL, each in a process of its own.
#pragma once

#include <sys/types.h>

#include <openssl/ssl.h>

#include <cstdint>
#include <string>

namespace tlsmodem::bench {

inline constexpr const char* psk_identity = "bench";
inline constexpr const char* psk_key = "0123456789abcdef";
inline constexpr const char* psk_suite_name = "PSK-AES128-GCM-SHA256";
inline constexpr const char* psk_suite_id = "00A8";

enum class peer_protocol : std::uint8_t { dtls_psk, tls, dtls_certificate, tls1_2 };

inline bool is_datagram(peer_protocol protocol) {
  return protocol == peer_protocol::dtls_psk || protocol == peer_protocol::dtls_certificate;
}

// Contexts of both ends: DTLS 1.2 with one PSK suite, or TLS 1.3, TLS 1.2 or DTLS 1.2 with a P-256
// certificate that the client does not look at (both ways are measured with the same settings). TLS 1.3 sends
// tickets only when asked to: the other benchmarks do not measure them.
enum class tickets : std::uint8_t { off, on };
SSL_CTX* make_server_context(peer_protocol protocol, tickets sent = tickets::off);
SSL_CTX* make_client_context(peer_protocol protocol);

// A process that echoes on 127.0.0.1, one association after the other (DTLS) or one process each (TLS).
class echo_peer {
 public:
  explicit echo_peer(peer_protocol protocol, tickets sent = tickets::off);
  ~echo_peer();
  echo_peer(const echo_peer&) = delete;
  echo_peer& operator=(const echo_peer&) = delete;
  int port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

// The client's end on in-process OpenSSL, blocking: what tlsmodem is compared with.
class direct_client {
 public:
  // `session`: offered, if not null; stays the caller's.
  direct_client(peer_protocol protocol, int port, SSL_SESSION* session = nullptr);
  ~direct_client();
  direct_client(const direct_client&) = delete;
  direct_client& operator=(const direct_client&) = delete;
  void send(const std::string& data);
  // Reads until `size` bytes have come.
  void receive(std::size_t size);
  SSL* ssl() const { return ssl_; }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  int fd_;
};

}  // namespace tlsmodem::bench
