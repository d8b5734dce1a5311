#include "daemon/tls/internationalized_name.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

TEST(internationalized_name, becomes_a_labels) {
  const std::pair<const char*, const char*> cases[] = {
      {"b\u00fccher.example", "xn--bcher-kva.example"},
      {"B\u00dcCHER.Example", "xn--bcher-kva.example"},
      {"bu\u0308cher.example", "xn--bcher-kva.example"},  // two code points for one letter
      {"fa\u00df.de", "xn--fa-hia.de"},                   // not transitional: no "ss"
      {"\u4f8b\u3048.\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah"},
      {"b\u00fccher.example.", "xn--bcher-kva.example."},
      // ASCII is left to who uses it.
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"Server_1.Example", "Server_1.Example"},
      {"2001:db8::1", "2001:db8::1"},
      {"", ""},
  };
  for (const auto& [given, expected] : cases) {
    const auto made = tls::to_a_labels(given);
    ASSERT_TRUE(made) << given << made.why().text;
    EXPECT_EQ(*made, expected);
  }
}

TEST(internationalized_name, has_to_be_one) {
  const std::string cases[] = {"\xff.example", "b\xc3", std::string("b\u00fc\0x", 5), "\u2028.example",
                               std::string(64, 'a') + "\u00fc.example",
                               // of soft hyphens and zero width spaces nothing is left
                               "\u00ad", "\u200b\u00ad", "\u00ad.example"};
  for (const auto& given : cases) {
    const auto made = tls::to_a_labels(given);
    ASSERT_FALSE(made) << given << *made;
    EXPECT_EQ(made.why().code, at::error::incorrect_parameters);
    EXPECT_EQ(made.why().text.find("The name cannot be one: "), 0U);
  }
}

}  // namespace
}  // namespace tlsmodem::test
