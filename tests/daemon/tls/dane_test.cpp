// TLSA records: what they vouch for, with trusted certificates and without, and what a wrong one costs.
#include "fixtures.hpp"

namespace tlsmodem::test {
namespace {

using at::error;
using tls::verification;
constexpr auto stream = tls::transport_kind::stream;
constexpr auto datagram = tls::transport_kind::datagram;
constexpr const char* no_match = "no matching DANE TLSA records";

struct example_chain {
  identity root = make_root("Root");
  identity middle = issue(root, {.common_name = "Middle", .role = certificate_role::authority});
  identity server = issue(middle, {.dns = {"server.example"}, .ip = {"192.0.2.1", "2001:db8::1"}});
  identity late = issue(middle, {.dns = {"server.example"}, .not_before_days = -10, .not_after_days = -1});
  identity stranger = make_root("Stranger");
};

const example_chain& chain() {
  static const example_chain made;
  return made;
}

tls::tlsa_record record(int usage, int selector, int matching, const identity& of) {
  return {static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector),
          static_cast<std::uint8_t>(matching), tlsa_data(of.certificate.get(), selector, matching)};
}

// RFC 6698 2.1: usages 0 and 2 are about an authority, 1 and 3 about the server's certificate.
bool is_about_authority(int usage) { return usage % 2 == 0; }

tls::context_options dane_client(std::vector<tls::tlsa_record> records,
                                 verification verify = verification::required) {
  tls::context_options options;
  options.transport = datagram;
  options.verify = verify;
  options.tlsa = std::move(records);
  return options;
}

tls::context_options trusting(tls::context_options options) {
  options.trusted = {{chain().root.certificate}};
  return options;
}

// Shows its whole chain: who trusts nobody cannot look an authority up.
server_options dane_server(const identity& own = chain().server) {
  auto options = certificate_server(datagram, own);
  options.intermediates = {chain().middle, chain().root};
  return options;
}

TEST(dane, every_kind_of_record_lets_its_server_in_and_no_other) {
  for (const auto transport : {stream, datagram}) {
    for (int kind = 0; kind < 4 * 2 * 3; ++kind) {
      const int usage = kind / 6;
      const int selector = kind / 3 % 2;
      const int matching = kind % 3;
      auto options = dane_client(
          {record(usage, selector, matching, is_about_authority(usage) ? chain().middle : chain().server)});
      if (usage < 2) options = trusting(std::move(options));
      options.transport = transport;
      auto server = dane_server();
      server.transport = transport;
      pair right(options, server);
      EXPECT_TRUE(right.up()) << usage << selector << matching << right.why();
      EXPECT_EQ(right.client->info().verify_result, "ok");
      options.tlsa = {record(usage, selector, matching, chain().stranger)};
      pair wrong(options, server);
      expect_failure(*wrong.client, error::certificate_refused, 42, no_match);
    }
  }
}

TEST(dane, authority_in_a_record_need_not_be_shown_when_the_record_holds_it) {
  auto server = dane_server();
  server.intermediates = {chain().middle};
  for (const int selector : {0, 1}) {
    pair whole(dane_client({record(2, selector, 0, chain().root)}), server);
    EXPECT_TRUE(whole.up()) << whole.why();
    pair digest(dane_client({record(2, selector, 1, chain().root)}), server);
    expect_failure(*digest.client, error::certificate_refused, 42, no_match);
  }
}

TEST(dane, first_two_usages_need_trusted_certificates_too) {
  for (const int usage : {0, 1}) {
    const auto& named = is_about_authority(usage) ? chain().middle : chain().server;
    const auto nobody = tls::build_context(dane_client({record(usage, 1, 1, named)}));
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.why().code, error::credentials_missing);
    auto others = dane_client({record(usage, 1, 1, named)});
    others.trusted = {{chain().stranger.certificate}};
    pair peers(others, dane_server());
    ASSERT_FALSE(peers.up());
    EXPECT_EQ(peers.client->failure().why.code, error::certificate_refused);
  }
}

