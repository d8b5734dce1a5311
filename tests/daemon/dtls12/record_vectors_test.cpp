// Records that were made from the texts of the RFCs, without OpenSSL.
#include "bad_record_vectors.hpp"
#include "fixtures.hpp"
#include "protocol/hex.hpp"

#include <gtest/gtest.h>

#include <map>

namespace tlsmodem::test {

void PrintTo(const record_vector& row, std::ostream* out) { *out << row.name; }
void PrintTo(const bad_record_vector& row, std::ostream* out) { *out << row.name; }

namespace {

struct known_suite {
  dtls12::bulk_cipher cipher;
  dtls12::mac_digest mac;
  const char* prf;
};

const known_suite& find_suite(std::uint16_t id) {
  using enum dtls12::bulk_cipher;
  using enum dtls12::mac_digest;
  static const std::map<std::uint16_t, known_suite> suites{
      {0x008C, {aes_128_cbc, sha1, "SHA256"}},   {0x00A8, {aes_128_gcm, none, "SHA256"}},
      {0x00A9, {aes_256_gcm, none, "SHA384"}},   {0x00AE, {aes_128_cbc, sha256, "SHA256"}},
      {0x00AF, {aes_256_cbc, sha384, "SHA384"}}, {0xC0A4, {aes_128_ccm, none, "SHA256"}},
      {0xC0A5, {aes_256_ccm, none, "SHA256"}},   {0xC0A8, {aes_128_ccm_8, none, "SHA256"}},
      {0xC0A9, {aes_256_ccm_8, none, "SHA256"}}, {0xCCAB, {chacha20_poly1305, none, "SHA256"}}};
  return suites.at(id);
}

bytes from_hex(const char* text) { return parse_hex(text).value(); }

bytes content_of(const record_vector& row) {
  bytes all;
  for (std::size_t i = 0; i < row.repeat; ++i) {
    const bytes part = from_hex(row.plaintext);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

struct key_inputs {
  const char* master_secret = master_secret_1;
  const char* client_random = client_random_1;
  const char* server_random = server_random_1;
};

// The end that sends (a client) or the one that receives the rows.
template <typename Row>
dtls12::association make_end(const Row& row, const key_inputs& from, bool sends,
                             const dtls12::sequence_counters& counters = {}) {
  const auto& known = find_suite(row.suite);
  const dtls12::protection_suite suite{known.cipher, known.mac, row.encrypt_then_mac};
  auto keys = dtls12::derive_keys(suite, known.prf, from_hex(from.master_secret),
                                  from_hex(from.client_random), from_hex(from.server_random))
                  .value();
  if (!sends) std::swap(keys.client, keys.server);
  dtls12::association_parameters made{suite, std::move(keys), {}, {}, 0};
  (sends ? made.peer_cid : made.own_cid) = from_hex(row.cid);
  // The rows' numbers are also such that a key is not used for.
  return {std::move(made), counters, dtls12::usage_limits{dtls12::max_sequence + 1, ~std::uint64_t{0}}};
}

key_inputs inputs_of(const record_vector& row) {
  return {row.master_secret, row.client_random, row.server_random};
}

class good_record : public testing::TestWithParam<record_vector> {};

TEST_P(good_record, is_opened) {
  const auto& row = GetParam();
  auto receiver = make_end(row, inputs_of(row), false);
  const bytes whole = from_hex(row.record);
  EXPECT_EQ(only_record(receiver, whole).sequence, row.sequence);
  const auto opened = open(receiver, whole);
  ASSERT_EQ(opened.is, dtls12::verdict::accepted);
  EXPECT_EQ(opened.type, row.type);
  EXPECT_EQ(bytes(opened.content.begin(), opened.content.end()), content_of(row));
}

TEST_P(good_record, with_any_bit_flipped_is_refused) {
  const auto& row = GetParam();
  auto receiver = make_end(row, inputs_of(row), false);
  const bytes whole = from_hex(row.record);
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    bytes wrong = whole;
    wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ 1 << bit % 8);
    EXPECT_NE(verdict_on(receiver, wrong), dtls12::verdict::accepted) << bit;
  }
  EXPECT_EQ(verdict_on(receiver, whole), dtls12::verdict::accepted);
}

TEST_P(good_record, cut_anywhere_is_refused) {
  const auto& row = GetParam();
  auto receiver = make_end(row, inputs_of(row), false);
  const bytes whole = from_hex(row.record);
  const std::size_t header = dtls12::header_bytes + from_hex(row.cid).size();
  for (std::size_t size = header; size < whole.size(); ++size) {
    bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    dtls12::set_length(cut, header - 2);
    EXPECT_NE(verdict_on(receiver, cut), dtls12::verdict::accepted) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(sealed, good_record, testing::ValuesIn(sealed_records),
                         [](const auto& test) { return std::string(test.param.name); });
INSTANTIATE_TEST_SUITE_P(opened, good_record, testing::ValuesIn(opened_records),
                         [](const auto& test) { return std::string(test.param.name); });

class sealed_record : public testing::TestWithParam<record_vector> {};

TEST_P(sealed_record, is_made_again) {
  const auto& row = GetParam();
  const auto& known = find_suite(row.suite);
  const dtls12::protection_suite suite{known.cipher, known.mac, row.encrypt_then_mac};
  const auto inputs = inputs_of(row);
  auto keys = dtls12::derive_keys(suite, known.prf, from_hex(inputs.master_secret),
                                  from_hex(inputs.client_random), from_hex(inputs.server_random))
                  .value();
  dtls12::record_protection protects(suite, std::move(keys.client));
  bytes out = count_up(3);  // it appends
  for (int round = 0; round < 2; ++round)
    ASSERT_TRUE(
        protects.protect(row.type, 1, row.sequence, from_hex(row.cid), content_of(row), row.zeros, out));
  bytes expected = count_up(3);
  const bytes record = from_hex(row.record);
  for (int round = 0; round < 2; ++round) expected.insert(expected.end(), record.begin(), record.end());
  EXPECT_EQ(out, expected);
}

// Others have paddings that an association would not choose.
bool is_of_association(const record_vector& row) { return row.zeros == 0; }

TEST(sealed_records, are_what_an_association_seals) {
  for (const auto& row : sealed_records) {
    if (!is_of_association(row)) continue;
    auto sender = make_end(row, inputs_of(row), true, {row.sequence, {}});
    EXPECT_EQ(seal(sender, content_of(row), row.type), from_hex(row.record)) << row.name;
  }
}

INSTANTIATE_TEST_SUITE_P(rows, sealed_record, testing::ValuesIn(sealed_records),
                         [](const auto& test) { return std::string(test.param.name); });

// Whether any content makes a record of this length; the others are seen to be none before a key is asked.
bool has_possible_length(const bad_record_vector& row, std::size_t size) {
  auto sender = make_end(row, {}, true);
  for (std::size_t content = 0; content <= size; ++content)
    if (seal(sender, bytes(content)).size() == size) return true;
  return false;
}

class bad_record : public testing::TestWithParam<bad_record_vector> {};

TEST_P(bad_record, is_refused) {
  auto receiver = make_end(GetParam(), {}, false);
  const bytes whole = from_hex(GetParam().record);
  const auto record = only_record(receiver, whole);
  ASSERT_EQ(record.whole.size(), whole.size());
  dtls12::record_protection unprotects(receiver.parameters().suite,
                                       receiver.parameters().keys.server.clone());
  std::uint8_t type = 0;
  bytes content;
  EXPECT_FALSE(unprotects.unprotect(record, type, content));
  EXPECT_EQ(receiver.open(record).is, has_possible_length(GetParam(), whole.size())
                                          ? dtls12::verdict::not_authentic
                                          : dtls12::verdict::wrong_form);
  EXPECT_EQ(receiver.counters(), dtls12::sequence_counters{});
}

INSTANTIATE_TEST_SUITE_P(rows, bad_record, testing::ValuesIn(bad_records),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tlsmodem::test
