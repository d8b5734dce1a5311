// What is reckoned against what is made.
#include "fixtures.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

class record_cost_of : public testing::TestWithParam<dtls12::protection_suite> {
 protected:
  static agreed with(std::size_t cid_bytes, std::size_t padding_block = 0) {
    return {GetParam(), {}, count_up(cid_bytes), padding_block};
  }
};

TEST_P(record_cost_of, tells_the_largest_content) {
  for (const std::size_t cid_bytes : {0U, 1U, 8U, 32U}) {
    dtls12::association client(client_side(with(cid_bytes)), {});
    const auto cost = client.cost();
    for (std::size_t room = cost.worst_case_bytes() + 1; room < cost.worst_case_bytes() + 70; ++room) {
      const std::size_t most = cost.largest_content(room);
      ASSERT_GT(most, 0U);
      EXPECT_LE(seal(client, bytes(most)).size(), room) << cid_bytes;
      EXPECT_GT(seal(client, bytes(most + 1)).size(), room) << cid_bytes;
    }
  }
}

TEST_P(record_cost_of, never_costs_more_than_the_worst_case) {
  for (const std::size_t padding_block : {0U, 1U, 16U, 100U}) {
    for (const std::size_t cid_bytes : {0U, 8U}) {
      dtls12::association client(client_side(with(cid_bytes, padding_block)), {});
      std::size_t worst = 0;
      for (std::size_t size = 0; size < 300; ++size)
        worst = std::max(worst, seal(client, bytes(size)).size() - size);
      EXPECT_LE(worst, client.cost().worst_case_bytes());
    }
  }
}

TEST_P(record_cost_of, reckons_with_the_most_padding) {
  for (const std::size_t padding_block : {2U, 16U, 64U}) {
    dtls12::association client(client_side(with(8, padding_block)), {});
    for (std::size_t room = 250; room < 250 + 2 * padding_block; ++room) {
      const std::size_t most = client.cost().largest_content(room);
      EXPECT_LE(seal(client, bytes(most)).size(), room) << padding_block;
      // Less than a block is given away.
      EXPECT_GT(seal(client, bytes(most + padding_block)).size(), room) << padding_block;
    }
  }
}

TEST_P(record_cost_of, nothing_fits_where_no_record_does) {
  const auto cost = dtls12::cost_of(GetParam(), 8);
  for (std::size_t room = 0; room <= cost.fixed_bytes + cost.inner_bytes; ++room) {
    if (room >= cost.fixed_bytes + cost.block_bytes && cost.inner_bytes < cost.block_bytes) break;
    EXPECT_EQ(cost.largest_content(room), 0U) << room;
  }
}

INSTANTIATE_TEST_SUITE_P(suites, record_cost_of, testing::ValuesIn(all_suites()),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace tlsmodem::test
