#include "daemon/socket/profile.hpp"

#include "protocol/limits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace tlsmodem::test {
namespace {

// As AT#TCFG takes it; 0 when it was taken, else the error's number.
int set(profile& target, std::string_view option, std::string_view values) {
  const auto parsed = at::parse_values(values);
  if (!parsed) return static_cast<int>(parsed.why().code);
  const auto wrong = set_option(target, option, std::span<const at::value>(*parsed));
  return wrong ? static_cast<int>(wrong->code) : 0;
}

std::string text_of(const std::vector<at::value>& values) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += ",";
    text += value.is == at::value::kind::string ? at::quote(value.text) : std::to_string(value.number);
  }
  return text;
}

std::string read(const profile& source, std::string_view option) {
  const auto values = read_option(source, option);
  return values ? text_of(*values) : "error " + std::to_string(static_cast<int>(values.why().code));
}

std::map<std::string, std::string, std::less<>> read_all(const profile& source) {
  std::map<std::string, std::string, std::less<>> all;
  for (const auto name : option_names()) all.emplace(name, read(source, name));
  return all;
}

TEST(profile, has_the_defaults_of_the_protocol) {
  const std::map<std::string, std::string, std::less<>> expected = {{"proto", R"("dtls")"},
                                                                    {"version", R"("1.2")"},
                                                                    {"ciphers", R"("")"},
                                                                    {"verify", "2"},
                                                                    {"sni", ""},
                                                                    {"ca", R"("")"},
                                                                    {"cert", R"("")"},
                                                                    {"key", R"("")"},
                                                                    {"psk", R"("")"},
                                                                    {"system_ca", "0"},
                                                                    {"alpn", R"("")"},
                                                                    {"resume", "2"},
                                                                    {"keep", "1"},
                                                                    {"hs_min", "1000"},
                                                                    {"hs_max", "60000"},
                                                                    {"hs_timeout", "0"},
                                                                    {"family", R"("any")"},
                                                                    {"mtu", "0"},
                                                                    {"iface", R"("")"},
                                                                    {"dscp", "0"},
                                                                    {"reuse", "0"},
                                                                    {"delivery", R"("push")"},
                                                                    {"crl", R"("")"},
                                                                    {"rebuild_chain", "0"},
                                                                    {"dane", R"("")"},
                                                                    {"cid", R"("off")"},
                                                                    {"legacy", R"("")"},
                                                                    {"hangup", R"("close")"},
                                                                    {"auto_resume", "0"}};
  EXPECT_EQ(read_all(profile{}), expected);
}

TEST(profile, takes_every_good_value_and_tells_it_again) {
  const struct {
    const char* option;
    std::vector<const char*> values;
  } cases[] = {
      {"proto", {R"("tls")", R"("udp")", R"("tcp")", R"("dtls")"}},
      {"version", {R"("1.0")", R"("1.3")", R"("1.2","1.2")", R"("1.0","1.3")"}},
      {"ciphers", {R"("C0A8")", R"("C0A8,00AE,1301")", R"("")"}},
      {"verify", {"0", "1", "2"}},
      {"sni", {R"("server.example")", R"("")"}},
      {"ca", {R"("0")", R"("1,2,2147483647")", R"("")"}},
      {"cert", {R"("7")"}},
      {"key", {R"("7")"}},
      {"psk", {R"("7")"}},
      {"system_ca", {"1", "0"}},
      {"alpn", {R"("coap,http/1.1")", R"("")"}},
      {"resume", {"0", "1", "2", "3"}},
      {"keep", {"0", "1"}},
      {"hs_min", {"1", "60000", "86400000"}},
      {"hs_max", {"1", "1000", "86400000"}},
      {"hs_timeout", {"0", "1", "86400000"}},
      {"family", {R"("v4")", R"("v6")", R"("any","v6")", R"("v4","v4")"}},
      {"mtu", {"0", "256", "1280", "65507"}},
      {"iface", {R"("eth0")", R"("fifteen-letters")", R"("")"}},
      {"dscp", {"0", "46", "63"}},
      {"reuse", {"1", "0"}},
      {"delivery", {R"("pull")", R"("push")"}},
      {"crl", {R"("5")", R"("1,2,2147483647")", R"("")"}},
      {"rebuild_chain", {"1", "0"}},
      {"dane", {R"("3 1 1 00ff")", R"("")", R"("0 0 2 00","255 255 255 ff")", R"("")"}},
      {"cid", {R"("off")", R"("")", R"("auto")", R"("0a")"}},
      {"legacy",
       {R"("no_renegotiation_info")", R"("security_level_1")", R"("no_renegotiation_info,security_level_0")",
        R"("")"}},
      {"hangup", {R"("close")"}},
      {"auto_resume", {"0", "1", "30000", "86400000"}},
  };
  EXPECT_EQ(std::size(cases), option_names().size());
  for (const auto& c : cases) {
    profile target;
    for (const auto* values : c.values) {
      EXPECT_EQ(set(target, c.option, values), 0) << c.option << " " << values;
      EXPECT_EQ(read(target, c.option), values);
    }
  }
}

