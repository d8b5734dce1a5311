// The check in constant time against libcrypto's HMAC.
#include "daemon/dtls12/cbc_mac.hpp"

#include "fixtures.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tlsmodem::test {
namespace {

using dtls12::check_mac_then_encrypt;
using dtls12::mac_digest;

class mac_then_encrypt : public testing::TestWithParam<mac_digest> {
 protected:
  std::size_t mac_bytes() const { return dtls12::size_of(GetParam()); }

  // Content, MAC, padding and its length, as they come out of the cipher.
  bytes make(std::size_t content_bytes, std::size_t padding) const {
    bytes made = count_up(content_bytes, 7);
    bytes covered = additional_;
    covered[covered.size() - 2] = static_cast<std::uint8_t>(content_bytes >> 8);
    covered[covered.size() - 1] = static_cast<std::uint8_t>(content_bytes);
    covered.insert(covered.end(), made.begin(), made.end());
    std::uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_get_digestbyname(dtls12::name_of(GetParam())), key_.data(), static_cast<int>(key_.size()),
         covered.data(), covered.size(), mac, &size);
    made.insert(made.end(), mac, mac + size);
    made.insert(made.end(), padding + 1, static_cast<std::uint8_t>(padding));
    return made;
  }
  std::optional<std::size_t> check(bytes_view decrypted) {
    return check_mac_then_encrypt(GetParam(), key_, additional_, decrypted);
  }
  bool is_good(std::size_t content_bytes, std::size_t padding) {
    return check(make(content_bytes, padding)) == content_bytes;
  }

  bytes key_ = count_up(dtls12::size_of(GetParam()), 33);
  bytes additional_ = count_up(13, 99);
};

TEST_P(mac_then_encrypt, takes_every_length_of_content) {
  for (const std::size_t additional_bytes : {13U, 24U, 31U, 55U}) {
    additional_ = count_up(additional_bytes, 99);
    for (std::size_t size = 0; size <= 300; ++size) {
      const std::size_t fill = 15 - (size + mac_bytes()) % 16;
      EXPECT_TRUE(is_good(size, fill)) << size;
      EXPECT_TRUE(is_good(size, fill + 224)) << size;
    }
  }
}

TEST_P(mac_then_encrypt, takes_every_length_of_padding) {
  for (const std::size_t size : {0U, 1U, 13U, 55U, 56U, 64U, 111U, 112U, 119U, 128U, 300U, 1024U})
    for (std::size_t padding = 0; padding <= 255; ++padding)
      EXPECT_TRUE(is_good(size, padding)) << size << " " << padding;
}

TEST_P(mac_then_encrypt, refuses_every_wrong_byte) {
  for (const std::size_t size : {0U, 1U, 60U, 200U, 300U}) {
    for (const std::size_t padding : {0U, 1U, 15U, 100U, 255U}) {
      const bytes good = make(size, padding);
      for (std::size_t at = 0; at < good.size(); ++at) {
        for (const unsigned flip : {0x01U, 0x80U}) {
          bytes wrong = good;
          wrong[at] = static_cast<std::uint8_t>(wrong[at] ^ flip);
          EXPECT_EQ(check(wrong), std::nullopt) << size << " " << padding << " " << at;
        }
      }
    }
  }
}

TEST_P(mac_then_encrypt, refuses_every_other_length_of_padding) {
  const bytes good = make(40, 15);
  for (unsigned length = 0; length <= 255; ++length) {
    if (length == 15) continue;
    bytes wrong = good;
    wrong.back() = static_cast<std::uint8_t>(length);
    EXPECT_EQ(check(wrong), std::nullopt) << length;
    // Also when all of the padding says so.
    std::fill(wrong.end() - 16, wrong.end(), static_cast<std::uint8_t>(length));
    EXPECT_EQ(check(wrong), std::nullopt) << length;
  }
}

TEST_P(mac_then_encrypt, refuses_other_additional_data_and_keys) {
  const bytes good = make(50, 13);
  ASSERT_EQ(check(good), 50U);
  for (std::size_t at = 0; at + 2 < additional_.size(); ++at) {
    additional_[at] ^= 1;
    EXPECT_EQ(check(good), std::nullopt) << at;
    additional_[at] ^= 1;
  }
  key_.back() ^= 1;
  EXPECT_EQ(check(good), std::nullopt);
}

TEST_P(mac_then_encrypt, refuses_what_is_too_short) {
  for (std::size_t size = 0; size <= mac_bytes(); ++size) EXPECT_EQ(check(bytes(size)), std::nullopt) << size;
  bytes no_room = make(0, 0);
  no_room.back() = 1;
  EXPECT_EQ(check(no_room), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(digests, mac_then_encrypt,
                         testing::Values(mac_digest::sha1, mac_digest::sha256, mac_digest::sha384),
                         [](const auto& test) { return std::string(dtls12::name_of(test.param)); });

}  // namespace
}  // namespace tlsmodem::test
