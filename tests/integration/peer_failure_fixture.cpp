#include "peer_failure_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ostream>
#include <stdexcept>

namespace tlsmodem::test {

deaf_listener::deaf_listener(int port)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      first_in_line_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  // A backlog of 0 has room for one.
  if (::bind(listener_, raw, sizeof address) != 0 || ::listen(listener_, 0) != 0 ||
      ::connect(first_in_line_, raw, sizeof address) != 0)
    throw std::runtime_error("no deaf listener");
}

deaf_listener::~deaf_listener() {
  ::close(listener_);
  ::close(first_in_line_);
}

void stage::serve(s_server_version version, const std::vector<std::string>& arguments) {
  peers.emplace_back(new peer(s_server(version, peer_port, arguments)));
}

void stage::serve_coap(coap_library library) {
  peers.emplace_back(new peer(coap_server(library, peer_port, {"-k", std::string(psk_key)})));
}

void stage::serve_gnutls_psk(const std::vector<std::string>& more) {
  const auto known = files.write_text("psk", std::string(psk_identity) + ":" + hex_of(psk_key) + "\n");
  peers.emplace_back(new peer(gnutls_udp_server(
      peer_port, with({"--pskpasswd", known, "--priority", "NORMAL:-KX-ALL:+PSK:+ECDHE-PSK"}, more))));
}

std::vector<std::string> stage::good_and(const std::vector<std::string>& more) const {
  return with(good, more);
}

void stage::clear() {
  peers.clear();
  silence.reset();
  deafness.reset();
  listener.reset();
}

void nothing(stage&) {}

void read_record(const tcp_connection& connection) {
  const auto header = connection.read(5);
  const auto size = static_cast<std::uint8_t>(header[3]) << 8 | static_cast<std::uint8_t>(header[4]);
  connection.read(static_cast<std::size_t>(size));
}

std::vector<std::string> with(std::vector<std::string> some, const std::vector<std::string>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

void PrintTo(const failure_row& row, std::ostream* out) { *out << row.name; }

std::string row_name(const ::testing::TestParamInfo<failure_row>& row) { return row.param.name; }

void failing_connect::serve_well() {
  const auto& row = GetParam();
  const auto certificate =
      issue(root_, {.common_name = row.good_name, .dns = {row.good_name}, .ip = {"127.0.0.1", "::1"}});
  const bool is_tls = channel_.ok("AT#TCFG=0,\"proto\"").front().ends_with("\"tls\"");
  const std::string address =
      row.good_host.find(':') == std::string::npos ? row.good_host : "[" + row.good_host + "]";
  stage_.peers.emplace_back(
      new peer(s_server(is_tls ? s_server_version::any_tls : s_server_version::dtls1_2, peer_port,
                        {"-cert", files_.write("good.pem", certificate), "-psk", hex_of(row.good_psk),
                         "-psk_identity", std::string(row.good_identity), "-cipher", "ALL:@SECLEVEL=2"},
                        address)));
}

}  // namespace tlsmodem::test
