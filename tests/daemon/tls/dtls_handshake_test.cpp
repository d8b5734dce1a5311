// DTLS handshakes: what is offered, what goes over the wire, and datagrams that do not belong there.
#include "fixtures.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace tlsmodem::test {
namespace {

constexpr auto datagram = tls::transport_kind::datagram;

TEST(dtls_handshake, connects_with_a_pre_shared_key) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  const tls::engine_info& info = peers.client->info();
  EXPECT_EQ(info.version, "DTLSv1.2");
  EXPECT_FALSE(info.resumed);
  EXPECT_EQ(info.verify_result, "");
  EXPECT_EQ(info.peer_subject, "");
  EXPECT_EQ(info.peer_sha256, "");
  EXPECT_EQ(info.flights, 3U);  // ClientHello, ClientHello with cookie, ClientKeyExchange to Finished
  EXPECT_EQ(info.retransmissions, 0U);
  EXPECT_FALSE(info.alert_received);
  EXPECT_FALSE(info.alert_sent);
  EXPECT_EQ(peers.client->deadline(), std::nullopt);
}

TEST(dtls_handshake, connects_with_certificates) {
  pair peers(certificate_client(datagram), certificate_server(datagram));
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_EQ(peers.client->info().verify_result, "ok");
  EXPECT_EQ(peers.client->info().peer_subject, "CN=server.example");
  EXPECT_EQ(peers.client->info().peer_sha256.size(), 64U);
}

// Of a server that wants to fill the lines of the protocol.
TEST(dtls_handshake, tells_a_long_subject_cut) {
  const identity chatty = issue(pki().root, {.common_name = "chatty",
                                             .dns = {"server.example"},
                                             .units = std::vector<std::string>(100, std::string(64, 'u'))});
  pair peers(certificate_client(datagram), certificate_server(datagram, chatty));
  ASSERT_TRUE(peers.up()) << peers.why();
  const auto& subject = peers.client->info().peer_subject;
  EXPECT_EQ(subject.size(), 1024U + 3U);
  EXPECT_TRUE(subject.ends_with("..."));
}

TEST(dtls_handshake, connects_with_a_client_certificate_in_small_datagrams) {
  const identity root = make_root("Client Root");
  const identity own = issue(root, {.common_name = "device", .role = certificate_role::client});
  auto options = certificate_client(datagram);
  options.own_chain = {own.certificate, root.certificate};
  options.key = own.key;
  auto server_side = certificate_server(datagram);
  server_side.trusted_clients = {root};
  auto client = engine_for(options, {"server.example", {}}, 300);
  test_server server(server_side);
  simulation network(*client, server);
  network.connect();
  ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
  EXPECT_TRUE(server.established());
  for (const auto& sent : network.sent_by_client()) EXPECT_LE(sent.data.size(), 300U);
}

TEST(dtls_handshake, first_record_says_1_2_unless_1_0_is_allowed) {
  auto options = psk_client();
  auto client = engine_for(options);
  client->start({});
  const bytes_view first = client->outgoing().front();
  EXPECT_EQ(first[1], 0xfe);
  EXPECT_EQ(first[2], 0xfd);
  options.min_version = tls::tls_version::tls1_1;
  auto flexible = engine_for(options);
  flexible->start({});
  EXPECT_EQ(flexible->outgoing().front()[2], 0xff);
}

// Key exchange by suite id, from the IANA registry.
bool is_psk_suite(std::uint16_t id) {
  return (id >= 0x00a8 && id <= 0x00b9) || (id >= 0xc033 && id <= 0xc03b) || (id >= 0xc0a4 && id <= 0xc0ab) ||
         (id >= 0xccab && id <= 0xccae) || (id >= 0x008a && id <= 0x0095);
}

TEST(dtls_handshake, offers_only_psk_suites_with_a_psk) {
  pair peers(psk_client(), psk_server());
  const auto& offered = peers.server.offered_suites();
  EXPECT_GT(offered.size(), 5U);
  for (const std::uint16_t id : offered) EXPECT_TRUE(is_psk_suite(id)) << std::hex << id;
  for (const int wanted : {0xc0a8, 0x00a8, 0x00ae, 0xc0a4, 0xccab}) {
    EXPECT_NE(std::find(offered.begin(), offered.end(), wanted), offered.end()) << std::hex << wanted;
  }
  // PSK with NULL encryption
  for (const int null_suite : {0x002c, 0x00b0, 0x00b1, 0xc039, 0xc03a, 0xc03b}) {
    EXPECT_EQ(std::find(offered.begin(), offered.end(), null_suite), offered.end()) << std::hex << null_suite;
  }
}

