// A (D)TLS server for tests, without I/O like the engine it talks to: libssl's server on the same wire BIO,
// with the same virtual time for its retransmissions. It does what it is told, also what a decent server
// would not do.
#pragma once

#include "daemon/tls/retransmission_timer.hpp"
#include "daemon/tls/wire.hpp"
#include "tests/support/pki.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::test {

struct server_options {
  tls::transport_kind transport = tls::transport_kind::datagram;
  int min_version = 0;  // libssl's numbers, 0: any
  int max_version = 0;
  std::string ciphers = "ALL:COMPLEMENTOFDEFAULT:PSK:@SECLEVEL=0";
  std::string suites_tls1_3;  // in its own preference, whatever the client prefers
  std::string groups;         // without one of the client's key shares: a HelloRetryRequest
  std::optional<identity> own;
  std::vector<identity> intermediates;
  std::vector<identity> trusted_clients;  // not empty: a client certificate is demanded
  bool takes_any_client = false;          // asks for a client certificate and believes what comes
  std::map<std::string, bytes> psk;       // by identity
  std::vector<std::string> alpn;          // preference; an offer without a match is refused (alert 120)
  bool cookie_exchange = true;
  std::size_t datagram_limit = 1200;
  std::size_t record_limit = 0;  // longest plaintext of a record, 0: the most
  bool tickets = true;
  bool session_ids = true;  // remembers sessions of TLS up to 1.2 by their id
  bool extended_master_secret = true;
  bool session_context = true;   // false: with client certificates libssl refuses its own sessions
  std::string every_session_id;  // not empty, 32 bytes: the id of all its sessions
};

class test_server {
 public:
  explicit test_server(const server_options& options);
  // The same server's next connection: with its ticket keys and the sessions that it remembers.
  explicit test_server(const test_server& before);
  // libssl forgets the session of a connection that was not closed.
  ~test_server() { SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }

  void feed(bytes_view ciphertext, tls::time_point now);
  std::optional<tls::time_point> deadline() const { return established_ ? std::nullopt : timer_.deadline(); }
  void on_deadline(tls::time_point now);
  void send(bytes_view plaintext);
  void shut() { SSL_shutdown(ssl_.get()); }

  bool established() const { return established_; }
  bool failed() const { return failed_; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) != 0; }
  bool peer_closed() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  packet_queue& outgoing() { return wire_.output; }
  // What the application got; datagrams one by one.
  const std::vector<bytes>& received() const { return received_; }
  bytes received_stream() const;
  // Alerts that came from the client, level << 8 | description.
  const std::vector<int>& alerts() const { return alerts_; }
  std::string server_name() const { return server_name_; }
  const std::vector<std::uint16_t>& offered_suites() const { return offered_suites_; }
  SSL* ssl() const { return ssl_.get(); }

 private:
  static unsigned give_psk(SSL* ssl, const char* identity, unsigned char* key, unsigned room);
  static int find_psk_session(SSL* ssl, const unsigned char* identity, std::size_t size,
                              SSL_SESSION** session);
  static int choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* in, unsigned size, void* self);
  static int read_client_hello(SSL* ssl, int* alert, void* self);
  static int choose_session_id(SSL* ssl, unsigned char* id, unsigned* size);
  static void note_info(const SSL* ssl, int where, int value);

  void configure();
  void make_connection();
  void advance(bytes_view input, tls::time_point now);
  void read_all();

  server_options options_;
  tls::wire wire_;
  tls::ssl_ctx_ptr ctx_;
  tls::ssl_ptr ssl_;
  tls::retransmission_timer timer_{tls::milliseconds{1000}, tls::milliseconds{60000}};
  bool flight_started_ = false;
  int timeouts_ = 0;
  bool established_ = false;
  bool failed_ = false;
  std::vector<bytes> received_;
  std::vector<int> alerts_;
  std::string server_name_;
  std::vector<std::uint16_t> offered_suites_;
};

}  // namespace tlsmodem::test
