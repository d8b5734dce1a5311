// The engine behind the handshake: what it makes of records, and what it sends.
#include "association_fixtures.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using tls::engine_state;
using tls::milliseconds;
using tls::send_outcome;

const bytes text = count_up(20);
const bytes close_notify = {dtls12::alert, 1, 0};

bytes handshake_message(std::uint8_t type) {
  bytes message(12);
  message[0] = type;
  return message;
}

TEST(association_engine, moves_data_both_ways) {
  live_pair peers({gcm, {1}, {2, 3}, 0});
  EXPECT_EQ(peers.client->send(text, peers.now), send_outcome::ok);
  bytes expected = {dtls12::application_data};
  expected.insert(expected.end(), text.begin(), text.end());
  EXPECT_EQ(peers.sent(), std::vector<bytes>{expected});
  peers.feed(text);
  EXPECT_EQ(take_packets(peers.client->incoming()), std::vector<bytes>{text});
  EXPECT_EQ(peers.client->deadline(), std::nullopt);
}

TEST(association_engine, tells_cids_and_cost) {
  live_pair peers({gcm, {1}, {2, 3}, 16});
  const auto& info = peers.client->info();
  EXPECT_EQ(info.cid_in, bytes{1});
  EXPECT_EQ(info.cid_out, (bytes{2, 3}));
  EXPECT_TRUE(peers.client->association()->has_own_cid());
  EXPECT_TRUE(peers.client->association()->has_peer_cid());
  EXPECT_EQ(info.cost.fixed_bytes, 13U + 2U + 8U + 16U);
  EXPECT_EQ(info.cost.inner_bytes, 1U + 15U);
  live_pair plain;
  EXPECT_FALSE(plain.client->association()->has_own_cid());
  EXPECT_FALSE(plain.client->association()->has_peer_cid());
}

TEST(association_engine, takes_all_records_of_a_datagram) {
  live_pair peers;
  bytes datagram = seal(peers.server, count_up(3));
  bytes forged = seal(peers.server, count_up(4));
  forged.back() ^= 1;
  for (const bytes& next : {forged, seal(peers.server, count_up(5)), bytes{23, 0xfe}})
    datagram.insert(datagram.end(), next.begin(), next.end());
  peers.client->feed(datagram, peers.now);
  EXPECT_EQ(take_packets(peers.client->incoming()), (std::vector<bytes>{count_up(3), count_up(5)}));
  EXPECT_EQ(peers.client->info().ignored_records, 1U);
}

TEST(association_engine, delivers_no_empty_data) {
  live_pair peers;
  peers.feed({});
  EXPECT_TRUE(peers.client->incoming().empty());
  EXPECT_EQ(peers.client->info().ignored_records, 0U);
  EXPECT_EQ(peers.client->send({}, peers.now), send_outcome::not_supported);
  EXPECT_TRUE(peers.client->outgoing().empty());
}

TEST(association_engine, sends_what_fits_a_record) {
  live_pair peers;
  EXPECT_EQ(peers.client->send(bytes(dtls12::max_plaintext_bytes), peers.now), send_outcome::ok);
  EXPECT_EQ(peers.client->send(bytes(dtls12::max_plaintext_bytes + 1), peers.now), send_outcome::too_long);
  EXPECT_EQ(peers.sent().size(), 1U);
}

TEST(association_engine, hears_close_notify) {
  live_pair peers;
  bytes datagram = seal(peers.server, bytes{1, 0}, dtls12::alert);
  const bytes behind = seal(peers.server, text);
  datagram.insert(datagram.end(), behind.begin(), behind.end());
  peers.client->feed(datagram, peers.now);
  EXPECT_EQ(peers.client->state(), engine_state::peer_closed);
  EXPECT_TRUE(peers.client->incoming().empty());
  EXPECT_EQ(peers.client->info().alert_received->description, 0);
  EXPECT_EQ(peers.client->send(text, peers.now), send_outcome::ok);
  peers.client->shut(peers.now);
  EXPECT_EQ(peers.sent().back(), close_notify);
  EXPECT_EQ(peers.client->send(text, peers.now), send_outcome::not_connected);
}

