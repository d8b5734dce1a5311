// Literal bytes in, literal bytes out: commands with a payload. Whatever becomes of the command, the payload
// is collected, so that the channel never loses step and no payload is executed.
#include "protocol/limits.hpp"
#include "replay.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace tlsmodem::at::test {
namespace {

using namespace std::string_literals;

struct row {
  std::string name;
  std::string input;
  std::string output;
  std::string log = "*";
};
void PrintTo(const row& r, std::ostream* out) { *out << r.name; }  // NOLINT: GoogleTest's name

const std::string ok = "\r\nOK\r\n";
const std::string error_result = "\r\nERROR\r\n";
const std::string wrong_value = "\r\n+CME ERROR: 50\r\n";
const std::string not_connected = "\r\n+CME ERROR: 811\r\n";

std::string send_of(const std::string& payload) {
  return "AT#TSEND=0," + std::to_string(payload.size()) + "\r" + payload;
}
std::string log_of(const std::string& payload) {
  return "#TSEND=0," + std::to_string(payload.size()) + "|" + quote(payload) + "\n";
}

const std::vector<row>& rows() {
  static const std::string all_values = all_byte_values();
  static const std::vector<row> all = {
      {"bare_cr_and_a_payload_that_begins_with_lf", "AT\rAT#TSEND=0,3\r\nabAT\r", ok + "{>}" + ok + ok,
       "#TSEND=0,3|\"\\0Aab\"\n"},
      {"crlf_is_not_counted", "AT\r\nAT#TSEND=0,3\r\nabcAT\r\n", ok + "{>}" + ok + ok,
       "#TSEND=0,3|\"abc\"\n"},
      {"crlf_and_a_payload_that_begins_with_lf", "AT\r\nAT#TSEND=0,3\r\n\nabAT\r\n", ok + "{>}" + ok + ok,
       "#TSEND=0,3|\"\\0Aab\"\n"},
      {"crlf_and_a_payload_that_begins_with_crlf", "AT\r\nAT#TSEND=0,3\r\n\r\naAT\r\n", ok + "{>}" + ok + ok,
       "#TSEND=0,3|\"\\0D\\0Aa\"\n"},
      {"crlf_learned_from_the_payload_command_itself", "AT#TSEND=0,3\r\nabcAT\r\n", "{>}" + ok + ok,
       "#TSEND=0,3|\"abc\"\n"},
      {"lf_and_a_payload_that_begins_with_lf", "AT\nAT#TSEND=0,3\n\nabAT\n", ok + "{>}" + ok + ok,
       "#TSEND=0,3|\"\\0Aab\"\n"},
      {"lf_and_a_payload_that_begins_with_cr", "AT#TSEND=0,3\n\rabAT\n", "{>}" + ok + ok,
       "#TSEND=0,3|\"\\0Dab\"\n"},
      {"every_byte_value", "AT\r" + send_of(all_values) + "AT\r", ok + "{>}" + ok + ok, log_of(all_values)},
      {"a_payload_like_a_response", "AT\r" + send_of("\r\nOK\r\n") + "AT\r", ok + "{>}" + ok + ok,
       log_of("\r\nOK\r\n")},
      {"nothing_escapes", "AT\r" + send_of("+++\x1A\x1B\0\b\x7F"s) + send_of("A/") + send_of("AT\r"),
       ok + "{>}" + ok + "{>}" + ok + "{>}" + ok,
       log_of("+++\x1A\x1B\0\b\x7F"s) + log_of("A/") + log_of("AT\r")},
      {"length_0_has_no_prompt", "AT#TSEND=0,0\rAT#TSEND=0,0\r", ok + ok,
       "#TSEND=0,0|\"\"\n#TSEND=0,0|\"\"\n"},
      {"length_0_in_a_crlf_channel", "AT#TSEND=0,0\r\nAT#TSEND=0,1\r\nx", ok + "{>}" + ok,
       "#TSEND=0,0|\"\"\n#TSEND=0,1|\"x\"\n"},
      {"two_payloads_in_one_line", "AT#TSEND=0,2;#TSEND=0,3\rabcde", "{>}{>}" + ok,
       "#TSEND=0,2|\"ab\"\n#TSEND=0,3|\"cde\"\n"},
      {"two_payloads_and_crlf", "AT#TSEND=0,2;#TSEND=0,3\r\nab\ncdAT\r\n", "{>}{>}" + ok + ok,
       "#TSEND=0,2|\"ab\"\n#TSEND=0,3|\"\\0Acd\"\n"},
      {"payload_and_information", "ATI;#TSEND=0,2;#TOPEN=1\rab", "\r\ntlsmodem\r\n{>}\r\n#TOPEN: 1\r\n" + ok},
      // failures
      {"collected_when_the_command_fails", "AT#TSEND=1,4\rAT\rxAT\r", "{>}" + not_connected + ok},
      {"collected_after_a_failure_in_the_line", "AT#TCLOSE=1;#TSEND=0,4;#TSEND=0,2\rAT\rxyzAT\r",
       "{>}{>}" + not_connected + ok, "#TCLOSE=1\n"},
      {"collected_after_an_unknown_command", "AT+NONE;#TSEND=0,4\rAT\rxAT\r", "{>}" + error_result + ok, ""},
      {"collected_before_rubbish", "AT#TSEND=0,4;)\rAT\rxAT\r", "{>}" + error_result + ok,
       "#TSEND=0,4|\"AT\\0Dx\"\n"},
      {"collected_with_surplus_values", "AT#TSEND=0,4,0,9,9\rAT\rxAT\r", "{>}" + ok + ok,
       "#TSEND=0,4,0,9,9|\"AT\\0Dx\"\n"},
      {"collected_with_an_unreadable_value_behind", "AT#TSEND=0,4,x\rAT\rxAT\r", "{>}" + wrong_value + ok,
       ""},
      {"collected_with_an_unreadable_value_before", "AT#TSEND=x,4\rAT\rxAT\r", "{>}" + wrong_value + ok, ""},
      {"collected_with_an_open_string", "AT#TSEND=0,4,\"x\rAT\rxAT\r", "{>}" + wrong_value + ok, ""},
      {"key_collected_with_a_broken_password", "AT#TCRED=0,1,2,4,0,\"p\\w\"\rAT\rxAT\r",
       "{>}\r\n+CME ERROR: 25\r\n" + ok, ""},
      {"no_payload_without_a_length",
       "AT#TSEND=0\rAT#TSEND=0,\rAT#TSEND=0,x\rAT#TSEND=0,\"4\"\rAT#TSEND=0,-1\rAT\r",
       ok + ok + wrong_value + ok + ok + ok},
      {"no_payload_for_an_absurd_length", "AT#TSEND=0,2147483648\rAT#TSEND=0,99999999999999999999\rAT\r",
       ok + wrong_value + ok},
      {"no_payload_in_other_forms", "AT#TSEND=?\rAT#TSEND?\rAT#TSEND\rAT#TCRED=1,1,2,4\rAT\r",
       "\r\n#TSEND: <id>,(0-65536),(0-3)\r\n" + ok + error_result + error_result + ok + ok},
      {"credential_write", "AT#TCRED=0,1,3,4\r\x01\x02\r\nAT\r", "{>}" + ok + ok,
       "#TCRED=0,1,3,4|\"\\01\\02\\0D\\0A\"\n"},
      // quiet
      {"silent", "AT#TSEND=4,3,1\rabcAT#TSEND=4,1,1\rxAT\r", "{>}{>}" + ok},
      {"silent_command_in_a_louder_line", "AT#TSEND=4,3;#TOPEN=1\rabc", "{>}\r\n#TOPEN: 1\r\n" + ok},
      {"silent_command_before_rubbish", "AT#TSEND=4,3;)\rabc", "{>}" + error_result},
      {"silent_and_pending", "AT#TSEND=3,3,1\rabcAT\r", "{>}" + ok},
  };
  return all;
}

class payload_rules : public testing::TestWithParam<row> {};

TEST_P(payload_rules, hold_at_every_split) {
  const row& r = GetParam();
  expect_dialogue(r.input, r.output, r.log);
}

INSTANTIATE_TEST_SUITE_P(rows, payload_rules, testing::ValuesIn(rows()),
                         [](const auto& test) { return test.param.name; });

transcript replay_in_two(const std::string& line, const std::string& payload) {
  return replay(line + payload, {line.size(), line.size() + payload.size() / 2});
}

TEST(payload_rules, the_largest_payload) {
  const std::string payload(max_payload_bytes, '\r');
  const auto seen = replay_in_two("AT#TSEND=0,65536\r", payload + "AT\r");
  EXPECT_EQ(seen.output, "> " + ok + ok);
  EXPECT_EQ(seen.log, log_of(payload));
}

TEST(payload_rules, a_larger_one_is_swallowed_and_refused) {
  const auto seen = replay_in_two("AT#TSEND=0,65537\r", repeated("A", 65537) + "AT\r");
  EXPECT_EQ(seen.output, "> \r\n+CME ERROR: 813\r\n" + ok);
  EXPECT_EQ(seen.log, "");
}

TEST(payload_rules, a_larger_quiet_one_is_refused_by_an_event) {
  const auto seen = replay_in_two("AT#TSEND=7,65537,1\r", repeated("A", 65537) + "AT\r");
  EXPECT_EQ(seen.output, "> \r\n#TERR: 7,813\r\n" + ok);
}

TEST(payload_rules, the_prompt_comes_with_the_terminator_and_alone) {
  scripted_handler handler;
  at_server server(handler);
  server.receive("AT#TSEND=0,1\r");
  std::string out;
  server.take_output(out);
  EXPECT_EQ(out, "> ");
  out.clear();
  server.receive("\n");  // of CRLF: no payload yet
  EXPECT_FALSE(server.has_output());
  server.receive("x");
  server.take_output(out);
  EXPECT_EQ(out, ok);
}

TEST(payload_rules, what_is_swallowed_is_not_kept) {
  scripted_handler handler;
  at_server server(handler);
  server.receive("AT#TSEND=0,2147483647\r");
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 200; ++i) {
    server.receive(piece);
    ASSERT_TRUE(server.has_room_for_input());
  }
}

}  // namespace
}  // namespace tlsmodem::at::test
