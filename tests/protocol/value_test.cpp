#include "protocol/value.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace tlsmodem::at {
namespace {

value omitted() { return {}; }
value number(std::int64_t n) { return {value::kind::number, n, {}}; }
value text(std::string t) { return {value::kind::string, 0, std::move(t)}; }

TEST(parse_values, reads_what_v250_allows) {
  const struct {
    std::string_view input;
    std::vector<value> expected;
  } rows[] = {
      {"", {}},
      {"   ", {}},
      {"0", {number(0)}},
      {"-1,+2,007", {number(-1), number(2), number(7)}},
      {" 1 , 2 ", {number(1), number(2)}},
      {"1 2,3", {number(12), number(3)}},
      {",", {omitted(), omitted()}},
      {",,15", {omitted(), omitted(), number(15)}},
      {"1,", {number(1), omitted()}},
      {"1, ,\"\"", {number(1), omitted(), text("")}},
      {"\"\"", {text("")}},
      {"\"a,b;c\"", {text("a,b;c")}},
      {"  \" a \"  ,1", {text(" a "), number(1)}},
      {"\"\\22\\5C\\5c\\00\\Ff\"", {text(std::string("\"\\\\\0\xFF", 5))}},
      {"\"\xC3\xA4\"", {text("\xC3\xA4")}},
      {"9223372036854775807,-9223372036854775808",
       {number(std::numeric_limits<std::int64_t>::max()), number(std::numeric_limits<std::int64_t>::min())}},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_values(row.input);
    ASSERT_TRUE(parsed) << row.input;
    EXPECT_EQ(*parsed, row.expected) << row.input;
    EXPECT_EQ(parse_readable_values(row.input), row.expected) << row.input;
  }
}

TEST(parse_values, refuses_everything_else_but_keeps_what_can_be_read) {
  const struct {
    std::string_view input;
    error expected;
    std::vector<value> readable;
  } rows[] = {
      {"x", error::incorrect_parameters, {omitted()}},
      {"1,x,3", error::incorrect_parameters, {number(1), omitted(), number(3)}},
      {"0x10,7", error::incorrect_parameters, {omitted(), number(7)}},
      {"1.5", error::incorrect_parameters, {omitted()}},
      {"+", error::incorrect_parameters, {omitted()}},
      {"-", error::incorrect_parameters, {omitted()}},
      {"+-5", error::incorrect_parameters, {omitted()}},
      {"++5", error::incorrect_parameters, {omitted()}},
      {"9223372036854775808", error::incorrect_parameters, {omitted()}},
      {"-9223372036854775809", error::incorrect_parameters, {omitted()}},
      {"\"", error::incorrect_parameters, {omitted()}},
      {"1,\"abc", error::incorrect_parameters, {number(1), omitted()}},
      {"\"a\"b,2", error::incorrect_parameters, {omitted(), number(2)}},
      {"\"a\" \"b\"", error::incorrect_parameters, {omitted()}},
      {"\"\\\",2", error::invalid_characters, {omitted(), number(2)}},
      {"\"\\2\",2", error::invalid_characters, {omitted(), number(2)}},
      {"\"\\2g\",\"b\"", error::invalid_characters, {omitted(), text("b")}},
      {"\"\\n\"", error::invalid_characters, {omitted()}},
      {"\"a,b\\\",2", error::invalid_characters, {omitted(), number(2)}},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_values(row.input);
    ASSERT_FALSE(parsed) << row.input;
    EXPECT_EQ(parsed.why().code, row.expected) << row.input;
    EXPECT_EQ(parse_readable_values(row.input), row.readable) << row.input;
  }
}

TEST(quote, every_byte_comes_back_and_none_breaks_a_line) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string raw{static_cast<char>(byte), 'x', static_cast<char>(byte)};
    const auto quoted = quote(raw);
    const auto parsed = parse_values(quoted);
    ASSERT_TRUE(parsed) << byte;
    EXPECT_EQ(*parsed, std::vector<value>{text(raw)}) << byte;
    for (const char c : quoted) EXPECT_TRUE(c >= ' ' && c <= '~') << byte;
    EXPECT_EQ(std::count(quoted.begin(), quoted.end(), '"'), 2) << byte;
  }
}

TEST(quote, random_texts_come_back) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::string raw(random() % 300, '\0');
    for (char& c : raw) c = static_cast<char>(random());
    const auto parsed = parse_values("1," + quote(raw) + ",");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, (std::vector<value>{number(1), text(raw), omitted()}));
  }
}

TEST(quote, printable_text_stays_readable) {
  EXPECT_EQ(quote("a b;c,d~"), "\"a b;c,d~\"");
  EXPECT_EQ(quote("\"\\\r\n\x7F"), "\"\\22\\5C\\0D\\0A\\7F\"");
}

TEST(arguments, ranges_are_inclusive) {
  for (const std::int64_t n : {4, 5, 6, 7, 8}) {
    const std::vector<value> values{number(n)};
    arguments in(values);
    in.number(5, 7);
    EXPECT_EQ(in.finish().has_value(), n < 5 || n > 7) << n;
  }
}

TEST(arguments, omitted_values_take_their_defaults) {
  const std::vector<value> values{omitted(), number(2)};
  arguments in(values);
  EXPECT_EQ(in.number_or(9, 0, 5), 9);
  EXPECT_EQ(in.number_or(9, 0, 5), 2);
  EXPECT_EQ(in.number_or(9, 0, 5), 9);
  EXPECT_EQ(in.optional_text(5), std::nullopt);
  EXPECT_TRUE(in.rest().empty());
  EXPECT_FALSE(in.finish());
}

TEST(arguments, surplus_values_are_an_error_even_when_omitted) {
  for (const auto& surplus : {number(1), text("x"), omitted()}) {
    const std::vector<value> values{number(1), surplus};
    arguments in(values);
    EXPECT_EQ(in.number(0, 5), 1);
    const auto wrong = in.finish();
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->code, error::incorrect_parameters);
  }
}

TEST(arguments, the_first_failure_sticks_and_names_its_place) {
  const std::vector<value> values{number(1), text("long")};
  arguments in(values);
  in.number(0, 5);
  EXPECT_EQ(in.text(3), "");
  in.number(0, 5);
  const auto wrong = in.finish();
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->code, error::string_too_long);
  EXPECT_EQ(wrong->text, "Value 2 is longer than 3 bytes.");
}

TEST(arguments, a_missing_value_is_named) {
  const std::vector<value> values{number(1)};
  arguments numbers(values);
  numbers.number(0, 5);
  numbers.number(0, 5);
  EXPECT_EQ(numbers.finish()->text, "Value 2 is missing.");
  arguments texts(values);
  texts.number(0, 5);
  texts.text(9);
  EXPECT_EQ(texts.finish()->text, "Value 2 is missing.");
}

TEST(arguments, kinds_do_not_mix) {
  const std::vector<value> values{text("1")};
  arguments numbers(values);
  numbers.number(0, 5);
  EXPECT_TRUE(numbers.finish());
  const std::vector<value> others{number(1)};
  arguments texts(others);
  EXPECT_EQ(texts.optional_text(9), std::nullopt);
  EXPECT_TRUE(texts.finish());
}

TEST(arguments, rest_takes_what_is_left) {
  const std::vector<value> values{number(1), number(2), text("x")};
  arguments in(values);
  in.number(0, 5);
  EXPECT_EQ(in.rest().size(), 2U);
  EXPECT_FALSE(in.finish());
}

}  // namespace
}  // namespace tlsmodem::at
