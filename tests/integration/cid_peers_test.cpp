// Connection IDs of every length, servers without them, and networks of Mbed TLS' own making.
#include "cid_fixture.hpp"

#include <csignal>
#include <ostream>
#include <tuple>

namespace tlsmodem::test {
namespace {

constexpr const char* cid_of_32 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr const char* long_cid = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

class cid_peers : public cid_test {
 protected:
  // The server writes to the address that we have given it.
  void expect_server_to_use(const bytes& cid) const {
    const auto log = relay_->log();
    for (const auto& record : log.records()) {
      if (record.is_from_client || !record.is_protected()) continue;
      EXPECT_TRUE(carries_cid(record, cid)) << "type " << int{record.type};
    }
  }
};

// ---- connection IDs

struct cid_pair {
  const char* name;
  const char* of_client;
  const char* of_server;
};
void PrintTo(const cid_pair& pair, std::ostream* out) { *out << pair.name; }

class cid_lengths : public cid_peers, public ::testing::WithParamInterface<cid_pair> {};

TEST_P(cid_lengths, are_all_of_use) {
  const auto& [name, of_client, of_server] = GetParam();
  start_server(cid_suite_called("psk_aes128_ccm8"), {.cid = of_server});
  auto channel = client(of_client);
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  EXPECT_TRUE(agreed().has_cid);
  EXPECT_EQ(hex_of(as_text(agreed().cid_to_client)), of_client);
  EXPECT_EQ(hex_of(as_text(agreed().cid_to_server)), of_server);
  EXPECT_EQ(channel.info(link.id, "cid_in"), at::quote(of_client));
  EXPECT_EQ(channel.info(link.id, "cid_out"), at::quote(of_server));
  const auto again = survive(channel, link, of_client);
  EXPECT_EQ(channel.info(again.id, "cid_in"), at::quote(of_client));
  EXPECT_EQ(channel.info(again.id, "cid_out"), at::quote(of_server));
  close(channel, again.id);
  expect_server_to_use(agreed().cid_to_client);
}

INSTANTIATE_TEST_SUITE_P(with, cid_lengths,
                         ::testing::Values(cid_pair{"none_and_4", "", "51525354"},
                                           cid_pair{"1_and_1", "07", "08"}, cid_pair{"1_and_none", "07", ""},
                                           cid_pair{"none_and_none", "", ""},
                                           cid_pair{"5_and_8", "c1c2c3c4c5", "0102030405060708"},
                                           cid_pair{"32_and_32", cid_of_32, long_cid},
                                           cid_pair{"none_and_32", "", long_cid}),
                         [](const auto& made) { return made.param.name; });

TEST_F(cid_peers, a_random_id_of_our_own) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client("auto");
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  const auto ours = agreed().cid_to_client;
  ASSERT_FALSE(ours.empty());
  EXPECT_EQ(channel.info(link.id, "cid_in"), at::quote(hex_of(as_text(ours))));
  const auto again = survive(channel, link, "auto");
  EXPECT_EQ(channel.info(again.id, "cid_in"), at::quote(hex_of(as_text(ours))));
  close(channel, again.id);
  expect_server_to_use(ours);
  EXPECT_EQ(connect(channel).up.how, 0);
  EXPECT_NE(agreed().cid_to_client, ours);
}

TEST_F(cid_peers, off_offers_none) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client("off");
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  EXPECT_FALSE(agreed().has_cid);
  EXPECT_EQ(channel.info(link.id, "cid_in"), "");  // not told
  EXPECT_EQ(channel.info(link.id, "cid_out"), "");
  close(channel, link.id);
}

// ---- servers without

TEST_F(cid_peers, a_server_of_mbedtls_without_them) {
  start_server(cid_suite_called("psk_aes128_gcm"), {.cid = std::nullopt});
  auto channel = client();
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  EXPECT_FALSE(agreed().has_cid);
  EXPECT_EQ(channel.info(link.id, "cid_in"), "");  // not told
  EXPECT_EQ(channel.info(link.id, "cid_out"), "");
  const auto again = survive(channel, link);
  EXPECT_EQ(again.up.local_port, link.up.local_port);
  close(channel, again.id);
}

// Without an ID the server knows its client by the address alone.
TEST_F(cid_peers, a_server_of_openssl_goes_on_at_the_same_port) {
  suite_ = &cid_suite_called("psk_aes128_gcm");
  const int port = free_udp_port();
  server_.reset(
      new peer(s_server(s_server_version::dtls1_2, port,
                        {"-nocert", "-psk", hex_of(psk_key), "-psk_identity", std::string(psk_identity)})));
  start_relay(port);
  auto channel = client();
  auto link = connect(channel);
  const auto first_port = link.up.local_port;
  for (const auto how : {daemon_end::stopped, daemon_end::killed}) {
    restart(channel, how);
    channel = client();
    const auto from = relay_->datagrams();
    link = connect(channel, link.handle);
    EXPECT_EQ(link.up.how, 2);
    EXPECT_EQ(link.up.local_port, first_port);
    const auto message = "attention " + std::to_string(from) + "\n";
    channel.send(link.id, message);
    EXPECT_TRUE(server_->prints(message));
    server_->type("here you are\n");
    EXPECT_EQ(channel.receive(), "here you are\n");
    EXPECT_EQ(handshake_records(relay_->log(), from), 0U);
  }
  EXPECT_FALSE(agreed().has_cid);
}

// ---- Mbed TLS' own bad network

struct proxy_row {
  const char* name;
  std::vector<std::string> options;
};
void PrintTo(const proxy_row& row, std::ostream* out) { *out << row.name; }

class cid_bad_network : public cid_peers,
                        public ::testing::WithParamInterface<std::tuple<const char*, proxy_row>> {};

TEST_P(cid_bad_network, is_survived) {
  const auto& [suite, row] = GetParam();
  start_server(cid_suite_called(suite));
  const int port = free_udp_port();
  std::vector<std::string> arguments = {
      find_mbedtls_programs().path("udp_proxy"),     "server_addr=127.0.0.1",
      "server_port=" + std::to_string(server_port_), "listen_addr=127.0.0.1",
      "listen_port=" + std::to_string(port),         "seed=7"};
  arguments.insert(arguments.end(), row.options.begin(), row.options.end());
  const peer proxy(arguments, peer_transport::udp, port);
  start_relay(port);
  auto channel = client(own_cid, {R"("hs_min",100)"});
  auto link = connect(channel);
  for (const auto* message : {"one\n", "two\n", "three\n"}) exchange_with_loss(channel, link.id, message);
  link = survive(channel, link);
  channel.ok("AT#TCLOSE=" + std::to_string(link.id));
  await_printed("connection was closed gracefully", 1);
}

INSTANTIATE_TEST_SUITE_P(
    with, cid_bad_network,
    ::testing::Combine(
        ::testing::Values("psk_aes128_ccm8", "psk_aes128_cbc_etm", "ecdhe_ecdsa_aes128_gcm"),
        ::testing::Values(proxy_row{"drop", {"drop=5"}}, proxy_row{"duplicate", {"duplicate=2"}},
                          proxy_row{"delay", {"delay=4"}}, proxy_row{"delayed_ccs", {"delay_ccs=1"}},
                          proxy_row{"bad_data", {"bad_ad=1"}}, proxy_row{"bad_cid", {"bad_cid=2"}})),
    [](const auto& made) {
      return std::string(std::get<0>(made.param)) + "_" + std::get<1>(made.param).name;
    });

}  // namespace
}  // namespace tlsmodem::test
