// The assumptions about libssl that docs/decisions/0003-dtls-timer.md is built on.
#include "fixtures.hpp"

namespace tlsmodem::test {
namespace {

// Longer than any handshake: libssl's own deadline must never be the one that passes.
constexpr time_t a_century_seconds = 100LL * 365 * 24 * 60 * 60;

time_t libssl_waits(SSL* ssl) {
  timeval left{};
  return DTLSv1_get_timeout(ssl, &left) == 1 ? left.tv_sec : -1;
}

TEST(wire, keeps_the_deadline_of_libssl_out_of_reach_until_it_is_asked_to_expire) {
  auto client = engine_for(psk_client());
  test_server server(psk_server());
  client->start({});
  server.feed(client->outgoing().front(), {});  // answered by HelloVerifyRequest, without a timer
  client->outgoing().pop();
  client->feed(server.outgoing().front(), {});
  server.outgoing().pop();
  server.feed(client->outgoing().front(), {});
  ASSERT_FALSE(server.outgoing().empty());
  server.outgoing().clear();
  EXPECT_GT(libssl_waits(server.ssl()), a_century_seconds);
  EXPECT_EQ(DTLSv1_handle_timeout(server.ssl()), 0);
  EXPECT_TRUE(server.outgoing().empty());
  server.on_deadline(*server.deadline());
  EXPECT_FALSE(server.outgoing().empty());
  EXPECT_GT(libssl_waits(server.ssl()), a_century_seconds);
}

TEST(wire, reads_datagrams_whole_and_streams_in_parts) {
  for (const auto transport : {tls::transport_kind::datagram, tls::transport_kind::stream}) {
    tls::wire wire;
    wire.transport = transport;
    const tls::bio_ptr bio = tls::make_wire_bio(wire);
    const bytes input = to_bytes("0123456789");
    wire.input = input;
    char piece[4];
    EXPECT_EQ(BIO_read(bio.get(), piece, sizeof piece), 4);
    const bool stream = transport == tls::transport_kind::stream;
    EXPECT_EQ(wire.input.size(), stream ? 6U : 0U);
    EXPECT_EQ(BIO_read(bio.get(), piece, sizeof piece), stream ? 4 : -1);
    EXPECT_EQ(BIO_write(bio.get(), "ab", 2), 2);
    EXPECT_EQ(BIO_write(bio.get(), "cd", 2), 2);
    EXPECT_EQ(wire.output.packets(), stream ? 1U : 2U);
  }
}

}  // namespace
}  // namespace tlsmodem::test
