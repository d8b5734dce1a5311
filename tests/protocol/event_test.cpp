#include "protocol/event.hpp"

#include "protocol/command_set.hpp"
#include "protocol/limits.hpp"
#include "scripted_handler.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tlsmodem::at {
namespace {

constexpr int max_int = std::numeric_limits<int>::max();

std::vector<std::string> texts() {
  return {"", "plain", "with \"quotes\", commas; and \\", test::all_byte_values(), std::string(4096, '\xFF')};
}

bool is_one_printable_line(std::string_view line) {
  for (const char c : line) {
    if (c < ' ' || c > '~') return false;
  }
  return true;
}

TEST(events, up_comes_back) {
  for (const auto& text : texts()) {
    for (const int how : {0, 1, 2}) {
      const up_event event{max_int, how, "1.2", text, text, 65535, "::1", 0};
      EXPECT_TRUE(is_one_printable_line(format(event)));
      const auto parsed = parse_up(format(event));
      ASSERT_TRUE(parsed);
      EXPECT_EQ(*parsed, event);
    }
  }
}

TEST(events, fail_comes_back_with_every_error) {
  for (const error code : all_errors()) {
    for (const int alert : {-1, 0, 255}) {
      const fail_event event{7, code, alert, test::all_byte_values()};
      const auto parsed = parse_fail(format(event));
      ASSERT_TRUE(parsed);
      EXPECT_EQ(*parsed, event);
    }
  }
}

TEST(events, down_comes_back_with_every_cause) {
  for (int cause = 0; cause <= static_cast<int>(down_cause::stopping); ++cause) {
    for (const auto& text : texts()) {
      const down_event event{0, static_cast<down_cause>(cause), -1, text};
      const auto parsed = parse_down(format(event));
      ASSERT_TRUE(parsed);
      EXPECT_EQ(*parsed, event);
    }
  }
}

TEST(events, received_comes_back) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, max_payload_bytes}) {
    for (const bool is_truncated : {false, true}) {
      const received_event event{3, length, is_truncated};
      const auto parsed = parse_received(format(event));
      ASSERT_TRUE(parsed);
      EXPECT_EQ(*parsed, event);
      EXPECT_EQ(frame_payload_length(format(event)), length);
    }
  }
}

TEST(events, key_and_error_come_back) {
  for (const auto& text : texts()) {
    const key_event event{max_int, text};
    EXPECT_TRUE(is_one_printable_line(format(event)));
    const auto parsed = parse_key(format(event));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, event);
  }
  for (const error code : all_errors()) {
    const error_event event{3, code};
    const auto parsed = parse_error(format(event));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, event);
  }
  for (const std::string_view line :
       {"#TKEY: 1", "#TKEY: \"h\"", "#TKEY: 1,2", "#TKEY: -1,\"h\"", "#TUP: 1,\"h\""})
    EXPECT_FALSE(parse_key(line)) << line;
  for (const std::string_view line :
       {"#TERR: 1", "#TERR: 1,1000", "#TERR: 1,-1", "#TERR: 1,\"a\"", "#TRX: 1,5"})
    EXPECT_FALSE(parse_error(line)) << line;
}

TEST(events, literal_lines) {
  EXPECT_EQ(format(up_event{0, 1, "1.2", "C0A8", "10.0.0.1", 5684, "10.0.0.2", 40000}),
            "#TUP: 0,1,\"1.2\",\"C0A8\",\"10.0.0.1\",5684,\"10.0.0.2\",40000");
  EXPECT_EQ(format(fail_event{2, error::alert_received, 40, "no"}), "#TFAIL: 2,805,40,\"no\"");
  EXPECT_EQ(format(down_event{2, down_cause::truncated, -1, ""}), "#TDOWN: 2,3,-1,\"\"");
  EXPECT_EQ(format(received_event{1, 5, false}), "#TRX: 1,5");
  EXPECT_EQ(format(received_event{1, 5, true}), "#TRX: 1,5,1");
  EXPECT_EQ(format_ready(1, 9), "#TRDY: 1,9");
  EXPECT_EQ(format(error_event{1, error::would_overflow}), "#TERR: 1,814");
  EXPECT_EQ(format_lost(18446744073709551615U), "#TLOST: 18446744073709551615");
  EXPECT_TRUE(is_lost(format_lost(1)));
  for (const auto* other : {"", "#TLOS: 1", "#TLOSTS: 1", "#TUP: 1"}) EXPECT_FALSE(is_lost(other)) << other;
}

