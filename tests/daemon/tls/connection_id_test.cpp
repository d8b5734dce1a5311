// The extension connection_id: what is offered, and what an answer does.
#include "daemon/dtls12/record.hpp"
#include "fixtures.hpp"

#include <algorithm>
#include <functional>

namespace tlsmodem::test {
namespace {

constexpr unsigned extension_type = 54;

tls::context_options offering(const bytes& cid) {
  auto options = psk_client();
  options.cid = tls::cid_choice{false, cid};
  return options;
}

bytes client_hello(const tls::context_options& options) {
  const auto client = engine_for(options);
  client->start({});
  const bytes_view first = client->outgoing().front();
  return {first.begin(), first.end()};
}

// The extension with everything behind it; empty when it is not there. Behind the random, which could look
// like one.
bytes find_extension(const bytes& hello) {
  const bytes type = {0, extension_type, 0};
  const auto found = std::search(hello.begin() + 60, hello.end(), type.begin(), type.end());
  return {found, hello.end()};
}

bool starts_with(const bytes& data, const bytes& with) {
  return data.size() >= with.size() && std::equal(with.begin(), with.end(), data.begin());
}

TEST(connection_id, is_offered_only_when_chosen) {
  EXPECT_TRUE(find_extension(client_hello(psk_client())).empty());
  EXPECT_TRUE(starts_with(find_extension(client_hello(offering({0xa1, 0xb2, 0xc3}))),
                          {0, 54, 0, 4, 3, 0xa1, 0xb2, 0xc3}));
  EXPECT_TRUE(starts_with(find_extension(client_hello(offering({}))), {0, 54, 0, 1, 0}));
}

TEST(connection_id, at_random_is_another_one_each_time) {
  auto options = psk_client();
  options.cid = tls::cid_choice{true, {}};
  bytes first = find_extension(client_hello(options));
  bytes second = find_extension(client_hello(options));
  for (bytes* one : {&first, &second}) {
    ASSERT_TRUE(starts_with(*one, {0, 54, 0, 9, 8}));
    one->resize(5 + 8);
  }
  EXPECT_NE(first, second);
}

int add_answer(SSL*, unsigned, unsigned context, const unsigned char** out, std::size_t* size, X509*,
               std::size_t, int*, void* answer) {
  if (context == SSL_EXT_CLIENT_HELLO) return 0;
  const auto& data = *static_cast<const bytes*>(answer);
  *out = data.data();
  *size = data.size();
  return 1;
}

int take_offer(SSL*, unsigned, unsigned, const unsigned char*, std::size_t, X509*, std::size_t, int*, void*) {
  return 1;
}

// A server that answers with `answer`, which has to outlive it.
test_server answering(bytes& answer) {
  const test_server first(psk_server());
  SSL_CTX_add_custom_ext(SSL_get_SSL_CTX(first.ssl()), extension_type,
                         SSL_EXT_DTLS_ONLY | SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO, add_answer,
                         nullptr, &answer, take_offer, nullptr);
  return test_server(first);
}

TEST(connection_id, may_be_empty_on_both_sides) {
  bytes answer = {0};
  auto server = answering(answer);
  const auto client = engine_for(offering({}));
  simulation network(*client, server);
  network.connect();
  ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
  EXPECT_TRUE(client->info().has_cid);
  EXPECT_FALSE(client->association()->has_own_cid());
  EXPECT_FALSE(client->association()->has_peer_cid());
  client->send(as_bytes("question"), network.now());
  network.settle();
  EXPECT_EQ(server.received(), std::vector<bytes>{to_bytes("question")});
}

TEST(connection_id, of_another_form_ends_the_handshake) {
  for (bytes answer : {bytes{}, bytes{1}, bytes{2, 7}, bytes{0, 7}}) {
    auto server = answering(answer);
    const auto client = engine_for(offering({1, 2, 3}));
    simulation network(*client, server);
    network.connect();
    EXPECT_EQ(client->state(), tls::engine_state::failed);
    ASSERT_TRUE(client->info().alert_sent);
    EXPECT_EQ(client->info().alert_sent->description, SSL_AD_DECODE_ERROR);
  }
}

TEST(connection_id, that_the_server_does_not_know_is_not_used) {
  pair peers(offering({1, 2, 3}), psk_server());
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_FALSE(peers.client->info().has_cid);
  EXPECT_FALSE(peers.client->association()->has_own_cid());
  peers.client->send(as_bytes("question"), peers.network.now());
  peers.network.settle();
  EXPECT_EQ(peers.server.received(), std::vector<bytes>{to_bytes("question")});
}

TEST(connection_id, is_not_used_with_a_version_that_has_none) {
  bytes answer = {2, 0x51, 0x52};
  auto server = answering(answer);
  SSL_set_max_proto_version(server.ssl(), DTLS1_VERSION);
  auto options = offering({1, 2, 3});
  options.min_version = tls::tls_version::tls1_1;
  const auto client = engine_for(options);
  simulation network(*client, server);
  network.connect();
  ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
  EXPECT_EQ(client->info().version, "DTLSv1");
  EXPECT_FALSE(client->info().has_cid);
  client->send(as_bytes("question"), network.now());
  network.settle();
  EXPECT_EQ(server.received(), std::vector<bytes>{to_bytes("question")});
}

TEST(connection_id, lets_nothing_of_libssl_out) {
  bytes answer = {2, 0x51, 0x52};
  auto server = answering(answer);
  const auto client = engine_for(offering({1, 2, 3}));
  simulation network(*client, server);
  network.connect();  // this server cannot read its own CID, so that nobody gets any further
  EXPECT_EQ(client->state(), tls::engine_state::failed);
  std::vector<bytes> numbers;
  for (const auto& sent : network.sent_by_client()) {
    bytes_view rest = sent.data;
    dtls12::record_view record;
    while (dtls12::next_record(rest, 2, record)) {
      if (record.epoch == 0) continue;
      EXPECT_EQ(record.type, dtls12::tls12_cid);
      numbers.emplace_back(record.whole.begin() + 3, record.whole.begin() + 11);
    }
    EXPECT_TRUE(rest.empty());
  }
  EXPECT_GT(numbers.size(), 2U);
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()), numbers.end());
}

}  // namespace
}  // namespace tlsmodem::test
