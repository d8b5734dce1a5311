// Numbers, verdicts and forms of one association.
#include "fixtures.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tlsmodem::test {
namespace {

using dtls12::association;
using dtls12::seal_outcome;
using dtls12::verdict;

const bytes text = count_up(20);

std::uint64_t number_of(bytes_view record) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : record.subspan(5, 6)) number = number << 8 | byte;
  return number;
}

TEST(association, counts_its_records) {
  association client(client_side({}), {});
  for (std::uint64_t number = 0; number < 5; ++number) {
    const bytes record = seal(client, text, number % 2 == 0 ? dtls12::application_data : dtls12::alert);
    EXPECT_EQ(number_of(record), number);
    EXPECT_EQ(client.counters().write_next, number + 1);
  }
}

TEST(association, goes_on_where_its_counters_say) {
  // Of those that a key may use up to the last bytes of a number.
  const dtls12::protection_suite chacha{dtls12::bulk_cipher::chacha20_poly1305, dtls12::mac_digest::none,
                                        false};
  association client(client_side({chacha, {}, {}, 0}), {0x0a0b0c0d0e0f, {}});
  EXPECT_EQ(number_of(seal(client, text)), 0x0a0b0c0d0e0fU);
  EXPECT_EQ(number_of(seal(client, text)), 0x0a0b0c0d0e10U);
}

TEST(association, takes_a_number_also_for_what_fails) {
  auto parameters = client_side({});
  parameters.keys.client.key = secret();
  association client(std::move(parameters), {});
  scripted_journal journal;
  client.use_journal(&journal);
  bytes out = count_up(2);
  EXPECT_EQ(client.seal(dtls12::application_data, text, out), seal_outcome::failed);
  EXPECT_EQ(out, count_up(2));
  EXPECT_EQ(client.counters().write_next, 1U);
  ASSERT_EQ(journal.noted.size(), 1U);
  EXPECT_EQ(journal.noted[0].write_next, 1U);
}

TEST(association, appends_its_records) {
  both_ends ends({});
  bytes out;
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(ends.client.seal(dtls12::application_data, text, out), seal_outcome::sealed);
  bytes_view rest = out;
  dtls12::record_view record;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(ends.server.next_record(rest, record));
    EXPECT_EQ(ends.server.open(record).is, verdict::accepted);
  }
  EXPECT_TRUE(rest.empty());
}

TEST(association, keeps_its_last_numbers_for_alerts) {
  const std::uint64_t last_for_data = dtls12::limits_of(gcm).records - 1;
  association client(client_side({}), {last_for_data, {}});
  EXPECT_EQ(client.can_seal_data(), seal_outcome::sealed);
  EXPECT_FALSE(seal(client, text).empty());
  bytes out;
  EXPECT_EQ(client.can_seal_data(), seal_outcome::used_up);
  EXPECT_EQ(client.seal(dtls12::application_data, text, out), seal_outcome::used_up);
  EXPECT_EQ(client.counters().write_next, last_for_data + 1);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(client.seal(dtls12::alert, text, out), seal_outcome::sealed);
}

class limited : public testing::TestWithParam<dtls12::protection_suite> {};

