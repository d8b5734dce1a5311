// Servers that cannot do what they offered with a session of theirs: how it ends, and whether the engine
// says that it may be the session's fault.
#include "fixtures.hpp"
#include "tests/support/openssl_version.hpp"

namespace tlsmodem::test {
namespace {

constexpr auto datagram = tls::transport_kind::datagram;
constexpr auto stream = tls::transport_kind::stream;

struct way {
  const char* name;
  tls::transport_kind transport;
  int version;  // libssl's number; of the first connection
};
const way dtls1_2{"dtls1_2", datagram, DTLS1_2_VERSION};
const way tls1_2{"tls1_2", stream, TLS1_2_VERSION};
const way tls1_3{"tls1_3", stream, TLS1_3_VERSION};

tls::context_options client_of(const way& how) {
  auto options = certificate_client(how.transport);
  options.resumes = true;
  return options;
}

server_options server_of(const way& how) {
  auto options = certificate_server(how.transport);
  options.min_version = options.max_version = how.version;
  return options;
}

bytes session_of(pair& first) {
  EXPECT_TRUE(first.up()) << first.why();
  first.network.settle();
  const auto left = first.client->take_sessions();
  if (left.empty()) return {};
  const auto state = left.front().state.view();
  return {state.begin(), state.end()};
}

// The same session with another secret.
bytes with_another_secret(bytes_view state) {
  const auto session = tls::parse_session(state);
  const bytes secret(48, 0x5a);
  const std::size_t size = SSL_SESSION_get_protocol_version(session.get()) == TLS1_3_VERSION ? 32 : 48;
  SSL_SESSION_set1_master_key(session.get(), secret.data(), size);
  bytes encoded(static_cast<std::size_t>(i2d_SSL_SESSION(session.get(), nullptr)));
  unsigned char* end = encoded.data();
  i2d_SSL_SESSION(session.get(), &end);
  return encoded;
}

void expect_at_stake(const pair& made, int alert) {
  ASSERT_EQ(made.client->state(), tls::engine_state::failed);
  EXPECT_EQ(made.client->failure().alert, alert) << made.why();
  EXPECT_TRUE(made.client->info().session_offered);
  EXPECT_FALSE(made.client->info().session_declined);
  EXPECT_FALSE(made.client->info().handshake_done);
}

TEST(refused_session, by_a_server_that_verifies_clients_without_a_session_context) {
  for (const auto& how : {dtls1_2, tls1_2, tls1_3}) {
    SCOPED_TRACE(how.name);
    auto server = server_of(how);
    server.takes_any_client = true;
    server.session_context = false;
    pair first(client_of(how), server);
    const auto session = session_of(first);
    ASSERT_FALSE(session.empty());
    const pair second(client_of(how), first, session);
    expect_at_stake(second, SSL_AD_INTERNAL_ERROR);
  }
}

TEST(refused_session, by_a_server_that_stopped_to_use_the_extended_master_secret) {
  for (const auto& how : {dtls1_2, tls1_2}) {
    SCOPED_TRACE(how.name);
    pair first(client_of(how), server_of(how));
    const auto session = session_of(first);
    SSL_CTX_set_options(SSL_get_SSL_CTX(first.server.ssl()), SSL_OP_NO_EXTENDED_MASTER_SECRET);
    const pair second(client_of(how), first, session);
    expect_at_stake(second, SSL_AD_HANDSHAKE_FAILURE);
  }
}

TEST(refused_session, by_a_server_with_one_id_for_all_that_forgot_them) {
  for (const auto& how : {dtls1_2, tls1_2}) {
    SCOPED_TRACE(how.name);
    auto server = server_of(how);
    server.tickets = false;
    server.every_session_id = std::string(32, 'i');
    pair first(client_of(how), server);
    const auto session = session_of(first);
    ASSERT_FALSE(session.empty());
    SSL* const ended = first.server.ssl();
    ASSERT_EQ(SSL_CTX_remove_session(SSL_get_SSL_CTX(ended), SSL_get_session(ended)), 1);
    const pair second(client_of(how), first, session);
    expect_at_stake(second, SSL_AD_UNEXPECTED_MESSAGE);
  }
}

TEST(refused_session, with_another_secret) {
  pair over_1_3(client_of(tls1_3), server_of(tls1_3));
  const pair bound(client_of(tls1_3), over_1_3, with_another_secret(session_of(over_1_3)));
  expect_at_stake(bound, wrong_binder_alert());

  pair over_1_2(client_of(tls1_2), server_of(tls1_2));
  const pair abbreviated(client_of(tls1_2), over_1_2, with_another_secret(session_of(over_1_2)));
  expect_at_stake(abbreviated, SSL_AD_BAD_RECORD_MAC);

  // Of datagrams, what cannot be opened is dropped: there is no end of it, only a server that took it up.
  pair over_dtls(client_of(dtls1_2), server_of(dtls1_2));
  const auto engine = engine_for(client_of(dtls1_2));
  engine->offer(with_another_secret(session_of(over_dtls)));
  test_server next(over_dtls.server);
  simulation network(*engine, next);
  engine->start(network.now());
  EXPECT_TRUE(network.run_until([&] { return engine->info().server_answered; }));
  EXPECT_EQ(engine->state(), tls::engine_state::handshaking);
  EXPECT_FALSE(engine->info().session_declined);
}

TEST(refused_session, of_a_version_that_the_server_does_not_speak_any_more_is_just_declined) {
  for (const auto& [before, now] : {std::pair(tls1_3, tls1_2), std::pair(tls1_2, tls1_3)}) {
    SCOPED_TRACE(before.name);
    pair first(client_of(before), server_of(before));
    const auto session = session_of(first);
    SSL_CTX* const ctx = SSL_get_SSL_CTX(first.server.ssl());
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx, now.version);
    SSL_CTX_set_min_proto_version(ctx, now.version);
    const pair second(client_of(before), first, session);
    EXPECT_TRUE(second.up()) << second.why();
    EXPECT_FALSE(second.client->info().resumed);
    EXPECT_TRUE(second.client->info().session_declined);
  }
}

// Then it is not in the ClientHello at all.
TEST(refused_session, of_a_version_that_the_client_does_not_speak_any_more_is_not_offered) {
  pair first(client_of(tls1_2), server_of(tls1_2));
  const auto session = session_of(first);
  auto newer = client_of(tls1_2);
  newer.min_version = tls::tls_version::tls1_3;
  const pair second(newer, pair(client_of(tls1_3), server_of(tls1_3)), session);
  EXPECT_TRUE(second.up()) << second.why();
  EXPECT_FALSE(second.client->info().session_offered);
}

}  // namespace
}  // namespace tlsmodem::test
