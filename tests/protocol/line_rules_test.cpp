// Literal bytes in, literal bytes out: the rules for command lines (V.250 5.2 to 5.4), whatever way the bytes
// arrive.
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
  initial_echo echo = initial_echo::off;
};
void PrintTo(const row& r, std::ostream* out) { *out << r.name; }  // NOLINT: GoogleTest's name

const std::string ok = "\r\nOK\r\n";
const std::string error_result = "\r\nERROR\r\n";
const std::string wrong_value = "\r\n+CME ERROR: 50\r\n";

std::string line_of_size(std::size_t size) {
  const std::string head = "AT#TCFG=0,\"ca\",\"";
  return head + std::string(size - head.size() - 1, 'x') + '"';
}

std::string command_list() {
  std::string text;
  for (const auto& command : command_set()) text += "\r\nAT" + std::string(command.name) + "\r\n";
  return text;
}

const std::vector<row>& rows() {
  static const std::vector<row> all = {
      // terminators
      {"cr_ends_a_line", "AT\rAT\r", ok + ok},
      {"lf_ends_a_line", "AT\nAT\n", ok + ok},
      {"crlf_ends_one_line", "AT\r\nAT\r\n", ok + ok},
      {"crlf_ends_one_line_in_an_lf_channel", "AT\nAT\r\n", ok + ok},
      {"lf_is_ignored_in_a_cr_channel", "AT\rAT\r\nAT\r", ok + ok + ok},
      {"empty_lines_are_silent", "\r\r\n\n\rAT\r\r\r", ok},
      {"stray_lf_teaches_nothing", "\n\nAT\rAT#TSEND=0,1\r\n", ok + "{>}" + ok, "#TSEND=0,1|\"\\0A\"\n"},
      {"stray_cr_teaches_nothing", "\r\rAT\r\nAT#TSEND=0,1\r\nx", ok + "{>}" + ok, "#TSEND=0,1|\"x\"\n"},
      {"a_noise_line_teaches", "noise\r\nAT#TSEND=0,1\r\nx", "{>}" + ok, "#TSEND=0,1|\"x\"\n"},
      {"cr_ends_a_line_where_lf_did", "AT\nAT\rATI\rAT\r\nAT\n",
       repeated(ok, 2) + "\r\ntlsmodem\r\n" + repeated(ok, 3)},
      {"crlf_before_a_payload_where_lf_was_learned", "AT\nAT#TSEND=0,1\r\nxAT#TSEND=0,1\n\nAT\r",
       ok + "{>}" + ok + "{>}" + ok + ok, "#TSEND=0,1|\"x\"\n#TSEND=0,1|\"\\0A\"\n"},
      // prefix and case
      {"lower_case", "at#topen=4\r", "\r\n#TOPEN: 4\r\n" + ok},
      {"mixed_case", "aT#tOpEn=4\rAt\r", "\r\n#TOPEN: 4\r\n" + ok + ok},
      {"line_without_at_is_silent", "hello\rA\rT\rA T\rthat\rTA\r\xFF\rAT\r", ok, ""},
      {"noise_before_at", "\xFF\xFE\0AT\r+++AT\rxAT\rAAT\r\xF9\x03\xEF\x05\xC3\x01\xF2\xF9"s + "AT\r",
       repeated(ok, 5), ""},
      {"noise_before_a_command_with_payload",
       "\xFF#TSEND=0,2AT#TSEND=0,2\rat\xFF"
       "at#TOPEN=1\r",
       "{>}" + ok + "\r\n#TOPEN: 1\r\n" + ok, "#TSEND=0,2|\"at\"\n#TOPEN=1\n"},
      {"noise_before_what_fails",
       "\xFF"
       "AT+NONE\r~at#TCLOSE=1\r",
       error_result + "\r\n+CME ERROR: 811\r\n"},
      {"noise_before_a_slash_is_none",
       "ATI\r\xFF"
       "A/\rA/",
       repeated("\r\ntlsmodem\r\n" + ok, 2)},
      {"noise_of_a_line_that_lost_its_end", "AT#TOPATI\r", error_result, ""},
      {"spaces_before_at", "   AT\r", ok},
      {"spaces_everywhere", "AT #T OPEN = 1 2 \rAT E 0 V 1\r", "\r\n#TOPEN: 12\r\n" + ok + ok},
      {"spaces_in_strings_stay", "AT#TCFG=0 , \" a b \"\r", ok, "#TCFG=0,\" a b \"\n"},
      {"control_characters_are_ignored", "A\x01T\x00#TO\x1BPEN\x7F=\t3\x1A\r"s, "\r\n#TOPEN: 3\r\n" + ok},
      {"high_bytes_in_strings_stay", "AT#TCFG=0,\"\xC3\xA4\xFF\"\r", ok, "#TCFG=0,\"\\C3\\A4\\FF\"\n"},
      // editing
      {"backspace_edits", "ATX\b#TOPEN=45\b\r", "\r\n#TOPEN: 4\r\n" + ok},
      {"backspace_on_an_empty_line", "\b\bAT\r", ok},
      {"s5_moves_the_backspace", "ATS5=42\rATX*#TOPEN=1\b2\r", ok + "\r\n#TOPEN: 12\r\n" + ok},
      {"del_can_be_the_backspace", "ATS5=127\rATX\x7F\r", ok + ok},
      {"s3_before_s5", "ATS3=8\rAT\bAT\b", "\b\nOK\b\n\b\nOK\b\n\b\nOK\b\n"},
      {"s3_moves_the_terminator", "ATS3=33\rATI!", "!\nOK!\n!\ntlsmodem!\n!\nOK!\n"},
      {"s4_formats_responses", "ATS4=35\rAT\r", "\r#OK\r#\r#OK\r#"},
      {"s_registers_are_read", "ATS3?\rATS4?S5?\r", "\r\n013\r\n" + ok + "\r\n010\r\n\r\n008\r\n" + ok},
      {"s_registers_have_ranges", "ATS3=128\rATS3=?\rATS3?\r",
       wrong_value + "\r\n(0-127)\r\n" + ok + "\r\n013\r\n" + ok},
      {"other_s_registers_do_not_exist", "ATS0=1\rATS999?\rATS\rATS3\rATS12345=1\r",
       wrong_value + wrong_value + repeated(error_result, 3)},
      // repetition
      {"a_slash_repeats", "AT#TOPEN=1\rA/a/", repeated("\r\n#TOPEN: 1\r\n" + ok, 3)},
      {"a_slash_first_is_an_empty_body", "A/", ok, ""},
      {"a_slash_needs_no_terminator", "ATI\rA/\rAT\r",
       "\r\ntlsmodem\r\n" + ok + "\r\ntlsmodem\r\n" + ok + ok},
      {"a_slash_in_a_crlf_channel", "ATI\r\nA/ATV1\r\n", repeated("\r\ntlsmodem\r\n" + ok, 2) + ok},
      {"a_slash_with_payload", "AT#TSEND=0,2\rabA/cd", "{>}" + ok + "{>}" + ok,
       "#TSEND=0,2|\"ab\"\n#TSEND=0,2|\"cd\"\n"},
      {"a_slash_after_a_failure_fails_again", "AT#TCLOSE=1\rA/", repeated("\r\n+CME ERROR: 811\r\n", 2)},
      {"a_slash_never_repeats_a_credential", "AT#TCRED=0,1,2,3,1,\"pw\"\rkeyA/AT\r",
       "{>}" + ok + "\r\n+CME ERROR: 3\r\n" + ok, "#TCRED=0,1,2,3,1,\"pw\"|\"key\"\n"},
      {"a_slash_only_at_the_start", "ATI\rAT#TCFG=0,\"A/\"\r", "\r\ntlsmodem\r\n" + ok + ok,
       "I\n#TCFG=0,\"A/\"\n"},
      {"an_ignored_line_is_not_repeated", "ATI\rnoise\rA/", repeated("\r\ntlsmodem\r\n" + ok, 2)},
      // limits
      {"the_longest_line", line_of_size(max_line_bytes) + "\rAT\r", ok + ok},
      {"one_byte_too_long", line_of_size(max_line_bytes + 1) + "\rAT\r", error_result + ok, ""},
      {"swallowed_whole", "AT" + std::string(5000, ' ') + "AT#TOPEN=1;AT\bA/AT#TOPEN=2\rAT\r",
       error_result + ok, ""},
      {"swallowed_up_to_crlf", std::string(6000, 'A') + "\r\nAT#TSEND=0,1\r\n\n", error_result + "{>}" + ok,
       "#TSEND=0,1|\"\\0A\"\n"},
      {"ignored_bytes_do_not_count", "AT" + std::string(9000, '\0') + "I\r", "\r\ntlsmodem\r\n" + ok},
      {"swallowing_is_not_repeated", "ATI\r" + std::string(5000, 'x') + "\rA/",
       "\r\ntlsmodem\r\n" + ok + error_result + "\r\ntlsmodem\r\n" + ok},
      // echo
      {"echo_is_what_was_sent", "AT\rATE0\rAT\r", "AT\r" + ok + "ATE0\r" + ok + ok, "*", initial_echo::on},
      {"echo_can_be_switched_on", "ATE1\rATI\r", ok + "ATI\r\r\ntlsmodem\r\n" + ok},
      {"echo_leaves_out_the_lf_of_crlf", "AT\r\nAT\r\n", "AT\r" + ok + "AT\r" + ok, "*", initial_echo::on},
      {"echo_of_lf", "AT\nAT\n", "AT\n" + ok + "AT\n" + ok, "*", initial_echo::on},
      {"echo_has_edits_and_noise",
       "x\b\x01"
       "ATX\b\r",
       "x\b\x01"
       "ATX\b\r" +
           ok,
       "*", initial_echo::on},
      {"echo_has_what_precedes_the_prefix", "\xFF+++AT\r", "\xFF+++AT\r" + ok, "*", initial_echo::on},
      {"echo_never_holds_payload", "AT#TSEND=0,4\rAT\rAAT\r", "AT#TSEND=0,4\r{>}" + ok + "AT\r" + ok, "*",
       initial_echo::on},
      {"echo_of_repetition", "AT\rA/", "AT\r" + ok + "A/" + ok, "*", initial_echo::on},
      {"echo_of_an_endless_line_is_bounded", std::string(5000, 'x') + "\rAT\r",
       std::string(4096, 'x') + "\r" + error_result + "AT\r" + ok, "*", initial_echo::on},
      {"z_restores_the_echo", "ATE0\rATZ\rAT\r", "ATE0\r" + ok + ok + "AT\r" + ok, "reset\n",
       initial_echo::on},
      // result codes
      {"numeric_results", "ATV0\rATI\rAT+NONE\rATV1\rAT\r", "0\rtlsmodem\r\n0\r4\r" + ok + ok},
      {"extended_results_stay_verbal", "ATV0\rAT#TCLOSE=1\r", "0\r+CME ERROR: 811\r\n"},
      {"numeric_error_of_cmee_0", "ATV0+CMEE=0\rAT#TCLOSE=1\r", "0\r4\r"},
      {"quiet_suppresses_result_codes_only", "ATQ1\rATI\rAT+NONE\rAT#TCLOSE=1\rATQ0\r",
       "\r\ntlsmodem\r\n" + ok},
      {"cmee_0", "AT+CMEE=0\rAT#TCLOSE=1\r", ok + error_result},
      {"cmee_1", "AT+CMEE=1\rAT#TCLOSE=1\r", ok + "\r\n+CME ERROR: 811\r\n"},
      {"cmee_1_is_the_default", "AT#TCLOSE=1\rAT+CMEE?\r", "\r\n+CME ERROR: 811\r\n\r\n+CMEE: 1\r\n" + ok},
      {"cmee_2", "AT+CMEE=2\rAT#TCLOSE=1\r", ok + "\r\n+CME ERROR: not connected\r\n"},
      {"cmee_without_a_value_is_0", "AT+CMEE=\rAT+CMEE?\r", ok + "\r\n+CMEE: 0\r\n" + ok},
      {"cmee_out_of_range_changes_nothing", "AT+CMEE=3\rAT+CMEE=\"1\"\rAT+CMEE?\r",
       wrong_value + wrong_value + "\r\n+CMEE: 1\r\n" + ok},
      {"unknown_command_is_plain_error", "AT+NONE\rATX9\rAT)\rAT+\rAT&\r", repeated(error_result, 5)},
      {"unknown_form_is_plain_error", "AT#TOPEN\rAT#TSEND?\rAT+CEER?\r", repeated(error_result, 3)},
      {"ceer_at_first", "AT+CEER\r", "\r\n+CEER: \"No failure on this channel.\"\r\n" + ok},
      {"ceer_tells_the_last_failure", "AT#TCLOSE=6\rAT\rAT+CEER\r",
       "\r\n+CME ERROR: 812\r\n" + ok + "\r\n+CEER: \"A \\22connect\\22 is in progress.\"\r\n" + ok},
      {"ceer_of_an_unknown_command", "AT+NONE\rAT+CEER\r",
       error_result + "\r\n+CEER: \"There is no command +NONE.\"\r\n" + ok},
      {"clac_lists_everything", "AT+CLAC\r", command_list() + ok},
      // several commands
      {"extended_commands_are_joined", "AT#TOPEN=1;#TOPEN=2;+CMEE?\r",
       "\r\n#TOPEN: 1\r\n\r\n#TOPEN: 2\r\n\r\n+CMEE: 1\r\n" + ok},
      {"basic_commands_need_no_separator", "ATE0V1Q0I\rATE0;I;\r", repeated("\r\ntlsmodem\r\n" + ok, 2)},
      {"factory_defaults_with_others", "AT&FZE0\rAT+CMEE=2;&F\rAT+CMEE?\r", ok + ok + "\r\n+CMEE: 1\r\n" + ok,
       "reset\nreset\nreset\n"},
      {"first_failure_ends_the_line", "AT#TOPEN=1;#TCLOSE=1;#TOPEN=2\r",
       "\r\n#TOPEN: 1\r\n\r\n+CME ERROR: 811\r\n", "#TOPEN=1\n#TCLOSE=1\n"},
      {"rubbish_ends_the_line", "AT#TOPEN=1;)#TOPEN=2\rAT;\rATI,\r",
       "\r\n#TOPEN: 1\r\n" + error_result + error_result + "\r\ntlsmodem\r\n" + error_result,
       "#TOPEN=1\nI\n"},
      {"semicolon_in_a_string", "AT#TCFG=0,\"a;b\";#TOPEN=1\r", "\r\n#TOPEN: 1\r\n" + ok,
       "#TCFG=0,\"a;b\"\n#TOPEN=1\n"},
      {"missing_separator", "AT+CMEE?+CMEE?\r", error_result},
      {"one_result_for_many_information_lines", "AT#TOPEN?\r",
       "\r\n#TOPEN: 0,\"dtls\",\"open\"\r\n\r\n#TOPEN: 1,\"tls\",\"connected\"\r\n" + ok},
      // values
      {"surplus_values", "AT#TOPEN=1,2\rAT+CMEE=1,1\rAT#TPROMPT=1,\r", repeated(wrong_value, 3)},
      {"missing_values", "AT#TOPEN=\rAT#TPROMPT=\r", wrong_value + wrong_value},
      {"number_out_of_range", "ATE2\rATV99999999999999999999\rAT#TPROMPT=-1\r", repeated(wrong_value, 3)},
      {"broken_strings", "AT#TCFG=0,\"a\rAT#TCFG=0,\"\\2\"\rAT#TCFG=0,\"\\22\\5c\"\r",
       wrong_value + "\r\n+CME ERROR: 25\r\n" + ok, "#TCFG=0,\"\\22\\5C\"\n"},
      {"prompt_is_a_parameter", "AT#TPROMPT?\rAT#TPROMPT=0\rAT#TPROMPT?\rAT#TSEND=0,1\rx",
       "\r\n#TPROMPT: 1\r\n" + ok + ok + "\r\n#TPROMPT: 0\r\n" + ok + ok},
      {"z_restores_the_settings", "AT+CMEE=2;#TPROMPT=0;V0\rATZ\rAT+CMEE?;#TPROMPT?\r",
       "0\r" + ok + "\r\n+CMEE: 1\r\n\r\n#TPROMPT: 1\r\n" + ok},
      // pipelining
      {"many_lines_at_once", repeated("AT#TOPEN=1\rAT\rAT#TSEND=0,3\r\r\nxAT+NONE\r", 40),
       repeated("\r\n#TOPEN: 1\r\n" + ok + ok + "{>}" + ok + error_result, 40)},
      {"pending_keeps_the_order", "AT#TCLOSE=2\rAT#TOPEN=1\rAT#TSEND=2,2\rabAT#TOPEN=2\r",
       ok + "\r\n#TOPEN: 1\r\n" + ok + "{>}" + ok + "\r\n#TOPEN: 2\r\n" + ok,
       "#TCLOSE=2\n#TOPEN=1\n#TSEND=2,2|\"ab\"\n#TOPEN=2\n"},
      {"pending_in_mid_line", "AT#TOPEN=1;#TCLOSE=2;#TOPEN=2\rAT\r",
       "\r\n#TOPEN: 1\r\n\r\n#TOPEN: 2\r\n" + ok + ok},
  };
  return all;
}