TEST(events, further_values_are_for_a_newer_client) {
  EXPECT_TRUE(parse_up("#TUP: 0,1,\"1.2\",\"C0A8\",\"a\",1,\"b\",2,\"new\",3"));
  EXPECT_TRUE(parse_fail("#TFAIL: 2,805,40,\"no\",1"));
  EXPECT_TRUE(parse_down("#TDOWN: 2,3,-1,\"\",,"));
  EXPECT_TRUE(parse_received("#TRX: 1,5,3,\"new\""));
}

TEST(events, the_space_behind_the_colon_is_optional) {
  EXPECT_TRUE(parse_received("#TRX:1,5"));
  EXPECT_TRUE(parse_received("#TRX:  1, 5"));
}

TEST(events, lines_that_are_none_are_refused) {
  for (const std::string_view line :
       {"", "#TUP", "#TUP:", "#TUP: 0", "#TUP: 0,3,\"\",\"\",\"\",1,\"\",1",
        "#TUP: -1,0,\"\",\"\",\"\",1,\"\",1", "#TUP: 0,0,\"\",\"\",\"\",65536,\"\",1",
        "#TUP: 0,0,1.2,\"\",\"\",1,\"\",1", "#TUPX: 0,0,\"\",\"\",\"\",1,\"\",1",
        "#TUP: 2147483648,0,\"\",\"\",\"\",1,\"\",1"}) {
    EXPECT_FALSE(parse_up(line)) << line;
  }
  for (const std::string_view line : {"#TFAIL: 0,1000,-1,\"\"", "#TFAIL: 0,-1,-1,\"\"", "#TFAIL: 0,1,-2,\"\"",
                                      "#TFAIL: 0,1,256,\"\"", "#TFAIL: 0,1,0", "#TDOWN: 0,1,0,\"\""}) {
    EXPECT_FALSE(parse_fail(line)) << line;
  }
  for (const std::string_view line :
       {"#TDOWN: 0,6,0,\"\"", "#TDOWN: 0,-1,0,\"\"", "#TDOWN: 0,1,0,\"", "#TDOWN: ,1,0,\"\""}) {
    EXPECT_FALSE(parse_down(line)) << line;
  }
  for (const std::string_view line :
       {"#TRX: 0", "#TRX: 0,-1", "#TRX: 0,65537", "#TRX: 0,1,-1", "#TRX: 0,\"1\"", "#TTX: 0,1", "trx: 0,1"}) {
    EXPECT_FALSE(parse_received(line)) << line;
  }
}

TEST(events, no_command_has_the_name_of_an_event) {
  for (const auto& command : command_set()) EXPECT_FALSE(is_event(std::string(command.name) + ": 1"));
}

TEST(events, the_first_word_tells_an_event) {
  for (const std::string_view line :
       {"#TUP: 0", "#TFAIL: 0", "#TRX: 0,1", "#TRDY: 0,1", "#TDOWN: 0", "#TNEW: 0", "#TTX: 0,1", "#TKEY: 0",
        "#TERR: 0", "#TLOST: 1", "#TMOVED: 0", "#TREADY: 1,2", "+CEREG: 1", "#TUP"}) {
    EXPECT_TRUE(is_event(line)) << line;
  }
  for (const std::string_view line :
       {"", ":", "OK", "#TUPS: 0", " #TUP: 0", "#TRECV: 0,1,0", "#tup: 0", "TUP: 0"}) {
    EXPECT_FALSE(is_event(line)) << line;
  }
}

TEST(frame_payload_length, only_frames_have_one) {
  const struct {
    std::string_view line;
    std::optional<std::size_t> length;
  } rows[] = {
      {"#TRX: 0,5", 5},
      {"#TRX: 0,5,1", 5},
      {"#TTX: 0,0", 0},
      {"#TRECV: 0,65536,0", 65536},
      {"#TRECV: 0,65537,0", std::nullopt},
      {"#TRECV: <id>,(1-65536)", std::nullopt},
      {"#TRX: 0", std::nullopt},
      {"#TRX: 0,-1", std::nullopt},
      {"#TRX: 0,\"5\"", std::nullopt},
      {"#TRX: 0,5,\"", std::nullopt},
      {"#TCRED: 1,700", 700},
      {"#TCRED: 1,0,\"AB\",0", std::nullopt},
      {"#TKEY: 0,5", std::nullopt},
      {"#TRDY: 0,5", std::nullopt},
      {"OK", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(frame_payload_length(row.line), row.length) << row.line;
}

}  // namespace
}  // namespace tlsmodem::at
