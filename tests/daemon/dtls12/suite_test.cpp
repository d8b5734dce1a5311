// Numbers of the stored form, and the suites that they make.
#include "fixtures.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

TEST(suite, aead_has_no_mac_and_cbc_has_one) {
  // 9 AEAD ciphers, 4 CBC ciphers with three digests in two orders.
  EXPECT_EQ(all_suites().size(), 9U + 4U * 3U * 2U);
  for (const auto& suite : all_suites()) {
    const bool is_cbc = dtls12::shape_of(suite.cipher).mode == dtls12::protection_mode::cbc;
    EXPECT_EQ(is_cbc, suite.mac != dtls12::mac_digest::none) << name_of(suite);
    EXPECT_TRUE(is_cbc || !suite.encrypts_then_macs) << name_of(suite);
    EXPECT_EQ(dtls12::size_of(suite.mac) != 0, is_cbc) << name_of(suite);
  }
}

TEST(suite, refuses_numbers_that_nobody_has) {
  constexpr std::uint64_t huge = ~std::uint64_t{0};
  for (const std::uint64_t cipher : {std::uint64_t{0}, std::uint64_t{14}, std::uint64_t{257}, huge})
    EXPECT_FALSE(dtls12::make_suite(cipher, 0, false)) << cipher;
  for (const std::uint64_t mac : {std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{257}, huge})
    EXPECT_FALSE(dtls12::make_suite(8, mac, false)) << mac;
}

TEST(key_schedule, fills_every_key_and_shares_none) {
  const bytes master = count_up(48);
  const bytes client_random = count_up(32, 50);
  const bytes server_random = count_up(32, 90);
  for (const auto& suite : all_suites()) {
    const auto keys = dtls12::derive_keys(suite, "SHA256", master, client_random, server_random);
    ASSERT_TRUE(keys) << name_of(suite);
    for (const auto* side : {&keys->client, &keys->server}) {
      EXPECT_EQ(side->mac.size(), dtls12::size_of(suite.mac));
      EXPECT_EQ(side->key.size(), dtls12::shape_of(suite.cipher).key_bytes);
      EXPECT_EQ(side->iv.size(), dtls12::shape_of(suite.cipher).fixed_iv_bytes);
    }
    const auto client = keys->client.key.view();
    EXPECT_NE(bytes(client.begin(), client.end()),
              bytes(keys->server.key.view().begin(), keys->server.key.view().end()));
  }
  EXPECT_FALSE(dtls12::derive_keys(gcm, "no such digest", master, client_random, server_random));
}

}  // namespace
}  // namespace tlsmodem::test