TEST(dtls_handshake, offers_no_psk_suites_without_a_psk) {
  pair peers(certificate_client(datagram), certificate_server(datagram));
  const auto& offered = peers.server.offered_suites();
  EXPECT_GT(offered.size(), 5U);
  for (const std::uint16_t id : offered) EXPECT_FALSE(is_psk_suite(id)) << std::hex << id;
  EXPECT_NE(std::find(offered.begin(), offered.end(), 0xc0ae), offered.end());
}

TEST(dtls_handshake, offers_configured_suites_in_their_order_and_ignores_unknown_ones) {
  auto options = psk_client();
  options.ciphers = {0x00ae, 0xfefe, 0xc0a8, 0x1301, 0xc02b, 0x00a8};  // the fifth is not a PSK suite
  pair peers(options, psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  const std::vector<std::uint16_t> expected{0x00ae, 0xc0a8, 0x00a8};
  EXPECT_EQ(peers.server.offered_suites(), expected);
  EXPECT_EQ(peers.client->info().suite_id, 0x00ae);
  EXPECT_EQ(peers.client->info().suite, "TLS_PSK_WITH_AES_128_CBC_SHA256");
}

TEST(dtls_handshake, carries_payloads_of_any_legal_size_one_datagram_each) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  for (const std::size_t size : {1U, 100U, 16383U, 16384U}) {
    const bytes payload(size, static_cast<std::uint8_t>(size));
    ASSERT_EQ(peers.client->send(payload, peers.network.now()), tls::send_outcome::ok);
    ASSERT_EQ(peers.client->outgoing().packets(), 1U);
    EXPECT_LE(peers.client->outgoing().front().size(), size + peers.client->info().cost.worst_case_bytes());
    peers.network.settle();
    EXPECT_EQ(peers.server.received().back(), payload);
    peers.server.send(payload);
    peers.network.settle();
    ASSERT_EQ(peers.client->incoming().packets(), 1U);
    EXPECT_EQ(drain(peers.client->incoming()), payload);
  }
  EXPECT_EQ(peers.client->send(bytes(16385), peers.network.now()), tls::send_outcome::too_long);
  EXPECT_EQ(peers.client->send({}, peers.network.now()), tls::send_outcome::not_supported);
  EXPECT_TRUE(peers.client->outgoing().empty());
  EXPECT_EQ(peers.client->state(), tls::engine_state::established);
}

TEST(dtls_handshake, sends_nothing_before_it_is_established) {
  auto client = engine_for(psk_client());
  EXPECT_EQ(client->send(as_bytes("early"), {}), tls::send_outcome::not_connected);
  client->start({});
  EXPECT_EQ(client->send(as_bytes("early"), {}), tls::send_outcome::not_connected);
}

bytes record_of(std::uint8_t type, std::uint8_t epoch, const bytes& body) {
  bytes made{type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 7};
  made.push_back(static_cast<std::uint8_t>(body.size() >> 8));
  made.push_back(static_cast<std::uint8_t>(body.size() & 0xff));
  made.insert(made.end(), body.begin(), body.end());
  return made;
}

bytes handshake_message(std::uint8_t type, std::uint8_t size) {
  bytes made{type, 0, 0, size, 0, 0, 0, 0, 0, 0, 0, size};
  made.resize(made.size() + size, 0x55);
  return made;
}

TEST(dtls_handshake, drops_and_counts_client_hellos_of_the_server) {
  auto client = engine_for(psk_client());
  test_server server(psk_server());
  simulation network(*client, server);
  client->start(network.now());
  const bytes hello = record_of(22, 0, handshake_message(1, 60));
  client->feed(hello, network.now());
  EXPECT_EQ(client->info().ignored_client_hellos, 1U);
  network.connect();
  ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
  client->feed(hello, network.now());
  EXPECT_EQ(client->info().ignored_client_hellos, 2U);
  EXPECT_EQ(client->state(), tls::engine_state::established);
}