TEST(association_engine, fails_with_a_fatal_alert) {
  live_pair peers;
  peers.feed(bytes{2, 40}, dtls12::alert);
  EXPECT_EQ(peers.client->state(), engine_state::failed);
  EXPECT_EQ(peers.client->failure().why.code, at::error::alert_received);
  EXPECT_EQ(peers.client->failure().alert, 40);
  EXPECT_NE(peers.client->failure().why.text.find("handshake_failure (40)"), std::string::npos);
  EXPECT_EQ(peers.client->send(text, peers.now), send_outcome::not_connected);
  peers.client->shut(peers.now);
  peers.feed(text);
  EXPECT_TRUE(peers.client->outgoing().empty());
  EXPECT_TRUE(peers.client->incoming().empty());
}

TEST(association_engine, takes_early_records_in_their_order) {
  tls::association_engine client(
      std::make_unique<dtls12::association>(client_side({}), dtls12::sequence_counters{}), {}, {});
  client.take_early(dtls12::application_data, text, {});
  client.take_early(dtls12::alert, bytes{1, 90}, {});
  client.take_early(dtls12::alert, bytes{1, 0}, {});
  client.take_early(dtls12::application_data, count_up(3), {});
  EXPECT_EQ(take_packets(client.incoming()), std::vector<bytes>{text});
  EXPECT_EQ(client.state(), engine_state::peer_closed);
}

TEST(association_engine, gives_up_keys_that_were_guessed_at_too_often) {
  agreed what{gcm, {1}, {2}, 0};
  dtls12::association server(server_side(what), {});
  tls::association_engine client(
      std::make_unique<dtls12::association>(client_side(what), dtls12::sequence_counters{},
                                            dtls12::usage_limits{100, 3}),
      {}, {});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.state(), engine_state::established);
    bytes forged = seal(server, text);
    forged.back() ^= 1;
    client.feed(forged, {});
  }
  EXPECT_EQ(client.state(), engine_state::failed);
  EXPECT_EQ(client.failure().why.code, at::error::integrity_failure);
  EXPECT_EQ(client.failure().alert, 20);
  client.feed(seal(server, text), {});
  EXPECT_TRUE(client.incoming().empty());
  const auto sent = take_packets(client.outgoing());
  ASSERT_EQ(sent.size(), 1U);
  const auto opened = open(server, sent[0]);
  EXPECT_EQ(opened.type, dtls12::alert);
  EXPECT_EQ(copy_of(opened.content), (bytes{2, 20}));
}

// Else a datagram full of the shortest records would be thousands of guesses.
TEST(association_engine, takes_few_guesses_from_one_datagram) {
  dtls12::association server(server_side({}), {});
  tls::association_engine client(
      std::make_unique<dtls12::association>(client_side({}), dtls12::sequence_counters{},
                                            dtls12::usage_limits{100, 10}),
      {}, {});
  bytes datagram;
  for (int i = 0; i < 100; ++i) {
    bytes forged = seal(server, {});
    forged.back() ^= 1;
    datagram.insert(datagram.end(), forged.begin(), forged.end());
  }
  client.feed(datagram, {});
  client.feed(datagram, {});
  EXPECT_EQ(client.info().ignored_records, 8U);
  EXPECT_EQ(client.state(), engine_state::established);
  client.feed(seal(server, text), {});
  EXPECT_EQ(take_packets(client.incoming()), std::vector<bytes>{text});
  client.feed(datagram, {});
  EXPECT_EQ(client.state(), engine_state::failed);
}

TEST(association_engine, only_notes_a_warning) {
  live_pair peers;
  peers.feed(bytes{1, 90}, dtls12::alert);
  EXPECT_EQ(peers.client->state(), engine_state::established);
  EXPECT_EQ(peers.client->info().alert_received->level, 1);
  EXPECT_EQ(peers.client->info().alert_received->description, 90);
}

