// Framing: what is a record, and where it ends.
#include "daemon/dtls12/record.hpp"

#include "fixtures.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using dtls12::next_record;
using dtls12::record_view;

bytes make_record(std::uint8_t type, bytes_view cid, bytes_view payload, std::uint16_t epoch = 0x0102,
                  std::uint64_t sequence = 0x030405060708) {
  bytes out;
  const auto length_at = dtls12::append_header(out, type, dtls12::dtls1_2, epoch, sequence, cid);
  out.insert(out.end(), payload.begin(), payload.end());
  dtls12::set_length(out, length_at);
  return out;
}

bytes copy(bytes_view data) { return {data.begin(), data.end()}; }

TEST(record, is_read_as_it_was_written) {
  for (const std::size_t cid_bytes : {0U, 1U, 32U, 255U}) {
    const bytes cid = count_up(cid_bytes, 200);
    const bytes payload = count_up(40);
    const bytes whole = make_record(dtls12::handshake, cid, payload);
    bytes_view rest = whole;
    record_view record;
    ASSERT_TRUE(next_record(rest, cid_bytes, record)) << cid_bytes;
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(record.type, cid.empty() ? dtls12::handshake : dtls12::tls12_cid);
    EXPECT_EQ(record.version, dtls12::dtls1_2);
    EXPECT_EQ(record.epoch, 0x0102);
    EXPECT_EQ(record.sequence, 0x030405060708U);
    EXPECT_EQ(copy(record.cid), cid);
    EXPECT_EQ(copy(record.payload), payload);
    EXPECT_EQ(copy(record.whole), whole);
  }
}

TEST(record, has_the_layout_of_the_rfcs) {
  EXPECT_EQ(make_record(23, {}, count_up(2, 0xaa)),
            (bytes{23, 0xfe, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 0, 2, 0xaa, 0xab}));
  EXPECT_EQ(make_record(23, bytes{0xc1, 0xc2}, count_up(1, 0xaa)),
            (bytes{25, 0xfe, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 0xc1, 0xc2, 0, 1, 0xaa}));
}

TEST(record, cut_anywhere_is_none) {
  for (const std::size_t cid_bytes : {0U, 1U, 32U}) {
    const bytes whole = make_record(23, count_up(cid_bytes), count_up(20));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      bytes_view rest = cut;
      record_view record;
      EXPECT_FALSE(next_record(rest, cid_bytes, record)) << size;
      EXPECT_EQ(rest.size(), size);
    }
  }
}

TEST(record, may_be_empty) {
  for (const std::size_t cid_bytes : {0U, 5U}) {
    const bytes whole = make_record(23, count_up(cid_bytes), {});
    bytes_view rest = whole;
    record_view record;
    EXPECT_TRUE(next_record(rest, cid_bytes, record));
    EXPECT_TRUE(record.payload.empty());
    EXPECT_EQ(record.whole.size(), dtls12::header_bytes + cid_bytes);
  }
}

TEST(record, comes_one_after_the_other) {
  const bytes cid = count_up(4);
  bytes datagram = make_record(22, {}, count_up(3));
  for (const bytes& next : {make_record(23, cid, count_up(7)), make_record(21, {}, {})})
    datagram.insert(datagram.end(), next.begin(), next.end());
  datagram.push_back(22);  // and the beginning of another
  bytes_view rest = datagram;
  record_view record;
  std::vector<std::size_t> sizes;
  while (next_record(rest, cid.size(), record)) sizes.push_back(record.payload.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 7, 0}));
  EXPECT_EQ(rest.size(), 1U);
}

TEST(record, with_a_cid_ends_the_datagram_of_who_has_none) {
  const bytes whole = make_record(23, count_up(8), count_up(30));
  bytes_view rest = whole;
  record_view record;
  EXPECT_FALSE(next_record(rest, 0, record));
}

TEST(record, of_another_major_version_is_none) {
  bytes whole = make_record(23, {}, count_up(3));
  record_view record;
  for (const unsigned major : {0x00U, 0x03U, 0xfdU, 0xffU}) {
    whole[1] = static_cast<std::uint8_t>(major);
    bytes_view rest = whole;
    EXPECT_FALSE(next_record(rest, 0, record)) << major;
  }
  whole[1] = 0xfe;
  whole[2] = 0xff;  // DTLS 1.0: who reads the record decides
  bytes_view rest = whole;
  EXPECT_TRUE(next_record(rest, 0, record));
  EXPECT_EQ(record.version, 0xfeff);
}

TEST(record, may_not_be_longer_than_the_rfc_says) {
  record_view record;
  const bytes longest = make_record(23, {}, bytes(dtls12::max_payload_bytes));
  bytes_view rest = longest;
  EXPECT_TRUE(next_record(rest, 0, record));
  const bytes longer = make_record(23, {}, bytes(dtls12::max_payload_bytes + 1));
  rest = longer;
  EXPECT_FALSE(next_record(rest, 0, record));
}

TEST(goodbye, may_be_any_protected_alert_that_is_seen_to_be_one) {
  const auto joined = [](bytes first, const bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  };
  const bytes alert = make_record(21, {}, count_up(26));
  const bytes plain = make_record(21, {}, count_up(26), 0);  // anybody can have written it
  const bytes data = make_record(23, {}, count_up(30));
  EXPECT_TRUE(dtls12::may_be_goodbye(alert));
  EXPECT_TRUE(dtls12::may_be_goodbye(joined(data, alert)));
  EXPECT_FALSE(dtls12::may_be_goodbye(plain));
  EXPECT_FALSE(dtls12::may_be_goodbye(data));
  EXPECT_FALSE(dtls12::may_be_goodbye(make_record(21, bytes{7}, count_up(26))));
  EXPECT_FALSE(dtls12::may_be_goodbye(bytes_view(alert).first(alert.size() - 1)));
  EXPECT_FALSE(dtls12::may_be_goodbye({}));
}

}  // namespace
}  // namespace tlsmodem::test
