#include "protocol/command_line.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace tlsmodem::at {

void PrintTo(const parsed_command& c, std::ostream* out) {  // NOLINT: GoogleTest's name
  *out << c.name << " form " << static_cast<int>(c.is) << " (" << c.arguments << ") S" << c.s_register;
}

namespace {

parsed_command basic(std::string name, std::string number = "") {
  return {std::move(name), form::execute, std::move(number), -1};
}
parsed_command execute(std::string name) { return {std::move(name), form::execute, "", -1}; }
parsed_command set(std::string name, std::string arguments) {
  return {std::move(name), form::set, std::move(arguments), -1};
}
parsed_command read(std::string name) { return {std::move(name), form::read, "", -1}; }
parsed_command test(std::string name) { return {std::move(name), form::test, "", -1}; }
parsed_command s_register(int number, form is, std::string arguments = "") {
  return {"S", is, std::move(arguments), number};
}

TEST(find_body, is_what_stands_behind_the_first_prefix) {
  const struct {
    std::string_view line;
    std::optional<std::string_view> body;
  } rows[] = {
      {"AT", ""},
      {"at", ""},
      {"At", ""},
      {"aT", ""},
      {"ATI", "I"},
      {"  AT I", " I"},
      // behind noise
      {"\xFF"
       "AT",
       ""},
      {"\xFF\x80"
       "at+CSQ",
       "+CSQ"},
      {"~At", ""},
      {"+++ATH", "H"},
      {"7AT", ""},
      {"7at", ""},
      {"\"at\"", "\""},
      {"look at me", " me"},
      // behind a letter: a line that another program left half written, or an A that set the speed
      {"xAT", ""},
      {"XAT", ""},
      {"AAT", ""},
      {"aAT", ""},
      {"AAAT#TOPEN", "#TOPEN"},
      {"#TOPEN=0AT#TINFO", "#TINFO"},
      {"DATA", "A"},
      // not in words
      {"that", std::nullopt},
      {"status", std::nullopt},
      {"creAt", std::nullopt},
      {"XaT", std::nullopt},
      {"aat", std::nullopt},
      {"that ATI", "I"},
      {"that at last", " last"},
      // the first one counts
      {"ATAT", "AT"},
      {"AT#TOPAT", "#TOPAT"},
      {"\xFF"
       "AT\xFF"
       "AT",
       "\xFF"
       "AT"},
      // none
      {"", std::nullopt},
      {"A", std::nullopt},
      {"T", std::nullopt},
      {"A T", std::nullopt},
      {"TA", std::nullopt},
      {"A/", std::nullopt},
      {"hello", std::nullopt},
      {"\xC1\xD4", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(find_body(row.line), row.body) << row.line;
}

TEST(find_body, does_not_mind_any_byte_before_the_prefix) {
  for (int value = 0; value < 256; ++value) {
    const std::string noise(3, static_cast<char>(value));
    EXPECT_EQ(find_body(noise + "ATI"), "I") << value;
  }
}

TEST(parse_command_line, takes_the_body_apart) {
  const struct {
    std::string_view body;
    std::vector<parsed_command> commands;
    bool ends_in_rubbish = false;
  } rows[] = {
      {"", {}},
      {"   ", {}},
      {"E", {basic("E")}},
      {"e1q0V", {basic("E", "1"), basic("Q", "0"), basic("V")}},
      {"E 1 0 ; V", {basic("E", "10"), basic("V")}},
      {"&F&c1Z", {basic("&F"), basic("&C", "1"), basic("Z")}},
      {"& f 0", {basic("&F", "0")}},
      {"S3?S4=1 0;S5=?",
       {s_register(3, form::read), s_register(4, form::set, "10"), s_register(5, form::test)}},
      {"S3=", {s_register(3, form::set)}},
      {"S012?", {s_register(12, form::read)}},
      {"S", {}, true},
      {"S3", {}, true},
      {"S1234?", {}, true},
      {"+CMEE", {execute("+CMEE")}},
      {"+cmee?", {read("+CMEE")}},
      {"+cmee=?", {test("+CMEE")}},
      {"+cmee=1", {set("+CMEE", "1")}},
      {"+ C M E E = ?", {test("+CMEE")}},
      {"+CMEE=", {set("+CMEE", "")}},
      {"+CMEE=1;", {set("+CMEE", "1")}},
      {"+CFUN?;+CSQ", {read("+CFUN"), execute("+CSQ")}},
      {"E0+CFUN?;E1", {basic("E", "0"), read("+CFUN"), basic("E", "1")}},
      {"#X=\"a;b\";#Y", {set("#X", "\"a;b\""), execute("#Y")}},
      {"#X=\"\\22;\";#Y", {set("#X", "\"\\22;\""), execute("#Y")}},
      {"#X=\"a;#Y", {set("#X", "\"a;#Y")}},
      {"#X=a=b?", {set("#X", "a=b?")}},
      {"%A;^B;*C;!D;@E;$F",
       {execute("%A"), execute("^B"), execute("*C"), execute("!D"), execute("@E"), execute("$F")}},
      {"+A-b.c/d:e_f!g%h0", {execute("+A-B.C/D:E_F!G%H0")}},
      {";", {}, true},
      {"E;;", {basic("E")}, true},
      {"+", {}, true},
      {"&", {}, true},
      {"&1", {}, true},
      {"1", {}, true},
      {"E0,1", {basic("E", "0")}, true},
      {"E=1", {basic("E")}, true},
      {"+CMEE?1", {}, true},
      {"+CMEE=?1", {}, true},
      {"+CMEE?+CMEE?", {}, true},
      {"+CMEE=1;;+CSQ", {set("+CMEE", "1")}, true},
      {"\xC3\xA4", {}, true},
      {std::string_view("\0", 1), {}, true},
  };
  for (const auto& row : rows) {
    const auto line = parse_command_line(row.body);
    EXPECT_EQ(line.commands, row.commands) << row.body;
    EXPECT_EQ(line.ends_in_rubbish, row.ends_in_rubbish) << row.body;
  }
}

}  // namespace
}  // namespace tlsmodem::at
