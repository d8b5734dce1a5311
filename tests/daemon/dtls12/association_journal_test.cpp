// The order in which an association asks its journal, tells it, and acts.
#include "fixtures.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using dtls12::association;
using dtls12::seal_outcome;
using dtls12::verdict;

const bytes text = count_up(20);

struct kept_end {
  explicit kept_end(dtls12::association_parameters parameters, const dtls12::sequence_counters& counters = {})
      : end(std::move(parameters), counters) {
    end.use_journal(&journal);
  }
  scripted_journal journal;
  association end;
};

TEST(journal, knows_a_number_before_its_record_exists) {
  kept_end client(client_side({}));
  bytes out;
  std::vector<std::size_t> sizes;
  client.journal.on_note = [&] { sizes.push_back(out.size()); };
  ASSERT_EQ(client.end.seal(dtls12::application_data, text, out), seal_outcome::sealed);
  EXPECT_EQ(sizes, std::vector<std::size_t>{0});
  ASSERT_EQ(client.journal.noted.size(), 1U);
  EXPECT_EQ(client.journal.noted[0].write_next, 1U);
  EXPECT_EQ(client.journal.noted[0], client.end.counters());
}

TEST(journal, is_asked_for_more_than_data_need) {
  kept_end client(client_side({}), {100, {}});
  EXPECT_FALSE(seal(client.end, text).empty());
  EXPECT_EQ(client.journal.asked_to_write, std::vector<std::uint64_t>{100 + association::control_reserve});
  EXPECT_FALSE(seal(client.end, text, dtls12::alert).empty());
  EXPECT_EQ(client.journal.asked_to_write.back(), 101U);
}

TEST(journal, that_refuses_costs_nothing) {
  kept_end client(client_side({}), {100, {}});
  client.journal.write_limit = 100;
  bytes out;
  EXPECT_EQ(client.end.can_seal_data(), seal_outcome::not_reserved);
  for (const auto type : {dtls12::application_data, dtls12::alert, dtls12::handshake})
    EXPECT_EQ(client.end.seal(type, text, out), seal_outcome::not_reserved);
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(client.journal.noted.empty());
  EXPECT_EQ(client.end.counters().write_next, 100U);
  client.journal.write_limit = 200;
  EXPECT_EQ(client.end.seal(dtls12::application_data, text, out), seal_outcome::sealed);
  EXPECT_EQ(client.end.counters().write_next, 101U);
}

TEST(journal, leaves_numbers_to_alerts_when_data_wait) {
  kept_end client(client_side({}), {100, {}});
  client.journal.write_limit = 100 + association::control_reserve;
  EXPECT_EQ(client.end.can_seal_data(), seal_outcome::not_reserved);
  for (std::uint64_t i = 0; i < association::control_reserve; ++i)
    EXPECT_FALSE(seal(client.end, text, dtls12::alert).empty()) << i;
  EXPECT_TRUE(seal(client.end, text, dtls12::alert).empty());
}

TEST(journal, knows_a_record_before_its_content_is_used) {
  association client(client_side({}), {});
  kept_end server(server_side({}));
  const bytes record = seal(client, text);
  ASSERT_EQ(verdict_on(server.end, record), verdict::accepted);
  EXPECT_EQ(server.journal.asked_to_accept, std::vector<std::uint64_t>{0});
  ASSERT_EQ(server.journal.noted.size(), 1U);
  EXPECT_FALSE(server.journal.noted[0].received.is_fresh(0));
  EXPECT_EQ(server.journal.noted[0], server.end.counters());
}

TEST(journal, that_refuses_a_record_may_get_it_again) {
  association client(client_side({}), {});
  kept_end server(server_side({}));
  server.journal.accept_limit = 0;
  const bytes record = seal(client, text);
  for (int i = 0; i < 2; ++i) {
    const auto opened = open(server.end, record);
    EXPECT_EQ(opened.is, verdict::not_reserved);
    EXPECT_TRUE(opened.content.empty());
    EXPECT_FALSE(opened.is_newest);
  }
  EXPECT_TRUE(server.journal.noted.empty());
  EXPECT_EQ(server.end.counters(), dtls12::sequence_counters{});
  server.journal.accept_limit = 1;
  EXPECT_EQ(verdict_on(server.end, record), verdict::accepted);
  EXPECT_EQ(verdict_on(server.end, record), verdict::replayed);
}

TEST(journal, is_not_asked_for_what_is_not_authentic) {
  association client(client_side({}), {});
  kept_end server(server_side({}));
  bytes record = seal(client, text);
  record.back() ^= 1;
  EXPECT_EQ(verdict_on(server.end, record), verdict::not_authentic);
  EXPECT_TRUE(server.journal.asked_to_accept.empty());
  EXPECT_TRUE(server.journal.noted.empty());
}

TEST(journal, hears_nothing_once_it_was_let_go) {
  kept_end client(client_side({}));
  client.end.use_journal(nullptr);
  EXPECT_FALSE(seal(client.end, text).empty());
  EXPECT_TRUE(client.journal.asked_to_write.empty());
  EXPECT_TRUE(client.journal.noted.empty());
}

// Dies at any moment and goes on with what the journal was last told.
TEST(journal, lets_no_number_be_used_twice) {
  std::vector<bytes> records;
  dtls12::sequence_counters kept;
  for (int life = 0; life < 10; ++life) {
    kept_end client(client_side({}), kept);
    client.journal.on_note = [&] { kept = client.journal.noted.back(); };
    for (int i = 0; i < 1 + life % 3; ++i) records.push_back(seal(client.end, text));
  }
  association server(server_side({}), {});
  for (const bytes& record : records) EXPECT_EQ(verdict_on(server, record), verdict::accepted);
}

}  // namespace
}  // namespace tlsmodem::test
