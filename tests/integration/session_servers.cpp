#include "session_servers.hpp"

#include "peer_fixture.hpp"

#include <algorithm>
#include <ostream>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

template <typename Start>
running_server run(const Start& start) {
  std::shared_ptr<peer> owner(new peer(start()));
  const auto* const program = owner.get();
  return {std::move(owner), program};
}

template <s_server_version Version>
running_server start_s_server(const server_files& files, int port, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"-cert", files.server});
  return run([&] { return s_server(Version, port, more); });
}

running_server start_s_server_psk(const server_files&, int port) {
  return run([&] {
    return s_server(s_server_version::dtls1_2, port,
                    {"-nocert", "-psk", hex_of(psk_key), "-psk_identity", std::string(psk_identity)});
  });
}

template <coap_library Library>
running_server start_coap(const server_files&, int port) {
  return run([&] { return coap_server(Library, port, {"-k", std::string(psk_key)}); });
}

running_server start_gnutls_udp(const server_files& files, int port) {
  return run([&] {
    return gnutls_udp_server(port,
                             {"--pskpasswd", files.psk, "--priority", "NORMAL:-KX-ALL:+PSK:+ECDHE-PSK"});
  });
}

running_server start_gnutls_tcp(const server_files& files, int port, const char* priority) {
  return run([&] {
    return peer({"gnutls-serv", "--echo", "--port", std::to_string(port), "--disable-client-cert",
                 "--x509certfile", files.server, "--x509keyfile", files.server, "--priority", priority},
                peer_transport::tcp, port);
  });
}

running_server start_nginx(const server_files& files, int port, const char* protocols) {
  nginx_options options;
  options.certificate_file = files.server;
  options.protocols = protocols;
  auto owner = std::make_shared<nginx>(port, options);
  const auto* const program = &owner->server();
  return {std::move(owner), program};
}

constexpr const char* s_server_reused = "Reused session-id";
constexpr const char* gnutls_reused = "*** This is a resumed session";

const std::vector<std::string> dtls_psk = {R"("hs_min",20000)", R"("psk","3")"};
const std::vector<std::string> dtls_certificate = {R"("hs_min",20000)", R"("ca","1")"};
const std::vector<std::string> tls_certificate = {R"("proto","tls")", R"("ca","1")"};

std::vector<server_row> datagram_rows() {
  using enum memory_kind;
  using enum parting;
  constexpr auto dtls = s_server_version::dtls1_2;
  return {
      {"dtls_psk_s_server", "DTLSv1.2", start_s_server_psk, dtls_psk, ticket, answers_close, s_server_reused},
      {"dtls_psk_coap_server_openssl", "DTLSv1.2", start_coap<coap_library::openssl>, dtls_psk, ticket,
       answers_close, nullptr},
      {"dtls_psk_coap_server_gnutls", "DTLSv1.2", start_coap<coap_library::gnutls>, dtls_psk, none,
       answers_close, nullptr},
      {"dtls_psk_gnutls_serv", "DTLSv1.2", start_gnutls_udp, dtls_psk, ticket, never_answers, nullptr},
      {"dtls_certificate_s_server", "DTLSv1.2",
       [](const server_files& files, int port) { return start_s_server<dtls>(files, port); },
       dtls_certificate, ticket, answers_close, s_server_reused},
      {"dtls_certificate_s_server_ids_only", "DTLSv1.2",
       [](const server_files& files, int port) { return start_s_server<dtls>(files, port, {"-no_ticket"}); },
       dtls_certificate, session_id, answers_close, s_server_reused},
      {"dtls_certificate_s_server_tickets_only", "DTLSv1.2",
       [](const server_files& files, int port) { return start_s_server<dtls>(files, port, {"-no_cache"}); },
       dtls_certificate, ticket, answers_close, s_server_reused},
  };
}

std::vector<server_row> stream_rows() {
  using enum memory_kind;
  using enum parting;
  constexpr auto tls1_2 = s_server_version::tls1_2;
  constexpr auto tls1_3 = s_server_version::tls1_3;
  return {
      {"tls12_s_server", "TLSv1.2",
       [](const server_files& files, int port) { return start_s_server<tls1_2>(files, port); },
       tls_certificate, ticket, answers_close, s_server_reused},
      {"tls12_s_server_ids_only", "TLSv1.2",
       [](const server_files& files, int port) {
         return start_s_server<tls1_2>(files, port, {"-no_ticket"});
       },
       tls_certificate, session_id, answers_close, s_server_reused},
      {"tls12_s_server_tickets_only", "TLSv1.2",
       [](const server_files& files, int port) { return start_s_server<tls1_2>(files, port, {"-no_cache"}); },
       tls_certificate, ticket, answers_close, s_server_reused},
      {"tls13_s_server", "TLSv1.3",
       [](const server_files& files, int port) { return start_s_server<tls1_3>(files, port); },
       tls_certificate, psk_ticket, answers_close, s_server_reused},
      {"tls13_s_server_stateful_tickets", "TLSv1.3",
       [](const server_files& files, int port) {
         return start_s_server<tls1_3>(files, port, {"-no_ticket"});
       },
       tls_certificate, psk_ticket, answers_close, s_server_reused},
      {"tls12_gnutls_serv", "TLSv1.2",
       [](const server_files& files, int port) {
         return start_gnutls_tcp(files, port, "NORMAL:-VERS-TLS1.3");
       },
       tls_certificate, ticket, answers_close, gnutls_reused},
      {"tls13_gnutls_serv", "TLSv1.3",
       [](const server_files& files, int port) { return start_gnutls_tcp(files, port, "NORMAL"); },
       tls_certificate, psk_ticket, answers_close, gnutls_reused, arrival::early},
      {"tls12_nginx", "TLSv1.2",
       [](const server_files& files, int port) { return start_nginx(files, port, "TLSv1.2"); },
       tls_certificate, ticket, answers_close, nullptr},
      {"tls13_nginx", "TLSv1.3",
       [](const server_files& files, int port) { return start_nginx(files, port, "TLSv1.3"); },
       tls_certificate, psk_ticket, answers_close, nullptr},
  };
}

}  // namespace

void PrintTo(const server_row& row, std::ostream* out) { *out << row.name; }

const std::vector<server_row>& server_rows() {
  static const auto rows = [] {
    auto all = datagram_rows();
    const auto streams = stream_rows();
    all.insert(all.end(), streams.begin(), streams.end());
    return all;
  }();
  return rows;
}

const server_row& server_called(const std::string& name) {
  const auto& rows = server_rows();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
  if (found == rows.end()) throw std::logic_error("no server is called " + name);
  return *found;
}

}  // namespace tlsmodem::test
