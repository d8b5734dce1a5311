#include "cid_fixture.hpp"

#include "daemon/store/counter_file.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

constexpr auto repeat_after = std::chrono::milliseconds(100);  // of a message that may have been lost
constexpr int refused_after_reboot = 64;                       // records of the server, at most

template <typename Value>
Value must(at::result<Value> outcome, const std::string& what) {
  if (!outcome) throw std::runtime_error("not what was expected: " + what);
  return std::move(*outcome);
}

std::string tail(const std::string& text) {
  constexpr std::size_t enough = 4000;
  return text.size() > enough ? text.substr(text.size() - enough) : text;
}

}  // namespace

const std::vector<cid_suite>& cid_suites() {
  constexpr bool psk = true;
  constexpr bool certificate = false;
  constexpr bool mac_then_encrypt = false;
  static const std::vector<cid_suite> all = {
      {"psk_aes128_ccm8", "C0A8", "TLS-PSK-WITH-AES-128-CCM-8", psk},
      {"psk_aes128_ccm", "C0A4", "TLS-PSK-WITH-AES-128-CCM", psk},
      {"psk_aes256_ccm8", "C0A9", "TLS-PSK-WITH-AES-256-CCM-8", psk},
      {"psk_aes128_gcm", "00A8", "TLS-PSK-WITH-AES-128-GCM-SHA256", psk},
      {"psk_aes256_gcm", "00A9", "TLS-PSK-WITH-AES-256-GCM-SHA384", psk},
      {"psk_chacha20", "CCAB", "TLS-PSK-WITH-CHACHA20-POLY1305-SHA256", psk},
      {"psk_aes128_cbc_etm", "00AE", "TLS-PSK-WITH-AES-128-CBC-SHA256", psk},
      {"psk_aes128_cbc_mte", "00AE", "TLS-PSK-WITH-AES-128-CBC-SHA256", psk, mac_then_encrypt},
      {"psk_aes256_cbc_sha384_etm", "00AF", "TLS-PSK-WITH-AES-256-CBC-SHA384", psk},
      {"psk_aes256_cbc_sha384_mte", "00AF", "TLS-PSK-WITH-AES-256-CBC-SHA384", psk, mac_then_encrypt},
      {"psk_aes128_cbc_sha1_mte", "008C", "TLS-PSK-WITH-AES-128-CBC-SHA", psk, mac_then_encrypt},
      {"ecdhe_psk_chacha20", "CCAC", "TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256", psk},
      {"ecdhe_psk_aes128_cbc_etm", "C037", "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256", psk},
      {"ecdhe_psk_aes128_cbc_mte", "C037", "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256", psk, mac_then_encrypt},
      {"ecdhe_ecdsa_aes128_ccm8", "C0AE", "TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8", certificate},
      {"ecdhe_ecdsa_aes128_ccm", "C0AC", "TLS-ECDHE-ECDSA-WITH-AES-128-CCM", certificate},
      {"ecdhe_ecdsa_aes128_gcm", "C02B", "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", certificate},
      {"ecdhe_ecdsa_aes256_gcm", "C02C", "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384", certificate},
      {"ecdhe_ecdsa_chacha20", "CCA9", "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256", certificate},
      {"ecdhe_ecdsa_aes128_cbc_etm", "C023", "TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256", certificate},
      {"ecdhe_ecdsa_aes128_cbc_mte", "C023", "TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256", certificate,
       mac_then_encrypt},
  };
  return all;
}

const cid_suite& cid_suite_called(std::string_view name) {
  const auto& all = cid_suites();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& suite) { return suite.name == name; });
  if (found == all.end()) throw std::logic_error("no such suite");
  return *found;
}

cid_test::cid_test(const std::string& daemon_config) : daemon_(daemon_config) {
  server_file_ = files_.write(
      "server.pem", issue(root_, {.common_name = server_name, .dns = {server_name}, .ip = {"127.0.0.1"}}));
}

void cid_test::SetUp() {
  const auto programs = find_mbedtls_programs();
  if (!programs.are_there()) GTEST_SKIP() << programs.why_missing;
}

