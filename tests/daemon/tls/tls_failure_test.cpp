// Every way to fail: the code, the alert and a piece of the sentence. And names of servers.
#include "fixtures.hpp"
#include "tests/support/openssl_version.hpp"

namespace tlsmodem::test {
namespace {

using at::error;
constexpr auto stream = tls::transport_kind::stream;
constexpr auto datagram = tls::transport_kind::datagram;

class both_transports : public testing::TestWithParam<tls::transport_kind> {};
INSTANTIATE_TEST_SUITE_P(transports, both_transports, testing::Values(stream, datagram),
                         [](const auto& transport) {
                           return transport.param == stream ? "stream" : "datagram";
                         });

TEST_P(both_transports, untrusted_root_is_refused) {
  auto other = certificate_client(GetParam(), make_root("Other Root"));
  pair peers(other, certificate_server(GetParam()));
  expect_failure(*peers.client, error::certificate_refused, 48, "unable to get local issuer certificate");
  ASSERT_TRUE(peers.client->info().alert_sent);
  EXPECT_EQ(peers.client->info().alert_sent->description, 48);
  EXPECT_EQ(peers.client->info().alert_sent->level, 2);
  peers.network.settle();
  EXPECT_EQ(peers.server.alerts(), std::vector<int>{2 << 8 | 48});
}

TEST_P(both_transports, self_signed_certificate_is_refused_unless_trusted) {
  const identity own = self_sign({.dns = {"server.example"}});
  pair refused(certificate_client(GetParam()), certificate_server(GetParam(), own));
  expect_failure(*refused.client, error::certificate_refused, 48, "self-signed certificate");
  pair trusted(certificate_client(GetParam(), own), certificate_server(GetParam(), own));
  EXPECT_TRUE(trusted.up()) << trusted.why();
}

TEST_P(both_transports, expired_and_future_certificates_are_refused) {
  const identity expired =
      issue(pki().root, {.dns = {"server.example"}, .not_before_days = -10, .not_after_days = -1});
  pair late(certificate_client(GetParam()), certificate_server(GetParam(), expired));
  expect_failure(*late.client, error::certificate_refused, 45, "certificate has expired");
  const identity future =
      issue(pki().root, {.dns = {"server.example"}, .not_before_days = 5, .not_after_days = 10});
  pair early(certificate_client(GetParam()), certificate_server(GetParam(), future));
  expect_failure(*early.client, error::certificate_refused, 42, "not yet valid");
}

TEST_P(both_transports, certificate_of_a_client_is_refused) {
  const identity own = issue(pki().root, {.dns = {"server.example"}, .role = certificate_role::client});
  pair peers(certificate_client(GetParam()), certificate_server(GetParam(), own));
  expect_failure(*peers.client, error::certificate_refused, 43, "certificate purpose");
}

TEST_P(both_transports, weak_keys_and_digests_are_refused) {
  const identity weak = issue(pki().root, {.dns = {"server.example"}}, key_kind::rsa_1024);
  pair small(certificate_client(GetParam()), certificate_server(GetParam(), weak));
  expect_failure(*small.client, error::certificate_refused, 42, "key too weak");
  const identity old = issue(pki().root, {.dns = {"server.example"}, .digest = "SHA1"});
  pair sha1(certificate_client(GetParam()), certificate_server(GetParam(), old));
  expect_failure(*sha1.client, error::certificate_refused, 42, "CA signature digest algorithm too weak");
}

TEST_P(both_transports, other_name_is_a_mismatch) {
  pair peers(certificate_client(GetParam()), certificate_server(GetParam()), {"other.example", {}});
  expect_failure(*peers.client, error::name_mismatch, 42, "hostname mismatch");
}

TEST_P(both_transports, other_address_is_a_mismatch) {
  const identity own = issue(pki().root, {.ip = {"192.0.2.1"}});
  pair peers(certificate_client(GetParam()), certificate_server(GetParam(), own), {"192.0.2.2", {}});
  expect_failure(*peers.client, error::name_mismatch, 42, "IP address mismatch");
}

TEST_P(both_transports, optional_verification_tells_and_goes_on) {
  auto options = certificate_client(GetParam(), make_root("Other Root"));
  options.verify = tls::verification::optional;
  pair peers(options, certificate_server(GetParam()));
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_EQ(peers.client->info().verify_result, "unable to get local issuer certificate");
  auto trusting = certificate_client(GetParam());
  trusting.verify = tls::verification::optional;
  pair misnamed(trusting, certificate_server(GetParam()), {"other.example", {}});
  ASSERT_TRUE(misnamed.up()) << misnamed.why();
  EXPECT_EQ(misnamed.client->info().verify_result, "hostname mismatch");
  pair twice_wrong(options, certificate_server(GetParam()), {"other.example", {}});
  EXPECT_EQ(twice_wrong.client->info().verify_result, "unable to get local issuer certificate");
  pair fine(trusting, certificate_server(GetParam()));
  EXPECT_EQ(fine.client->info().verify_result, "ok");
}

TEST_P(both_transports, no_verification_tells_nothing) {
  tls::context_options options;
  options.transport = GetParam();
  options.verify = tls::verification::none;
  pair peers(options, certificate_server(GetParam()), {"other.example", {}});
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_EQ(peers.client->info().verify_result, "");
  EXPECT_EQ(peers.client->info().peer_subject, "CN=server.example");
}

TEST_P(both_transports, no_shared_suite) {
  auto options = certificate_client(GetParam());
  options.ciphers = {0xc0ae};
  auto server = certificate_server(GetParam());
  server.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  pair peers(options, server);
  expect_failure(*peers.client, error::no_common_parameters, 40, "handshake_failure (40)");
}

TEST_P(both_transports, no_shared_version) {
  auto server = certificate_server(GetParam());
  server.max_version = GetParam() == stream ? TLS1_1_VERSION : DTLS1_VERSION;
  pair peers(certificate_client(GetParam()), server);
  expect_failure(*peers.client, error::no_common_parameters, 70, "");
}

// Security level 2 leaves nothing of TLS before 1.2 but PSK suites.
TEST_P(both_transports, old_versions_need_a_psk) {
  auto options = certificate_client(GetParam());
  options.min_version = tls::tls_version::tls1_1;
  options.max_version = tls::tls_version::tls1_1;
  pair signed_with_sha1(options, certificate_server(GetParam()));
  expect_failure(*signed_with_sha1.client, error::no_common_parameters, 80, "legacy sigalg");
  auto psk_options = psk_client(GetParam());
  psk_options.min_version = tls::tls_version::tls1_1;
  psk_options.max_version = tls::tls_version::tls1_1;
  pair peers(psk_options, psk_server(GetParam()));
  EXPECT_TRUE(peers.up()) << peers.why();
}

TEST_P(both_transports, no_shared_application_protocol) {
  auto options = certificate_client(GetParam());
  options.alpn = {"coap"};
  auto server = certificate_server(GetParam());
  server.alpn = {"mqtt"};
  pair peers(options, server);
  expect_failure(*peers.client, error::no_common_parameters, 120, "no_application_protocol (120)");
}

TEST_P(both_transports, unknown_psk_identity) {
  auto options = psk_client(GetParam());
  options.psk = make_psk("0123456789abcdef", "stranger");
  options.max_version = tls::tls_version::tls1_2;
  pair peers(options, psk_server(GetParam()));
  expect_failure(*peers.client, error::alert_received, 115,
                 "unknown_psk_identity (115); wrong pre-shared key");
}

TEST(tls_failure, wrong_psk_in_1_2) {
  auto options = psk_client(stream);
  options.psk = make_psk("fedcba9876543210");
  options.max_version = tls::tls_version::tls1_2;
  pair peers(options, psk_server(stream));
  expect_failure(*peers.client, error::alert_received, 20, "bad_record_mac (20); wrong pre-shared key");
}

TEST(tls_failure, wrong_psk_in_1_3) {
  auto options = psk_client(stream);
  options.psk = make_psk("fedcba9876543210");
  options.min_version = tls::tls_version::tls1_3;
  pair peers(options, psk_server(stream));
  expect_failure(*peers.client, error::alert_received, wrong_binder_alert(), "wrong pre-shared key");
}

TEST(tls_failure, wrong_psk_met_with_a_fin) {
  for (const auto newest : {tls::tls_version::tls1_2, tls::tls_version::tls1_3}) {
    auto options = psk_client(stream);
    options.psk = make_psk("fedcba9876543210");
    options.max_version = newest;
    const auto client = engine_for(options);
    client->start({});
    if (newest == tls::tls_version::tls1_2) {
      test_server server(psk_server(stream));
      server.feed(drain(client->outgoing()), {});
      client->feed(drain(server.outgoing()), {});
    }
    client->feed_end({});
    EXPECT_EQ(client->failure().why.code, error::connection_reset);
    EXPECT_EQ(client->failure().why.text,
              std::string("the server closed the connection during the handshake, after ") +
                  (newest == tls::tls_version::tls1_2 ? "our Finished" : "our ClientHello") +
                  "; wrong pre-shared key or identity?");
  }
}

TEST(tls_failure, certificate_instead_of_the_psk_is_refused_in_1_3) {
  for (const auto verify :
       {tls::verification::required, tls::verification::optional, tls::verification::none}) {
    auto options = psk_client(stream);
    options.verify = verify;
    options.trusted = {{pki().root.certificate}};
    pair peers(options, certificate_server(stream));
    expect_failure(*peers.client, error::certificate_refused, 40, "showed a certificate");
  }
}

TEST_P(both_transports, client_certificate_missing_or_refused) {
  const identity root = make_root("Client Root");
  auto server = certificate_server(GetParam());
  server.trusted_clients = {root};
  auto options = certificate_client(GetParam());
  options.max_version = tls::tls_version::tls1_2;
  pair missing(options, server);
  expect_failure(*missing.client, error::alert_received, 40,
                 "handshake_failure (40); it asked for a client certificate, and there is none");
  const identity stranger = self_sign({.common_name = "device", .role = certificate_role::client});
  options.own_chain = {stranger.certificate};
  options.key = stranger.key;
  pair refused(options, server);
  expect_failure(*refused.client, error::alert_received, 48, "unknown_ca (48)");
}

TEST(tls_failure, client_certificate_refused_after_the_handshake_in_1_3) {
  const identity root = make_root("Client Root");
  auto server = certificate_server(stream);
  server.trusted_clients = {root};
  auto options = certificate_client(stream);
  pair missing(options, server);
  EXPECT_TRUE(missing.up());
  missing.network.settle();
  expect_failure(*missing.client, error::alert_received, 116,
                 "certificate_required (116); it asked for a client certificate, and there is none");
  const identity stranger = self_sign({.common_name = "device", .role = certificate_role::client});
  options.own_chain = {stranger.certificate};
  options.key = stranger.key;
  pair refused(options, server);
  EXPECT_TRUE(refused.up());
  refused.network.settle();
  expect_failure(*refused.client, error::alert_received, 48, "unknown_ca (48)");
}

TEST(tls_failure, damaged_record_is_an_integrity_failure) {
  for (const auto newest : {tls::tls_version::tls1_2, tls::tls_version::tls1_3}) {
    auto options = certificate_client(stream);
    options.max_version = newest;
    pair peers(options, certificate_server(stream));
    peers.network.settle();
    peers.server.send(as_bytes("good"));
    peers.server.send(as_bytes("damaged"));
    bytes ciphertext = drain(peers.server.outgoing());
    ciphertext.back() ^= 1;
    peers.client->feed(ciphertext, peers.network.now());
    expect_failure(*peers.client, error::integrity_failure, 20, "bad record mac");
    EXPECT_EQ(drain(peers.client->incoming()), to_bytes("good"));
    EXPECT_FALSE(peers.client->outgoing().empty());  // our alert
  }
}

TEST(tls_failure, other_protocols_are_told_by_libssl) {
  auto client = engine_for(certificate_client(stream));
  client->start({});
  client->feed(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"), {});
  expect_failure(*client, error::no_common_parameters, -1, "wrong version number");
}

TEST(tls_failure, failed_engine_does_nothing_any_more) {
  pair peers(certificate_client(stream, make_root("Other Root")), certificate_server(stream));
  ASSERT_FALSE(peers.up());
  drain(peers.client->outgoing());
  const auto now = peers.network.now();
  EXPECT_EQ(peers.client->send(as_bytes("x"), now), tls::send_outcome::not_connected);
  peers.client->feed(as_bytes("x"), now);
  peers.client->feed_end(now);
  peers.client->shut(now);
  peers.client->start(now);
  peers.client->on_deadline(now);
  EXPECT_TRUE(peers.client->outgoing().empty());
  expect_failure(*peers.client, error::certificate_refused, 48, "");
}

// What the server sends is more than libssl takes: said at once, and not an offence.
TEST_P(both_transports, chains_that_are_too_long_are_refused) {
  const std::vector<std::string> units(1800, std::string(64, 'u'));
  const identity own = issue(pki().root, {.dns = {"server.example"}, .units = units});
  pair peers(certificate_client(GetParam()), certificate_server(GetParam(), own));
  expect_failure(*peers.client, error::message_too_long, GetParam() == stream ? 47 : -1, "102400");
  EXPECT_LT(peers.network.elapsed(), tls::milliseconds{1000});
}

TEST_P(both_transports, chains_that_are_just_not_too_long_are_taken) {
  const std::vector<std::string> units(1300, std::string(64, 'u'));
  const identity own = issue(pki().root, {.dns = {"server.example"}, .units = units});
  for (const std::size_t limit : {1200U, 60000U}) {
    auto server = certificate_server(GetParam(), own);
    server.datagram_limit = limit;
    pair peers(certificate_client(GetParam()), server);
    EXPECT_TRUE(peers.up()) << limit << ": " << peers.why();
  }
}

TEST(tls_failure, long_chain_of_a_stranger_does_not_disturb) {
  const bytes forged{22,   0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 15, 11,
                     0x20, 0,    0,    0, 1, 0, 0, 0, 0, 0, 3, 1, 2,  3};
  for (const bool has_psk : {true, false}) {
    const auto client = engine_for(has_psk ? psk_client() : certificate_client(datagram));
    test_server server(has_psk ? psk_server() : certificate_server(datagram));
    simulation network(*client, server);
    client->start({});
    client->feed(forged, {});  // before the ServerHello
    EXPECT_EQ(client->state(), tls::engine_state::handshaking);
    network.connect();
    EXPECT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
  }
}

TEST(tls_failure, silence_tells_what_came_instead_of_an_answer) {
  const std::pair<bytes, const char*> rows[] = {
      {{}, "no answer at all"},
      {{0x70, 0, 0x12, 0x34}, "something else than DTLS"},  // a CoAP Reset
      {{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 3, 1, 2, 3}, "records that are not of this handshake"},
      {{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
       "records that are not"},
  };
  for (const auto& [datagram_seen, text] : rows) {
    const auto client = engine_for(psk_client());
    client->start({});
    if (!datagram_seen.empty()) client->feed(datagram_seen, {});
    EXPECT_NE(client->explain_silence().find(text), std::string::npos) << client->explain_silence();
    while (const auto due = client->deadline()) client->on_deadline(*due);
    expect_failure(*client, error::handshake_timeout, -1, text);
  }
}

struct name_case {
  const char* host;
  std::optional<std::string> sni;
  const char* sent;  // server_name extension
  bool up;
};

class server_names : public testing::TestWithParam<name_case> {};

TEST_P(server_names, are_sent_and_verified) {
  const identity own = issue(pki().root, {.dns = {"server.example", "*.wild.example", "part*.two.example",
                                                  "xn--bcher-kva.example", "*.xn--fa-hia.example"},
                                          .ip = {"192.0.2.1", "2001:db8::1"}});
  pair peers(certificate_client(stream), certificate_server(stream, own), {GetParam().host, GetParam().sni});
  EXPECT_EQ(peers.up(), GetParam().up) << peers.why();
  EXPECT_EQ(peers.server.server_name(), GetParam().sent);
  if (!GetParam().up) {
    EXPECT_EQ(peers.client->failure().why.code, error::name_mismatch);
  }
}

INSTANTIATE_TEST_SUITE_P(
    names, server_names,
    testing::Values(name_case{"server.example", {}, "server.example", true},
                    name_case{"SERVER.example", {}, "SERVER.example", true},
                    name_case{"server.example.", {}, "server.example", true},
                    name_case{"other.example", {}, "other.example", false},
                    name_case{"a.wild.example", {}, "a.wild.example", true},
                    name_case{"wild.example", {}, "wild.example", false},
                    name_case{"a.b.wild.example", {}, "a.b.wild.example", false},
                    name_case{"party.two.example", {}, "party.two.example", false},
                    name_case{"xn--bcher-kva.example", {}, "xn--bcher-kva.example", true},
                    name_case{"a.xn--fa-hia.example", {}, "a.xn--fa-hia.example", true},
                    name_case{"xn--bcher.example", {}, "xn--bcher.example", false},
                    name_case{"192.0.2.1", {}, "", true}, name_case{"192.0.2.2", {}, "", false},
                    name_case{"2001:db8::1", {}, "", true}, name_case{"[2001:db8::1]", {}, "", true},
                    name_case{"2001:db8:0:0::1", {}, "", true}, name_case{"2001:db8::2", {}, "", false},
                    name_case{"192.0.2.99", "server.example", "server.example", true},
                    name_case{"server.example", "other.example", "other.example", false},
                    name_case{"server.example", "", "", true}, name_case{"other.example", "", "", false},
                    name_case{"192.0.2.1", "", "", true}, name_case{"other.example", "192.0.2.1", "", true}));

TEST(server_name, has_to_be_there_when_it_is_verified) {
  for (const char* name : {"", "."}) {
    auto client = engine_for(certificate_client(stream), {name, {}});
    client->start({});
    ASSERT_EQ(client->state(), tls::engine_state::failed);
    EXPECT_TRUE(client->outgoing().empty());
  }
  auto subdomains = engine_for(certificate_client(stream), {".example", {}});
  subdomains->start({});
  expect_failure(*subdomains, error::incorrect_parameters, -1, "not a name");
}

}  // namespace
}  // namespace tlsmodem::test
