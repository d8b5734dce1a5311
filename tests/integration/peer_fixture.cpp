#include "peer_fixture.hpp"

#include <stdexcept>

namespace tlsmodem::test {
namespace {

void write_identity(test_channel& channel, int number, const identity& who) {
  channel.tcred(number, 1, to_pem(who.certificate.get()));
  channel.tcred(number, 2, to_pem(who.key.get()));
}

void write_psk(test_channel& channel, int number, std::string_view key, std::string_view name) {
  channel.tcred(number, 3, key);
  channel.tcred(number, 4, name);
}

}  // namespace

peer_test::peer_test(const std::string& daemon_config)
    : server_(issue(root_, {.common_name = server_name, .dns = {server_name}, .ip = {"127.0.0.1", "::1"}})),
      client_(issue(root_, {.common_name = "client.test", .role = certificate_role::client})),
      daemon_(daemon_config),
      channel_(daemon_),
      server_file_(files_.write("server.pem", server_)),
      root_file_(files_.write_certificate("root.pem", root_)) {
  const identity other_root = make_root("other root");
  const identity outsider =
      issue(other_root, {.common_name = "outsider.test", .role = certificate_role::client});
  channel_.tcred(tag::root, 0, to_pem(root_.certificate.get()));
  channel_.tcred(tag::other_root, 0, to_pem(other_root.certificate.get()));
  write_identity(channel_, tag::client, client_);
  write_identity(channel_, tag::outsider, outsider);
  write_psk(channel_, tag::device, psk_key, psk_identity);
  write_psk(channel_, tag::wrong_key, wrong_psk_key, psk_identity);
  write_psk(channel_, tag::stranger, psk_key, "stranger");
}

void peer_test::configure(const std::vector<std::string>& options) {
  for (const auto& option : options) channel_.ok("AT#TCFG=0," + option);
}

ending peer_test::until_down() {
  ending all;
  for (;;) {
    const auto item = channel_.event();
    if (item.has_payload) {
      all.data += as_text(item.payload);
      continue;
    }
    if (item.line.starts_with("#TKEY:")) continue;  // tickets come when the server likes
    auto down = at::parse_down(item.line);
    if (!down) throw std::runtime_error("expected #TDOWN, got " + item.line);
    all.down = std::move(*down);
    return all;
  }
}

at::down_event peer_test::down() { return until_down().down; }

std::string peer_test::receive_exactly(std::size_t count) {
  std::string data;
  while (data.size() < count) data += channel_.receive();
  return data;
}

std::string peer_test::state_of(int id) {
  const auto line_start = "#TOPEN: " + std::to_string(id) + ",";
  for (const auto& line : channel_.ok("AT#TOPEN?"))
    if (line.starts_with(line_start)) return line.substr(line.rfind(',') + 1);
  return "gone";
}

std::string peer_test::sentence() {
  const auto line = channel_.failure_sentence();
  const std::string_view start = "+CEER: \"";
  if (!line.starts_with(start) || !line.ends_with('"')) throw std::runtime_error("not a +CEER line: " + line);
  return line.substr(start.size(), line.size() - start.size() - 1);
}

std::vector<std::string> peer_test::certificate_server() const {
  return {"-cert", server_file(), "-CAfile", root_file()};
}

std::vector<std::string> peer_test::psk_server() {
  return {"-nocert", "-psk", hex_of(psk_key), "-psk_identity", std::string(psk_identity)};
}

std::vector<std::string> peer_test::good_server() const {
  auto both = certificate_server();
  // At its own level, 2, OpenSSL takes no CCM_8 from 3.5 on.
  both.insert(both.end(), {"-psk", hex_of(psk_key), "-psk_identity", std::string(psk_identity), "-cipher",
                           "ALL:@SECLEVEL=0"});
  return both;
}

}  // namespace tlsmodem::test
