// Records under the new keys that overtake the rest of the handshake, as datagrams do.
#include "daemon/dtls12/key_schedule.hpp"
#include "daemon/dtls12/protection.hpp"
#include "fixtures.hpp"

#include <array>

namespace tlsmodem::test {
namespace {

constexpr dtls12::protection_suite gcm_suite{dtls12::bulk_cipher::aes_128_gcm, dtls12::mac_digest::none,
                                             false};

bytes copy(bytes_view data) { return {data.begin(), data.end()}; }

std::vector<bytes> take_all(packet_queue& queue) {
  std::vector<bytes> all;
  for (; !queue.empty(); queue.pop()) all.push_back(copy(queue.front()));
  return all;
}

// A client and a server that is done, its last flight still under way.
class overtaking : public testing::Test {
 protected:
  overtaking() {
    auto options = psk_client();
    options.ciphers = {0x00a8};
    client_ = engine_for(options);
    client_->start(now_);
    while (client_->state() == tls::engine_state::handshaking && flight_.empty()) {
      for (const bytes& sent : take_all(client_->outgoing())) server_.feed(sent, now_);
      const auto answers = take_all(server_.outgoing());
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
  // As the server would protect it, under a number that it does not use.
  bytes record_of_server(std::uint8_t type, bytes_view content) {
    std::array<std::uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master{};
    std::array<std::uint8_t, SSL3_RANDOM_SIZE> client{};
    std::array<std::uint8_t, SSL3_RANDOM_SIZE> server{};
    SSL_SESSION_get_master_key(SSL_get_session(server_.ssl()), master.data(), master.size());
    SSL_get_client_random(server_.ssl(), client.data(), client.size());
    SSL_get_server_random(server_.ssl(), server.data(), server.size());
    auto keys = dtls12::derive_keys(gcm_suite, "SHA256", master, client, server).value();
    dtls12::record_protection protects(gcm_suite, std::move(keys.server));
    bytes record;
    EXPECT_TRUE(protects.protect(type, 1, 40 + made_++, {}, content, 0, record));
    return record;
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
  feed(take_all(server_.outgoing()));
  EXPECT_EQ(client_->state(), tls::engine_state::handshaking);
  feed(flight_);
  EXPECT_EQ(client_->state(), tls::engine_state::peer_closed) << client_->failure().why.text;
  EXPECT_EQ(drain(client_->incoming()), to_bytes("last words"));
  ASSERT_NE(client_->association(), nullptr);
  ASSERT_TRUE(client_->info().alert_received);
  EXPECT_EQ(client_->info().alert_received->description, 0);
  client_->shut(now_);
  for (const bytes& sent : take_all(client_->outgoing())) server_.feed(sent, now_);
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

}  // namespace
}  // namespace tlsmodem::test