TEST(profile, refuses_every_bad_value_and_stays_as_it_was) {
  const struct {
    const char* option;
    const char* values;
    int code;
  } cases[] = {
      {"proto", R"("sctp")", 50},
      {"proto", R"("DTLS")", 50},
      {"proto", R"("dtls","tls","udp")", 50},
      {"proto", "1", 50},
      {"proto", R"("dtls","carried")", 4},
      {"version", R"("1.4")", 50},
      {"version", R"("1.3","1.2")", 50},
      {"version", "1", 50},
      {"ciphers", R"("C0A")", 50},
      {"ciphers", R"("C0A8 00AE")", 50},
      {"ciphers", R"("C0A8,,00AE")", 50},
      {"ciphers", R"("0xC0")", 50},
      {"verify", "3", 50},
      {"verify", "-1", 50},
      {"verify", R"("2")", 50},
      {"sni", R"("a\00b")", 50},
      {"sni", R"("\FFx.example")", 50},
      {"legacy", R"("security_level_3")", 50},
      {"legacy", R"("security_level_1,,security_level_0")", 50},
      {"legacy", R"("NO_RENEGOTIATION_INFO")", 50},
      {"legacy", "1", 50},
      {"ca", R"("x")", 50},
      {"ca", R"("-1")", 50},
      {"ca", R"("2147483648")", 50},
      {"ca", R"("1,")", 0},
      {"psk", R"("1,,2")", 50},
      {"system_ca", "2", 50},
      {"alpn", R"("a,,b")", 50},
      {"resume", "4", 50},
      {"keep", "2", 50},
      {"hs_min", "0", 50},
      {"hs_min", "86400001", 50},
      {"hs_max", "0", 50},
      {"hs_timeout", "-1", 50},
      {"family", R"("v5")", 50},
      {"family", R"("v4","x")", 50},
      {"mtu", "255", 50},
      {"mtu", "65508", 50},
      {"dscp", "64", 50},
      {"reuse", "2", 50},
      {"delivery", R"("pushed")", 50},
      {"crl", R"("x")", 50},
      {"crl", "1", 50},
      {"rebuild_chain", "2", 50},
      {"rebuild_chain", R"("1")", 50},
      {"dane", R"("3 1 1")", 50},
      {"dane", R"("3 1 1 0")", 50},
      {"dane", R"("3 1 1 xx")", 50},
      {"dane", R"("256 1 1 00")", 50},
      {"dane", R"("3 1 1 00","")", 50},
      {"dane", R"("3 1 1 00","3 1 1 0")", 50},
      {"dane", R"("3 1 1 00",)", 50},
      {"dane", "3", 50},
      {"cid", R"("abc")", 50},
      {"cid", R"("ab cd")", 50},
      {"cid", R"("on")", 50},
      {"cid", "1", 50},
      {"cid", R"("000000000000000000000000000000000000000000000000000000000000000000")", 50},
      {"hangup", R"("detach")", 4},
      {"auto_resume", "-1", 50},
      {"auto_resume", "86400001", 50},
      {"no such", "1", 22},
      {"", "1", 22},
      {"PROTO", R"("tls")", 22},
  };
  for (const auto& c : cases) {
    profile target;
    const auto before = read_all(target);
    EXPECT_EQ(set(target, c.option, c.values), c.code) << c.option << " " << c.values;
    if (c.code != 0) {
      EXPECT_EQ(read_all(target), before) << c.option << " " << c.values;
    }
  }
  profile target;
  EXPECT_EQ(set(target, "iface", R"("sixteen-letters-")"), 24);
  EXPECT_EQ(set(target, "alpn", "\"" + std::string(256, 'x') + "\""), 50);
}

