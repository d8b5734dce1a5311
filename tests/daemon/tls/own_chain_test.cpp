// The chain that a client shows: what it was given, completed from its trusted certificates when asked to.
#include "fixtures.hpp"

namespace tlsmodem::test {
namespace {

using names = std::vector<std::string>;

certificate_request authority(const std::string& name) {
  return {.common_name = name, .role = certificate_role::authority};
}

struct authorities {
  identity top = make_root("Top");
  identity middle = issue(top, authority("Middle"));
  identity low = issue(middle, authority("Low"));
  identity own = issue(low, {.common_name = "client", .role = certificate_role::client});
  // Each of the two has signed the other, and neither certificate is the root's.
  identity one = make_root("One");
  identity two = make_root("Two");
  identity one_by_two = issue_for(two, authority("One"), one.key);
  identity two_by_one = issue_for(one, authority("Two"), two.key);
  identity in_circle = issue(one, {.common_name = "client", .role = certificate_role::client});
  identity alone = self_sign({.common_name = "client", .role = certificate_role::client});
};

const authorities& all() {
  static const authorities made;
  return made;
}

// Common names of what the client showed behind its own certificate.
names shown(test_server& server) {
  names found;
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(server.ssl());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    std::string name(64, '\0');
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(chain, i)), NID_commonName,
                                               name.data(), static_cast<int>(name.size()));
    name.resize(static_cast<std::size_t>(size));
    found.push_back(name);
  }
  return found;
}

struct chain_case {
  const char* name;
  std::vector<const identity*> own;
  std::vector<const identity*> trusted;
  bool rebuild;
  names expected;
  const identity* key = nullptr;  // whose certificate is the own one; null: the first of `own`
};

class own_chain : public testing::TestWithParam<chain_case> {};

TEST_P(own_chain, is_shown) {
  const auto& row = GetParam();
  for (const auto verify : {tls::verification::none, tls::verification::required}) {
    for (const auto transport : {tls::transport_kind::stream, tls::transport_kind::datagram}) {
      auto options = certificate_client(transport);
      options.verify = verify;
      options.rebuild_chain = row.rebuild;
      options.own_chain.emplace();
      for (const auto* each : row.own) options.own_chain->push_back(each->certificate);
      options.key = row.key != nullptr ? row.key->key : row.own.front()->key;
      for (const auto* each : row.trusted) options.trusted.push_back({each->certificate});
      auto server = certificate_server(transport);
      server.takes_any_client = true;
      pair peers(options, server);
      ASSERT_TRUE(peers.up()) << peers.why();
      peers.network.settle();
      EXPECT_EQ(shown(peers.server), row.expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    rows, own_chain,
    testing::Values(
        chain_case{"as_given", {&all().own}, {&all().top, &all().middle, &all().low}, false, {}},
        chain_case{"up_to_the_root",
                   {&all().own},
                   {&all().top, &all().low, &all().middle},
                   true,
                   {"Low", "Middle", "Top"}},
        chain_case{"from_the_last_one_given",
                   {&all().own, &all().low},
                   {&all().top, &all().middle},
                   true,
                   {"Low", "Middle", "Top"}},
        chain_case{"as_far_as_there_are_issuers", {&all().own}, {&all().low}, true, {"Low"}},
        chain_case{"not_over_a_gap", {&all().own}, {&all().middle, &all().top}, true, {}},
        chain_case{"once_round_a_circle",
                   {&all().in_circle},
                   {&all().one_by_two, &all().two_by_one},
                   true,
                   {"One", "Two"}},
        chain_case{"no_more_behind_a_root",
                   {&all().own, &all().low, &all().middle, &all().top},
                   {&all().top, &all().middle},
                   true,
                   {"Low", "Middle", "Top"}},
        chain_case{"from_any_order",
                   {&all().middle, &all().top, &all().own, &all().low},
                   {},
                   false,
                   {"Low", "Middle", "Top"},
                   &all().own},
        chain_case{
            "with_the_issuers_sorted", {&all().own, &all().middle, &all().low}, {}, false, {"Low", "Middle"}},
        chain_case{"sorted_and_completed",
                   {&all().low, &all().own},
                   {&all().middle, &all().top},
                   true,
                   {"Low", "Middle", "Top"},
                   &all().own},
        chain_case{"with_what_is_beside_it_behind",
                   {&all().two_by_one, &all().one, &all().low, &all().own},
                   {},
                   false,
                   {"Low", "Two", "One"},
                   &all().own},
        chain_case{"completed_in_front_of_what_is_beside_it",
                   {&all().one, &all().own, &all().low},
                   {&all().middle, &all().top},
                   true,
                   {"Low", "Middle", "Top", "One"},
                   &all().own},
        chain_case{"sorted_round_a_circle",
                   {&all().one_by_two, &all().two_by_one, &all().in_circle},
                   {},
                   false,
                   {"One", "Two"},
                   &all().in_circle},
        chain_case{"alone_when_self_signed", {&all().alone}, {&all().top, &all().alone}, true, {}}),
    [](const auto& row) { return row.param.name; });

TEST(own_chain, completed_satisfies_a_server_that_knows_the_root) {
  auto options = certificate_client(tls::transport_kind::datagram);
  options.own_chain = {all().own.certificate};
  options.key = all().own.key;
  options.trusted.push_back({all().low.certificate, all().middle.certificate});
  auto server = certificate_server(tls::transport_kind::datagram);
  server.trusted_clients = {all().top};
  pair incomplete(options, server);
  expect_failure(*incomplete.client, at::error::alert_received, 48, "unknown_ca");
  options.rebuild_chain = true;
  pair complete(options, server);
  EXPECT_TRUE(complete.up()) << complete.why();
}

}  // namespace
}  // namespace tlsmodem::test
