// Revocation lists: which a chain needs, and what becomes of one that lacks them or is on them.
#include "fixtures.hpp"

namespace tlsmodem::test {
namespace {

using at::error;

struct example_chain {
  identity root = make_root("Root");
  identity middle = issue(root, {.common_name = "Middle", .role = certificate_role::authority});
  identity server = issue(middle, {.dns = {"server.example"}});
  identity namesake = make_root("Middle");  // another key under the same name
  using list = std::shared_ptr<X509_CRL>;
  list of_root = make_revocation_list(root, {server.certificate.get()});  // not its own: says nothing
  list of_middle = make_revocation_list(middle, {});
  list middle_is_out = make_revocation_list(root, {middle.certificate.get()});
  list server_is_out = make_revocation_list(middle, {server.certificate.get()});
  list old_of_root = make_revocation_list(root, {}, -9, -2);
  list old_of_middle = make_revocation_list(middle, {}, -9, -2);
  list future_of_middle = make_revocation_list(middle, {}, 2, 9);
  list forged_of_middle = make_revocation_list(namesake, {});
};

const example_chain& chain() {
  static const example_chain made;
  return made;
}

struct revocation_case {
  const char* name;
  std::vector<example_chain::list> lists;
  const identity* anchor;
  int alert = -1;  // -1: it connects
  const char* text = "";
};

class revocation : public testing::TestWithParam<revocation_case> {
 protected:
  static tls::context_options options(tls::transport_kind transport) {
    auto made = certificate_client(transport, *GetParam().anchor);
    made.revocations = GetParam().lists;
    return made;
  }
  static server_options server(tls::transport_kind transport) {
    auto made = certificate_server(transport, chain().server);
    made.intermediates = {chain().middle};
    return made;
  }
};

TEST_P(revocation, is_checked_along_the_chain) {
  for (const auto transport : {tls::transport_kind::stream, tls::transport_kind::datagram}) {
    pair peers(options(transport), server(transport));
    if (GetParam().alert < 0) {
      EXPECT_TRUE(peers.up()) << peers.why();
      EXPECT_EQ(peers.client->info().verify_result, "ok");
      continue;
    }
    expect_failure(*peers.client, error::certificate_refused, GetParam().alert, GetParam().text);
    peers.network.settle();
    EXPECT_EQ(peers.server.alerts(), std::vector<int>{2 << 8 | GetParam().alert});
  }
}

TEST_P(revocation, is_told_where_verification_is_optional) {
  auto lenient = options(tls::transport_kind::datagram);
  lenient.verify = tls::verification::optional;
  pair peers(lenient, server(tls::transport_kind::datagram));
  ASSERT_TRUE(peers.up()) << peers.why();
  EXPECT_EQ(peers.client->info().verify_result == "ok", GetParam().alert < 0);
}

TEST_P(revocation, counts_for_nothing_where_there_is_no_verification) {
  auto blind = options(tls::transport_kind::datagram);
  blind.verify = tls::verification::none;
  pair peers(blind, server(tls::transport_kind::datagram));
  EXPECT_TRUE(peers.up()) << peers.why();
}

INSTANTIATE_TEST_SUITE_P(
    rows, revocation,
    testing::Values(
        revocation_case{"nobody", {chain().of_root, chain().of_middle}, &chain().root},
        revocation_case{
            "server", {chain().of_root, chain().server_is_out}, &chain().root, 44, "refused: it is revoked"},
        revocation_case{"authority",
                        {chain().middle_is_out, chain().of_middle},
                        &chain().root,
                        44,
                        "the certificate of one of its authorities is revoked"},
        revocation_case{"old_list_of_the_issuer",
                        {chain().of_root, chain().old_of_middle},
                        &chain().root,
                        45,
                        "the revocation list that covers it has expired"},
        revocation_case{"old_list_of_the_root",
                        {chain().old_of_root, chain().of_middle},
                        &chain().root,
                        45,
                        "the revocation list that covers one of its authorities has expired"},
        revocation_case{"list_of_the_future",
                        {chain().of_root, chain().future_of_middle},
                        &chain().root,
                        42,
                        "the revocation list that covers it is not yet valid, but from "},
        revocation_case{"no_list_of_the_issuer",
                        {chain().of_root},
                        &chain().root,
                        48,
                        "there is no revocation list that covers it"},
        revocation_case{"no_list_of_the_root",
                        {chain().of_middle},
                        &chain().root,
                        48,
                        "there is no revocation list that covers one of its authorities"},
        revocation_case{"forged_list",
                        {chain().of_root, chain().forged_of_middle},
                        &chain().root,
                        51,
                        "CRL signature failure"},
        // What is trusted needs no list, but is on one all the same.
        revocation_case{"trusted_authority", {chain().of_middle}, &chain().middle},
        revocation_case{"trusted_authority_with_the_list_of_its_issuer",
                        {chain().of_middle, chain().of_root},
                        &chain().middle},
        revocation_case{"trusted_authority_that_is_out",
                        {chain().of_middle, chain().middle_is_out},
                        &chain().middle,
                        44,
                        "the certificate of one of its authorities is revoked"},
        revocation_case{"server_below_a_trusted_authority",
                        {chain().server_is_out},
                        &chain().middle,
                        44,
                        "refused: it is revoked"},
        revocation_case{"trusted_authority_without_a_list",
                        {chain().of_root},
                        &chain().middle,
                        48,
                        "there is no revocation list that covers it"},
        revocation_case{"trusted_server", {chain().of_root}, &chain().server},
        revocation_case{"trusted_server_that_is_out",
                        {chain().server_is_out},
                        &chain().server,
                        44,
                        "refused: it is revoked"}),
    [](const auto& row) { return row.param.name; });

// A session is bound to the lists: with newer ones there is a full handshake, which sees them.
TEST(revocation, newer_lists_end_a_session) {
  auto options = certificate_client(tls::transport_kind::stream);
  options.revocations = {make_revocation_list(pki().root, {})};
  const auto first = tls::build_context(options);
  options.revocations = {make_revocation_list(pki().root, {pki().server.certificate.get()})};
  const auto second = tls::build_context(options);
  ASSERT_TRUE(first && second);
  EXPECT_NE(tls::fingerprint_of(**first), tls::fingerprint_of(**second));
}

}  // namespace
}  // namespace tlsmodem::test