TEST(dane, one_record_that_matches_is_enough) {
  std::vector<tls::tlsa_record> records;
  for (int i = 0; i < 15; ++i) records.push_back({3, 1, 1, bytes(32, static_cast<std::uint8_t>(i))});
  pair none(dane_client(records), dane_server());
  expect_failure(*none.client, error::certificate_refused, 42, no_match);
  records.push_back(record(3, 1, 1, chain().server));
  pair last(dane_client(records), dane_server());
  EXPECT_TRUE(last.up()) << last.why();
}

// RFC 7671 5.1 and 5.2.
TEST(dane, names_and_dates_count_unless_the_record_is_of_the_certificate_itself) {
  const tls::peer_name elsewhere{"other.example", {}};
  const auto of_server = [](const identity& server) { return dane_client({record(3, 1, 1, server)}); };
  const auto of_authority = dane_client({record(2, 1, 1, chain().middle)});
  EXPECT_TRUE(pair(of_server(chain().server), dane_server(), elsewhere).up());
  EXPECT_TRUE(pair(of_server(chain().late), dane_server(chain().late)).up());
  pair misnamed(of_authority, dane_server(), elsewhere);
  expect_failure(*misnamed.client, error::name_mismatch, 42, "hostname mismatch");
  pair late(of_authority, dane_server(chain().late));
  expect_failure(*late.client, error::certificate_refused, 45, "certificate has expired");
}

struct base_domain_case {
  const char* host;
  std::optional<std::string> sni;
  const char* sent;
  bool up;
};

TEST(dane, base_domain_is_the_server_name_or_the_host) {
  const base_domain_case cases[] = {
      {"server.example", {}, "server.example", true},
      {"server.example.", {}, "server.example", true},
      {"other.example", {}, "other.example", false},
      {"192.0.2.99", "server.example", "server.example", true},
      {"server.example", "other.example", "other.example", false},
      {"server.example", "", "", true},
      {"192.0.2.1", {}, "", true},
      {"[2001:db8::1]", {}, "", true},
      {"192.0.2.2", {}, "", false},
      {"192.0.2.2", "", "", false},
  };
  for (const auto& c : cases) {
    pair by_authority(dane_client({record(2, 0, 1, chain().middle)}), dane_server(), {c.host, c.sni});
    EXPECT_EQ(by_authority.up(), c.up) << c.host << by_authority.why();
    EXPECT_EQ(by_authority.server.server_name(), c.sent) << c.host;
    if (!c.up) {
      EXPECT_EQ(by_authority.client->failure().why.code, error::name_mismatch) << c.host;
    }
    pair by_itself(dane_client({record(3, 0, 1, chain().server)}), dane_server(), {c.host, c.sni});
    EXPECT_TRUE(by_itself.up()) << c.host << by_itself.why();
    EXPECT_EQ(by_itself.server.server_name(), c.sent) << c.host;
  }
}

// What libssl cannot use: unknown numbers, a digest of another length, no certificate where there has to be
// one.
const std::vector<tls::tlsa_record>& unusable_records() {
  static const std::vector<tls::tlsa_record> records = {
      {4, 1, 1, bytes(32)}, {3, 2, 1, bytes(32)}, {3, 1, 3, bytes(32)}, {3, 1, 1, bytes(31)},
      {3, 1, 2, bytes(32)}, {3, 0, 0, bytes(32)}, {2, 1, 0, bytes(32)}};
  return records;
}