TEST(profile, tlsa_records_add_up_until_they_are_cleared) {
  profile target;
  EXPECT_TRUE(is_repeatable("dane"));
  EXPECT_FALSE(is_repeatable("ca"));
  EXPECT_EQ(set(target, "dane", R"("3 1 1 00ff")"), 0);
  EXPECT_EQ(set(target, "dane", R"("2 0 1 AA BB")"), 0);
  EXPECT_EQ(read(target, "dane"), R"("3 1 1 00ff","2 0 1 aabb")");
  EXPECT_EQ(set(target, "dane", R"("2 0 1 zz")"), 50);
  EXPECT_EQ(read(target, "dane"), R"("3 1 1 00ff","2 0 1 aabb")");
  EXPECT_EQ(set(target, "dane", R"("")"), 0);
  EXPECT_EQ(read(target, "dane"), R"("")");
  for (std::size_t i = 0; i < tls::max_tlsa_records; ++i) EXPECT_EQ(set(target, "dane", R"("3 1 1 00")"), 0);
  EXPECT_EQ(set(target, "dane", R"("3 1 1 00")"), 20);
  EXPECT_EQ(set(target, "dane", "\"3 0 0 " + std::string(at::max_line_bytes, '0') + "\""), 24);
}

TEST(profile, reads_nothing_of_an_option_that_does_not_exist) {
  EXPECT_EQ(read(profile{}, "no such"), "error 22");
}

// In the configuration file values are written as in AT#TCFG, and simple words need no quotes.
TEST(profile, takes_the_text_of_a_configuration_file) {
  const struct {
    const char* option;
    const char* text;
    const char* expected;
  } cases[] = {
      {"proto", "tls", R"("tls")"},
      {"proto", R"("tls")", R"("tls")"},
      {"version", R"("1.2","1.3")", R"("1.2","1.3")"},
      {"version", "1.3", R"("1.3")"},
      {"ciphers", "C0A8,00AE", R"("C0A8,00AE")"},
      {"ciphers", "1301", R"("1301")"},
      {"ciphers", "1301,1302", R"("1301,1302")"},
      {"psk", "1", R"("1")"},
      {"ca", "1,2", R"("1,2")"},
      {"alpn", "coap,http/1.1", R"("coap,http/1.1")"},
      {"sni", "server.example", R"("server.example")"},
      {"mtu", "1280", "1280"},
      {"hs_max", "30000", "30000"},
      {"delivery", "pull", R"("pull")"},
      {"crl", "", R"("")"},
      {"crl", "1,2", R"("1,2")"},
      {"rebuild_chain", "1", "1"},
      {"dane", "", R"("")"},
      {"dane", "3 1 1 00ff", R"("3 1 1 00ff")"},
      {"dane", "3 1 1 00", R"("3 1 1 00")"},
      {"dane", R"("3 1 1 00","2 0 1 01")", R"("3 1 1 00","2 0 1 01")"},
  };
  for (const auto& c : cases) {
    profile target;
    EXPECT_FALSE(set_option(target, c.option, std::string_view(c.text))) << c.option << " = " << c.text;
    EXPECT_EQ(read(target, c.option), c.expected);
  }
  const struct {
    const char* option;
    const char* text;
    int code;
  } bad[] = {{"mtu", "large", 50}, {"proto", "pigeon", 50}, {"verify", "\"2\"", 50},
             {"resume", "4", 50},  {"mtu", "1,2", 50},      {"nothing", "x", 22}};
  for (const auto& c : bad) {
    profile target;
    const auto wrong = set_option(target, c.option, std::string_view(c.text));
    ASSERT_TRUE(wrong) << c.option << " = " << c.text;
    EXPECT_EQ(static_cast<int>(wrong->code), c.code) << c.option << " = " << c.text;
  }
}

TEST(profile, timers_may_be_set_in_any_order) {
  profile target;
  EXPECT_EQ(set(target, "hs_min", "100000"), 0);
  EXPECT_EQ(set(target, "hs_max", "200000"), 0);
}

}  // namespace
}  // namespace tlsmodem::test
