// What is let through of the past: only what was asked for by name, and never what has no encryption.
#include "fixtures.hpp"

namespace tlsmodem::test {
namespace {

using at::error;
using tls::transport_kind;
using words = std::vector<std::string>;

TEST(legacy_names, are_read_and_written) {
  const struct {
    words given;
    tls::legacy_allowances expected;
    words written;
  } cases[] = {
      {{}, {}, {}},
      {{"no_renegotiation_info"}, {true, 2}, {"no_renegotiation_info"}},
      {{"security_level_1"}, {false, 1}, {"security_level_1"}},
      {{"security_level_0"}, {false, 0}, {"security_level_0"}},
      {{"security_level_0", "security_level_1"}, {false, 0}, {"security_level_0"}},
      {{"security_level_1", "no_renegotiation_info"},
       {true, 1},
       {"no_renegotiation_info", "security_level_1"}},
  };
  for (const auto& c : cases) {
    const auto read = tls::parse_legacy(c.given);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, c.expected);
    EXPECT_EQ(tls::names_of(*read), c.written);
    EXPECT_EQ(read->any(), !c.written.empty());
  }
  for (const char* bad : {"", "security_level_2", "SECURITY_LEVEL_1", "renegotiation", "0"}) {
    const auto read = tls::parse_legacy(words{bad});
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.why().code, error::incorrect_parameters);
    EXPECT_NE(read.why().text.find("security_level_1"), std::string::npos);
  }
}

struct weakness {
  const char* name;
  int needed_level;  // the highest at which it connects
  error code;
  int alert;
  const char* text;
  void (*weaken)(tls::context_options&, server_options&);
};

class weakness_of : public testing::TestWithParam<weakness> {};

TEST_P(weakness_of, server_needs_its_level) {
  const auto& row = GetParam();
  for (const auto transport : {transport_kind::stream, transport_kind::datagram}) {
    for (const int level : {2, 1, 0}) {
      auto options = certificate_client(transport);
      auto server = certificate_server(transport);
      row.weaken(options, server);
      options.legacy.security_level = level;
      pair peers(options, server);
      if (level <= row.needed_level) {
        EXPECT_TRUE(peers.up()) << level << peers.why();
        EXPECT_EQ(peers.client->info().verify_result, "ok");
      } else {
        expect_failure(*peers.client, row.code, row.alert, row.text);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    rows, weakness_of,
    testing::Values(weakness{"short_key", 1, error::certificate_refused, 42, "EE certificate key too weak",
                             [](auto&, auto& server) {
                               server.own =
                                   issue(pki().root, {.dns = {"server.example"}}, key_kind::rsa_1024);
                             }},
                    weakness{"short_key_of_the_authority", 1, error::certificate_refused, 42,
                             "CA certificate key too weak",
                             [](auto& client, auto& server) {
                               const auto root = make_root("Weak Root", key_kind::rsa_1024);
                               client.trusted = {{root.certificate}};
                               server.own = issue(root, {.dns = {"server.example"}});
                             }},
                    weakness{"certificate_signed_with_sha1", 0, error::certificate_refused, 42,
                             "CA signature digest algorithm too weak",
                             [](auto&, auto& server) {
                               server.own = issue(pki().root, {.dns = {"server.example"}, .digest = "SHA1"});
                             }},
                    weakness{"old_version", 0, error::no_common_parameters, 80, "legacy sigalg",
                             [](auto& client, auto&) {
                               client.min_version = tls::tls_version::tls1_1;
                               client.max_version = tls::tls_version::tls1_1;
                             }}),
    [](const auto& row) { return row.param.name; });

TEST(legacy, own_short_key_needs_its_level) {
  const identity weak =
      self_sign({.common_name = "device", .role = certificate_role::client}, key_kind::rsa_1024);
  auto options = certificate_client(transport_kind::datagram);
  options.own_chain = {weak.certificate};
  options.key = weak.key;
  EXPECT_FALSE(tls::build_context(options));
  options.legacy.security_level = 1;
  auto server = certificate_server(transport_kind::datagram);
  server.takes_any_client = true;
  pair peers(options, server);
  EXPECT_TRUE(peers.up()) << peers.why();
}

TEST(legacy, suites_without_encryption_or_authentication_stay_out) {
  const std::uint16_t ids[] = {0x003b, 0x00a6, 0x0003, 0x0018, 0xc006};
  for (const auto id : ids) {
    auto options = certificate_client(transport_kind::stream);
    options.ciphers = {id};
    options.legacy.security_level = 0;
    const auto made = tls::build_context(options);
    ASSERT_FALSE(made) << id;
    EXPECT_EQ(made.why().code, error::no_common_parameters) << id;
  }
  auto plain = psk_client();
  plain.ciphers = {0x00b0};
  plain.legacy.security_level = 0;
  EXPECT_FALSE(tls::build_context(plain));
}

TEST(legacy, suites_that_are_offered_stay_the_same) {
  const auto offered = [](int level) {
    auto options = certificate_client(transport_kind::stream);
    options.legacy.security_level = level;
    return pair(options, certificate_server(transport_kind::stream)).server.offered_suites();
  };
  EXPECT_EQ(offered(0), offered(2));
}

}  // namespace
}  // namespace tlsmodem::test