TEST(dane, no_usable_record_vouches_for_nobody) {
  // Even where the trusted certificates alone would.
  pair required(trusting(dane_client(unusable_records())), dane_server());
  expect_failure(*required.client, error::certificate_refused, 42, "none of the TLSA records is usable");
  pair told(trusting(dane_client(unusable_records(), verification::optional)), dane_server());
  ASSERT_TRUE(told.up()) << told.why();
  EXPECT_EQ(told.client->info().verify_result, no_match);
  for (const auto& each : unusable_records()) {
    pair alone(trusting(dane_client({each})), dane_server());
    expect_failure(*alone.client, error::certificate_refused, 42, "none of the TLSA records is usable");
  }
}

TEST(dane, unusable_records_are_passed_over) {
  auto records = unusable_records();
  records.push_back(record(3, 1, 1, chain().server));
  pair peers(dane_client(records), dane_server());
  EXPECT_TRUE(peers.up()) << peers.why();
}

struct opportunistic_case {
  const char* what;
  std::vector<tls::tlsa_record> records;
  bool up;
  const char* verify_result;
};

// RFC 7671 4.1
TEST(dane, without_verification_usable_records_are_enforced) {
  const auto& server = chain().server;
  const opportunistic_case cases[] = {
      {"server", {record(3, 1, 1, server)}, true, "ok"},
      {"authority", {record(2, 1, 1, chain().middle)}, true, "ok"},
      {"other server", {record(3, 1, 1, chain().stranger)}, false, ""},
      {"other authority", {record(2, 1, 1, chain().stranger)}, false, ""},
      {"not usable", unusable_records(), true, ""},
      {"usages of trust", {record(1, 1, 1, server), record(0, 1, 1, chain().root)}, true, ""},
      {"wrong usages of trust", {record(1, 1, 1, chain().stranger)}, true, ""},
      {"usage of trust beside", {record(1, 1, 1, server), record(3, 1, 1, chain().stranger)}, false, ""},
  };
  for (const auto& c : cases) {
    pair peers(trusting(dane_client(c.records, verification::none)), dane_server());
    ASSERT_EQ(peers.up(), c.up) << c.what << peers.why();
    if (!c.up) expect_failure(*peers.client, error::certificate_refused, 42, no_match);
    EXPECT_EQ(peers.client->info().verify_result, c.verify_result) << c.what;
  }
}

TEST(dane, optional_verification_tells_and_goes_on) {
  pair wrong(dane_client({record(3, 1, 1, chain().stranger)}, verification::optional), dane_server());
  ASSERT_TRUE(wrong.up()) << wrong.why();
  EXPECT_EQ(wrong.client->info().verify_result, no_match);
  pair right(dane_client({record(3, 1, 1, chain().server)}, verification::optional), dane_server());
  EXPECT_EQ(right.client->info().verify_result, "ok");
}

TEST(dane, has_nothing_to_say_with_a_pre_shared_key) {
  for (const auto& records : {unusable_records(), {record(3, 1, 1, chain().stranger)}}) {
    auto options = psk_client();
    options.tlsa = records;
    pair peers(options, psk_server());
    EXPECT_TRUE(peers.up()) << peers.why();
  }
}

TEST(dane, revoked_certificates_are_refused_below_a_named_authority) {
  auto options = dane_client({record(2, 1, 1, chain().middle)});
  options.revocations = {make_revocation_list(chain().middle, {})};
  pair fine(options, dane_server());
  EXPECT_TRUE(fine.up()) << fine.why();
  options.revocations = {make_revocation_list(chain().middle, {chain().server.certificate.get()})};
  pair revoked(options, dane_server());
  expect_failure(*revoked.client, error::certificate_refused, 44, "it is revoked");
  options.revocations = {make_revocation_list(chain().root, {})};
  pair unlisted(options, dane_server());
  expect_failure(*unlisted.client, error::certificate_refused, 48, "no revocation list that covers it");
  // RFC 7671 5.1: no chain, no list.
  options.tlsa = {record(3, 1, 1, chain().server)};
  pair by_itself(options, dane_server());
  EXPECT_TRUE(by_itself.up()) << by_itself.why();
}

}  // namespace
}  // namespace tlsmodem::test