void cid_test::TearDown() {
  if (!relay_) return;
  const auto log = relay_->log();
  for (const auto& breach : breaches(log)) ADD_FAILURE() << breach;
  if (!HasFailure()) return;
  std::cout << "-- on the wire (the end of it)\n"
            << description(log, 60) << "-- the server\n"
            << tail(server_ ? server_->output() : "") << "-- the daemon\n"
            << tail(daemon_.log());
}

void cid_test::start_server(const cid_suite& suite, const cid_server& options) {
  suite_ = &suite;
  const int port = free_udp_port();
  std::vector<std::string> arguments = {
      find_mbedtls_programs().path("ssl_server2"),
      "server_addr=127.0.0.1",
      "server_port=" + std::to_string(port),
      "dtls=1",
      "force_version=dtls12",
      std::string("force_ciphersuite=") + suite.mbedtls_name,
      std::string("etm=") + (suite.is_encrypt_then_mac ? "1" : "0"),
      std::string("tickets=") + (options.has_tickets ? "1" : "0"),
      "auth_mode=none",
      "renegotiation=0",
      "exchanges=1000000",  // for each client; then it says goodbye
      "response_size=32",
      "hs_timeout=100-2000",
  };
  if (options.cid) arguments.insert(arguments.end(), {"cid=1", "cid_val=" + *options.cid});
  if (suite.is_psk)
    arguments.insert(arguments.end(),
                     {"psk=" + hex_of(psk_key), "psk_identity=" + std::string(psk_identity)});
  else
    arguments.insert(arguments.end(), {"crt_file=" + server_file_, "key_file=" + server_file_});
  arguments.insert(arguments.end(), options.more.begin(), options.more.end());
  server_ = std::make_unique<peer>(arguments, peer_transport::udp, port);
  start_relay(port);
}

void cid_test::start_relay(int port) {
  server_port_ = port;
  relay_ = std::make_unique<record_relay>(port);
}

test_channel cid_test::client(const std::string& cid, const std::vector<std::string>& more) const {
  test_channel channel(daemon_);
  channel.tcred(tag::root, 0, to_pem(root_.certificate.get()));
  channel.tcred(tag::device, 3, psk_key);
  channel.tcred(tag::device, 4, psk_identity);
  // ssl_server2 may lose a ClientHello: behind its HelloVerifyRequest it closes the socket and opens another.
  for (const std::string& option :
       {std::string(R"("proto","dtls")"), "\"ciphers\"," + at::quote(suite_->id), "\"cid\"," + at::quote(cid),
        std::string(R"("keep",1)"), std::string(R"("hs_min",500)"),
        std::string(suite_->is_psk ? R"("psk","3")" : R"("ca","1")")})
    channel.ok("AT#TCFG=0," + option);
  for (const auto& option : more) channel.ok("AT#TCFG=0," + option);
  return channel;
}

cid_link cid_test::connect(test_channel& channel, const std::string& handle) const {
  return connect_to(relay_->port(), channel, handle);
}

cid_link cid_test::connect_to(int port, test_channel& channel, const std::string& handle) const {
  cid_link made;
  made.id = channel.open();
  made.handle = handle;
  relay_->forget_clients();  // the server has one at a time: this one comes behind all others
  if (!handle.empty()) channel.ok("AT#TRESUME=" + std::to_string(made.id) + "," + at::quote(handle));
  channel.ok("AT#TCONN=" + std::to_string(made.id) + ",\"127.0.0.1\"," + std::to_string(port));
  auto item = channel.event();
  for (; item.line.starts_with("#TKEY:"); item = channel.event())
    made.handle = must(at::parse_key(item.line), item.line).handle;
  made.up = must(at::parse_up(item.line), item.line);
  EXPECT_EQ(made.handle.size(), 32U);
  EXPECT_EQ(made.up.version, "DTLSv1.2");
  return made;
}

void cid_test::exchange(test_channel& channel, int id, std::string_view message) const {
  channel.send(id, message);
  EXPECT_FALSE(channel.receive().empty());
  EXPECT_TRUE(eventually([&] { return times_printed(message) > 0; })) << message;
}

void cid_test::exchange_with_loss(test_channel& channel, int id, std::string_view message) const {
  const auto limit = deadline();
  while (std::chrono::steady_clock::now() < limit) {
    channel.send(id, message);
    const auto answer = channel.raw().next_event(std::chrono::steady_clock::now() + repeat_after);
    if (!answer) continue;
    if (answer->line.starts_with("#TKEY:")) continue;
    if (!answer->line.starts_with("#TRX:")) throw std::runtime_error("expected #TRX, got " + answer->line);
    if (times_printed(message) > 0) return;  // otherwise it answers an earlier one
  }
  throw std::runtime_error("no answer to: " + std::string(message));
}

