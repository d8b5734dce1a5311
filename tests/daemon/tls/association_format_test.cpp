// What is kept of an association, and how it goes on.
#include "association_fixtures.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tlsmodem::test {
namespace {

using tls::continue_association;
using tls::engine_state;

const bytes text = count_up(20);
const agreed with_cids{gcm, {1}, {2, 3}, 16};

bytes kept_form(const live_pair& peers) { return copy_of(peers.client->association()->encode().view()); }

// The flight of a live_pair goes out again when the server repeats its Finished.
std::vector<bytes> repeated_flight(live_pair& peers) {
  bytes finished(12);
  finished[0] = 20;
  peers.feed(finished, dtls12::handshake);
  return take_packets(peers.client->outgoing());
}

class kept : public testing::TestWithParam<dtls12::protection_suite> {};

TEST_P(kept, goes_on) {
  for (const bytes& client_cid : {bytes{}, bytes{7}, count_up(32)}) {
    live_pair peers({GetParam(), client_cid, count_up(client_cid.size() / 2), 0});
    for (int life = 0; life < 4; ++life) {
      ASSERT_EQ(peers.client->send(text, peers.now), tls::send_outcome::ok);
      EXPECT_EQ(peers.sent().size(), 1U);
      const bytes late = seal(peers.server, text);
      peers.client->feed(late, peers.now);
      EXPECT_EQ(take_packets(peers.client->incoming()), std::vector<bytes>{text});
      const bytes form = kept_form(peers);
      peers.restart();
      ASSERT_NE(peers.client, nullptr);
      EXPECT_EQ(kept_form(peers), form);
      peers.client->feed(late, peers.now);  // no record twice
      EXPECT_TRUE(peers.client->incoming().empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(suites, kept, testing::ValuesIn(all_suites()),
                         [](const auto& test) { return name_of(test.param); });

TEST(kept_association, tells_what_it_told_before) {
  live_pair peers(with_cids);
  peers.restart();
  const auto& info = peers.client->info();
  EXPECT_EQ(peers.client->state(), engine_state::established);
  EXPECT_TRUE(peers.client->outgoing().empty());
  EXPECT_TRUE(info.is_continued);
  EXPECT_TRUE(info.has_cid);
  EXPECT_EQ(info.version, "DTLSv1.2");
  EXPECT_EQ(info.suite, "TLS_PSK_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(info.suite_id, 0x00a8);
  EXPECT_EQ(info.verify_result, "ok");
  EXPECT_EQ(info.peer_subject, "CN=server.example");
  EXPECT_EQ(info.peer_sha256, "0123");
  EXPECT_EQ(info.alpn, "coap");
  EXPECT_EQ(info.cid_in, bytes{1});
  EXPECT_EQ(info.cid_out, (bytes{2, 3}));
  EXPECT_EQ(info.cost.inner_bytes, 16U);
}

TEST(kept_association, keeps_the_unconfirmed_flight) {
  const std::vector<bytes> flight = {count_up(30), {}, count_up(300)};
  live_pair peers(with_cids, flight);
  peers.restart();
  ASSERT_NE(peers.client, nullptr);
  EXPECT_EQ(repeated_flight(peers), flight);
  peers.feed(text);  // the server has it
  const std::size_t before = kept_form(peers).size();
  live_pair without(with_cids);
  EXPECT_EQ(before, kept_form(without).size());
}

TEST(kept_association, cut_anywhere_is_refused) {
  live_pair peers(with_cids, {count_up(30)});
  const bytes form = kept_form(peers);
  for (std::size_t size = 0; size < form.size(); ++size)
    EXPECT_EQ(continue_association(bytes_view(form).first(size), {}), nullptr) << size;
  bytes longer = form;
  longer.push_back(0);
  EXPECT_EQ(continue_association(longer, {}), nullptr);
}

// What is not refused is what encode() could have written, and works as such.
TEST(kept_association, with_a_bit_flipped_is_refused_or_another) {
  for (const auto& what : {agreed{}, with_cids}) {
    live_pair peers(what, {count_up(30)});
    const bytes form = kept_form(peers);
    for (std::size_t bit = 0; bit < 8 * form.size(); ++bit) {
      bytes wrong = form;
      wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ 1 << bit % 8);
      const auto made = continue_association(wrong, {});
      if (!made) continue;
      EXPECT_EQ(copy_of(made->association()->encode().view()), wrong) << bit / 8;
      EXPECT_EQ(made->send(text, peers.now), tls::send_outcome::ok);
      const auto sent = take_packets(made->outgoing());
      ASSERT_EQ(sent.size(), 1U);
      bytes_view rest = sent[0];
      dtls12::record_view record;
      EXPECT_TRUE(dtls12::next_record(rest, made->info().cid_out.size(), record) && rest.empty()) << bit / 8;
      made->feed(seal(peers.server, text), peers.now);
      EXPECT_EQ(made->state(), engine_state::established);
    }
  }
}

TEST_P(kept, with_a_key_of_another_length_is_refused) {
  const bytes form = kept_form(live_pair({GetParam(), {}, {}, 0}));
  std::size_t at = 4;  // behind version and suite: MAC key, key and IV of each side
  for (int part = 0; part < 6; ++part) {
    const std::size_t size = form[at];
    bytes longer = form;
    ++longer[at];
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(at) + 1, 0);
    EXPECT_EQ(continue_association(longer, {}), nullptr) << part;
    if (size > 0) {
      bytes shorter = form;
      --shorter[at];
      shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(at) + 1);
      EXPECT_EQ(continue_association(shorter, {}), nullptr) << part;
    }
    at += 1 + size;
  }
}

// A server chooses its subject: one too long must not be read as the fields behind it.
TEST(kept_association, with_a_text_that_does_not_fit_is_not_kept) {
  for (const std::size_t size : {65535U, 65536U, 70000U}) {
    tls::engine_info info;
    info.peer_subject = std::string(size, 'x');
    const tls::association_engine engine(
        std::make_unique<dtls12::association>(client_side({}), dtls12::sequence_counters{}), info, {});
    const secret kept = engine.encode();
    EXPECT_EQ(kept.empty(), size > 65535);
    EXPECT_EQ(continue_association(kept.view(), {}) == nullptr, size > 65535);
  }
}

TEST(kept_association, of_another_version_is_refused) {
  live_pair peers;
  bytes form = kept_form(peers);
  for (const unsigned version : {0U, 2U, 255U}) {
    form[0] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(continue_association(form, {}), nullptr);
  }
}

TEST(kept_association, keeps_the_newest_of_a_flight_of_any_length) {
  for (std::size_t size = 0; size <= 300; ++size) {
    std::vector<bytes> flight;
    for (std::size_t i = 0; i < size; ++i) flight.push_back(count_up(10 + i % 7, static_cast<unsigned>(i)));
    live_pair peers(with_cids, flight);
    const bytes form = kept_form(peers);
    peers.restart();
    ASSERT_NE(peers.client, nullptr) << size;
    EXPECT_EQ(kept_form(peers), form) << size;
    flight.erase(flight.begin(), flight.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(size, 4)));
    EXPECT_EQ(repeated_flight(peers), flight) << size;
  }
}

// encode() writes no such row.
TEST(kept_association, with_too_many_datagrams_is_refused) {
  const bytes form = kept_form(live_pair({}, std::vector<bytes>(4, bytes{1})));
  const std::size_t count_at = form.size() - 4 * 3 - 1;
  ASSERT_EQ(form[count_at], 4);
  bytes longer = form;
  ++longer[count_at];
  longer.insert(longer.end(), {0, 1, 1});
  EXPECT_EQ(continue_association(longer, {}), nullptr);
}

// ---- what is written is read

struct kept_case {
  dtls12::protection_suite suite;
  std::size_t own_cid_bytes = 0;
  std::size_t peer_cid_bytes = 0;
  std::size_t padding_block = 0;
  std::size_t text_bytes = 0;
  bool has_cid = false;
  dtls12::sequence_counters counters;
};

// Every suite with the ends of every other range, one after the other.
std::vector<kept_case> all_cases() {
  constexpr std::uint64_t last = (std::uint64_t{1} << 48) - 1;
  constexpr std::size_t cid_sizes[] = {0, 1, 255};
  constexpr std::size_t paddings[] = {0, 1, dtls12::max_padding_block};
  constexpr std::size_t text_sizes[] = {0, 1, 8192};
  const dtls12::sequence_counters counters[] = {
      {}, {1, dtls12::replay_window(1, 1)}, {last, dtls12::replay_window(last + 1, ~std::uint64_t{0})}};
  std::vector<kept_case> cases;
  for (const auto& suite : all_suites())
    for (const auto own : cid_sizes)
      for (const auto peer : cid_sizes)
        for (const auto padding : paddings)
          for (const auto text_bytes : text_sizes)
            for (const auto& numbers : counters)
              cases.push_back({suite, own, peer, padding, text_bytes, (cases.size() & 1) != 0, numbers});
  return cases;
}

tls::engine_info info_of(const kept_case& c) {
  tls::engine_info info;
  int fill = 0;
  for (auto* field :
       {&info.version, &info.suite, &info.verify_result, &info.peer_subject, &info.peer_sha256, &info.alpn})
    *field = std::string(c.text_bytes, static_cast<char>(fill++));
  info.suite_id = static_cast<std::uint16_t>(c.text_bytes * 7);
  info.has_cid = c.has_cid;
  return info;
}

void expect_same(const tls::engine_info& is, const tls::engine_info& was) {
  EXPECT_EQ(is.version, was.version);
  EXPECT_EQ(is.suite, was.suite);
  EXPECT_EQ(is.suite_id, was.suite_id);
  EXPECT_EQ(is.verify_result, was.verify_result);
  EXPECT_EQ(is.peer_subject, was.peer_subject);
  EXPECT_EQ(is.peer_sha256, was.peer_sha256);
  EXPECT_EQ(is.alpn, was.alpn);
  EXPECT_EQ(is.has_cid, was.has_cid);
  EXPECT_EQ(is.cid_in, was.cid_in);
  EXPECT_EQ(is.cid_out, was.cid_out);
}

TEST(kept_association, whatever_is_written_is_read) {
  for (const auto& c : all_cases()) {
    const agreed what{c.suite, count_up(c.own_cid_bytes, 3), count_up(c.peer_cid_bytes, 5), c.padding_block};
    const tls::association_engine was(std::make_unique<dtls12::association>(client_side(what), c.counters),
                                      info_of(c));
    const secret form = was.encode();
    ASSERT_FALSE(form.empty());
    const auto is = continue_association(form.view(), c.counters);
    ASSERT_NE(is, nullptr) << name_of(c.suite);
    expect_same(is->info(), was.info());
    EXPECT_EQ(is->association()->counters(), c.counters);
    EXPECT_EQ(copy_of(is->association()->encode().view()), copy_of(form.view()));
  }
}

}  // namespace
}  // namespace tlsmodem::test
