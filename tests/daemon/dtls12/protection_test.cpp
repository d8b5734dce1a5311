// One direction's protection over records whose numbers come in any order, with and without a connection ID.
#include "fixtures.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tlsmodem::test {
namespace {

class protection_of_suite : public testing::TestWithParam<dtls12::protection_suite> {
 protected:
  bool has_explicit_nonce() const {
    const auto mode = dtls12::shape_of(GetParam().cipher).mode;
    return mode == dtls12::protection_mode::gcm || mode == dtls12::protection_mode::ccm;
  }
};

// libcrypto counts nonces on by itself in some modes: what it has counted must be the record's number.
TEST_P(protection_of_suite, makes_the_nonce_of_each_number) {
  constexpr std::uint64_t numbers[] = {0, 1, 2, 7, 8, 3, 3, 4, 0xffff, 0x10000, dtls12::max_sequence, 5};
  for (const bytes& cid : {bytes{}, bytes{0xaa, 0xbb}}) {
    dtls12::record_protection protects(GetParam(), make_keys(GetParam()).client);
    for (const std::uint64_t number : numbers) {
      const bytes content = count_up(65, static_cast<unsigned>(number));
      bytes out;
      ASSERT_TRUE(protects.protect(dtls12::application_data, 1, number, cid, content, 0, out));
      bytes_view datagram = out;
      dtls12::record_view record;
      ASSERT_TRUE(dtls12::next_record(datagram, cid.size(), record));
      if (has_explicit_nonce()) {
        const bytes_view header = out;
        EXPECT_TRUE(std::ranges::equal(record.payload.first(8), header.subspan(3, 8))) << number;
      }
      // Each is opened by somebody who has seen none of the others.
      dtls12::record_protection opens(GetParam(), make_keys(GetParam()).client);
      std::uint8_t type = 0;
      bytes plaintext;
      ASSERT_TRUE(opens.unprotect(record, type, plaintext)) << number;
      EXPECT_EQ(type, dtls12::application_data);
      EXPECT_EQ(plaintext, content);
    }
  }
}

TEST_P(protection_of_suite, opens_records_in_any_order_and_after_forged_ones) {
  for (const bytes& cid : {bytes{}, bytes{0xaa, 0xbb}}) {
    dtls12::record_protection protects(GetParam(), make_keys(GetParam()).client);
    dtls12::record_protection opens(GetParam(), make_keys(GetParam()).client);
    for (const std::uint64_t number : {9U, 2U, 3U, 1U, 100U}) {
      bytes out;
      const bytes content = count_up(40);
      ASSERT_TRUE(protects.protect(dtls12::alert, 1, number, cid, content, 0, out));
      for (const bool is_forged : {true, false}) {
        bytes changed = out;
        if (is_forged) changed.back() ^= 1;
        bytes_view datagram = changed;
        dtls12::record_view record;
        ASSERT_TRUE(dtls12::next_record(datagram, cid.size(), record));
        std::uint8_t type = 0;
        bytes plaintext;
        EXPECT_EQ(opens.unprotect(record, type, plaintext), !is_forged) << number;
        if (!is_forged) {
          EXPECT_EQ(plaintext, content);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(suites, protection_of_suite, testing::ValuesIn(all_suites()),
                         [](const auto& row) { return name_of(row.param); });

}  // namespace
}  // namespace tlsmodem::test
