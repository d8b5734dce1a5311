#include "avs_net_fixture.hpp"

#include <poll.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <ostream>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

// TLS takes nothing from it, but avs_net wants one.
avs_crypto_prng_ctx_t* random_source() {
  static avs_crypto_prng_ctx_t* const made = avs_crypto_prng_new(nullptr, nullptr);
  return made;
}

avs_crypto_certificate_chain_info_t chain_of(const std::string& pem) {
  if (pem.empty()) return {};
  return avs_crypto_certificate_chain_info_from_buffer(pem.data(), pem.size());
}

avs_net_security_info_t security_of(const tls_settings& from) {
  if (from.security) return *from.security;
  if (!from.psk.empty()) {
    avs_net_psk_info_t psk{};
    psk.key = avs_crypto_psk_key_info_from_buffer(from.psk.data(), from.psk.size());
    psk.identity = avs_crypto_psk_identity_info_from_buffer(from.identity.data(), from.identity.size());
    return avs_net_security_info_from_psk(psk);
  }
  avs_net_certificate_info_t certificates{};
  certificates.server_cert_validation = from.verifies;
  certificates.ignore_system_trust_store = true;
  certificates.trusted_certs = chain_of(from.trusted);
  certificates.client_cert = chain_of(from.chain);
  if (!from.key.empty())
    certificates.client_key =
        avs_crypto_private_key_info_from_buffer(from.key.data(), from.key.size(), nullptr);
  if (from.adjust) from.adjust(certificates);
  return avs_net_security_info_from_certificates(certificates);
}

}  // namespace

void PrintTo(const outcome& what, std::ostream* out) {
  if (what == ok) {
    *out << "AVS_OK";
  } else if (what.category == AVS_ERRNO_CATEGORY) {
    *out << "avs_errno " << what.code;
  } else if (what.category == AVS_NET_SSL_ALERT_CATEGORY) {
    *out << "alert " << (what.code & 255);
  } else {
    *out << what.category << " 0x" << std::hex << what.code << std::dec;
  }
}

outcome received_alert(std::uint8_t description) { return avs_net_ssl_alert(2, description); }
outcome library_error(std::uint16_t number) { return avs_net_ssl_lib_error(number); }

// Everything that is pointed to may change when the call is over.
outcome tls_settings::create(avs_net_socket_t*& into) const {
  auto own = *this;
  auto made = more;
  made.security = security_of(own);
  if (!own.sni.empty()) made.server_name_indication = own.sni.c_str();
  if (own.timeouts) made.dtls_handshake_timeouts = &*own.timeouts;
  made.ciphersuites = {own.suites.data(), own.suites.size()};
  made.prng_ctx = random_source();
  const auto create = transport == over::udp ? avs_net_dtls_socket_create : avs_net_ssl_socket_create;
  const outcome how = create(&into, &made);
  for (auto* text : {&own.psk, &own.identity, &own.trusted, &own.chain, &own.key, &own.sni})
    text->assign(text->size(), '?');
  own.suites.assign(own.suites.size(), 0);
  return how;
}

avs_time_duration_t milliseconds(std::int64_t count) {
  return avs_time_duration_from_scalar(count, AVS_TIME_MS);
}

avs_net_dtls_handshake_timeouts_t impatience() { return {milliseconds(10), milliseconds(40)}; }

avs_socket::avs_socket(const tls_settings& from) {
  if (const auto how = from.create(socket_); how != ok)
    throw std::runtime_error("not created: " + ::testing::PrintToString(how));
}

outcome avs_socket::bind(const std::string& address, const std::string& port) const {
  return avs_net_socket_bind(socket_, address.empty() ? nullptr : address.c_str(), port.c_str());
}

outcome avs_socket::connect(int port, const std::string& host) const {
  return avs_net_socket_connect(socket_, host.c_str(), std::to_string(port).c_str());
}

outcome avs_socket::connect_from_fresh_port(int port) const {
  static std::atomic<int> last = 20'000;
  const auto bound = bind("0.0.0.0", std::to_string(++last));
  return bound == ok ? connect(port) : bound;
}

outcome avs_socket::send(std::string_view data) const {
  return avs_net_socket_send(socket_, data.data(), data.size());
}

received_data avs_socket::receive(std::size_t room) const {
  std::string buffer(room, '\0');
  auto size = SIZE_MAX;
  const outcome how = avs_net_socket_receive(socket_, &size, buffer.data(), room);
  if (size > room) throw std::runtime_error("the size was not set");
  return {how, buffer.substr(0, size)};
}

received_data avs_socket::await(std::size_t room) const {
  const auto before = option(AVS_NET_SOCKET_OPT_RECV_TIMEOUT).recv_timeout;
  set_receive_timeout(milliseconds(std::chrono::milliseconds(patience).count()));
  auto got = receive(room);
  set_receive_timeout(before);
  return got;
}