// Malformed datagrams, each of which is a fatal error to libssl by itself or could be one.
std::vector<bytes> malformed_datagrams() {
  std::vector<bytes> list{
      {},
      {22},
      bytes(12, 0),
      bytes(2000, 0xff),
      record_of(99, 0, {1, 2, 3}),                  // unknown type
      record_of(23, 0, {1, 2, 3}),                  // unprotected data
      record_of(20, 0, {2}),                        // no ChangeCipherSpec
      record_of(20, 0, {1, 1}),                     //
      record_of(21, 0, {2}),                        // half an alert
      record_of(21, 0, {9, 9}),                     // unknown level
      record_of(21, 0, {2, 40, 1}),                 //
      record_of(22, 0, {2, 0, 0}),                  // half a header
      record_of(22, 0, handshake_message(77, 3)),   // unknown message
      record_of(22, 0, handshake_message(0, 0)),    // HelloRequest
      record_of(22, 0, handshake_message(20, 12)),  // unprotected Finished
      record_of(22, 1, bytes(40, 0xaa)),            // protected by nobody
      record_of(23, 1, bytes(40, 0xaa)),
      record_of(21, 1, bytes(20, 0xaa)),
      record_of(22, 2, bytes(40, 0xaa)),
      record_of(23, 9, bytes(40, 0xaa)),
  };
  bytes lying = record_of(22, 0, handshake_message(2, 3));
  lying[24] = 200;  // fragment longer than the message and the record
  list.push_back(lying);
  bytes huge = record_of(22, 0, handshake_message(11, 3));
  huge[14] = 0xff;  // a message of 16 MB
  list.push_back(huge);
  return list;
}

TEST(dtls_handshake, rubbish_does_not_disturb_a_handshake) {
  for (std::size_t when = 0; when < 6; ++when) {
    auto client = engine_for(psk_client());
    test_server server(psk_server());
    unsigned seen = 0;
    simulation* running = nullptr;
    network_conditions conditions;
    conditions.loses = [&](direction, unsigned, bytes_view) {
      if (seen++ != when) return false;
      for (const bytes& bad : malformed_datagrams()) client->feed(bad, running->now());
      return false;
    };
    simulation network(*client, server, conditions);
    running = &network;
    network.connect();
    ASSERT_EQ(client->state(), tls::engine_state::established) << when << ": " << client->failure().why.text;
  }
}

TEST(dtls_handshake, rubbish_does_not_disturb_an_association) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up());
  const auto now = peers.network.now();
  for (const bytes& bad : malformed_datagrams()) peers.client->feed(bad, now);
  peers.client->feed(record_of(21, 0, {2, 40}), now);  // a well-made, but unprotected alert
  std::minstd_rand random(7);
  for (int i = 0; i < 2000; ++i) {
    bytes noise(random() % 200);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
    peers.client->feed(noise, now);
  }
  // Genuine datagrams with one bit wrong, and repeated ones.
  for (int i = 0; i < 500; ++i) {
    peers.server.send(as_bytes("payload"));
    bytes good(peers.server.outgoing().front().begin(), peers.server.outgoing().front().end());
    peers.server.outgoing().pop();
    bytes flipped = good;
    flipped[random() % flipped.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    peers.client->feed(flipped, now);
    peers.client->incoming().clear();
    peers.client->feed(good, now);
    peers.client->feed(good, now);
    ASSERT_EQ(peers.client->state(), tls::engine_state::established) << peers.why();
  }
  EXPECT_EQ(peers.client->send(as_bytes("alive"), now), tls::send_outcome::ok);
  peers.network.settle();
  EXPECT_EQ(peers.server.received().back(), to_bytes("alive"));
}

// Nobody can tell who sent it: anyone on the path can. libssl itself would give the handshake up.
TEST(dtls_handshake, warnings_are_told_and_no_more) {
  auto client = engine_for(psk_client());
  client->start({});
  client->feed(bytes{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 112}, {});
  test_server server(psk_server());
  simulation network(*client, server);
  network.connect();
  ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
  ASSERT_TRUE(client->info().alert_received);
  EXPECT_EQ(client->info().alert_received->level, 1);
  EXPECT_EQ(client->info().alert_received->description, 112);
}

// Suites with CBC are not here: with encrypt-then-MAC libssl takes one forged record for the end.
TEST(dtls_handshake, forged_records_of_any_length_are_dropped) {
  for (const auto suite : std::vector<std::uint16_t>{0xC0A8, 0xC0A4, 0x00A8, 0xCCAB}) {
    auto options = psk_client();
    options.ciphers = {suite};
    pair peers(options, psk_server());
    ASSERT_TRUE(peers.up()) << std::hex << suite << ": " << peers.why();
    for (std::size_t size = 0; size < 80; ++size) {
      peers.client->feed(record_of(23, 1, bytes(size, 0x5a)), peers.network.now());
      peers.client->feed(record_of(21, 1, bytes(size, 0x5a)), peers.network.now());
      ASSERT_TRUE(peers.up()) << std::hex << suite << " after " << std::dec << size
                              << " bytes: " << peers.why();
    }
  }
}

