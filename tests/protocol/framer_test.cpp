#include "protocol/framer.hpp"

#include "protocol/limits.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::at {
namespace {

using terminator = framer::terminator;
using kind = framer::line::kind;

TEST(framer, learns_the_terminator_from_the_first_line_with_text) {
  const struct {
    std::string_view input;
    terminator expected;
  } rows[] = {
      {"", terminator::unknown},     {"AT", terminator::unknown},       {"AT\r", terminator::unknown},
      {"AT\r\n", terminator::crlf},  {"AT\rA", terminator::cr},         {"AT\r\r", terminator::cr},
      {"AT\n", terminator::lf},      {"AT\n\r", terminator::lf},        {"\n", terminator::unknown},
      {"\r\n", terminator::unknown}, {"\rA", terminator::unknown},      {"\n\rAT\r\n", terminator::crlf},
      {"\r\nAT\rA", terminator::cr}, {"\x01\b\nAT\rA", terminator::cr}, {"x\nAT\r", terminator::lf},
      {"A/AT\n", terminator::lf},
  };
  for (const auto& row : rows) {
    for (const bool is_bytewise : {false, true}) {
      framer channel;
      const std::size_t step = is_bytewise ? 1 : std::max<std::size_t>(1, row.input.size());
      for (std::size_t at = 0; at < row.input.size(); at += step) {
        channel.feed(row.input.substr(at, step));
        while (channel.next_line(nullptr)) {
        }
      }
      EXPECT_EQ(channel.learned(), row.expected) << row.input;
    }
  }
}

TEST(framer, nothing_is_consumed_before_it_is_asked_for) {
  framer channel;
  channel.feed("AT1\rAT2\rxyz");
  EXPECT_EQ(channel.next_line(nullptr)->text, "AT1");
  EXPECT_EQ(channel.buffered_bytes(), 7U);
  EXPECT_EQ(channel.next_line(nullptr)->text, "AT2");
  channel.expect_payload(2, max_payload_bytes);
  EXPECT_TRUE(channel.is_payload_expected());
  EXPECT_TRUE(channel.has_payload_begun());
  EXPECT_EQ(channel.next_payload(), to_bytes("xy"));
  EXPECT_FALSE(channel.is_payload_expected());
  EXPECT_EQ(channel.next_payload(), std::nullopt);
  EXPECT_FALSE(channel.next_line(nullptr));
  EXPECT_TRUE(channel.is_line_begun());
}

TEST(framer, a_payload_arrives_in_pieces) {
  framer channel;
  channel.feed("AT\r");
  channel.next_line(nullptr);
  channel.expect_payload(4, 3);
  EXPECT_FALSE(channel.has_payload_begun());
  for (const char c : std::string_view("\nabc")) {  // the LF belongs to the line
    EXPECT_EQ(channel.next_payload(), std::nullopt);
    channel.feed({&c, 1});
  }
  EXPECT_EQ(channel.next_payload(), std::nullopt);
  channel.feed("d!");
  EXPECT_EQ(channel.next_payload(), to_bytes("abc"));  // no more is kept
  EXPECT_EQ(channel.buffered_bytes(), 1U);
}

TEST(framer, a_payload_of_no_bytes_is_there_at_once) {
  framer channel;
  channel.expect_payload(0, max_payload_bytes);
  EXPECT_TRUE(channel.is_payload_expected());
  EXPECT_TRUE(channel.has_payload_begun());
  EXPECT_EQ(channel.next_payload(), bytes{});
  EXPECT_FALSE(channel.is_payload_expected());
}

TEST(framer, kinds_of_lines) {
  framer channel;
  channel.feed("a/A/ A/\r" + std::string(max_line_bytes + 1, 'A') + "\rAT\r");
  EXPECT_EQ(channel.next_line(nullptr)->is, kind::repeat);
  EXPECT_EQ(channel.next_line(nullptr)->is, kind::repeat);
  EXPECT_EQ(channel.next_line(nullptr)->text, " A/");
  EXPECT_EQ(channel.next_line(nullptr)->is, kind::overlong);
  EXPECT_EQ(channel.next_line(nullptr)->is, kind::text);
}

TEST(framer, an_s3_that_is_lf_takes_no_byte_of_a_payload) {
  framer channel;
  channel.feed("AT\r\nAT\n\nx");
  channel.next_line(nullptr);
  channel.set_carriage_return('\n');
  EXPECT_EQ(channel.next_line(nullptr)->text, "AT");
  channel.expect_payload(2, max_payload_bytes);
  EXPECT_EQ(channel.next_payload(), to_bytes("\nx"));
}

}  // namespace
}  // namespace tlsmodem::at
