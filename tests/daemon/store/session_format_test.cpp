// The content of a row of sessions: what is written is read again, and nothing else is.
#include "daemon/store/session_format.hpp"

#include "daemon/store/row_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace tlsmodem::test {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(session_format, every_cut_and_every_surplus_is_refused) {
  session_entry entry;
  entry.binding = {1, 2, 3};
  entry.host = "server.example";
  entry.port = 5684;
  entry.version = "TLSv1.3";
  entry.suite = "TLS_AES_128_GCM_SHA256";
  entry.offers = {true, 9};
  for (int i = 0; i < 2; ++i)
    entry.sessions.push_back({secret(as_bytes("state")), std::chrono::sys_seconds(seconds(100 + i)),
                              std::chrono::sys_seconds(seconds(200 + i)), i == 0, i == 1, i == 0, 0});
  const auto encoded = encode(entry);
  const auto whole = encoded.view();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_session_entry(whole.first(size))) << size;
  bytes longer(whole.begin(), whole.end());
  longer.push_back(0);
  EXPECT_FALSE(decode_session_entry(longer));
  bytes newer(whole.begin(), whole.end());
  newer.front() = 2;
  EXPECT_FALSE(decode_session_entry(newer));
  const auto back = decode_session_entry(whole);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->binding, entry.binding);
  EXPECT_EQ(back->host, entry.host);
  ASSERT_EQ(back->sessions.size(), 2U);
  EXPECT_TRUE(back->sessions[0].is_ticket);
  EXPECT_TRUE(back->sessions[1].is_single_use);
  EXPECT_TRUE(back->sessions[0].has_extended_master_secret);
  EXPECT_FALSE(back->sessions[1].has_extended_master_secret);
  EXPECT_EQ(back->sessions[1].expires, std::chrono::sys_seconds(seconds(201)));
  EXPECT_EQ(as_text(back->sessions[1].state.view()), "state");
  bytes contradicts(whole.begin(), whole.end());
  const std::size_t flags_of_the_last = whole.size() - std::string_view("state").size() - 4 - 1;
  contradicts[flags_of_the_last] ^= 8;
  EXPECT_FALSE(decode_session_entry(contradicts)) << "each session says it of the handle";
  const auto again = encode(*back);
  EXPECT_TRUE(std::ranges::equal(again.view(), whole));
}

void expect_same(const kept_session& is, const kept_session& was) {
  EXPECT_TRUE(std::ranges::equal(is.state.view(), was.state.view()));
  EXPECT_EQ(is.made, was.made);
  EXPECT_EQ(is.expires, was.expires);
  EXPECT_EQ(is.is_ticket, was.is_ticket);
  EXPECT_EQ(is.is_single_use, was.is_single_use);
  EXPECT_EQ(is.has_extended_master_secret, was.has_extended_master_secret);
}

void expect_back(const session_entry& was) {
  const auto encoded = encode(was);
  const auto is = decode_session_entry(encoded.view());
  ASSERT_TRUE(is) << is.why().text;
  EXPECT_EQ(is->binding, was.binding);
  EXPECT_EQ(is->host, was.host);
  EXPECT_EQ(is->port, was.port);
  EXPECT_EQ(is->version, was.version);
  EXPECT_EQ(is->suite, was.suite);
  EXPECT_EQ(is->offers, was.offers);
  ASSERT_EQ(is->sessions.size(), was.sessions.size());
  for (std::size_t i = 0; i < was.sessions.size(); ++i) expect_same(is->sessions[i], was.sessions[i]);
}

// All flags with the ends of the ranges of states and times, in entries of every size.
TEST(session_format, whatever_is_written_is_read) {
  constexpr std::size_t text_sizes[] = {0, 1, row_codec::max_name_bytes};
  constexpr std::size_t state_sizes[] = {1, 300, max_session_state_bytes};
  const sys_seconds times[] = {sys_seconds{}, sys_seconds(seconds(1'700'000'000)), row_codec::latest_time};
  for (std::size_t count = 0; count <= max_sessions_of_entry; ++count)
    for (unsigned flags = 0; flags < 8; ++flags)
      for (const auto text_size : text_sizes)
        for (const auto state_size : state_sizes)
          for (const auto& time : times) {
            session_entry entry;
            entry.binding.fill(static_cast<std::uint8_t>(255 * flags));
            entry.host = std::string(text_size, 'h');
            entry.port = static_cast<std::uint16_t>(65535 * (flags & 1));
            entry.version = std::string(text_size, '\0');
            entry.suite = std::string(text_size, '\xff');
            if (count > 0) entry.offers = {(flags & 2) != 0, static_cast<std::uint8_t>(flags * 2 + 1)};
            for (std::size_t i = 0; i < count; ++i)
              entry.sessions.push_back({secret(bytes(state_size, static_cast<std::uint8_t>(i))), time,
                                        row_codec::latest_time, (flags & 1) != 0, (flags & 2) != 0,
                                        (flags & 4) != 0, 7});
            expect_back(entry);
          }
}

TEST(session_format, what_has_no_room_is_not_written) {
  const struct {
    const char* what;
    std::function<void(session_entry&)> make;
  } cases[] = {
      {"long host", [](auto& e) { e.host = std::string(256, 'h'); }},
      {"long version", [](auto& e) { e.version = std::string(256, 'v'); }},
      {"long suite", [](auto& e) { e.suite = std::string(256, 's'); }},
      {"long pause", [](auto& e) { e.offers.pause = 16; }},
      {"offers of no session",
       [](auto& e) {
         e.sessions.clear();
         e.offers.failed_before = true;
       }},
      {"no state", [](auto& e) { e.sessions.front().state = {}; }},
      {"long state", [](auto& e) { e.sessions.front().state = secret(bytes(max_session_state_bytes + 1)); }},
      {"made before 1970", [](auto& e) { e.sessions.front().made = sys_seconds(seconds(-1)); }},
      {"expires too late", [](auto& e) { e.sessions.front().expires = row_codec::latest_time + seconds(1); }},
      {"a session too many",
       [](auto& e) {
         for (std::size_t i = 0; i < max_sessions_of_entry; ++i)
           e.sessions.push_back({secret(as_bytes("s")), {}, {}, false, false, false, 0});
       }},
  };
  for (const auto& c : cases) {
    session_entry entry;
    entry.sessions.push_back({secret(as_bytes("state")), {}, {}, false, false, false, 0});
    ASSERT_TRUE(can_be_stored(entry));
    c.make(entry);
    EXPECT_FALSE(can_be_stored(entry)) << c.what;
    EXPECT_TRUE(encode(entry).empty()) << c.what;
  }
}

TEST(session_format, every_flipped_bit_is_refused_or_harmless) {
  session_entry entry;
  entry.host = "h";
  entry.sessions.push_back(
      {secret(as_bytes("state")), sys_seconds(seconds(5)), sys_seconds(seconds(6)), true, false, true, 0});
  const auto encoded = encode(entry);
  bytes row(encoded.view().begin(), encoded.view().end());
  for (std::size_t bit = 0; bit < 8 * row.size(); ++bit) {
    row[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const auto decoded = decode_session_entry(row);
    if (decoded) {
      EXPECT_TRUE(std::ranges::equal(encode(*decoded).view(), row)) << "bit " << bit;
    }
    row[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

}  // namespace
}  // namespace tlsmodem::test
