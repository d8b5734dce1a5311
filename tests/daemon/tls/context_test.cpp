// What AT#TOPEN checks without a network.
#include "fixtures.hpp"

namespace tlsmodem::test {
namespace {

using at::error;
using tls::tls_version;
constexpr auto stream = tls::transport_kind::stream;
constexpr auto datagram = tls::transport_kind::datagram;

struct refused_options {
  const char* name;
  error code;
  const char* text;
  tls::context_options (*make)();
};

class refused_context : public testing::TestWithParam<refused_options> {};

TEST_P(refused_context, says_why) {
  const auto built = tls::build_context(GetParam().make());
  ASSERT_FALSE(built);
  EXPECT_EQ(built.why().code, GetParam().code) << built.why().text;
  EXPECT_NE(built.why().text.find(GetParam().text), std::string::npos) << built.why().text;
}

tls::context_options with(tls::context_options options,
                          const std::function<void(tls::context_options&)>& change) {
  change(options);
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    options, refused_context,
    testing::Values(
        refused_options{
            "dtls_1_3", error::no_common_parameters, "version",
            [] { return with(psk_client(), [](auto& o) { o.min_version = tls_version::tls1_3; }); }},
        refused_options{
            "max_below_min", error::no_common_parameters, "version",
            [] { return with(psk_client(stream), [](auto& o) { o.max_version = tls_version::tls1_1; }); }},
        refused_options{"dtls_max_1_0", error::no_common_parameters, "version",
                        [] {
                          return with(psk_client(), [](auto& o) {
                            o.min_version = tls_version::tls1_0;
                            o.max_version = tls_version::tls1_0;
                          });
                        }},
        refused_options{"unknown_suites", error::no_common_parameters, "suites",
                        [] { return with(psk_client(), [](auto& o) {
                               o.ciphers = {0xfefe, 0x0000};
                             }); }},
        refused_options{"certificate_suites_with_psk", error::no_common_parameters, "suites",
                        [] { return with(psk_client(), [](auto& o) { o.ciphers = {0xc02b}; }); }},
        refused_options{
            "psk_suites_without_psk", error::no_common_parameters, "suites",
            [] { return with(certificate_client(datagram), [](auto& o) { o.ciphers = {0xc0a8}; }); }},
        refused_options{"null_suites", error::no_common_parameters, "suites",
                        [] { return with(psk_client(), [](auto& o) {
                               o.ciphers = {0x00b0, 0x002c};
                             }); }},
        refused_options{
            "anonymous_suites", error::no_common_parameters, "suites",
            [] { return with(certificate_client(stream), [](auto& o) { o.ciphers = {0x00a6}; }); }},
        refused_options{"suites_of_1_3_on_dtls", error::no_common_parameters, "suites",
                        [] { return with(psk_client(), [](auto& o) { o.ciphers = {0x1301}; }); }},
        refused_options{"suites_of_another_hash_than_the_psk", error::no_common_parameters, "SHA-256",
                        [] { return with(psk_client(stream), [](auto& o) { o.ciphers = {0x1302}; }); }},
        refused_options{"suites_of_1_2_for_1_3", error::no_common_parameters, "suites",
                        [] {
                          return with(psk_client(stream), [](auto& o) {
                            o.ciphers = {0xc0a8};
                            o.min_version = tls_version::tls1_3;
                          });
                        }},
        refused_options{"nothing_to_verify_with", error::credentials_missing, "no trusted certificates",
                        [] { return tls::context_options{}; }},
        refused_options{"certificate_without_key", error::credentials_missing, "no private key",
                        [] {
                          return with(certificate_client(stream),
                                      [](auto& o) { o.own_chain = {pki().server.certificate}; });
                        }},
        refused_options{
            "key_without_certificate", error::credentials_missing, "no own certificate",
            [] { return with(certificate_client(stream), [](auto& o) { o.key = pki().server.key; }); }},
        refused_options{"mismatch", error::credentials_unusable, "does not match",
                        [] {
                          return with(certificate_client(stream), [](auto& o) {
                            o.own_chain = {pki().server.certificate};
                            o.key = pki().root.key;
                          });
                        }},
        refused_options{"mismatch_of_kinds", error::credentials_unusable, "does not match",
                        [] {
                          return with(certificate_client(stream), [](auto& o) {
                            o.own_chain = {pki().server.certificate};
                            o.key = make_key(key_kind::ed25519);
                          });
                        }},
        refused_options{"weak_own_key", error::credentials_unusable, "too small",
                        [] {
                          const identity weak = self_sign({}, key_kind::rsa_1024);
                          return with(certificate_client(stream), [&](auto& o) {
                            o.own_chain = {weak.certificate};
                            o.key = weak.key;
                          });
                        }},
        refused_options{"nul_in_identity", error::credentials_unusable, "NUL",
                        [] {
                          return with(psk_client(stream), [](auto& o) { o.psk->identity = {'a', 0, 'b'}; });
                        }},
        refused_options{"empty_psk", error::credentials_unusable, "1 to 512",
                        [] { return with(psk_client(), [](auto& o) { o.psk = make_psk(""); }); }},
        refused_options{
            "long_psk", error::credentials_unusable, "1 to 512",
            [] { return with(psk_client(), [](auto& o) { o.psk = make_psk(std::string(513, 'k')); }); }},
        refused_options{"empty_identity", error::credentials_unusable, "1 to 256",
                        [] { return with(psk_client(), [](auto& o) { o.psk = make_psk("key", ""); }); }},
        refused_options{"long_identity", error::credentials_unusable, "1 to 256",
                        [] {
                          return with(psk_client(),
                                      [](auto& o) { o.psk = make_psk("key", std::string(257, 'i')); });
                        }},
        refused_options{"empty_alpn_name", error::incorrect_parameters, "ALPN",
                        [] { return with(psk_client(), [](auto& o) {
                               o.alpn = {"coap", ""};
                             }); }},
        refused_options{"long_alpn_name", error::incorrect_parameters, "ALPN",
                        [] { return with(psk_client(), [](auto& o) { o.alpn = {std::string(256, 'a')}; }); }},
        refused_options{"no_first_wait", error::incorrect_parameters, "hs_min",
                        [] { return with(psk_client(), [](auto& o) { o.hs_min = tls::milliseconds{0}; }); }},
        refused_options{
            "cap_below_first_wait", error::incorrect_parameters, "hs_min",
            [] { return with(psk_client(), [](auto& o) { o.hs_max = tls::milliseconds{999}; }); }}),
    [](const auto& options) { return options.param.name; });

TEST(context, longest_psk_and_identity_connect) {
  for (const auto transport : {datagram, stream}) {
    const std::string key(512, 'k');
    const std::string identity(256, 'i');
    auto options = psk_client(transport);
    options.psk = make_psk(key, identity);
    auto server = psk_server(transport);
    server.psk[identity] = to_bytes(key);
    pair peers(options, server);
    EXPECT_TRUE(peers.up()) << peers.why();
  }
}

TEST(context, suites_choose_the_versions_that_are_possible) {
  auto options = psk_client(stream);
  options.ciphers = {0xc0a8};
  pair older(options, psk_server(stream));
  ASSERT_TRUE(older.up()) << older.why();
  EXPECT_EQ(older.client->info().version, "TLSv1.2");
  options.ciphers = {0x1304, 0x1301};
  pair newer(options, psk_server(stream));
  EXPECT_EQ(newer.server.offered_suites().front(), 0x1304);
  ASSERT_TRUE(newer.up()) << newer.why();
  EXPECT_EQ(newer.client->info().version, "TLSv1.3");
}

TEST(context, system_trust_counts_as_trust) {
  tls::context_options options;
  options.system_ca = true;
  EXPECT_TRUE(tls::build_context(options));
}

TEST(context, leaves_no_error_behind) {
  ERR_clear_error();
  auto options = certificate_client(stream);
  options.own_chain = {pki().server.certificate};
  options.key = pki().root.key;
  EXPECT_FALSE(tls::build_context(options));
  EXPECT_EQ(ERR_peek_error(), 0UL);
  // And is not led astray by somebody else's.
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  EXPECT_TRUE(tls::build_context(certificate_client(stream)));
}

TEST(context, intermediates_connect_the_chain) {
  const identity middle =
      issue(pki().root, {.common_name = "Middle", .role = certificate_role::authority}, key_kind::ec_p384);
  const identity own = issue(middle, {.dns = {"server.example"}});
  auto server = certificate_server(stream, own);
  pair incomplete(certificate_client(stream), server);
  EXPECT_FALSE(incomplete.up());
  server.intermediates = {middle};
  pair complete(certificate_client(stream), server);
  EXPECT_TRUE(complete.up()) << complete.why();
  // A trusted intermediate ends the chain by itself.
  server.intermediates.clear();
  pair anchored(certificate_client(stream, middle), server);
  EXPECT_TRUE(anchored.up()) << anchored.why();
}

}  // namespace
}  // namespace tlsmodem::test