TEST(dtls_handshake, hello_request_starts_nothing) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up());
  for (int i = 0; i < 3; ++i) {
    SSL_renegotiate(peers.server.ssl());
    SSL_do_handshake(peers.server.ssl());
    ASSERT_FALSE(peers.server.outgoing().empty());
    while (!peers.server.outgoing().empty()) {
      peers.client->feed(peers.server.outgoing().front(), peers.network.now());
      peers.server.outgoing().pop();
    }
    EXPECT_EQ(peers.client->state(), tls::engine_state::established);
    EXPECT_TRUE(peers.client->outgoing().empty());
  }
  EXPECT_EQ(peers.client->send(as_bytes("still here"), peers.network.now()), tls::send_outcome::ok);
  EXPECT_EQ(peers.client->deadline(), std::nullopt);
}

TEST(dtls_handshake, rubbish_in_front_of_a_record_in_the_same_datagram_only_costs_itself) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up());
  bytes both = record_of(21, 0, {2, 40});
  peers.server.send(as_bytes("behind it"));
  const bytes_view good = peers.server.outgoing().front();
  both.insert(both.end(), good.begin(), good.end());
  peers.client->feed(both, peers.network.now());
  EXPECT_EQ(drain(peers.client->incoming()), to_bytes("behind it"));
}

struct suite_cost {
  std::uint16_t id;
  std::size_t overhead;
};

class dtls_overhead : public testing::TestWithParam<suite_cost> {};

// No payload length needs more than the overhead that is told, and one of them needs exactly that.
TEST_P(dtls_overhead, is_exact) {
  auto options = psk_client();
  options.ciphers = {GetParam().id};
  pair peers(options, psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_EQ(peers.client->info().suite_id, GetParam().id);
  EXPECT_EQ(peers.client->info().cost.worst_case_bytes(), GetParam().overhead);
  std::size_t worst = 0;
  for (std::size_t size = 1; size <= 64; ++size) {
    ASSERT_EQ(peers.client->send(bytes(size), peers.network.now()), tls::send_outcome::ok);
    worst = std::max(worst, peers.client->outgoing().front().size() - size);
    peers.client->outgoing().pop();
  }
  EXPECT_EQ(worst, GetParam().overhead);
}

// What fits is sent in no more, and it is all that fits.
TEST_P(dtls_overhead, largest_payload_fits_any_datagram) {
  auto options = psk_client();
  options.ciphers = {GetParam().id};
  pair peers(options, psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  for (std::size_t limit = 200; limit < 240; ++limit) {
    const auto most = peers.client->info().cost.largest_content(limit);
    const auto size_of = [&](std::size_t payload) {
      EXPECT_EQ(peers.client->send(bytes(payload), peers.network.now()), tls::send_outcome::ok);
      const auto size = peers.client->outgoing().front().size();
      peers.client->outgoing().pop();
      return size;
    };
    EXPECT_LE(size_of(most), limit);
    EXPECT_GT(size_of(most + 1), limit);
  }
  EXPECT_EQ(peers.client->info().cost.largest_content(peers.client->info().cost.fixed_bytes), 0U);
}

INSTANTIATE_TEST_SUITE_P(suites, dtls_overhead,
                         testing::Values(suite_cost{0xc0a8, 13 + 8 + 8}, suite_cost{0xc0a4, 13 + 8 + 16},
                                         suite_cost{0x00a8, 13 + 8 + 16}, suite_cost{0xccab, 13 + 16},
                                         suite_cost{0x00ae, 13 + 16 + 32 + 16},
                                         suite_cost{0x00af, 13 + 16 + 48 + 16},
                                         suite_cost{0x008c, 13 + 16 + 20 + 16}));

TEST(dtls_close, close_notify_of_the_server_comes_after_its_data) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up());
  peers.server.send(as_bytes("last words"));
  peers.server.shut();
  peers.network.settle();
  EXPECT_EQ(peers.client->state(), tls::engine_state::peer_closed);
  EXPECT_EQ(drain(peers.client->incoming()), to_bytes("last words"));
  ASSERT_TRUE(peers.client->info().alert_received);
  EXPECT_EQ(peers.client->info().alert_received->level, 1);
  EXPECT_EQ(peers.client->info().alert_received->description, 0);
}

TEST(dtls_close, shut_sends_close_notify_and_goes_on_receiving) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up());
  peers.client->shut(peers.network.now());
  ASSERT_TRUE(peers.client->info().alert_sent);
  EXPECT_EQ(peers.client->info().alert_sent->description, 0);
  EXPECT_EQ(peers.client->send(as_bytes("x"), peers.network.now()), tls::send_outcome::not_connected);
  peers.network.settle();
  EXPECT_TRUE(peers.server.peer_closed());
  peers.server.send(as_bytes("answer"));
  peers.network.settle();
  EXPECT_EQ(drain(peers.client->incoming()), to_bytes("answer"));
  peers.client->shut(peers.network.now());
  EXPECT_TRUE(peers.client->outgoing().empty());
}

}  // namespace
}  // namespace tlsmodem::test
