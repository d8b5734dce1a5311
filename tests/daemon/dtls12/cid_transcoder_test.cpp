// The transcoder between a scripted libssl and a scripted server.
#include "daemon/dtls12/cid_transcoder.hpp"

#include "fixtures.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tlsmodem::test {
namespace {

using dtls12::cid_transcoder;
using dtls12::record_protection;
using dtls12::verdict;

constexpr std::size_t max_waiting = 16;
const bytes client_cid = {0xc1, 0xc2, 0xc3};
const bytes server_cid = {0x51, 0x52};

bytes copy(bytes_view data) { return {data.begin(), data.end()}; }

bytes plain_record(std::uint8_t type, std::uint64_t sequence, bytes_view payload) {
  bytes out;
  const auto length_at = dtls12::append_header(out, type, 0, sequence, {});
  out.insert(out.end(), payload.begin(), payload.end());
  dtls12::set_length(out, length_at);
  return out;
}

bytes joined(const std::vector<bytes>& parts) {
  bytes all;
  for (const bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

class transcoder : public testing::Test {
 protected:
  void make(bool server_agrees = true, const bytes& own = client_cid, std::size_t limit = 1200) {
    agreed what;
    if (server_agrees) what = {gcm, own, server_cid, 0};
    server_ = std::make_unique<dtls12::association>(server_side(what), dtls12::sequence_counters{});
    coder_ = std::make_unique<cid_transcoder>(
        cid_transcoder::configuration{own, limit, 0},
        [this, server_agrees]() -> std::optional<cid_transcoder::handshake_keys> {
          ++asked_;
          if (!has_keys_) return std::nullopt;
          return cid_transcoder::handshake_keys{gcm, make_keys(gcm),
                                                server_agrees ? std::optional(server_cid) : std::nullopt};
        });
  }
  // As libssl protects it: without a CID, in epoch 1.
  bytes from_libssl(std::uint64_t sequence, bytes_view content, std::uint8_t type = dtls12::handshake) {
    bytes out;
    EXPECT_TRUE(libssl_writes_.protect(type, 1, sequence, {}, content, 0, out));
    return out;
  }
  // What libssl finds in `record`.
  bytes read_by_libssl(bytes_view record) {
    dtls12::record_view seen;
    std::uint8_t type = 0;
    bytes content;
    EXPECT_TRUE(dtls12::next_record(record, 0, seen) && record.empty());
    EXPECT_EQ(seen.epoch, 1);
    EXPECT_TRUE(libssl_reads_.unprotect(seen, type, content));
    return content;
  }
  std::vector<bytes> sent() {
    std::vector<bytes> all;
    for (; !network_.empty(); network_.pop()) all.push_back(copy(network_.front()));
    return all;
  }
  bytes receive(bytes_view datagram) {
    bytes unprotected;
    coder_->receive(datagram, unprotected);
    return unprotected;
  }
  // Everything that libssl gets of what waits.
  std::vector<bytes> taken_by_libssl(bool keys_are_right = true) {
    std::vector<bytes> all;
    bytes record;
    while (coder_->next_for_libssl(keys_are_right, record)) all.push_back(read_by_libssl(record));
    return all;
  }

  bool has_keys_ = true;
  int asked_ = 0;
  std::unique_ptr<dtls12::association> server_;
  std::unique_ptr<cid_transcoder> coder_;
  record_protection libssl_writes_{gcm, make_keys(gcm).client};
  record_protection libssl_reads_{gcm, make_keys(gcm).server};
  packet_queue network_;
};

TEST_F(transcoder, lets_the_unprotected_pass) {
  make();
  const bytes datagram = joined({plain_record(22, 0, count_up(50)), plain_record(20, 1, bytes{1})});
  EXPECT_TRUE(coder_->send(datagram, network_));
  EXPECT_EQ(sent(), std::vector<bytes>{datagram});
  EXPECT_EQ(receive(datagram), datagram);
  EXPECT_EQ(asked_, 0);
  EXPECT_FALSE(coder_->has_keys());
}

TEST_F(transcoder, gives_protected_records_numbers_and_cids_of_its_own) {
  make();
  const bytes content = count_up(40);
  const bytes original = from_libssl(7777, content);
  ASSERT_TRUE(coder_->send(joined({plain_record(20, 5, bytes{1}), original}), network_));
  // The same record again, as libssl never sends it: still a number of its own.
  ASSERT_TRUE(coder_->send(original, network_));
  const auto datagrams = sent();
  ASSERT_EQ(datagrams.size(), 2U);
  for (std::uint64_t number = 0; number < 2; ++number) {
    EXPECT_TRUE(std::ranges::search(datagrams[number], original).empty());
    bytes_view rest = datagrams[number];
    dtls12::record_view record;
    if (number == 0) server_->next_record(rest, record);  // the one in epoch 0
    ASSERT_TRUE(server_->next_record(rest, record));
    EXPECT_EQ(record.sequence, number);
    EXPECT_EQ(copy(record.cid), server_cid);
    const auto opened = server_->open(record);
    ASSERT_EQ(opened.is, verdict::accepted);
    EXPECT_EQ(opened.type, dtls12::handshake);
    EXPECT_EQ(copy(opened.content), content);
  }
  EXPECT_EQ(asked_, 1);
}

TEST_F(transcoder, uses_its_own_numbers_also_without_cids) {
  make(false);
  const bytes original = from_libssl(3, count_up(40));
  ASSERT_TRUE(coder_->send(original, network_));
  const auto datagrams = sent();
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_NE(datagrams[0], original);
  const auto record = only_record(*server_, datagrams[0]);
  EXPECT_EQ(record.sequence, 0U);
  EXPECT_EQ(record.type, dtls12::handshake);
  EXPECT_EQ(server_->open(record).is, verdict::accepted);
}

TEST_F(transcoder, sends_nothing_that_it_cannot_open) {
  make();
  bytes wrong = from_libssl(0, count_up(40));
  wrong.back() ^= 1;
  EXPECT_FALSE(coder_->send(wrong, network_));
  EXPECT_TRUE(network_.empty());
}

TEST_F(transcoder, sends_nothing_without_keys) {
  make();
  has_keys_ = false;
  EXPECT_FALSE(coder_->send(from_libssl(0, count_up(40)), network_));
  EXPECT_TRUE(network_.empty());
  EXPECT_FALSE(coder_->has_keys());
}

TEST_F(transcoder, splits_what_cids_make_too_long) {
  const bytes first = plain_record(22, 0, count_up(40));
  const bytes second = from_libssl(0, count_up(40));
  make(true, client_cid, first.size() + second.size());
  ASSERT_TRUE(coder_->send(joined({first, second}), network_));
  const auto datagrams = sent();
  ASSERT_EQ(datagrams.size(), 2U);
  EXPECT_EQ(datagrams[0], first);
  EXPECT_EQ(verdict_on(*server_, datagrams[1]), verdict::accepted);
  // The CID and the real type inside.
  make(true, client_cid, first.size() + second.size() + server_cid.size() + 1);
  ASSERT_TRUE(coder_->send(joined({first, second}), network_));
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(transcoder, sends_also_a_record_that_is_longer_than_its_limit) {
  make(true, client_cid, 20);
  ASSERT_TRUE(coder_->send(from_libssl(0, count_up(40)), network_));
  const auto datagrams = sent();
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_EQ(verdict_on(*server_, datagrams[0]), verdict::accepted);
}

TEST_F(transcoder, keeps_protected_records_until_keys_are_right) {
  make();
  std::vector<bytes> expected;
  for (unsigned i = 0; i < max_waiting + 4; ++i) {
    const bytes content = count_up(30, i);
    if (i < max_waiting) expected.push_back(content);
    EXPECT_TRUE(receive(seal(*server_, content, dtls12::handshake)).empty());
  }
  EXPECT_TRUE(taken_by_libssl(false).empty());
  EXPECT_EQ(asked_, 0);
  has_keys_ = false;
  EXPECT_TRUE(taken_by_libssl().empty());
  has_keys_ = true;
  EXPECT_EQ(taken_by_libssl(), expected);
  EXPECT_TRUE(coder_->take_waiting().empty());
}

TEST_F(transcoder, tells_the_protected_from_the_unprotected) {
  make();
  const bytes first = plain_record(22, 0, count_up(10));
  const bytes last = plain_record(20, 1, bytes{1});
  const bytes datagram = joined({first, seal(*server_, count_up(30), dtls12::handshake), last});
  EXPECT_EQ(receive(datagram), joined({first, last}));
  EXPECT_EQ(taken_by_libssl(), std::vector<bytes>{count_up(30)});
}

TEST_F(transcoder, keeps_early_data_and_alerts_from_libssl) {
  make();
  std::vector<dtls12::early_record> expected;
  for (unsigned i = 0; i < max_waiting + 4; ++i) {
    const std::uint8_t type = i % 3 == 2 ? dtls12::alert : dtls12::application_data;
    if (i < max_waiting || type == dtls12::alert) expected.push_back({type, count_up(5, i)});
    receive(seal(*server_, count_up(5, i), type));
    EXPECT_TRUE(taken_by_libssl().empty());
  }
  EXPECT_EQ(coder_->early(), expected);
  receive(seal(*server_, count_up(30), dtls12::handshake));
  EXPECT_EQ(taken_by_libssl(), std::vector<bytes>{count_up(30)});
  EXPECT_EQ(coder_->take_early(), expected);
  for (int i = 0; i < 50; ++i) {
    receive(seal(*server_, bytes{1, 90}, dtls12::alert));
    EXPECT_TRUE(taken_by_libssl().empty());
  }
  EXPECT_EQ(coder_->early().size(), max_waiting + 4);
}

TEST_F(transcoder, gives_a_record_to_libssl_once) {
  make();
  const bytes record = seal(*server_, count_up(30), dtls12::handshake);
  for (int i = 0; i < 3; ++i) receive(record);
  EXPECT_EQ(taken_by_libssl().size(), 1U);
}

TEST_F(transcoder, drops_foreign_cids_epochs_and_forgeries) {
  make();
  bytes foreign = seal(*server_, count_up(30), dtls12::handshake);
  foreign[11] ^= 1;
  bytes late = seal(*server_, count_up(30), dtls12::handshake);
  late[4] = 2;
  bytes early = seal(*server_, count_up(30), dtls12::handshake);
  early[4] = 0;  // a CID in epoch 0 is none of libssl's business
  bytes forged = seal(*server_, count_up(30), dtls12::handshake);
  forged.back() ^= 1;
  for (const bytes& record : {foreign, late, early, forged}) EXPECT_TRUE(receive(record).empty());
  receive(seal(*server_, count_up(1), dtls12::change_cipher_spec));
  EXPECT_TRUE(taken_by_libssl().empty());
  EXPECT_TRUE(coder_->early().empty());
}

TEST_F(transcoder, without_a_cid_of_its_own_stops_at_one) {
  make(true, {});
  const bytes first = plain_record(22, 0, count_up(10));
  bytes with_cid;
  dtls12::append_header(with_cid, 22, 1, 0, bytes{1, 2});
  EXPECT_EQ(receive(joined({first, with_cid, first})), first);
}

TEST_F(transcoder, drops_cids_that_the_server_did_not_agree_to) {
  make(false);
  dtls12::association other(server_side({gcm, client_cid, {}, 0}), {});
  receive(seal(other, count_up(30), dtls12::handshake));
  receive(seal(*server_, count_up(31), dtls12::handshake));
  EXPECT_EQ(taken_by_libssl(), std::vector<bytes>{count_up(31)});
}

TEST_F(transcoder, leaves_an_association_that_goes_on) {
  make();
  ASSERT_TRUE(coder_->send(from_libssl(0, count_up(40)), network_));
  EXPECT_EQ(verdict_on(*server_, sent().at(0)), verdict::accepted);
  receive(seal(*server_, count_up(30), dtls12::handshake));
  EXPECT_EQ(taken_by_libssl().size(), 1U);
  const bytes unseen = seal(*server_, count_up(9));
  receive(unseen);
  const auto waiting = coder_->take_waiting();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0], unseen);
  const auto left = coder_->finish();
  EXPECT_EQ(left->counters().write_next, 1U);
  EXPECT_EQ(left->counters().received.next(), 1U);
  EXPECT_EQ(left->parameters().own_cid, client_cid);
  EXPECT_EQ(left->parameters().peer_cid, server_cid);
  EXPECT_EQ(verdict_on(*left, unseen), verdict::accepted);
  EXPECT_EQ(verdict_on(*server_, seal(*left, count_up(9))), verdict::accepted);
}

}  // namespace
}  // namespace tlsmodem::test
