// Sessions: what a handshake leaves behind, and what the next one makes of it.
#include "daemon/tls/fingerprint.hpp"
#include "fixtures.hpp"

#include <openssl/ssl3.h>

#include <memory>
#include <set>

namespace tlsmodem::test {
namespace {

constexpr auto datagram = tls::transport_kind::datagram;
constexpr auto stream = tls::transport_kind::stream;
using session_list = std::vector<tls::resumable_session>;

struct way {
  const char* name;
  tls::transport_kind transport;
  tls::tls_version version;
  bool with_psk;
  bool tickets;
};

class resumption : public testing::TestWithParam<way> {
 protected:
  static tls::context_options client() {
    auto options =
        GetParam().with_psk ? psk_client(GetParam().transport) : certificate_client(GetParam().transport);
    options.min_version = options.max_version.emplace(GetParam().version);
    options.resumes = true;
    return options;
  }
  static server_options server() {
    auto options =
        GetParam().with_psk ? psk_server(GetParam().transport) : certificate_server(GetParam().transport);
    options.tickets = GetParam().tickets;
    return options;
  }
  // TLS 1.3 sends its tickets behind the handshake.
  static session_list sessions_of(pair& peers) {
    peers.network.settle();
    return peers.client->take_sessions();
  }
  static bool is_1_3() { return GetParam().version == tls::tls_version::tls1_3; }
};

TEST_P(resumption, is_abbreviated_when_the_server_remembers) {
  pair first(client(), server());
  ASSERT_TRUE(first.up()) << first.why();
  EXPECT_FALSE(first.client->info().resumed);
  EXPECT_FALSE(first.client->info().session_offered);
  auto left = sessions_of(first);
  ASSERT_FALSE(left.empty());
  EXPECT_EQ(left.front().is_ticket, GetParam().tickets || is_1_3());
  EXPECT_EQ(left.front().is_single_use, is_1_3());
  EXPECT_TRUE(left.front().has_extended_master_secret);
  EXPECT_TRUE(first.client->info().extended_master_secret);
  EXPECT_EQ(first.client->info().may_leave_tickets, is_1_3());
  EXPECT_EQ(left.front().version, first.client->info().version);
  EXPECT_EQ(left.front().suite, first.client->info().suite);
  EXPECT_TRUE(first.client->take_sessions().empty());

  pair second(client(), first, left.front().state.view());
  ASSERT_TRUE(second.up()) << second.why();
  EXPECT_TRUE(second.client->info().session_offered);
  EXPECT_TRUE(second.client->info().resumed);
  EXPECT_FALSE(second.client->info().session_declined);
  EXPECT_TRUE(second.client->info().server_answered);
  // Who the server is was proved in the first handshake.
  EXPECT_EQ(second.client->info().peer_subject, first.client->info().peer_subject);
  EXPECT_EQ(second.client->info().peer_sha256, first.client->info().peer_sha256);
  EXPECT_EQ(second.client->info().verify_result, first.client->info().verify_result);
  second.client->send(as_bytes("ping"), second.network.now());
  second.network.settle();
  EXPECT_TRUE(second.server.resumed());
  EXPECT_EQ(as_text(second.server.received_stream()), "ping");
  EXPECT_FALSE(sessions_of(second).empty());
}

TEST_P(resumption, goes_on_over_generations) {
  auto before = std::make_unique<pair>(client(), server());
  for (int generation = 0; generation < 4; ++generation) {
    auto left = sessions_of(*before);
    ASSERT_FALSE(left.empty()) << generation;
    auto next = std::make_unique<pair>(client(), *before, left.back().state.view());
    ASSERT_TRUE(next->up()) << next->why();
    EXPECT_TRUE(next->client->info().resumed) << generation;
    before = std::move(next);
  }
}

TEST_P(resumption, a_server_that_forgot_makes_a_full_handshake_of_it) {
  pair first(client(), server());
  const auto left = sessions_of(first);
  ASSERT_FALSE(left.empty());
  pair stranger(client(), server());
  pair second(client(), pair(client(), server()), left.front().state.view());
  ASSERT_TRUE(second.up()) << second.why();
  EXPECT_TRUE(second.client->info().session_offered);
  EXPECT_TRUE(second.client->info().session_declined);
  EXPECT_FALSE(second.client->info().resumed);
  EXPECT_EQ(second.client->info().verify_result, GetParam().with_psk ? "" : "ok");
  EXPECT_FALSE(sessions_of(second).empty());
}

TEST_P(resumption, what_is_no_session_costs_a_full_handshake_only) {
  pair first(client(), server());
  const auto left = sessions_of(first);
  ASSERT_FALSE(left.empty());
  const auto good = left.front().state.view();
  std::vector<bytes> bad{{}, {0}, bytes(100, 0x30), to_bytes("rubbish")};
  for (std::size_t size = 1; size < good.size(); size += 37)
    bad.emplace_back(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
  bad.emplace_back(good.begin(), good.end());
  bad.back().push_back(0);  // something behind it
  for (const auto& session : bad) {
    pair second(client(), first, session);
    ASSERT_TRUE(second.up()) << session.size() << ": " << second.why();
    EXPECT_FALSE(second.client->info().session_offered) << session.size();
    EXPECT_FALSE(second.client->info().resumed) << session.size();
  }
}

TEST_P(resumption, nothing_is_asked_for_left_or_taken_by_who_does_not_resume) {
  pair first(client(), server());
  const auto left = sessions_of(first);
  ASSERT_FALSE(left.empty());
  auto unwilling = client();
  unwilling.resumes = false;
  pair second(unwilling, first, left.front().state.view());
  ASSERT_TRUE(second.up()) << second.why();
  EXPECT_FALSE(second.client->info().session_offered);
  EXPECT_FALSE(second.client->info().resumed);
  EXPECT_TRUE(sessions_of(second).empty());
}

INSTANTIATE_TEST_SUITE_P(
    ways, resumption,
    testing::Values(way{"dtls1_2_psk_id", datagram, tls::tls_version::tls1_2, true, false},
                    way{"dtls1_2_psk_ticket", datagram, tls::tls_version::tls1_2, true, true},
                    way{"dtls1_2_certificate_id", datagram, tls::tls_version::tls1_2, false, false},
                    way{"dtls1_2_certificate_ticket", datagram, tls::tls_version::tls1_2, false, true},
                    way{"tls1_2_psk_id", stream, tls::tls_version::tls1_2, true, false},
                    way{"tls1_2_psk_ticket", stream, tls::tls_version::tls1_2, true, true},
                    way{"tls1_2_certificate_id", stream, tls::tls_version::tls1_2, false, false},
                    way{"tls1_2_certificate_ticket", stream, tls::tls_version::tls1_2, false, true},
                    way{"tls1_3_psk", stream, tls::tls_version::tls1_3, true, true},
                    way{"tls1_3_certificate", stream, tls::tls_version::tls1_3, false, true},
                    way{"tls1_3_certificate_stateful", stream, tls::tls_version::tls1_3, false, false}),
    [](const auto& one) { return one.param.name; });

tls::context_options resuming_psk_client() {
  auto options = psk_client();
  options.resumes = true;
  return options;
}

TEST(dtls_resumption, has_one_round_trip_less_and_no_key_exchange) {
  pair first(resuming_psk_client(), psk_server());
  const auto left = first.client->take_sessions();
  ASSERT_EQ(left.size(), 1U);
  pair second(resuming_psk_client(), first, left.front().state.view());
  ASSERT_TRUE(second.client->info().resumed);
  // ClientHello, the same with the cookie, ChangeCipherSpec with Finished.
  ASSERT_EQ(second.network.sent_by_client().size(), 3U);
  EXPECT_EQ(second.network.sent_by_client().back().data.front(), SSL3_RT_CHANGE_CIPHER_SPEC);
  EXPECT_EQ(second.client->info().flights, 3U);
}

TEST(dtls_resumption, every_datagram_may_get_lost_once_also_our_last_one) {
  for (const bool tickets : {true, false}) {
    auto server = psk_server();
    server.tickets = tickets;
    pair first(resuming_psk_client(), server);
    const auto left = first.client->take_sessions();
    ASSERT_EQ(left.size(), 1U);
    for (const direction way : {direction::to_server, direction::to_client}) {
      for (unsigned victim = 0; victim < 5; ++victim) {
        network_conditions conditions;
        conditions.loses = [&](direction to, unsigned number, bytes_view) {
          return to == way && number == victim;
        };
        pair second(resuming_psk_client(), first, left.front().state.view(), conditions);
        ASSERT_TRUE(second.up()) << victim << second.why();
        EXPECT_TRUE(second.client->info().resumed);
        ASSERT_TRUE(second.network.run_until([&] { return second.server.established(); })) << victim;
        second.client->send(as_bytes("ping"), second.network.now());
        second.client->send(as_bytes("ping"), second.network.now());
        second.network.settle();
        ASSERT_FALSE(second.server.received().empty()) << victim;
        second.server.send(as_bytes("pong"));
        second.server.send(as_bytes("pong"));
        second.network.settle();
        EXPECT_TRUE(second.up());
        EXPECT_FALSE(second.client->incoming().empty()) << victim;
      }
    }
  }
}

TEST(dtls_resumption, our_last_flight_is_repeated_when_asked_for_but_not_for_ever) {
  pair first(resuming_psk_client(), psk_server());
  const auto left = first.client->take_sessions();
  bool is_cut = false;
  network_conditions conditions;
  conditions.loses = [&](direction to, unsigned, bytes_view data) {
    is_cut = is_cut || (to == direction::to_server && data.front() == SSL3_RT_CHANGE_CIPHER_SPEC);
    return is_cut && to == direction::to_server;
  };
  pair second(resuming_psk_client(), first, left.front().state.view(), conditions);
  ASSERT_TRUE(second.client->info().resumed);
  second.network.run_until([] { return false; });
  const auto& sent = second.network.sent_by_client();
  const auto flights = std::count_if(sent.begin(), sent.end(), [](const auto& one) {
    return one.data.front() == SSL3_RT_CHANGE_CIPHER_SPEC;
  });
  EXPECT_GE(flights, 5) << "the server asks for it by its own timer";
  EXPECT_LE(flights, 13);
  EXPECT_TRUE(second.up());
}

// The server's Finished comes in the datagram that tells the version: nothing has to be sent again.
TEST(dtls_resumption, takes_one_round_trip_with_either_version) {
  for (const auto version : {tls::tls_version::tls1_1, tls::tls_version::tls1_2}) {
    auto client = resuming_psk_client();
    client.min_version = client.max_version.emplace(version);
    pair first(client, psk_server());
    ASSERT_TRUE(first.up()) << first.why();
    const auto left = first.client->take_sessions();
    pair second(client, first, left.front().state.view());
    ASSERT_TRUE(second.up()) << second.why();
    EXPECT_TRUE(second.client->info().resumed);
    EXPECT_EQ(second.client->info().retransmissions, 0U);
    EXPECT_LT(second.network.elapsed(), first.network.elapsed());
    second.client->send(as_bytes("question"), second.network.now());
    second.network.settle();
    EXPECT_EQ(second.server.received(), std::vector<bytes>{to_bytes("question")});
  }
}

TEST(dtls_resumption, our_last_flight_is_not_repeated_for_strangers) {
  pair first(resuming_psk_client(), psk_server());
  const auto left = first.client->take_sessions();
  pair second(resuming_psk_client(), first, left.front().state.view(), {});
  ASSERT_TRUE(second.client->info().resumed);
  auto now = second.network.now();
  bytes asking{SSL3_RT_HANDSHAKE, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 60};
  asking.resize(asking.size() + 60, 0x42);
  drain(second.client->outgoing());
  for (int i = 0; i < 1000; ++i) {
    second.client->feed(asking, now);
    EXPECT_TRUE(second.client->outgoing().empty());
    now += tls::milliseconds(10);
  }
  EXPECT_TRUE(second.up());
}

TEST(dtls_resumption, works_on_bad_networks) {
  unsigned resumed = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    pair first(resuming_psk_client(), psk_server());
    const auto left = first.client->take_sessions();
    pair second(
        resuming_psk_client(), first, left.front().state.view(),
        {.loss_percent = 20, .duplicate_percent = 10, .reorder_percent = 20, .seed = seed, .loses = {}});
    if (!second.up()) continue;  // 20 % in both directions: libssl's own retransmissions may all be lost
    ++resumed;
    EXPECT_TRUE(second.client->info().resumed) << seed;
    EXPECT_TRUE(second.network.run_until([&] {
      return second.server.established() || second.server.failed();
    })) << seed;
  }
  EXPECT_GT(resumed, 55U);
}

TEST(dtls_resumption, a_session_without_extended_master_secret_is_marked) {
  auto old = psk_server();
  old.extended_master_secret = false;
  pair peers(resuming_psk_client(), old);
  const auto left = peers.client->take_sessions();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_FALSE(left.front().has_extended_master_secret);
  EXPECT_FALSE(peers.client->info().extended_master_secret);
}

// Which options a session must not outlive: each makes another fingerprint, the rest do not.
TEST(fingerprint, tells_apart_what_a_session_belongs_to) {
  const auto of = [](const tls::context_options& options) {
    const auto context = tls::build_context(options);
    EXPECT_TRUE(context);
    return tls::fingerprint_of(**context);
  };
  const auto plain = of(psk_client());
  EXPECT_EQ(of(psk_client()), plain);
  auto patient = psk_client();
  patient.hs_min = tls::milliseconds(9000);
  EXPECT_EQ(of(patient), plain);
  const std::vector<void (*)(tls::context_options&)> changes{
      [](auto& o) { o.psk = make_psk("fedcba9876543210"); },
      [](auto& o) { o.psk = make_psk("0123456789abcdef", "other"); },
      [](auto& o) { o.transport = stream; },
      [](auto& o) { o.min_version = tls::tls_version::tls1_1; },
      [](auto& o) { o.max_version = tls::tls_version::tls1_2; },
      [](auto& o) { o.ciphers = {0xC0A8}; },
      [](auto& o) {
        o.ciphers = {0x00A8, 0xC0A8};
      },
      [](auto& o) {
        o.ciphers = {0xC0A8, 0x00A8};
      },
      [](auto& o) { o.verify = tls::verification::none; },
      [](auto& o) { o.system_ca = true; },
      [](auto& o) { o.legacy.no_renegotiation_info = true; },
      [](auto& o) { o.legacy.security_level = 1; },
      [](auto& o) { o.legacy.security_level = 0; },
      [](auto& o) { o.alpn = {"coap"}; },
      [](auto& o) {
        o.alpn = {"co", "ap"};
      },
      [](auto& o) { o.trusted = {{pki().root.certificate}}; },
      [](auto& o) { o.trusted = {{pki().server.certificate}}; },
      [](auto& o) { o.psk.reset(), o.trusted = {{pki().root.certificate}}; },
      [](auto& o) { o.rebuild_chain = true; },
      [](auto& o) { o.revocations = {make_revocation_list(pki().root, {})}; },
      [](auto& o) { o.revocations = {make_revocation_list(pki().root, {pki().server.certificate.get()})}; },
      [](auto& o) {
        o.tlsa = {{3, 1, 1, bytes(32)}};
      },
      [](auto& o) {
        o.tlsa = {{2, 1, 1, bytes(32)}};
      },
      [](auto& o) {
        o.tlsa = {{3, 0, 1, bytes(32)}};
      },
      [](auto& o) {
        o.tlsa = {{3, 1, 2, bytes(32)}};
      },
      [](auto& o) {
        o.tlsa = {{3, 1, 1, bytes(32, 1)}};
      },
      [](auto& o) {
        o.tlsa = {{3, 1, 1, bytes(32)}, {3, 1, 1, bytes(32, 1)}};
      },
      [](auto& o) {
        o.psk.reset(), o.trusted = {{pki().root.certificate}};
        o.own_chain = {pki().server.certificate}, o.key = pki().server.key;
      },
  };
  std::set<tls::fingerprint> seen{plain};
  for (const auto change : changes) {
    auto options = psk_client();
    change(options);
    EXPECT_TRUE(seen.insert(of(options)).second) << seen.size();
  }
}

TEST(fingerprint, binds_to_the_peer) {
  const tls::fingerprint context{1, 2, 3};
  const auto plain = tls::bind_to_peer(context, {"server.example", {}}, 5684);
  EXPECT_EQ(tls::bind_to_peer(context, {"Server.Example.", {}}, 5684), plain);
  std::set<tls::fingerprint> seen{plain};
  EXPECT_TRUE(seen.insert(tls::bind_to_peer({1, 2, 4}, {"server.example", {}}, 5684)).second);
  EXPECT_TRUE(seen.insert(tls::bind_to_peer(context, {"server.example", {}}, 5683)).second);
  EXPECT_TRUE(seen.insert(tls::bind_to_peer(context, {"other.example", {}}, 5684)).second);
  EXPECT_TRUE(seen.insert(tls::bind_to_peer(context, {"server.example", "other"}, 5684)).second);
  EXPECT_TRUE(seen.insert(tls::bind_to_peer(context, {"server.example", ""}, 5684)).second);
}

}  // namespace
}  // namespace tlsmodem::test
