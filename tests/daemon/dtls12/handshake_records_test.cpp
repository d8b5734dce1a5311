// Between a scripted libssl and a scripted server.
#include "daemon/dtls12/handshake_records.hpp"

#include "fixtures.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tlsmodem::test {
namespace {

using dtls12::handshake_records;
using dtls12::record_protection;
using dtls12::verdict;

constexpr std::size_t max_waiting = 16;
const bytes client_cid = {0xc1, 0xc2, 0xc3};
const bytes server_cid = {0x51, 0x52};

bytes copy(bytes_view data) { return {data.begin(), data.end()}; }

bytes plain_record(std::uint8_t type, std::uint64_t sequence, bytes_view payload,
                   std::uint16_t version = dtls12::dtls1_2) {
  bytes out;
  const auto length_at = dtls12::append_header(out, type, version, 0, sequence, {});
  out.insert(out.end(), payload.begin(), payload.end());
  dtls12::set_length(out, length_at);
  return out;
}

bytes joined(const std::vector<bytes>& parts) {
  bytes all;
  for (const bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// A whole message of the handshake; the number of its bytes includes the header.
bytes message(std::uint8_t type, std::uint16_t seq, std::size_t size) {
  bytes out;
  const bytes body = count_up(size - dtls12::handshake_header_bytes, seq);
  dtls12::append_fragment(out, {type, seq, body.size(), 0, body});
  return out;
}

// With an empty session id and the cookie.
bytes client_hello(std::uint16_t seq, bytes_view cookie) {
  bytes body{0xfe, 0xfd};
  body.resize(2 + 32, 0x77);
  body.push_back(0);
  body.push_back(static_cast<std::uint8_t>(cookie.size()));
  body.insert(body.end(), cookie.begin(), cookie.end());
  body.insert(body.end(), {0, 2, 0, 0xa8, 1, 0});
  bytes out;
  dtls12::append_fragment(out, {dtls12::client_hello, seq, body.size(), 0, body});
  return out;
}

bytes verify_request(std::uint64_t sequence, bytes_view cookie, std::uint16_t seq = 0) {
  bytes body{0xfe, 0xff, static_cast<std::uint8_t>(cookie.size())};
  body.insert(body.end(), cookie.begin(), cookie.end());
  bytes out;
  dtls12::append_fragment(out, {dtls12::hello_verify_request, seq, body.size(), 0, body});
  return plain_record(22, sequence, out);
}

const bytes finished = message(dtls12::finished, 3, 24);

class records : public testing::Test {
 protected:
  void make(bool server_agrees = true, const bytes& own = client_cid, std::size_t limit = 1200,
            std::uint16_t min_version = dtls12::dtls1_2) {
    agreed what;
    if (server_agrees) what = {gcm, own, server_cid, 0};
    server_ = std::make_unique<dtls12::association>(server_side(what), dtls12::sequence_counters{});
    records_ = std::make_unique<handshake_records>(
        handshake_records::configuration{own, limit, 0, min_version},
        [this, server_agrees]() -> std::optional<handshake_records::handshake_keys> {
          ++asked_;
          if (!has_keys_) return std::nullopt;
          return handshake_records::handshake_keys{gcm, make_keys(gcm),
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
  // libssl writes these packets in one go.
  bool write(const std::vector<bytes>& packets) {
    packet_queue output;
    for (const bytes& packet : packets) output.push(packet);
    const bool is_done = records_->take(output, network_);
    EXPECT_TRUE(output.empty());
    return is_done;
  }
  std::vector<bytes> sent() {
    std::vector<bytes> all;
    for (; !network_.empty(); network_.pop()) all.push_back(copy(network_.front()));
    return all;
  }
  bytes receive(bytes_view datagram) {
    bytes for_libssl;
    records_->receive(datagram, for_libssl, network_);
    return for_libssl;
  }
  // Everything that libssl gets of what waits.
  std::vector<bytes> taken_by_libssl(bool keys_are_right = true) {
    std::vector<bytes> all;
    bytes record;
    while (records_->next_for_libssl(keys_are_right, record)) all.push_back(read_by_libssl(record));
    return all;
  }
  // What the server finds in the datagrams: number and content of each record, protected ones opened.
  struct seen_record {
    std::uint8_t type;
    std::uint16_t epoch;
    std::uint64_t number;
    bytes content;
    bool operator==(const seen_record&) const = default;
  };
  std::vector<seen_record> seen_by_server(const std::vector<bytes>& datagrams) {
    std::vector<seen_record> all;
    for (bytes_view rest : datagrams) {
      dtls12::record_view record;
      while (server_->next_record(rest, record)) {
        EXPECT_EQ(record.version, dtls12::dtls1_2);
        if (record.epoch == 0) {
          all.push_back({record.type, 0, record.sequence, copy(record.payload)});
          continue;
        }
        EXPECT_EQ(copy(record.cid), server_cid);
        const auto opened = server_->open(record);
        EXPECT_EQ(opened.is, verdict::accepted);
        all.push_back({opened.type, record.epoch, record.sequence, copy(opened.content)});
      }
      EXPECT_TRUE(rest.empty());
    }
    return all;
  }

  bool has_keys_ = true;
  int asked_ = 0;
  std::unique_ptr<dtls12::association> server_;
  std::unique_ptr<handshake_records> records_;
  record_protection libssl_writes_{gcm, make_keys(gcm).client};
  record_protection libssl_reads_{gcm, make_keys(gcm).server};
  packet_queue network_;
};

// ---- to the network

TEST_F(records, number_what_leaves_by_counters_of_their_own) {
  make();
  const bytes exchange = message(16, 2, 40);
  const std::vector<bytes> flight{
      joined({plain_record(22, 70, exchange), plain_record(20, 71, bytes{1}), from_libssl(7777, finished)})};
  ASSERT_TRUE(write(flight));
  EXPECT_EQ(seen_by_server(sent()),
            (std::vector<seen_record>{{22, 0, 0, exchange}, {20, 0, 1, bytes{1}}, {22, 1, 0, finished}}));
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(records_->flights(), 1U);
  for (std::uint64_t repeat = 1; repeat < 4; ++repeat) {
    ASSERT_TRUE(records_->repeat(network_));
    const auto datagrams = sent();
    EXPECT_EQ(datagrams.size(), 1U);
    EXPECT_EQ(datagrams, records_->datagrams());
    EXPECT_EQ(seen_by_server(datagrams), (std::vector<seen_record>{{22, 0, 2 * repeat, exchange},
                                                                   {20, 0, 2 * repeat + 1, bytes{1}},
                                                                   {22, 1, repeat, finished}}));
  }
  EXPECT_EQ(records_->flights(), 1U);
}

TEST_F(records, say_1_2_unless_1_0_may_be_spoken) {
  const bytes hello = plain_record(22, 0, client_hello(0, {}), dtls12::dtls1_0);
  make();
  ASSERT_TRUE(write({hello}));
  EXPECT_EQ(sent(), std::vector<bytes>{plain_record(22, 0, client_hello(0, {}))});
  make(true, client_cid, 1200, dtls12::dtls1_0);
  ASSERT_TRUE(write({hello}));
  EXPECT_EQ(sent(), std::vector<bytes>{hello});
}

// However libssl cut it, the flight is packed into as few datagrams as the limit allows.
TEST_F(records, are_packed_anew) {
  make(true, client_cid, 300);
  const bytes certificate = message(11, 2, 700);
  const bytes exchange = message(16, 3, 60);
  std::vector<bytes> pieces;
  bytes_view body = bytes_view(certificate).subspan(dtls12::handshake_header_bytes);
  for (std::size_t at = 0; at < body.size(); at += 100) {
    bytes piece;
    dtls12::append_fragment(
        piece, {11, 2, body.size(), at, body.subspan(at, std::min<std::size_t>(100, body.size() - at))});
    pieces.push_back(plain_record(22, at, piece));
  }
  pieces.push_back(plain_record(22, 900, exchange));
  pieces.push_back(joined({plain_record(20, 901, bytes{1}), from_libssl(1, finished)}));
  ASSERT_TRUE(write(pieces));
  const auto datagrams = sent();
  ASSERT_EQ(datagrams.size(), 4U);  // 3 × 25 bytes of headers beside 688: the rest goes with what follows
  for (const bytes& datagram : datagrams) EXPECT_LE(datagram.size(), 300U);
  bytes rebuilt;
  const auto seen = seen_by_server(datagrams);
  for (const auto& record : seen) {
    bytes_view content = record.content;
    dtls12::fragment_view fragment;
    if (record.type == 22 && dtls12::next_fragment(content, fragment) && fragment.type == 11) {
      EXPECT_EQ(fragment.offset, rebuilt.size());
      EXPECT_EQ(fragment.message_bytes, body.size());
      rebuilt.insert(rebuilt.end(), fragment.body.begin(), fragment.body.end());
    }
  }
  EXPECT_EQ(rebuilt, copy(body));
  ASSERT_GE(seen.size(), 3U);
  EXPECT_EQ(seen[seen.size() - 3].content, exchange);
  EXPECT_EQ(seen.back().content, finished);
}

TEST_F(records, get_smaller_when_the_path_asks_for_it) {
  make();
  ASSERT_TRUE(write({plain_record(22, 0, message(11, 2, 1000))}));
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_TRUE(records_->lower_limit(508));
  EXPECT_FALSE(records_->lower_limit(508));
  EXPECT_FALSE(records_->lower_limit(1200));
  ASSERT_TRUE(records_->repeat(network_));
  const auto datagrams = sent();
  ASSERT_EQ(datagrams.size(), 3U);
  for (const bytes& datagram : datagrams) EXPECT_LE(datagram.size(), 508U);
}

TEST_F(records, send_also_what_cannot_be_cut_to_the_limit) {
  make(true, client_cid, 20);
  ASSERT_TRUE(write({from_libssl(0, finished)}));
  EXPECT_EQ(seen_by_server(sent()), (std::vector<seen_record>{{22, 1, 0, finished}}));
}

TEST_F(records, use_their_own_numbers_also_without_cids) {
  make(false);
  const bytes original = from_libssl(3, finished);
  ASSERT_TRUE(write({original}));
  const auto datagrams = sent();
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_NE(datagrams[0], original);
  const auto record = only_record(*server_, datagrams[0]);
  EXPECT_EQ(record.sequence, 0U);
  EXPECT_EQ(record.type, dtls12::handshake);
  EXPECT_EQ(server_->open(record).is, verdict::accepted);
}

TEST_F(records, send_nothing_that_they_cannot_open) {
  make();
  bytes wrong = from_libssl(0, finished);
  wrong.back() ^= 1;
  EXPECT_FALSE(write({wrong}));
  EXPECT_FALSE(write({plain_record(22, 0, count_up(40))}));  // not a message
  EXPECT_FALSE(write({bytes{22, 0xfe}}));
  EXPECT_TRUE(network_.empty());
}

TEST_F(records, send_nothing_without_keys) {
  make();
  has_keys_ = false;
  EXPECT_FALSE(write({from_libssl(0, finished)}));
  EXPECT_TRUE(network_.empty());
  EXPECT_FALSE(records_->has_keys());
}

TEST_F(records, send_alerts_beside_the_flight) {
  make();
  ASSERT_TRUE(write({plain_record(22, 0, message(16, 2, 40))}));
  sent();
  ASSERT_TRUE(write({plain_record(21, 9, bytes{2, 40}), from_libssl(4, bytes{2, 51}, dtls12::alert)}));
  EXPECT_EQ(seen_by_server(sent()),
            (std::vector<seen_record>{{21, 0, 1, bytes{2, 40}}, {21, 1, 0, bytes{2, 51}}}));
  EXPECT_EQ(records_->flights(), 1U);
  ASSERT_TRUE(records_->repeat(network_));
  EXPECT_EQ(seen_by_server(sent()), (std::vector<seen_record>{{22, 0, 2, message(16, 2, 40)}}));
}

TEST_F(records, drop_what_libssl_repeats_of_its_own) {
  make();
  const bytes hello = plain_record(22, 0, client_hello(0, {}));
  ASSERT_TRUE(write({hello}));
  sent();
  ASSERT_TRUE(write({hello}));
  EXPECT_TRUE(network_.empty());
  ASSERT_TRUE(write({hello, plain_record(22, 5, message(16, 2, 40))}));
  EXPECT_EQ(seen_by_server(sent()), (std::vector<seen_record>{{22, 0, 1, message(16, 2, 40)}}));
  EXPECT_EQ(records_->flights(), 2U);
}

// ---- the cookie

class cookies : public records {
 protected:
  void SetUp() override {
    make();
    ASSERT_TRUE(write({plain_record(22, 0, client_hello(0, {}))}));
    sent();
  }
  // What the server gets when its request has been answered.
  std::vector<seen_record> answer_to(const bytes& request) {
    EXPECT_TRUE(receive(request).empty());
    return seen_by_server(sent());
  }
};

TEST_F(cookies, are_sent_back_without_libssl) {
  EXPECT_EQ(answer_to(verify_request(0, bytes{7, 8})),
            (std::vector<seen_record>{{22, 0, 1, client_hello(1, bytes{7, 8})}}));
  EXPECT_EQ(records_->flights(), 2U);
  EXPECT_TRUE(answer_to(verify_request(1, bytes{7, 8})).empty()) << "a repeat";
}

// RFC 6347 4.2.1: a server that changed its secret, or another one behind the same address, asks again.
TEST_F(cookies, are_sent_back_each_time_that_the_last_one_did_not_do) {
  for (std::uint8_t i = 0; i < 5; ++i)
    EXPECT_EQ(answer_to(verify_request(i, bytes{i, 8})),
              (std::vector<seen_record>{{22, 0, i + 1U, client_hello(1, bytes{i, 8})}}));
}

TEST_F(cookies, that_come_late_change_nothing) {
  ASSERT_TRUE(records_->repeat(network_));
  EXPECT_EQ(answer_to(verify_request(1, bytes{1})).size(), 2U) << "the repeat and the answer";
  EXPECT_TRUE(answer_to(verify_request(0, bytes{2})).empty()) << "of the first ClientHello";
  EXPECT_TRUE(answer_to(verify_request(9, bytes{2})).empty()) << "of one that nobody sent";
}

TEST_F(cookies, are_not_sent_back_for_ever) {
  std::size_t answers = 0;
  for (std::uint8_t i = 0; i < 100; ++i) answers += answer_to(verify_request(i, bytes{i})).size();
  EXPECT_EQ(answers, 16U);
}

TEST_F(cookies, malformed_ones_are_no_requests) {
  for (const std::uint8_t length : bytes{1, 3, 255}) {
    bytes wrong = verify_request(0, bytes{7, 8});
    wrong[13 + 12 + 2] = length;
    EXPECT_TRUE(answer_to(wrong).empty());
  }
  bytes fragment = verify_request(0, bytes{7, 8});
  fragment[13 + 3] = 200;  // the rest of it comes in other fragments: libssl puts them together
  EXPECT_EQ(receive(fragment), fragment);
}

// libssl hears only of the request that was the last one, and its own answer is out already.
TEST_F(cookies, reach_libssl_with_the_server_hello) {
  answer_to(verify_request(0, bytes{1}));
  const bytes last = verify_request(1, bytes{2});
  answer_to(last);
  const bytes hello = plain_record(22, 2, message(dtls12::server_hello, 1, 50));
  EXPECT_EQ(receive(hello), joined({last, hello}));
  EXPECT_TRUE(receive(verify_request(2, bytes{3})).empty()) << "too late";
  EXPECT_TRUE(sent().empty());
  const bytes exchange = message(16, 2, 40);
  ASSERT_TRUE(write({plain_record(22, 1, client_hello(1, bytes{2})), plain_record(22, 2, exchange)}));
  EXPECT_EQ(seen_by_server(sent()), (std::vector<seen_record>{{22, 0, 3, exchange}}));
  EXPECT_EQ(records_->flights(), 4U);
}

// RFC 6347 4.2.2: a server with state counts its requests.
TEST_F(cookies, of_a_server_that_counts_its_requests_go_back_under_the_next_number) {
  EXPECT_TRUE(answer_to(verify_request(0, bytes{1}, 1)).empty()) << "a number that it cannot have reached";
  answer_to(verify_request(0, bytes{1}));
  EXPECT_EQ(answer_to(verify_request(1, bytes{2}, 1)),
            (std::vector<seen_record>{{22, 0, 2, client_hello(2, bytes{2})}}));
  const bytes hello = plain_record(22, 2, message(dtls12::server_hello, 2, 50));
  bytes both = copy(bytes_view(verify_request(1, bytes{2})).subspan(13));
  const bytes second = verify_request(1, bytes{2}, 1);
  both.insert(both.end(), second.begin() + 13, second.end());
  EXPECT_EQ(receive(hello), joined({plain_record(22, 1, both, dtls12::dtls1_2), hello}));
  const bytes exchange = message(16, 3, 40);
  ASSERT_TRUE(write({plain_record(22, 1, client_hello(1, bytes{2})),
                     plain_record(22, 2, client_hello(2, bytes{2})), plain_record(22, 3, exchange)}));
  EXPECT_EQ(seen_by_server(sent()), (std::vector<seen_record>{{22, 0, 3, exchange}}));
}

TEST_F(cookies, a_client_hello_that_libssl_writes_otherwise_is_refused) {
  const bytes request = verify_request(0, bytes{1});
  answer_to(request);
  const bytes hello = plain_record(22, 2, message(dtls12::server_hello, 1, 50));
  EXPECT_EQ(receive(hello), joined({request, hello}));
  EXPECT_FALSE(write({plain_record(22, 1, client_hello(2, bytes{1}))}));
}

// Who asked for a cookie was not the server, or it was before it knew better.
TEST_F(cookies, are_nothing_to_a_server_that_took_the_first_client_hello) {
  answer_to(verify_request(0, bytes{1}));
  const bytes hello = plain_record(22, 2, message(dtls12::server_hello, 0, 50));
  EXPECT_EQ(receive(hello), hello);
}

// ---- from the network

TEST_F(records, keep_protected_ones_until_keys_are_right) {
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
  EXPECT_TRUE(records_->take_waiting().empty());
}

TEST_F(records, tell_the_protected_from_the_unprotected) {
  make();
  const bytes first = plain_record(22, 0, message(dtls12::server_hello, 0, 22));
  const bytes last = plain_record(20, 1, bytes{1});
  const bytes datagram = joined({first, seal(*server_, count_up(30), dtls12::handshake), last});
  EXPECT_EQ(receive(datagram), joined({first, last}));
  EXPECT_EQ(taken_by_libssl(), std::vector<bytes>{count_up(30)});
}

TEST_F(records, keep_early_data_and_alerts_from_libssl) {
  make();
  std::vector<dtls12::early_record> expected;
  for (unsigned i = 0; i < max_waiting + 4; ++i) {
    const std::uint8_t type = i % 3 == 2 ? dtls12::alert : dtls12::application_data;
    if (i < max_waiting || type == dtls12::alert) expected.push_back({type, count_up(5, i)});
    receive(seal(*server_, count_up(5, i), type));
    EXPECT_TRUE(taken_by_libssl().empty());
  }
  EXPECT_EQ(records_->early(), expected);
  receive(seal(*server_, count_up(30), dtls12::handshake));
  EXPECT_EQ(taken_by_libssl(), std::vector<bytes>{count_up(30)});
  EXPECT_EQ(records_->take_early(), expected);
  for (int i = 0; i < 50; ++i) {
    receive(seal(*server_, bytes{1, 90}, dtls12::alert));
    EXPECT_TRUE(taken_by_libssl().empty());
  }
  EXPECT_EQ(records_->early().size(), max_waiting + 4);
}

TEST_F(records, give_one_to_libssl_once) {
  make();
  const bytes record = seal(*server_, count_up(30), dtls12::handshake);
  for (int i = 0; i < 3; ++i) receive(record);
  EXPECT_EQ(taken_by_libssl().size(), 1U);
}

TEST_F(records, drop_foreign_cids_epochs_and_forgeries) {
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
  EXPECT_TRUE(records_->early().empty());
}

TEST_F(records, without_a_cid_of_their_own_stop_at_one) {
  make(true, {});
  const bytes first = plain_record(22, 0, message(dtls12::server_hello, 0, 22));
  bytes with_cid;
  dtls12::append_header(with_cid, 22, dtls12::dtls1_2, 1, 0, bytes{1, 2});
  EXPECT_EQ(receive(joined({first, with_cid, first})), first);
}

TEST_F(records, drop_cids_that_the_server_did_not_agree_to) {
  make(false);
  dtls12::association other(server_side({gcm, client_cid, {}, 0}), {});
  receive(seal(other, count_up(30), dtls12::handshake));
  receive(seal(*server_, count_up(31), dtls12::handshake));
  EXPECT_EQ(taken_by_libssl(), std::vector<bytes>{count_up(31)});
}

TEST_F(records, leave_an_association_that_goes_on) {
  make();
  ASSERT_TRUE(write({from_libssl(0, finished)}));
  EXPECT_EQ(verdict_on(*server_, sent().at(0)), verdict::accepted);
  receive(seal(*server_, count_up(30), dtls12::handshake));
  EXPECT_EQ(taken_by_libssl().size(), 1U);
  const bytes unseen = seal(*server_, count_up(9));
  receive(unseen);
  const auto waiting = records_->take_waiting();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0], unseen);
  const auto left = records_->finish();
  EXPECT_EQ(left->counters().write_next, 1U);
  EXPECT_EQ(left->counters().received.next(), 1U);
  EXPECT_EQ(left->parameters().own_cid, client_cid);
  EXPECT_EQ(left->parameters().peer_cid, server_cid);
  EXPECT_EQ(verdict_on(*left, unseen), verdict::accepted);
  EXPECT_EQ(verdict_on(*server_, seal(*left, count_up(9))), verdict::accepted);
}

}  // namespace
}  // namespace tlsmodem::test
