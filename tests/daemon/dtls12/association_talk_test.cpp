// Two ends with swapped keys, for every suite and length of a CID, over a network that does what it likes.
#include "fixtures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace tlsmodem::test {
namespace {

using dtls12::verdict;

class two_ends : public testing::TestWithParam<dtls12::protection_suite> {};

void expect_delivery(dtls12::association& from, dtls12::association& to, bytes_view content,
                     std::uint8_t type) {
  const bytes record = seal(from, content, type);
  const auto opened = open(to, record);
  ASSERT_EQ(opened.is, verdict::accepted);
  EXPECT_EQ(opened.type, type);
  EXPECT_TRUE(opened.is_newest);
  EXPECT_TRUE(std::ranges::equal(opened.content, content));
}

TEST_P(two_ends, talk_in_both_directions) {
  for (const std::size_t client_cid : {0U, 1U, 8U, 32U, 255U}) {
    for (const std::size_t server_cid : {0U, 1U, 8U, 32U, 255U}) {
      both_ends ends({GetParam(), count_up(client_cid, 3), count_up(server_cid, 5), 0});
      for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 300U, 1400U}) {
        // Zeros at the end look like RFC 9146's padding.
        for (const bytes& content : {count_up(size), bytes(size)}) {
          expect_delivery(ends.client, ends.server, content, dtls12::application_data);
          expect_delivery(ends.server, ends.client, content, dtls12::handshake);
        }
      }
    }
  }
}

TEST_P(two_ends, take_the_largest_record) {
  both_ends ends({GetParam(), {}, count_up(255), 1024});
  expect_delivery(ends.client, ends.server, count_up(dtls12::max_plaintext_bytes), dtls12::application_data);
}

TEST_P(two_ends, deliver_once_what_comes_late_and_twice) {
  both_ends ends({GetParam(), {}, {9, 9, 9}, 0});
  std::minstd_rand random(1);
  std::map<bytes, unsigned> delivered;
  for (unsigned burst = 0; burst < 20; ++burst) {
    std::vector<bytes> under_way;
    for (unsigned i = 0; i < 32; ++i) {
      const bytes record = seal(ends.client, bytes{std::uint8_t(burst), std::uint8_t(i)});
      under_way.insert(under_way.end(), 1 + random() % 3, record);
    }
    std::shuffle(under_way.begin(), under_way.end(), random);
    for (const bytes& record : under_way) {
      const auto opened = open(ends.server, record);
      if (opened.is == verdict::accepted) ++delivered[{opened.content.begin(), opened.content.end()}];
    }
  }
  EXPECT_EQ(delivered.size(), 20U * 32U);
  for (const auto& [content, times] : delivered) EXPECT_EQ(times, 1U);
}

TEST_P(two_ends, refuse_what_lost_a_part) {
  both_ends ends({GetParam(), {}, {9, 9, 9}, 0});
  const bytes record = seal(ends.client, count_up(40));
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    bytes wrong = record;
    wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ 1 << bit % 8);
    EXPECT_NE(verdict_on(ends.server, wrong), verdict::accepted) << bit;
  }
  EXPECT_EQ(verdict_on(ends.server, record), verdict::accepted);
}

INSTANTIATE_TEST_SUITE_P(suites, two_ends, testing::ValuesIn(all_suites()),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace tlsmodem::test
