// The record layer has every suite that libssl can agree on.
#include "daemon/tls/cipher_suites.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace tlsmodem::test {
namespace {

TEST(protection_of, knows_every_suite_of_dtls_1_2) {
  const tls::ssl_ctx_ptr context(SSL_CTX_new(DTLS_client_method()));
  ASSERT_EQ(SSL_CTX_set_min_proto_version(context.get(), DTLS1_2_VERSION), 1);
  SSL_CTX_set_security_level(context.get(), 2);
  ASSERT_EQ(SSL_CTX_set_cipher_list(context.get(), "ALL:COMPLEMENTOFALL"), 1);
  const STACK_OF(SSL_CIPHER)* const suites = SSL_CTX_get_ciphers(context.get());
  int known = 0;
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    const SSL_CIPHER* const suite = sk_SSL_CIPHER_value(suites, i);
    const bool is_tls1_3 = std::strcmp(SSL_CIPHER_get_version(suite), "TLSv1.3") == 0;
    if (is_tls1_3 || SSL_CIPHER_get_cipher_nid(suite) == NID_undef) continue;  // NULL encrypts nothing
    for (const bool encrypts_then_macs : {false, true}) {
      const auto found = tls::protection_of(suite, encrypts_then_macs);
      ASSERT_TRUE(found) << SSL_CIPHER_get_name(suite);
      EXPECT_EQ(found->encrypts_then_macs, encrypts_then_macs && SSL_CIPHER_is_aead(suite) == 0);
      EXPECT_EQ(found->mac == dtls12::mac_digest::none, SSL_CIPHER_is_aead(suite) == 1);
      int bits = 0;
      SSL_CIPHER_get_bits(suite, &bits);
      const auto& shape = dtls12::shape_of(found->cipher);
      EXPECT_TRUE(8 * shape.key_bytes == bits || std::strstr(SSL_CIPHER_get_name(suite), "CCM8") != nullptr)
          << SSL_CIPHER_get_name(suite);
    }
    ++known;
  }
  EXPECT_GT(known, 80);
}

TEST(protection_of, costs_what_libssl_costs) {
  const tls::ssl_ctx_ptr context(SSL_CTX_new(DTLS_client_method()));
  ASSERT_EQ(SSL_CTX_set_cipher_list(context.get(), "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), 1);
  const STACK_OF(SSL_CIPHER)* const suites = SSL_CTX_get_ciphers(context.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    const SSL_CIPHER* const suite = sk_SSL_CIPHER_value(suites, i);
    if (std::strcmp(SSL_CIPHER_get_version(suite), "TLSv1.3") == 0) continue;
    for (const bool encrypts_then_macs : {false, true}) {
      const auto found = tls::protection_of(suite, encrypts_then_macs);
      if (!found) continue;
      const auto theirs = tls::record_cost_of(suite, DTLS1_2_VERSION, found->encrypts_then_macs);
      // Put together from the parts that the test of dtls12 checks.
      const auto& shape = dtls12::shape_of(found->cipher);
      const std::size_t mac = dtls12::size_of(found->mac);
      const bool is_cbc = shape.mode == dtls12::protection_mode::cbc;
      const std::size_t nonce =
          is_cbc ? 16U : (shape.mode == dtls12::protection_mode::chacha20_poly1305 ? 0U : 8U);
      EXPECT_EQ(theirs.fixed_bytes, 13U + nonce + shape.tag_bytes + (found->encrypts_then_macs ? mac : 0U))
          << SSL_CIPHER_get_name(suite);
      EXPECT_EQ(theirs.inner_bytes, is_cbc ? 1U + (found->encrypts_then_macs ? 0U : mac) : 0U);
    }
  }
}

}  // namespace
}  // namespace tlsmodem::test
