// Records under the new keys that overtake the rest of the handshake, as datagrams do.
#include "association_fixtures.hpp"
#include "fixtures.hpp"

#include <array>

namespace tlsmodem::test {
namespace {

// As the server would protect it, under a number that it does not use.
bytes record_of(const test_server& server, std::uint64_t number, std::uint8_t type, bytes_view content) {
  std::array<std::uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master{};
  std::array<std::uint8_t, SSL3_RANDOM_SIZE> client_random{};
  std::array<std::uint8_t, SSL3_RANDOM_SIZE> server_random{};
  SSL_SESSION_get_master_key(SSL_get_session(server.ssl()), master.data(), master.size());
  SSL_get_client_random(server.ssl(), client_random.data(), client_random.size());
  SSL_get_server_random(server.ssl(), server_random.data(), server_random.size());
  auto keys = dtls12::derive_keys(gcm, "SHA256", master, client_random, server_random).value();
  dtls12::record_protection protects(gcm, std::move(keys.server));
  bytes record;
  EXPECT_TRUE(protects.protect(type, 1, number, {}, content, 0, record));
  return record;
}

tls::context_options gcm_client() {
  auto options = psk_client();
  options.ciphers = {0x00a8};
  options.resumes = true;
  return options;
}

// A client and a server that is done, its last flight still under way.
class overtaking : public testing::Test {
 protected:
  overtaking() : client_(engine_for(gcm_client())) {
    client_->start(now_);
    while (client_->state() == tls::engine_state::handshaking && flight_.empty()) {
      for (const bytes& sent : take_packets(client_->outgoing())) server_.feed(sent, now_);
      const auto answers = take_packets(server_.outgoing());
      if (server_.established()) {
        flight_ = answers;
      } else {
        for (const bytes& answer : answers) client_->feed(answer, now_);
      }
    }
  }
  void feed(const std::vector<bytes>& datagrams) {
    for (const bytes& datagram : datagrams) client_->feed(datagram, now_);
  }
  bytes record_of_server(std::uint8_t type, bytes_view content) {
    return record_of(server_, 40 + made_++, type, content);
  }

  tls::time_point now_{};
  test_server server_{psk_server()};
  std::unique_ptr<tls::engine> client_;
  std::vector<bytes> flight_;
  std::uint64_t made_ = 0;
};

TEST_F(overtaking, data_and_close_notify_are_delivered_behind_the_handshake) {
  ASSERT_FALSE(flight_.empty());
  server_.send(as_bytes("last words"));
  server_.shut();
  feed(take_packets(server_.outgoing()));
  EXPECT_EQ(client_->state(), tls::engine_state::handshaking);
  feed(flight_);
  EXPECT_EQ(client_->state(), tls::engine_state::peer_closed) << client_->failure().why.text;
  EXPECT_EQ(drain(client_->incoming()), to_bytes("last words"));
  ASSERT_NE(client_->association(), nullptr);
  ASSERT_TRUE(client_->info().alert_received);
  EXPECT_EQ(client_->info().alert_received->description, 0);
  client_->shut(now_);
  for (const bytes& sent : take_packets(client_->outgoing())) server_.feed(sent, now_);
  EXPECT_EQ(server_.alerts().back(), 1 << 8);
}

TEST_F(overtaking, a_fatal_alert_ends_the_handshake_at_once) {
  feed({record_of_server(dtls12::application_data, as_bytes("unseen")),
        record_of_server(dtls12::alert, bytes{2, 80})});
  expect_failure(*client_, at::error::alert_received, 80, "internal_error (80)");
  EXPECT_EQ(client_->info().alert_received->description, 80);
  feed(flight_);
  EXPECT_EQ(client_->state(), tls::engine_state::failed);
}

TEST_F(overtaking, a_warning_and_what_is_none_are_not_the_end) {
  feed({record_of_server(dtls12::alert, bytes{1, 90}), record_of_server(dtls12::alert, bytes{2, 80, 0}),
        record_of_server(dtls12::alert, bytes{2})});
  EXPECT_EQ(client_->state(), tls::engine_state::handshaking);
  ASSERT_TRUE(client_->info().alert_received);
  EXPECT_EQ(client_->info().alert_received->description, 90);
  // A newer one, from before the keys.
  bytes plain;
  const auto length_at = dtls12::append_header(plain, dtls12::alert, dtls12::dtls1_2, 0, 30, {});
  plain.insert(plain.end(), {1, 100});
  dtls12::set_length(plain, length_at);
  feed({plain, record_of_server(dtls12::application_data, as_bytes("early"))});
  EXPECT_EQ(client_->info().alert_received->description, 100);
  feed(flight_);
  EXPECT_EQ(client_->state(), tls::engine_state::established) << client_->failure().why.text;
  EXPECT_EQ(client_->info().alert_received->description, 90);
}

TEST_F(overtaking, a_forged_alert_is_nothing) {
  bytes forged = record_of_server(dtls12::alert, bytes{2, 80});
  forged.back() ^= 1;
  feed({forged});
  EXPECT_EQ(client_->state(), tls::engine_state::handshaking);
  feed(flight_);
  EXPECT_EQ(client_->state(), tls::engine_state::established) << client_->failure().why.text;
  EXPECT_FALSE(client_->info().alert_received);
}

// Its data are no sign that it has our Finished, which it cannot have yet.
TEST(hurrying_server, is_still_owed_our_last_flight) {
  for (const std::size_t place : {0U, 1U}) {  // before and behind the server's own flight
    pair first(gcm_client(), psk_server());
    const auto left = first.client->take_sessions();
    test_server server(first.server);
    const auto client = engine_for(gcm_client());
    client->offer(left.front().state.view());
    tls::time_point now{};
    client->start(now);
    std::vector<bytes> answers;
    for (int hello = 0; hello < 2; ++hello) {
      for (const bytes& answer : answers) client->feed(answer, now);
      for (const bytes& sent : take_packets(client->outgoing())) server.feed(sent, now);
      answers = take_packets(server.outgoing());
    }
    ASSERT_EQ(answers.size(), 1U);
    const bytes early = record_of(server, 40, dtls12::application_data, as_bytes("early"));
    answers.front().insert(place == 0 ? answers.front().begin() : answers.front().end(), early.begin(),
                           early.end());
    client->feed(answers.front(), now);
    ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
    EXPECT_TRUE(client->info().resumed);
    EXPECT_EQ(drain(client->incoming()), to_bytes("early"));
    EXPECT_FALSE(take_packets(client->outgoing()).empty());  // lost
    now = server.deadline().value();
    server.on_deadline(now);
    for (const bytes& repeated : take_packets(server.outgoing())) client->feed(repeated, now);
    for (const bytes& sent : take_packets(client->outgoing())) server.feed(sent, now);
    EXPECT_TRUE(server.established()) << place;
  }
}

}  // namespace
}  // namespace tlsmodem::test
