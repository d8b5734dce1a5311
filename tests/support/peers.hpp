// Real (D)TLS servers for tests. Each is started on a port of the test's private network namespace and
// listens when the test gets it.
#pragma once

#include "pki.hpp"
#include "process.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

// Certificates and keys in files, as servers read them.
class key_files {
 public:
  // Certificate and private key in one PEM file; returns its path.
  std::string write(const std::string& name, const identity& who) const;
  std::string write_certificate(const std::string& name, const identity& who) const;
  std::string write_text(const std::string& name, std::string_view content) const;

 private:
  temporary_directory directory_;
};

std::string hex_of(std::string_view data);

enum class peer_transport { udp, tcp };

// A server program: runs until it goes out of scope, and what it prints is kept.
class peer {
 public:
  // Returns when something is bound to the port; throws, with what the program printed, when it ends instead.
  peer(std::vector<std::string> arguments, peer_transport over, int port);

  std::string output() const { return read_file(directory_.path("output")); }
  std::string output_path() const { return directory_.path("output"); }
  // Waits for the text; false when patience ran out.
  bool prints(std::string_view text) const;
  void type(std::string_view text) const { process_.write_input(text); }
  const process& program() const { return process_; }

 private:
  temporary_directory directory_;
  process process_;
};

enum class s_server_version { dtls1_2, tls1_2, tls1_3, any_tls };

// openssl s_server on 127.0.0.1, or on `address` ("[::1]"). One client at a time.
peer s_server(s_server_version version, int port, const std::vector<std::string>& more,
              const std::string& address = "127.0.0.1");

// libcoap's servers: CoAP over DTLS on `port`, plain CoAP on the one below; address without brackets.
enum class coap_library { openssl, gnutls };
peer coap_server(coap_library library, int port, const std::vector<std::string>& more,
                 const std::string& address = "127.0.0.1");

// gnutls-serv --udp --echo on all addresses.
peer gnutls_udp_server(int port, const std::vector<std::string>& more);

// HTTPS on all addresses. Every GET is answered with what nginx knows of the association:
// "<protocol> <suite> <SNI> <client verification> <client subject>".
struct nginx_options {
  std::string certificate_file;  // with its key
  std::string client_ca_file;
  std::string verify_client = "off";  // as nginx calls it
  std::string protocols = "TLSv1.2 TLSv1.3";
  std::string session_timeout = "5m";
};
class nginx {
 public:
  nginx(int port, const nginx_options& options);
  const peer& server() const { return server_; }

 private:
  temporary_directory directory_;
  peer server_;
};

}  // namespace tlsmodem::test