// RFC 9325 4.4 and RFC 9147 4.5.3, the two numbers of a cipher, as docs/decisions/0021-key-usage-limits.md
// has them.
TEST_P(limited, has_the_limits_of_its_cipher) {
  constexpr std::uint64_t numbers = (std::uint64_t{1} << 48) - 65536;
  const auto limits = dtls12::limits_of(GetParam());
  const auto expect = [&](std::uint64_t records, std::uint64_t forgeries) {
    EXPECT_EQ(limits.records, records);
    EXPECT_EQ(limits.forgeries, forgeries);
  };
  switch (dtls12::shape_of(GetParam().cipher).mode) {
    case dtls12::protection_mode::gcm:
      return expect(23'726'566, 268'435'456);
    case dtls12::protection_mode::ccm:
      return expect(8'388'608, 11'863'283);
    case dtls12::protection_mode::chacha20_poly1305:
      return expect(numbers, 68'719'476'736);
    case dtls12::protection_mode::cbc:
      return expect(numbers, ~std::uint64_t{0});
  }
}

TEST_P(limited, counts_no_record_as_forged_that_has_no_room_for_a_tag) {
  for (const bytes& cid : {bytes{}, bytes{1, 2}}) {
    association server(server_side({GetParam(), {}, cid, 0}), {});
    association client(client_side({GetParam(), {}, cid, 0}), {});
    const bytes shortest = seal(client, {});
    const std::size_t header = dtls12::header_bytes + cid.size();
    for (std::size_t size = header; size <= shortest.size(); ++size) {
      bytes forged(shortest.begin(), shortest.begin() + static_cast<std::ptrdiff_t>(size));
      forged[10] ^= 1;  // another number
      dtls12::set_length(forged, header - 2);
      const bool has_length = size == shortest.size();
      EXPECT_EQ(verdict_on(server, forged), has_length ? verdict::not_authentic : verdict::wrong_form)
          << size;
    }
    EXPECT_EQ(server.count(verdict::not_authentic), 1U);
  }
}

TEST_P(limited, protects_no_more_records_than_its_key_may) {
  const auto limits = dtls12::limits_of(GetParam());
  EXPECT_LT(limits.records, dtls12::max_sequence);
  both_ends ends({GetParam(), {}, {}, 0});
  association client(client_side({GetParam(), {}, {}, 0}), {limits.records - 1, {}});
  EXPECT_EQ(verdict_on(ends.server, seal(client, text)), verdict::accepted);
  EXPECT_EQ(client.can_seal_data(), seal_outcome::used_up);
  EXPECT_EQ(verdict_on(ends.server, seal(client, text, dtls12::alert)), verdict::accepted);
}

INSTANTIATE_TEST_SUITE_P(suites, limited, testing::ValuesIn(all_suites()),
                         [](const auto& test) { return name_of(test.param); });

TEST(association, is_worn_out_by_forgeries_only) {
  association server(server_side({}), {}, dtls12::usage_limits{100, 3});
  association client(client_side({}), {});
  const bytes record = seal(client, text);
  for (int i = 0; i < 10; ++i) verdict_on(server, record);  // replayed
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(server.is_worn_out()) << i;
    bytes forged = seal(client, text);
    forged.back() ^= 1;
    EXPECT_EQ(verdict_on(server, forged), verdict::not_authentic);
  }
  EXPECT_TRUE(server.is_worn_out());
}

TEST(association, ends_with_its_last_number) {
  both_ends ends({});
  association client(client_side({}), {dtls12::max_sequence, {}});
  const bytes last = seal(client, text, dtls12::alert);
  EXPECT_EQ(number_of(last), dtls12::max_sequence);
  EXPECT_EQ(verdict_on(ends.server, last), verdict::accepted);
  bytes out;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.seal(dtls12::alert, text, out), seal_outcome::used_up);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(client.counters().write_next, dtls12::max_sequence + 1);
}

TEST(association, with_absurd_counters_seals_nothing) {
  association client(client_side({}), {~std::uint64_t{0}, {}});
  bytes out;
  EXPECT_EQ(client.seal(dtls12::application_data, text, out), seal_outcome::used_up);
  EXPECT_EQ(client.seal(dtls12::alert, text, out), seal_outcome::used_up);
}

struct refusal {
  const char* name;
  verdict is;
  agreed receiver;
  agreed sender;
  std::size_t flipped_byte;  // of the record; 0: none
};

void PrintTo(const refusal& row, std::ostream* out) { *out << row.name; }

class refused_record : public testing::TestWithParam<refusal> {};

TEST_P(refused_record, is_counted_under_its_verdict) {
  const auto& row = GetParam();
  association server(server_side(row.receiver), {});
  association client(client_side(row.sender), {});
  bytes record = seal(client, text);
  if (row.flipped_byte != 0) record[row.flipped_byte] ^= 1;
  dtls12::record_view seen;
  bytes_view datagram = record;
  ASSERT_TRUE(server.next_record(datagram, seen));
  const auto opened = server.open(seen);
  EXPECT_EQ(opened.is, row.is);
  EXPECT_FALSE(opened.is_newest);
  EXPECT_TRUE(opened.content.empty());
  for (std::size_t i = 0; i < dtls12::verdict_count; ++i)
    EXPECT_EQ(server.count(static_cast<verdict>(i)), static_cast<verdict>(i) == row.is ? 1U : 0U) << i;
  EXPECT_EQ(server.counters(), dtls12::sequence_counters{});
}

