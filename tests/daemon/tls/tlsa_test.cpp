#include "daemon/tls/tlsa.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::tls {
namespace {

TEST(tlsa_record, is_read_and_written) {
  const struct {
    const char* text;
    tlsa_record expected;
    const char* written;
  } cases[] = {
      {"3 1 1 00ff", {3, 1, 1, {0x00, 0xff}}, "3 1 1 00ff"},
      {"0 0 0 AbCd", {0, 0, 0, {0xab, 0xcd}}, "0 0 0 abcd"},
      {"2 0 2 01 02  0304", {2, 0, 2, {1, 2, 3, 4}}, "2 0 2 01020304"},
      {"  3  1\x20 1 0 0 ", {3, 1, 1, {0}}, "3 1 1 00"},
      {"003 01 1 00", {3, 1, 1, {0}}, "3 1 1 00"},
      {"255 254 253 00", {255, 254, 253, {0}}, "255 254 253 00"},
  };
  for (const auto& c : cases) {
    const auto record = parse_tlsa(c.text);
    ASSERT_TRUE(record) << c.text;
    EXPECT_EQ(*record, c.expected) << c.text;
    EXPECT_EQ(format_tlsa(*record), c.written);
  }
}

TEST(tlsa_record, is_refused_when_it_is_none) {
  for (const char* text : {"", " ", "3", "3 1", "3 1 1", "3 1 1 ", "3 1 1 0", "3 1 1 0g", "3 1 1 0x00",
                           "3 1 1 00 0", "3 1 100", "256 1 1 00", "-1 1 1 00", "+3 1 1 00", "3,1,1,00",
                           "3 1 x 00", "3\t1\t1\t00", "3 1 1 00\n", "x 3 1 1 00"}) {
    const auto record = parse_tlsa(text);
    ASSERT_FALSE(record) << text;
    EXPECT_EQ(record.why().code, at::error::incorrect_parameters) << text;
  }
}

}  // namespace
}  // namespace tlsmodem::tls
