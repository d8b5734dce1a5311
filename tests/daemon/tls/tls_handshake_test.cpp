// TLS connections over a stream: handshake, data in any pieces, closing.
#include "fixtures.hpp"

#include <algorithm>
#include <random>

namespace tlsmodem::test {
namespace {

constexpr auto stream = tls::transport_kind::stream;

class tls_versions : public testing::TestWithParam<tls::tls_version> {
 protected:
  static tls::context_options client() {
    auto options = certificate_client(stream);
    options.min_version = GetParam();
    options.max_version = GetParam();
    return options;
  }
  static tls::context_options psk() {
    auto options = psk_client(stream);
    options.min_version = GetParam();
    options.max_version = GetParam();
    return options;
  }
  static bool is_1_3() { return GetParam() == tls::tls_version::tls1_3; }
};

TEST_P(tls_versions, connect_with_certificates) {
  pair peers(client(), certificate_server(stream));
  ASSERT_TRUE(peers.up()) << peers.why();
  const tls::engine_info& info = peers.client->info();
  EXPECT_EQ(info.version, is_1_3() ? "TLSv1.3" : "TLSv1.2");
  EXPECT_EQ(info.suite.substr(0, 4), "TLS_");
  EXPECT_EQ(info.verify_result, "ok");
  EXPECT_EQ(info.peer_subject, "CN=server.example");
  EXPECT_EQ(info.peer_sha256.size(), 64U);
  EXPECT_EQ(info.flights, 2U);
  EXPECT_FALSE(info.resumed);
  EXPECT_EQ(peers.server.server_name(), "server.example");
}

TEST_P(tls_versions, connect_with_a_client_certificate) {
  const identity root = make_root("Client Root");
  const identity own = issue(root, {.common_name = "device", .role = certificate_role::client});
  auto options = client();
  options.own_chain = {own.certificate};
  options.key = own.key;
  auto server = certificate_server(stream);
  server.trusted_clients = {root};
  pair peers(options, server);
  ASSERT_TRUE(peers.up()) << peers.why();
  peers.client->send(as_bytes("hello"), peers.network.now());
  peers.network.settle();
  EXPECT_EQ(peers.server.received_stream(), to_bytes("hello"));
}

TEST_P(tls_versions, connect_with_a_pre_shared_key) {
  pair peers(psk(), psk_server(stream));
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_FALSE(peers.client->info().resumed);
  EXPECT_EQ(peers.client->info().verify_result, "");
  EXPECT_EQ(peers.client->info().peer_subject, "");
  peers.client->send(as_bytes("hello"), peers.network.now());
  peers.network.settle();
  EXPECT_EQ(peers.server.received_stream(), to_bytes("hello"));
}

TEST_P(tls_versions, every_kind_of_key_works) {
  for (const key_kind kind : {key_kind::ec_p256, key_kind::ec_p384, key_kind::rsa_2048, key_kind::ed25519}) {
    const identity root = make_root("Root", kind);
    const identity own = issue(root, {.dns = {"server.example"}}, kind);
    auto options = client();
    options.trusted = {{root.certificate}};
    pair peers(options, certificate_server(stream, own));
    EXPECT_TRUE(peers.up()) << peers.why();
  }
}

TEST_P(tls_versions, carry_a_mebibyte_in_random_pieces_both_ways) {
  pair peers(client(), certificate_server(stream));
  ASSERT_TRUE(peers.up()) << peers.why();
  std::minstd_rand random(42);
  bytes all(std::size_t{1024} * 1024);
  for (auto& byte : all) byte = static_cast<std::uint8_t>(random());
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t size = std::min<std::size_t>(1 + random() % 50000, all.size() - at);
    ASSERT_EQ(peers.client->send(bytes_view(all).subspan(at, size), peers.network.now()),
              tls::send_outcome::ok);
    at += size;
    peers.network.settle();
  }
  EXPECT_EQ(peers.server.received_stream(), all);
  peers.server.send(all);
  const bytes ciphertext = drain(peers.server.outgoing());
  bytes got;
  for (std::size_t at = 0; at < ciphertext.size();) {
    const std::size_t size = std::min<std::size_t>(1 + random() % 5000, ciphertext.size() - at);
    peers.client->feed(bytes_view(ciphertext).subspan(at, size), peers.network.now());
    const bytes piece = drain(peers.client->incoming());
    got.insert(got.end(), piece.begin(), piece.end());
    at += size;
  }
  EXPECT_EQ(got, all);
}

TEST_P(tls_versions, connect_when_everything_comes_byte_by_byte) {
  auto client_side = engine_for(client());
  test_server server(certificate_server(stream));
  client_side->start({});
  for (int round = 0; round < 6; ++round) {
    server.feed(drain(client_side->outgoing()), {});
    for (const std::uint8_t byte : drain(server.outgoing())) client_side->feed({&byte, 1}, {});
  }
  EXPECT_EQ(client_side->state(), tls::engine_state::established) << client_side->failure().why.text;
  EXPECT_TRUE(server.established());
}

TEST_P(tls_versions, payloads_of_any_length_and_none) {
  pair peers(client(), certificate_server(stream));
  ASSERT_TRUE(peers.up());
  EXPECT_EQ(peers.client->send({}, peers.network.now()), tls::send_outcome::ok);
  EXPECT_TRUE(peers.client->outgoing().empty());
  bytes all;
  for (const std::size_t size : {1U, 100U, 16383U, 16384U, 16385U, 65536U}) {
    const bytes payload(size, static_cast<std::uint8_t>(size));
    ASSERT_EQ(peers.client->send(payload, peers.network.now()), tls::send_outcome::ok);
    EXPECT_LE(peers.client->outgoing().bytes(),
              size + (size / 16384 + 1) * peers.client->info().cost.worst_case_bytes());
    peers.network.settle();
    all.insert(all.end(), payload.begin(), payload.end());
  }
  EXPECT_EQ(peers.server.received_stream(), all);
}

TEST_P(tls_versions, close_notify_of_the_server_comes_after_its_data) {
  pair peers(client(), certificate_server(stream));
  peers.network.settle();
  ASSERT_TRUE(peers.up()) << peers.why();
  peers.server.send(as_bytes("last words"));
  peers.server.shut();
  peers.network.settle();
  EXPECT_EQ(peers.client->state(), tls::engine_state::peer_closed);
  EXPECT_EQ(drain(peers.client->incoming()), to_bytes("last words"));
  peers.client->feed_end(peers.network.now());
  EXPECT_EQ(peers.client->state(), tls::engine_state::peer_closed);
  // The other direction is still open.
  EXPECT_EQ(peers.client->send(as_bytes("me too"), peers.network.now()), tls::send_outcome::ok);
  peers.client->shut(peers.network.now());
  peers.network.settle();
  EXPECT_EQ(peers.server.received_stream(), to_bytes("me too"));
  EXPECT_TRUE(peers.server.peer_closed());
}

TEST_P(tls_versions, shut_half_closes) {
  pair peers(client(), certificate_server(stream));
  peers.network.settle();
  ASSERT_TRUE(peers.up()) << peers.why();
  peers.client->send(as_bytes("request"), peers.network.now());
  peers.client->shut(peers.network.now());
  EXPECT_EQ(peers.client->send(as_bytes("x"), peers.network.now()), tls::send_outcome::not_connected);
  peers.network.settle();
  EXPECT_TRUE(peers.server.peer_closed());
  peers.server.send(as_bytes("answer"));
  peers.server.shut();
  peers.network.settle();
  EXPECT_EQ(drain(peers.client->incoming()), to_bytes("answer"));
  EXPECT_EQ(peers.client->state(), tls::engine_state::peer_closed);
}

TEST_P(tls_versions, fin_without_close_notify_is_a_truncation) {
  pair peers(client(), certificate_server(stream));
  peers.network.settle();
  ASSERT_TRUE(peers.up()) << peers.why();
  peers.server.send(as_bytes("cut"));
  peers.network.settle();
  peers.client->feed_end(peers.network.now());
  EXPECT_EQ(peers.client->state(), tls::engine_state::failed);
  EXPECT_TRUE(peers.client->failure().truncated);
  EXPECT_EQ(peers.client->failure().why.code, at::error::connection_reset);
  EXPECT_EQ(peers.client->failure().alert, -1);
  EXPECT_NE(peers.why().find("without close_notify"), std::string::npos);
  EXPECT_EQ(drain(peers.client->incoming()), to_bytes("cut"));
}

TEST_P(tls_versions, alpn_is_negotiated) {
  auto options = client();
  options.alpn = {"coap", "http/1.1"};
  auto server = certificate_server(stream);
  server.alpn = {"http/1.1"};
  pair peers(options, server);
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_EQ(peers.client->info().alpn, "http/1.1");
}

TEST_P(tls_versions, record_overhead_is_exact) {
  pair peers(client(), certificate_server(stream));
  ASSERT_TRUE(peers.up());
  ASSERT_EQ(peers.client->send(bytes(1000), peers.network.now()), tls::send_outcome::ok);
  EXPECT_EQ(peers.client->outgoing().bytes(), 1000 + peers.client->info().cost.worst_case_bytes());
}

INSTANTIATE_TEST_SUITE_P(both, tls_versions,
                         testing::Values(tls::tls_version::tls1_2, tls::tls_version::tls1_3),
                         [](const auto& version) {
                           return version.param == tls::tls_version::tls1_3 ? "tls1_3" : "tls1_2";
                         });

TEST(tls_handshake, fin_during_the_handshake_is_a_reset) {
  auto client = engine_for(certificate_client(stream));
  client->start({});
  client->feed_end({});
  EXPECT_EQ(client->state(), tls::engine_state::failed);
  EXPECT_EQ(client->failure().why.code, at::error::connection_reset);
}

TEST(tls_handshake, hello_request_does_not_renegotiate) {
  auto options = certificate_client(stream);
  options.max_version = tls::tls_version::tls1_2;
  pair peers(options, certificate_server(stream));
  ASSERT_TRUE(peers.up());
  const auto suite = peers.client->info().suite;
  SSL_renegotiate(peers.server.ssl());
  SSL_do_handshake(peers.server.ssl());
  peers.client->feed(drain(peers.server.outgoing()), peers.network.now());
  EXPECT_EQ(peers.client->state(), tls::engine_state::established);
  ASSERT_TRUE(peers.client->info().alert_sent);
  EXPECT_EQ(peers.client->info().alert_sent->description, 100);  // no_renegotiation
  EXPECT_EQ(peers.client->send(as_bytes("goes on"), peers.network.now()), tls::send_outcome::ok);
}

// RFC 8446 4.2.11: an external PSK belongs to SHA-256, and a server may choose any suite that is offered.
TEST(tls_handshake, psk_comes_with_suites_of_its_hash_only) {
  struct row {
    std::vector<std::uint16_t> wanted;
    std::vector<std::uint16_t> offered;  // of TLS 1.3
    const char* chosen;
  };
  const row rows[] = {{{}, {0x1301, 0x1303, 0x1304, 0x1305}, "TLS_AES_128_GCM_SHA256"},
                      {{0x1302, 0x1301}, {0x1301}, "TLS_AES_128_GCM_SHA256"},
                      {{0x1302, 0x1303, 0x1301}, {0x1303, 0x1301}, "TLS_AES_128_GCM_SHA256"},
                      {{0x1302, 0x00a8}, {}, "TLS_PSK_WITH_AES_128_GCM_SHA256"}};
  for (const char* groups : {"X25519", "P-521"}) {
    for (const auto& row : rows) {
      auto options = psk_client(stream);
      options.ciphers = row.wanted;
      auto server = psk_server(stream);
      server.suites_tls1_3 =
          "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256";
      server.groups = groups;
      pair peers(options, server);
      ASSERT_TRUE(peers.up()) << row.chosen << ", " << groups << ": " << peers.why();
      EXPECT_EQ(peers.client->info().suite, row.chosen);
      std::vector<std::uint16_t> offered;
      for (const auto id : peers.server.offered_suites())
        if (id >> 8 == 0x13) offered.push_back(id);
      EXPECT_EQ(offered, row.offered);
    }
  }
}

TEST(tls_handshake, identity_with_any_bytes_works_in_1_3) {
  auto options = psk_client(stream);
  options.min_version = tls::tls_version::tls1_3;
  options.psk->identity = {0, 1, 0xff, 0, '"'};
  auto server = psk_server(stream);
  server.psk[std::string("\0\1\xff\0\"", 5)] = to_bytes("0123456789abcdef");
  for (const char* groups : {"X25519", "P-521"}) {
    server.groups = groups;
    pair peers(options, server);
    EXPECT_TRUE(peers.up()) << groups << ": " << peers.why();
  }
}

// Tickets in records of 512 bytes: a ticket holds the client's chain, so it is longer. While half of one is
// here, libssl refuses to write.
TEST(tls_handshake, data_sent_while_a_ticket_is_half_received_is_not_lost) {
  const identity root = make_root("Client Root", key_kind::rsa_2048);
  const identity own =
      issue(root, {.common_name = "device", .role = certificate_role::client}, key_kind::rsa_2048);
  auto options = certificate_client(stream);
  options.own_chain = {own.certificate};
  options.key = own.key;
  auto server_side = certificate_server(stream);
  server_side.trusted_clients = {root};
  server_side.record_limit = 512;
  auto client = engine_for(options);
  test_server server(server_side);
  client->start({});
  while (!server.established()) {
    server.feed(drain(client->outgoing()), {});
    if (!server.established()) client->feed(drain(server.outgoing()), {});
  }
  ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
  const bytes tickets = drain(server.outgoing());
  ASSERT_GT(tickets.size(), 1200U);
  client->feed(bytes_view(tickets).first(600), {});
  EXPECT_EQ(client->send(as_bytes("one "), {}), tls::send_outcome::ok);
  EXPECT_EQ(client->send(as_bytes("two"), {}), tls::send_outcome::ok);
  EXPECT_TRUE(client->outgoing().empty());  // proves that the case is the one meant
  client->shut({});
  client->feed(bytes_view(tickets).subspan(600), {});
  server.feed(drain(client->outgoing()), {});
  EXPECT_EQ(server.received_stream(), to_bytes("one two"));
  EXPECT_TRUE(server.peer_closed());
}

TEST(tls_handshake, tells_that_it_was_done_when_an_alert_came_in_with_its_end) {
  auto options = certificate_client(tls::transport_kind::stream);
  options.max_version = tls::tls_version::tls1_2;
  const auto client = engine_for(options);
  test_server server(certificate_server(tls::transport_kind::stream));
  client->start({});
  const auto to_server = [&] { server.feed(drain(client->outgoing()), {}); };
  to_server();
  client->feed(drain(server.outgoing()), {});
  EXPECT_FALSE(client->info().handshake_done);
  to_server();
  ASSERT_TRUE(server.established());
  server.send(as_bytes("last words"));
  server.feed(bytes{23, 3, 3, 0, 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8,
                    9,  0, 1, 2, 3,  4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0},
              {});  // forged: a fatal alert to a stream
  client->feed(drain(server.outgoing()), {});
  expect_failure(*client, at::error::alert_received, 20, "bad_record_mac (20)");
  EXPECT_TRUE(client->info().handshake_done);
  EXPECT_EQ(drain(client->incoming()), to_bytes("last words"));
}

}  // namespace
}  // namespace tlsmodem::test