received_data avs_socket::await_exactly(std::size_t count) const {
  received_data all{ok, {}};
  while (all.data.size() < count) {
    const auto next = await(count - all.data.size());
    all.how = next.how;
    all.data += next.data;
    if (next.how != ok || next.data.empty()) break;
  }
  return all;
}

avs_net_socket_opt_value_t avs_socket::option(avs_net_socket_opt_key_t key) const {
  avs_net_socket_opt_value_t value{};
  if (get(key, value) != ok) throw std::runtime_error("no option " + std::to_string(key));
  return value;
}

outcome avs_socket::get(avs_net_socket_opt_key_t key, avs_net_socket_opt_value_t& into) const {
  return avs_net_socket_get_opt(socket_, key, &into);
}

outcome avs_socket::set(avs_net_socket_opt_key_t key, const avs_net_socket_opt_value_t& value) const {
  return avs_net_socket_set_opt(socket_, key, value);
}

outcome avs_socket::set_receive_timeout(avs_time_duration_t timeout) const {
  avs_net_socket_opt_value_t value{};
  value.recv_timeout = timeout;
  return set(AVS_NET_SOCKET_OPT_RECV_TIMEOUT, value);
}

outcome avs_socket::set_handshake_timeouts(const avs_net_dtls_handshake_timeouts_t& timeouts) const {
  avs_net_socket_opt_value_t value{};
  value.dtls_handshake_timeouts = timeouts;
  return set(AVS_NET_SOCKET_OPT_DTLS_HANDSHAKE_TIMEOUTS, value);
}

std::string avs_socket::text(text_call what, std::size_t room) const {
  std::string buffer(room, '\0');
  const outcome how = what(socket_, buffer.data(), room);
  if (how != ok) return "?" + std::to_string(how.code);
  return buffer.c_str();
}

int avs_socket::descriptor() const {
  const auto* const fd = static_cast<const int*>(avs_net_socket_get_system(socket_));
  return fd == nullptr ? -1 : *fd;
}

bool avs_socket::is_readable() const {
  pollfd entry{descriptor(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

avs_net_test::avs_net_test()
    : server_(issue(root_, {.common_name = server_name, .dns = {server_name}, .ip = {"127.0.0.1"}})),
      client_(issue(root_, {.common_name = "client.test", .role = certificate_role::client})),
      server_file_(files_.write("server.pem", server_)),
      root_file_(files_.write_certificate("root.pem", root_)) {
  ::setenv("TLSMODEM_SOCKET", daemon_.socket_path().c_str(), 1);
}

tls_settings avs_net_test::with_psk() {
  tls_settings made;
  made.psk = psk_key;
  made.timeouts = {milliseconds(1000), milliseconds(8000)};
  return made;
}

tls_settings avs_net_test::with_certificates(over transport) const {
  tls_settings made;
  made.transport = transport;
  made.trusted = to_pem(root_.certificate.get());
  return made;
}

tls_settings avs_net_test::with_client_certificate(over transport) const {
  auto made = with_certificates(transport);
  made.chain = to_pem(client_.certificate.get());
  made.key = to_pem(client_.key.get());
  return made;
}

peer avs_net_test::certificate_server(s_server_version version, const std::vector<std::string>& more,
                                      int port) const {
  std::vector<std::string> arguments = {"-cert", server_file_, "-CAfile", root_file_};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return s_server(version, port, arguments);
}

peer avs_net_test::psk_server(const std::vector<std::string>& more, int port) {
  std::vector<std::string> arguments = {"-nocert", "-psk", hex_of(psk_key), "-psk_identity",
                                        std::string(psk_identity)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return s_server(s_server_version::dtls1_2, port, arguments);
}

peer avs_net_test::echo_server(int port) const {
  const auto known = files_.write_text("psk", std::string(psk_identity) + ":" + hex_of(psk_key) + "\n");
  return gnutls_udp_server(port, {"--pskpasswd", known, "--priority", "NORMAL:-KX-ALL:+PSK:+ECDHE-PSK"});
}

::testing::AssertionResult talks(const avs_socket& socket, const peer& typed) {
  if (const auto sent = socket.send("attention\n"); sent != ok)
    return ::testing::AssertionFailure() << "send: " << ::testing::PrintToString(sent);
  if (!typed.prints("attention\n")) return ::testing::AssertionFailure() << typed.output();
  typed.type("here you are\n");
  const auto got = socket.await();
  if (got.how != ok || got.data != "here you are\n")
    return ::testing::AssertionFailure() << "receive: " << ::testing::PrintToString(got.how) << got.data;
  return ::testing::AssertionSuccess();
}

}  // namespace tlsmodem::test
