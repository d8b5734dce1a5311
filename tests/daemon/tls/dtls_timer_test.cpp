// RFC 6347 4.2.4.1 in virtual time, and networks of all kinds of badness.
#include "fixtures.hpp"

#include <set>

namespace tlsmodem::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr auto datagram = tls::transport_kind::datagram;

network_conditions dead_network() {
  network_conditions conditions;
  conditions.loses = [](direction, unsigned, bytes_view) { return true; };
  return conditions;
}

struct schedule {
  milliseconds hs_min;
  milliseconds hs_max;
  std::vector<long> sent_at_ms;
  long failed_at_ms;
};

class dtls_schedule : public testing::TestWithParam<schedule> {};

TEST_P(dtls_schedule, is_kept_to_the_millisecond) {
  auto options = psk_client();
  options.hs_min = GetParam().hs_min;
  options.hs_max = GetParam().hs_max;
  pair peers(options, psk_server(), {"server.example", {}}, dead_network());
  EXPECT_EQ(peers.client->state(), tls::engine_state::failed);
  EXPECT_EQ(peers.client->failure().why.code, at::error::handshake_timeout);
  EXPECT_EQ(peers.client->failure().alert, -1);
  std::vector<long> sent;
  for (const auto& one : peers.network.sent_by_client()) sent.push_back(one.at.count());
  EXPECT_EQ(sent, GetParam().sent_at_ms);
  EXPECT_EQ(peers.network.elapsed().count(), GetParam().failed_at_ms);
  EXPECT_EQ(peers.client->info().flights, 1U);
  EXPECT_EQ(peers.client->info().retransmissions, GetParam().sent_at_ms.size() - 1);
  EXPECT_EQ(peers.client->deadline(), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    schedules, dtls_schedule,
    testing::Values(schedule{seconds{1}, seconds{60}, {0, 1000, 3000, 7000, 15000, 31000, 63000}, 123000},
                    schedule{seconds{2}, seconds{8}, {0, 2000, 6000}, 14000},
                    schedule{milliseconds{250}, milliseconds{700}, {0, 250, 750}, 1450},
                    schedule{seconds{5}, seconds{5}, {0}, 5000},
                    // More repeats than libssl bears of its own.
                    schedule{milliseconds{1},
                             milliseconds{16384},
                             {0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 8191, 16383},
                             32767}));

TEST(dtls_timer, retransmissions_are_new_records) {
  auto options = psk_client();
  pair peers(options, psk_server(), {"server.example", {}}, dead_network());
  std::set<bytes> numbers;
  for (const auto& sent : peers.network.sent_by_client()) {
    numbers.insert(bytes(sent.data.begin() + 3, sent.data.begin() + 11));
  }
  EXPECT_EQ(numbers.size(), peers.network.sent_by_client().size());
}

TEST(dtls_timer, nothing_is_sent_before_the_deadline_whatever_comes_in) {
  auto client = engine_for(psk_client());
  tls::time_point now{};
  client->start(now);
  client->outgoing().clear();
  EXPECT_EQ(client->deadline(), now + seconds{1});
  for (int i = 0; i < 9; ++i) {
    now += milliseconds{100};
    client->on_deadline(now);
    client->feed(bytes(50, 0x16), now);
    EXPECT_TRUE(client->outgoing().empty());
    EXPECT_EQ(client->deadline(), tls::time_point{} + seconds{1});
  }
}

TEST(dtls_timer, wall_clock_plays_no_part) {
  // A deadline that "passes" within microseconds of real time, and one that never does.
  auto client = engine_for(psk_client());
  tls::time_point now{};
  client->start(now);
  for (int i = 0; i < 6; ++i) {
    client->outgoing().clear();
    now = *client->deadline();
    client->on_deadline(now);
    EXPECT_FALSE(client->outgoing().empty());
  }
  now = *client->deadline();
  client->on_deadline(now);
  EXPECT_EQ(client->state(), tls::engine_state::failed);
  EXPECT_EQ(now - tls::time_point{}, seconds{123});
}

TEST(dtls_timer, keeps_its_value_over_flights_until_one_passes_without_loss) {
  // The first two ClientHellos get lost, then the first one of the second flight.
  network_conditions conditions;
  conditions.loses = [](direction to, unsigned number, bytes_view) {
    return to == direction::to_server && (number < 2 || number == 3);
  };
  pair peers(psk_client(), psk_server(), {"server.example", {}}, conditions);
  ASSERT_TRUE(peers.up()) << peers.why();
  std::vector<long> sent;
  for (const auto& one : peers.network.sent_by_client()) sent.push_back(one.at.count());
  sent.resize(5);
  // Third ClientHello at 3 s; HelloVerifyRequest 10 ms later; then 4 s, which was the wait that brought it.
  EXPECT_EQ(sent, (std::vector<long>{0, 1000, 3000, 3010, 7010}));
}

TEST(dtls_timer, every_datagram_of_a_handshake_may_get_lost_once) {
  for (const bool with_psk : {true, false}) {
    const auto client = [&] { return with_psk ? psk_client() : certificate_client(datagram); };
    const auto server = [&] { return with_psk ? psk_server() : certificate_server(datagram); };
    for (const direction way : {direction::to_server, direction::to_client}) {
      for (unsigned victim = 0; victim < 8; ++victim) {
        network_conditions conditions;
        conditions.loses = [&](direction to, unsigned number, bytes_view) {
          return to == way && number == victim;
        };
        pair peers(client(), server(), {"server.example", {}}, conditions);
        ASSERT_TRUE(peers.up()) << with_psk << victim << peers.why();
        peers.client->send(as_bytes("ping"), peers.network.now());
        peers.client->send(as_bytes("ping"), peers.network.now());
        peers.network.settle();
        ASSERT_TRUE(peers.server.established());
        ASSERT_FALSE(peers.server.received().empty());
      }
    }
  }
}

TEST(dtls_timer, whole_flights_may_get_lost_once) {
  // Flights are told apart by time: everything that is sent at the same moment.
  for (const bool with_psk : {true, false}) {
    for (unsigned victim = 0; victim < 6; ++victim) {
      auto client = engine_for(with_psk ? psk_client() : certificate_client(datagram));
      test_server server(with_psk ? psk_server() : certificate_server(datagram));
      simulation* running = nullptr;
      std::vector<std::pair<tls::time_point, direction>> flights;
      network_conditions conditions;
      conditions.loses = [&](direction to, unsigned, bytes_view) {
        const std::pair<tls::time_point, direction> flight{running->now(), to};
        if (flights.empty() || flights.back() != flight) flights.push_back(flight);
        return flights.size() == victim + 1;
      };
      simulation network(*client, server, conditions);
      running = &network;
      network.connect();
      ASSERT_EQ(client->state(), tls::engine_state::established)
          << with_psk << victim << client->failure().why.text;
      EXPECT_EQ(client->info().flights, 3U);
    }
  }
}

class dtls_rough_network : public testing::TestWithParam<unsigned> {};

TEST_P(dtls_rough_network, is_survived) {
  for (unsigned seed = GetParam() * 100; seed < GetParam() * 100 + 100; ++seed) {
    network_conditions conditions;
    conditions.loss_percent = 20;
    conditions.duplicate_percent = 10;
    conditions.reorder_percent = 20;
    conditions.seed = seed + 1;
    const bool with_psk = seed % 2 == 0;
    pair peers(with_psk ? psk_client() : certificate_client(datagram),
               with_psk ? psk_server() : certificate_server(datagram), {"server.example", {}}, conditions);
    // Seven tries of each flight: one in thousands may really fail, and then only by time.
    if (!peers.up()) {
      EXPECT_EQ(peers.client->failure().why.code, at::error::handshake_timeout) << seed << peers.why();
      continue;
    }
    std::set<bytes> sent;
    for (std::uint8_t i = 0; i < 20; ++i) {
      const bytes payload(10, i);
      sent.insert(payload);
      ASSERT_EQ(peers.client->send(payload, peers.network.now()), tls::send_outcome::ok);
      if (peers.server.established()) peers.server.send(payload);
    }
    peers.network.settle();
    ASSERT_TRUE(peers.up()) << seed << peers.why();
    std::set<bytes> seen;
    while (!peers.client->incoming().empty()) {
      const bytes_view front = peers.client->incoming().front();
      ASSERT_TRUE(seen.emplace(front.begin(), front.end()).second) << "delivered twice, seed " << seed;
      peers.client->incoming().pop();
    }
    for (const bytes& payload : seen) ASSERT_TRUE(sent.contains(payload));
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, dtls_rough_network, testing::Range(0U, 6U));

TEST(dtls_timeout, tells_how_far_the_handshake_came) {
  const auto lose_from_server = [](auto is_lost) {
    network_conditions conditions;
    conditions.loses = [is_lost](direction to, unsigned, bytes_view data) {
      return to == direction::to_client && is_lost(data);
    };
    return conditions;
  };
  const tls::peer_name peer{"server.example", {}};
  // Byte 0 is the record's type, byte 4 the epoch, byte 13 the message.
  pair silent(psk_client(), psk_server(), peer, lose_from_server([](bytes_view) { return true; }));
  EXPECT_NE(silent.why().find("no answer at all"), std::string::npos) << silent.why();
  pair cookie(psk_client(), psk_server(), peer,
              lose_from_server([](bytes_view data) { return data[13] != 3; }));
  EXPECT_NE(cookie.why().find("after its HelloVerifyRequest"), std::string::npos) << cookie.why();
  unsigned hellos = 0;
  auto in_pieces = certificate_server(datagram);
  in_pieces.datagram_limit = 300;
  pair hello(certificate_client(datagram), in_pieces, peer,
             lose_from_server([&](bytes_view data) { return data[13] != 3 && hellos++ > 0; }));
  EXPECT_NE(hello.why().find("after its ServerHello"), std::string::npos) << hello.why();
  for (const pair* failed : {&silent, &cookie, &hello}) {
    EXPECT_EQ(failed->client->failure().why.code, at::error::handshake_timeout);
    EXPECT_EQ(failed->client->failure().alert, -1);
  }
}

TEST(dtls_timeout, wrong_key_is_suspected_after_our_finished) {
  auto options = psk_client();
  options.psk = make_psk("not the right key");
  pair peers(options, psk_server());
  ASSERT_EQ(peers.client->state(), tls::engine_state::failed);
  EXPECT_EQ(peers.client->failure().why.code, at::error::handshake_timeout);
  EXPECT_NE(peers.why().find("after our Finished"), std::string::npos) << peers.why();
  EXPECT_NE(peers.why().find("wrong pre-shared key"), std::string::npos) << peers.why();
}

}  // namespace
}  // namespace tlsmodem::test