TEST(association_engine, survives_alerts_of_another_length) {
  live_pair peers;
  for (const bytes& content : {bytes{}, bytes{2}, bytes{2, 40, 0}}) peers.feed(content, dtls12::alert);
  EXPECT_EQ(peers.client->state(), engine_state::established);
  EXPECT_FALSE(peers.client->info().alert_received);
}

TEST(association_engine, is_not_ended_by_forged_or_plain_alerts) {
  live_pair peers;
  bytes forged = seal(peers.server, bytes{2, 40}, dtls12::alert);
  forged.back() ^= 1;
  peers.client->feed(forged, peers.now);
  peers.client->feed(bytes{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, peers.now);
  EXPECT_EQ(peers.client->state(), engine_state::established);
  EXPECT_EQ(peers.client->info().ignored_records, 2U);
}

TEST(association_engine, ignores_a_hello_request) {
  live_pair peers;
  peers.feed(handshake_message(0), dtls12::handshake);
  peers.feed(bytes(11), dtls12::handshake);  // too short to be a message
  EXPECT_TRUE(peers.client->outgoing().empty());
  EXPECT_FALSE(peers.client->info().alert_sent);
  EXPECT_EQ(peers.client->state(), engine_state::established);
  peers.feed(text);
  EXPECT_EQ(take_packets(peers.client->incoming()), std::vector<bytes>{text});
}

TEST(association_engine, counts_client_hellos) {
  live_pair peers;
  bytes hello = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  peers.client->feed(hello, peers.now);
  EXPECT_EQ(peers.client->info().ignored_client_hellos, 1U);
  EXPECT_EQ(peers.client->info().ignored_records, 1U);
}

TEST(association_engine, repeats_the_last_flight_when_asked) {
  const std::vector<bytes> flight = {bytes{20, 1}, bytes{22, 2}};
  live_pair peers({}, flight);
  EXPECT_TRUE(peers.client->outgoing().empty());
  peers.feed(handshake_message(20), dtls12::handshake);
  EXPECT_EQ(take_packets(peers.client->outgoing()), flight);
  peers.feed(handshake_message(20), dtls12::handshake);
  EXPECT_TRUE(peers.client->outgoing().empty());  // just now
  peers.now += milliseconds{1000};
  peers.feed(handshake_message(20), dtls12::handshake);
  EXPECT_EQ(take_packets(peers.client->outgoing()), flight);
  EXPECT_EQ(peers.client->info().retransmissions, 2U);
  peers.feed(text);  // has our Finished
  peers.now += milliseconds{1000};
  peers.feed(handshake_message(20), dtls12::handshake);
  EXPECT_TRUE(peers.client->outgoing().empty());
}

// What was confirmed is not kept either: another process would send it to a server that has it.
TEST(association_engine, forgets_the_last_flight_in_what_is_kept_when_it_is_confirmed) {
  live_pair peers({}, {bytes{20, 1}, bytes{22, 2}});
  EXPECT_FALSE(peers.client->association()->take_change());
  const auto before = peers.client->association()->encode();
  peers.feed(text);
  EXPECT_TRUE(peers.client->association()->take_change());
  EXPECT_FALSE(peers.client->association()->take_change());
  EXPECT_LT(peers.client->association()->encode().size(), before.size());
  peers.feed(text);
  EXPECT_FALSE(peers.client->association()->take_change());
  peers.restart();
  peers.now += milliseconds{1000};
  peers.feed(handshake_message(20), dtls12::handshake);
  EXPECT_TRUE(peers.client->outgoing().empty());
}

TEST(association_engine, repeats_the_last_flight_not_forever) {
  live_pair peers({}, {bytes{22, 2}});
  unsigned repeats = 0;
  for (unsigned i = 0; i < 50; ++i) {
    peers.now += milliseconds{1000};
    peers.feed(handshake_message(20), dtls12::handshake);
    repeats += static_cast<unsigned>(take_packets(peers.client->outgoing()).size());
  }
  EXPECT_EQ(repeats, 12U);
}

TEST(association_engine, takes_the_last_flight_along_with_data_sent_again) {
  live_pair peers({}, {bytes{22, 2}});
  peers.client->send(text, peers.now);
  EXPECT_EQ(take_packets(peers.client->outgoing()).size(), 1U);
  peers.now += milliseconds{1000};
  peers.client->send(text, peers.now);
  const auto packets = take_packets(peers.client->outgoing());
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0], (bytes{22, 2}));
}