class line_rules : public testing::TestWithParam<row> {};

TEST_P(line_rules, hold_at_every_split) {
  const row& r = GetParam();
  expect_dialogue(r.input, r.output, r.log, r.echo);
}

INSTANTIATE_TEST_SUITE_P(rows, line_rules, testing::ValuesIn(rows()),
                         [](const auto& test) { return test.param.name; });

TEST(line_rules, every_extended_command_has_the_test_form) {
  for (const auto& command : command_set()) {
    if (command.name.front() != '+' && command.name.front() != '#') continue;
    const std::string name(command.name);
    const std::string values =
        command.values.empty() ? "" : "\r\n" + name + ": " + std::string(command.values) + "\r\n";
    expect_dialogue("AT" + name + "=?\r", values + ok, "");
  }
}

TEST(line_rules, an_endless_line_keeps_nothing) {
  scripted_handler handler;
  at_server server(handler);
  const std::string piece(100'000, 'A');
  for (int i = 0; i < 50; ++i) {
    server.receive(piece);
    ASSERT_TRUE(server.has_room_for_input());
    ASSERT_FALSE(server.has_output());
  }
  server.receive("\r");
  std::string out;
  server.take_output(out);
  EXPECT_EQ(out, error_result);
}

}  // namespace
}  // namespace tlsmodem::at::test
