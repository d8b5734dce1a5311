// The engine of the whole way, from the handshake by libssl to the association behind it.
#include "association_fixtures.hpp"
#include "fixtures.hpp"

namespace tlsmodem::test {
namespace {

TEST(dtls_engine, has_an_association_once_established) {
  const auto client = engine_for(psk_client());
  EXPECT_EQ(client->association(), nullptr);
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  ASSERT_NE(peers.client->association(), nullptr);
  EXPECT_EQ(peers.client->association()->counters().write_next, 1U);  // the Finished
  EXPECT_FALSE(peers.client->association()->has_own_cid());
}

TEST(dtls_engine, opens_held_records_when_numbers_are_reserved) {
  pair peers(psk_client(), psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  scripted_journal journal;
  journal.accept_limit = 0;
  peers.client->association()->use_journal(&journal);
  peers.server.send(as_bytes("held"));
  peers.network.settle();
  EXPECT_TRUE(peers.client->incoming().empty());
  journal.accept_limit = 100;
  peers.client->on_numbers_reserved(peers.network.now());
  EXPECT_EQ(drain(peers.client->incoming()), to_bytes("held"));
}

TEST(dtls_engine, leaves_an_association_that_goes_on_with_libssl) {
  for (const char* suites : {"PSK-AES128-GCM-SHA256", "PSK-AES256-CCM8", "PSK-CHACHA20-POLY1305",
                             "PSK-AES128-CBC-SHA256", "PSK-AES256-CBC-SHA384", "PSK-AES128-CBC-SHA"}) {
    auto options = psk_server();
    options.ciphers = std::string(suites) + ":@SECLEVEL=0";
    auto offers = psk_client();
    offers.ciphers = {0x00a8, 0xc0a9, 0xccab, 0x00ae, 0x00af, 0x008c};
    pair peers(offers, options);
    ASSERT_TRUE(peers.up()) << suites << " " << peers.why();
    const secret kept = peers.client->association()->encode();
    const auto counters = peers.client->association()->counters();
    const auto next = tls::continue_association(kept.view(), counters);
    ASSERT_NE(next, nullptr);
    simulation network(*next, peers.server);
    EXPECT_EQ(next->send(as_bytes("question"), network.now()), tls::send_outcome::ok);
    network.settle();
    EXPECT_EQ(peers.server.received(), std::vector<bytes>{to_bytes("question")}) << suites;
    peers.server.send(as_bytes("answer"));
    network.settle();
    EXPECT_EQ(drain(next->incoming()), to_bytes("answer")) << suites;
  }
}

}  // namespace
}  // namespace tlsmodem::test