TEST(association_engine, believes_only_the_newest_authentic_record_from_elsewhere) {
  live_pair peers({gcm, {1, 2, 3}, {}, 0});
  auto& client = *peers.client;
  const bytes first = seal(peers.server, text);
  const bytes second = seal(peers.server, text);
  EXPECT_TRUE(client.feed_from_elsewhere(second, peers.now));
  EXPECT_FALSE(client.feed_from_elsewhere(second, peers.now));
  EXPECT_FALSE(client.feed_from_elsewhere(first, peers.now));
  EXPECT_EQ(take_packets(client.incoming()).size(), 2U);  // a late record is a record all the same
  bytes third = seal(peers.server, text);
  bytes forged = third;
  forged.back() ^= 1;
  EXPECT_FALSE(client.feed_from_elsewhere(forged, peers.now));
  EXPECT_FALSE(client.feed_from_elsewhere({}, peers.now));
  EXPECT_FALSE(client.feed_from_elsewhere(count_up(100), peers.now));
  third.insert(third.end(), first.begin(), first.end());  // one that is new is enough
  EXPECT_TRUE(client.feed_from_elsewhere(third, peers.now));
}

TEST(association_engine, waits_for_numbers_before_it_sends) {
  live_pair peers;
  scripted_journal journal;
  journal.write_limit = 10;
  peers.client->association()->use_journal(&journal);
  EXPECT_EQ(peers.client->send(text, peers.now), send_outcome::not_now);
  EXPECT_TRUE(peers.client->outgoing().empty());
  peers.client->shut(peers.now);  // for which there is a reserve
  EXPECT_EQ(peers.sent(), std::vector<bytes>{close_notify});
}

TEST(association_engine, opens_held_records_when_numbers_are_reserved) {
  live_pair peers;
  scripted_journal journal;
  journal.accept_limit = 0;
  peers.client->association()->use_journal(&journal);
  for (unsigned i = 0; i < 70; ++i) peers.feed(bytes{static_cast<std::uint8_t>(i)});
  EXPECT_TRUE(peers.client->incoming().empty());
  journal.accept_limit = 10;
  peers.client->on_numbers_reserved(peers.now);
  EXPECT_EQ(take_packets(peers.client->incoming()).size(), 10U);
  journal.accept_limit = 100;
  peers.client->on_numbers_reserved(peers.now);
  EXPECT_EQ(take_packets(peers.client->incoming()).size(), 54U);  // 64 were held
  peers.client->on_numbers_reserved(peers.now);
  EXPECT_TRUE(peers.client->incoming().empty());
}

TEST(association_engine, needs_a_handshake_when_its_numbers_are_used_up) {
  live_pair peers;
  const secret kept = peers.client->association()->encode();
  peers.client = tls::continue_association(kept.view(), {dtls12::limits_of(gcm).records - 1, {}});
  ASSERT_NE(peers.client, nullptr);
  EXPECT_EQ(peers.client->send(text, peers.now), send_outcome::ok);
  EXPECT_EQ(peers.client->send(text, peers.now), send_outcome::needs_handshake);
  EXPECT_EQ(peers.client->state(), engine_state::established);
  peers.client->shut(peers.now);
  EXPECT_EQ(peers.sent().size(), 2U);
}

}  // namespace
}  // namespace tlsmodem::test
