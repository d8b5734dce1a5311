#include "peers.hpp"

#include <stdexcept>

namespace tlsmodem::test {
namespace {

std::vector<std::string> version_options(s_server_version version) {
  switch (version) {
    case s_server_version::dtls1_2:
      return {"-dtls1_2"};
    case s_server_version::tls1_2:
      return {"-tls1_2"};
    case s_server_version::tls1_3:
      return {"-tls1_3"};
    case s_server_version::any_tls:
      break;
  }
  return {};
}

std::vector<std::string> joined(std::vector<std::string> first, const std::vector<std::string>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

std::string nginx_config(const std::string& directory, int port, const nginx_options& options) {
  const auto listen_port = std::to_string(port);
  std::string config = "daemon off;\nmaster_process off;\npid " + directory + "/pid;\n" +
                       "error_log stderr;\nevents {}\nhttp {\naccess_log off;\ndefault_type text/plain;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    config += std::string(kind) + "_temp_path " + directory + "/" + kind + ";\n";
  config += "server {\nlisten " + listen_port + " ssl;\nlisten [::]:" + listen_port + " ssl;\n" +
            "ssl_certificate " + options.certificate_file + ";\nssl_certificate_key " +
            options.certificate_file + ";\nssl_protocols " + options.protocols + ";\nssl_session_timeout " +
            options.session_timeout + ";\nssl_verify_client " + options.verify_client + ";\n";
  if (!options.client_ca_file.empty()) config += "ssl_client_certificate " + options.client_ca_file + ";\n";
  config +=
      "location / { return 200 '$ssl_protocol $ssl_cipher $ssl_server_name $ssl_client_verify "
      "$ssl_client_s_dn'; }\n}\n}\n";
  return config;
}

std::string written(const std::string& path, const std::string& content) {
  write_file(path, content);
  return path;
}

}  // namespace

std::string key_files::write(const std::string& name, const identity& who) const {
  return write_text(name, to_pem(who.certificate.get()) + to_pem(who.key.get()));
}

std::string key_files::write_certificate(const std::string& name, const identity& who) const {
  return write_text(name, to_pem(who.certificate.get()));
}

std::string key_files::write_text(const std::string& name, std::string_view content) const {
  const auto path = directory_.path(name);
  write_file(path, content);
  return path;
}

std::string hex_of(std::string_view data) {
  std::string hex;
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

peer::peer(std::vector<std::string> arguments, peer_transport over, int port)
    : process_(arguments, {directory_.path("output"), "", {}}) {
  const auto is_open = [&] {
    return over == peer_transport::udp ? is_udp_port_bound(port) : is_tcp_port_listening(port);
  };
  bool is_gone = false;
  const bool is_up = eventually([&] {
    if (is_open()) return true;
    is_gone = !process_.is_running();
    return is_gone;
  });
  if (!is_up || is_gone) throw std::runtime_error(arguments.front() + " did not start: " + output());
}

bool peer::prints(std::string_view text) const {
  return eventually([&] { return output().find(text) != std::string::npos; });
}

peer s_server(s_server_version version, int port, const std::vector<std::string>& more,
              const std::string& address) {
  const auto over = version == s_server_version::dtls1_2 ? peer_transport::udp : peer_transport::tcp;
  // Without a format of its own, "CN = x" of OpenSSL 3.0 is "CN=x" in later versions.
  const auto arguments =
      joined({"openssl", "s_server", "-nameopt", "RFC2253", "-accept", address + ":" + std::to_string(port)},
             version_options(version));
  return {joined(arguments, more), over, port};
}

peer coap_server(coap_library library, int port, const std::vector<std::string>& more,
                 const std::string& address) {
  const char* program = library == coap_library::openssl ? "coap-server-openssl" : "coap-server-gnutls";
  return {joined({program, "-A", address, "-p", std::to_string(port - 1)}, more), peer_transport::udp, port};
}

peer gnutls_udp_server(int port, const std::vector<std::string>& more) {
  return {joined({"gnutls-serv", "--udp", "--echo", "--port", std::to_string(port)}, more),
          peer_transport::udp, port};
}

nginx::nginx(int port, const nginx_options& options)
    : server_({"nginx", "-e", "stderr", "-p", directory_.path(), "-c",
               written(directory_.path("nginx.conf"), nginx_config(directory_.path(), port, options))},
              peer_transport::tcp, port) {}

}  // namespace tlsmodem::test