void cid_test::close(test_channel& channel, int id) const {
  const auto before = times_printed("connection was closed gracefully");
  const auto waiting = times_printed("Waiting for a remote connection");
  channel.ok("AT#TCLOSE=" + std::to_string(id));
  await_printed("connection was closed gracefully", before + 1);
  await_printed("Waiting for a remote connection", waiting + 1);
}

void cid_test::flush_store() const {
  test_channel channel(daemon_);
  // Answered when it is on the disk, and what was on its way to it. What waited for that is on its way then.
  for (int twice = 0; twice < 2; ++twice) channel.ok("AT#TCRED=0,999,4,1,0", "x");
}

// What was in memory only is not in the file; the file is the same one, or the store would count as a copy.
void cid_test::lose_counters() const {
  const counter_file of_another_boot(daemon_.state_path(""), "another boot");
  EXPECT_EQ(of_another_boot.trouble(), "");
}

void cid_test::restart(test_channel& channel, daemon_end how) {
  const auto passed = relay_->client_records();
  if (how != daemon_end::stopped && daemon_.daemon().is_running()) flush_store();
  daemon_.stop(how == daemon_end::stopped ? SIGTERM : SIGKILL);
  for (;;) {
    const auto item = channel.raw().next_event(deadline());
    if (!item) break;
    const bool is_late_answer = item->line.starts_with("#TRX:");  // to what was sent more than once
    if (!is_late_answer && !item->line.starts_with("#TDOWN:"))
      ADD_FAILURE() << "a daemon that ends says " << item->line;
  }
  if (how == daemon_end::reboot) lose_counters();
  daemon_.restart(SIGKILL);
  // Who was killed says nothing; what the relay had not read yet may still come.
  if (how == daemon_end::stopped) {
    EXPECT_EQ(relay_->client_records(), passed) << "records of a daemon that keeps its associations";
  }
}

void cid_test::exchange_after(daemon_end how, test_channel& channel, int id, std::string_view message) const {
  if (how != daemon_end::reboot) return exchange(channel, id, message);
  for (int i = 0; i < refused_after_reboot; ++i) channel.send(id, "answered in vain\n");
  exchange_with_loss(channel, id, message);
}

cid_link cid_test::continue_association(test_channel& channel, const cid_link& before,
                                        daemon_end after) const {
  const auto from = relay_->datagrams();
  const auto broken = broken_associations();
  auto made = connect(channel, before.handle);
  EXPECT_EQ(made.up.how, 2);
  EXPECT_EQ(made.handle, before.handle);
  EXPECT_EQ(made.up.suite, before.up.suite);
  exchange_after(after, channel, made.id, "continued " + std::to_string(from) + "\n");
  // After a reboot no answer tells at first that the server had the last flight: it may be sent along.
  if (after == daemon_end::reboot) {
    EXPECT_EQ(relay_->look(handshake_messages, from), 0U);
  } else {
    EXPECT_EQ(relay_->look(handshake_records, from), 0U);
  }
  EXPECT_EQ(broken_associations(), broken);
  return made;
}

cid_link cid_test::survive(test_channel& channel, cid_link link, const std::string& cid) {
  for (const auto how : {daemon_end::stopped, daemon_end::killed}) {
    restart(channel, how);
    channel = client(cid);
    link = continue_association(channel, link, how);
  }
  return link;
}

std::size_t cid_test::times_printed(std::string_view text) const {
  const auto output = read_file(server().output_path(), printed_from_);
  std::size_t times = 0;
  for (auto at = output.find(text); at != std::string::npos; at = output.find(text, at + text.size()))
    ++times;
  return times;
}

void cid_test::forget_printed() { printed_from_ = std::filesystem::file_size(server().output_path()); }

void cid_test::await_printed(std::string_view text, std::size_t times) const {
  if (!eventually([&] { return times_printed(text) >= times; }))
    throw std::runtime_error("the server did not say again: " + std::string(text) + "\n" + server().output());
}

}  // namespace tlsmodem::test