const agreed plain{};
const agreed with_cid{gcm, {}, {1, 2, 3}, 0};
INSTANTIATE_TEST_SUITE_P(reasons, refused_record,
                         testing::Values(refusal{"another_epoch", verdict::wrong_epoch, plain, plain, 4},
                                         refusal{"dtls_1_0", verdict::wrong_form, plain, plain, 2},
                                         refusal{"no_cid", verdict::wrong_form, with_cid, plain, 0},
                                         refusal{"another_cid", verdict::foreign_cid, with_cid, with_cid, 13},
                                         refusal{"another_number", verdict::not_authentic, plain, plain, 10},
                                         refusal{"another_content", verdict::not_authentic, with_cid,
                                                 with_cid, 30}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(association, accepts_a_record_once) {
  both_ends ends({});
  const bytes record = seal(ends.client, text);
  EXPECT_EQ(verdict_on(ends.server, record), verdict::accepted);
  EXPECT_EQ(verdict_on(ends.server, record), verdict::replayed);
  EXPECT_EQ(ends.server.count(verdict::accepted), 1U);
  EXPECT_EQ(ends.server.count(verdict::replayed), 1U);
}

TEST(association, does_not_accept_its_own_records) {
  both_ends ends({});
  EXPECT_EQ(verdict_on(ends.client, seal(ends.client, text)), verdict::not_authentic);
}

TEST(association, tells_the_newest_record) {
  both_ends ends({});
  const bytes first = seal(ends.client, text);
  const bytes second = seal(ends.client, text);
  const bytes third = seal(ends.client, text);
  EXPECT_TRUE(open(ends.server, second).is_newest);
  const auto late = open(ends.server, first);
  EXPECT_EQ(late.is, verdict::accepted);
  EXPECT_FALSE(late.is_newest);
  EXPECT_FALSE(open(ends.server, second).is_newest);
  bytes forged = third;
  forged.back() ^= 1;
  EXPECT_FALSE(open(ends.server, forged).is_newest);
  EXPECT_TRUE(open(ends.server, third).is_newest);
}

TEST(association, refuses_a_content_that_is_too_long) {
  both_ends ends({});
  EXPECT_EQ(verdict_on(ends.server, seal(ends.client, bytes(dtls12::max_plaintext_bytes))),
            verdict::accepted);
  EXPECT_EQ(verdict_on(ends.server, seal(ends.client, bytes(dtls12::max_plaintext_bytes + 1))),
            verdict::wrong_form);
}

TEST(association, fills_contents_up_to_blocks) {
  for (const std::size_t block : {2U, 16U, 100U}) {
    both_ends ends({gcm, {}, {7}, block});
    const auto cost = dtls12::cost_of(gcm, 1);
    for (std::size_t size = 0; size < 250; ++size) {
      const bytes record = seal(ends.client, count_up(size));
      EXPECT_EQ((record.size() - cost.fixed_bytes) % block, 0U) << size;
      EXPECT_LT(record.size() - cost.fixed_bytes, size + 1 + block) << size;
      const auto opened = open(ends.server, record);
      ASSERT_EQ(opened.is, verdict::accepted);
      EXPECT_EQ(bytes(opened.content.begin(), opened.content.end()), count_up(size));
    }
  }
}

TEST(association, fills_nothing_up_beyond_the_longest_plaintext) {
  constexpr std::size_t block = 1000;
  constexpr std::size_t longest = dtls12::max_plaintext_bytes;
  both_ends ends({gcm, {}, {7}, block});
  const std::size_t fixed = dtls12::cost_of(gcm, 1).fixed_bytes;
  for (const std::size_t size : {longest - block - 1, longest - block, longest - 2, longest - 1, longest}) {
    const bytes record = seal(ends.client, bytes(size, 1));
    EXPECT_LE(record.size() - fixed, std::max(longest, size + 1)) << size;
    const auto opened = open(ends.server, record);
    ASSERT_EQ(opened.is, verdict::accepted) << size;
    EXPECT_EQ(opened.content.size(), size);
  }
}

TEST(association, fills_no_handshake_message_up) {
  both_ends ends({gcm, {}, {7}, 64});
  const auto cost = dtls12::cost_of(gcm, 1);
  EXPECT_EQ(seal(ends.client, text, dtls12::handshake).size(), cost.fixed_bytes + text.size() + 1);
  EXPECT_EQ(seal(ends.client, bytes{1, 0}, dtls12::alert).size(), cost.fixed_bytes + 64);
}

TEST(association, fills_nothing_up_without_a_cid) {
  association padded(client_side({gcm, {}, {}, 64}), {});
  association client(client_side({}), {});
  EXPECT_EQ(seal(padded, text), seal(client, text));
  EXPECT_EQ(padded.cost().inner_bytes, 0U);
}

}  // namespace
}  // namespace tlsmodem::test
