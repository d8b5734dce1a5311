// What LwM2M calls the Server Public Key and its Certificate Usage (resources /0/x/4 and /0/x/15), as Anjay
// hands it to avs_net: one TLSA record in AVS_NET_SOCKET_OPT_DANE_TLSA_ARRAY between create and connect, with
// the Matching Type of /0/x/13 (0 exact, 1 SHA-256, 3 SHA-512, which is 2 here). avs_net takes public keys
// and many records too.
#include "avs_net_trust_fixture.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem::test {
namespace {

using usage = avs_net_socket_dane_certificate_usage_t;
constexpr auto ca_constraint = AVS_NET_SOCKET_DANE_CA_CONSTRAINT;
constexpr auto service_certificate_constraint = AVS_NET_SOCKET_DANE_SERVICE_CERTIFICATE_CONSTRAINT;
constexpr auto trust_anchor_assertion = AVS_NET_SOCKET_DANE_TRUST_ANCHOR_ASSERTION;
constexpr auto domain_issued_certificate = AVS_NET_SOCKET_DANE_DOMAIN_ISSUED_CERTIFICATE;
constexpr std::array all_usages = {ca_constraint, service_certificate_constraint, trust_anchor_assertion,
                                   domain_issued_certificate};
constexpr std::array all_selectors = {AVS_NET_SOCKET_DANE_CERTIFICATE, AVS_NET_SOCKET_DANE_PUBLIC_KEY};
constexpr std::array all_matchings = {AVS_NET_SOCKET_DANE_MATCH_FULL, AVS_NET_SOCKET_DANE_MATCH_SHA256,
                                      AVS_NET_SOCKET_DANE_MATCH_SHA512};

bool is_constraint(usage of) { return of == ca_constraint || of == service_certificate_constraint; }
bool names_authority(usage of) { return of == ca_constraint || of == trust_anchor_assertion; }

struct record {
  record(usage certificate_usage, const identity& of,
         avs_net_socket_dane_selector_t selected = AVS_NET_SOCKET_DANE_CERTIFICATE,
         avs_net_socket_dane_matching_type_t matched = AVS_NET_SOCKET_DANE_MATCH_SHA256)
      : use(certificate_usage),
        selector(selected),
        matching(matched),
        data(tlsa_data(of.certificate.get(), selected, matched)) {}

  usage use;
  avs_net_socket_dane_selector_t selector;
  avs_net_socket_dane_matching_type_t matching;
  bytes data;
};

// What the array points to is gone when the call is over.
outcome set(const avs_socket& socket, std::vector<record> records) {
  std::vector<avs_net_socket_dane_tlsa_record_t> array;
  for (const auto& one : records)
    array.push_back({one.use, one.selector, one.matching, one.data.data(), one.data.size()});
  avs_net_socket_opt_value_t value{};
  value.dane_tlsa_array = {array.data(), array.size()};
  const auto how = socket.set(AVS_NET_SOCKET_OPT_DANE_TLSA_ARRAY, value);
  for (auto& one : records) std::ranges::fill(one.data, 0);
  return how;
}

class avs_net_dane : public avs_net_trust {
 protected:
  // As Anjay: a record that does not constrain stands without trusted certificates.
  tls_settings with_dane(bool trusts_root) const {
    auto made = with_certificates(transport());
    if (!trusts_root) made.trusted.clear();
    made.adjust = [](avs_net_certificate_info_t& info) { info.dane = true; };
    return made;
  }
  tls_settings opportunistic() const {
    auto made = with_dane(false);
    made.verifies = false;
    return made;
  }

  outcome connect_with(const tls_settings& settings, const std::vector<record>& records) {
    const avs_socket socket(settings);
    const auto how = set(socket, records);
    return how == ok ? reach(socket) : how;
  }
  ::testing::AssertionResult is_refused_with(int alert, const tls_settings& settings,
                                             const std::vector<record>& records) {
    return is_refused(alert, [&] { return connect_with(settings, records); });
  }
};
INSTANTIATE_TEST_SUITE_P(over, avs_net_dane, ::testing::ValuesIn(all_transports()), name_of);

TEST_P(avs_net_dane, lets_in_what_a_record_names_and_nobody_else) {
  serve_below_middle();
  const auto other = issue(stranger_, {.common_name = server_name, .ip = {"127.0.0.1"}});
  for (const auto use : all_usages)
    for (const auto selector : all_selectors)
      for (const auto matching : all_matchings) {
        SCOPED_TRACE(std::to_string(use) + " " + std::to_string(selector) + " " + std::to_string(matching));
        const auto settings = with_dane(is_constraint(use));
        const auto& named = names_authority(use) ? middle_ : below_;
        const auto& not_that_one = names_authority(use) ? below_ : middle_;
        const auto& elsewhere = names_authority(use) ? stranger_ : other;
        EXPECT_EQ(connect_with(settings, {{use, named, selector, matching}}), ok);
        EXPECT_TRUE(is_refused_with(bad_certificate, settings, {{use, elsewhere, selector, matching}}));
        EXPECT_TRUE(is_refused_with(bad_certificate, settings, {{use, not_that_one, selector, matching}}));
      }
}

TEST_P(avs_net_dane, constraints_need_trusted_certificates_and_assertions_none) {
  serve_below_middle();
  for (const auto use : all_usages) {
    SCOPED_TRACE(use);
    const std::vector<record> right = {{use, names_authority(use) ? middle_ : below_}};
    EXPECT_EQ(connect_with(with_dane(false), right),
              is_constraint(use) ? library_error(nobody_to_trust) : ok);
    auto settings = with_dane(true);
    settings.trusted = to_pem(stranger_.certificate.get());
    if (is_constraint(use)) {
      EXPECT_TRUE(is_refused_with(unknown_ca, settings, right));
    } else {
      EXPECT_EQ(connect_with(settings, right), ok);
    }
  }
}

// RFC 7671 5.1: the record is the name and the validity of a domain-issued certificate.
TEST_P(avs_net_dane, names_and_dates_count_unless_the_certificate_itself_is_asserted) {
  const auto expired = issue(root_, {.common_name = "expired",
                                     .dns = {server_name},
                                     .ip = {"127.0.0.1"},
                                     .not_before_days = -9,
                                     .not_after_days = -2});
  const auto expect = [&](usage use, const tls_settings& settings, const record& right, int alert) {
    SCOPED_TRACE(use);
    if (use == domain_issued_certificate) {
      EXPECT_EQ(connect_with(settings, {right}), ok);
    } else {
      EXPECT_TRUE(is_refused_with(alert, settings, {right}));
    }
  };
  serve({"-cert", files_.write("expired.pem", expired), "-cert_chain", root_file_});
  for (const auto use : all_usages)
    expect(use, with_dane(is_constraint(use)), {use, names_authority(use) ? root_ : expired},
           certificate_expired);
  serve_below_middle();
  for (const auto use : all_usages) {
    auto settings = with_dane(is_constraint(use));
    settings.sni = "elsewhere.test";
    expect(use, settings, {use, names_authority(use) ? middle_ : below_}, bad_certificate);
  }
}

// RFC 7671 5.2.2: a digest cannot be looked up in what the server does not send.
TEST_P(avs_net_dane, anchor_that_the_server_does_not_send_is_given_whole) {
  serve_below_middle();
  const auto anchor = [&](auto selector, auto matching) {
    return std::vector<record>{{trust_anchor_assertion, root_, selector, matching}};
  };
  EXPECT_EQ(
      connect_with(with_dane(false), anchor(AVS_NET_SOCKET_DANE_CERTIFICATE, AVS_NET_SOCKET_DANE_MATCH_FULL)),
      ok);
  EXPECT_EQ(
      connect_with(with_dane(false), anchor(AVS_NET_SOCKET_DANE_PUBLIC_KEY, AVS_NET_SOCKET_DANE_MATCH_FULL)),
      ok);
  EXPECT_NE(connect_with(with_dane(false),
                         anchor(AVS_NET_SOCKET_DANE_CERTIFICATE, AVS_NET_SOCKET_DANE_MATCH_SHA256)),
            ok);
}

// RFC 7671 4.1: without validation, records that would need it are as good as none.
TEST_P(avs_net_dane, without_validation_enforces_assertions_only) {
  serve_below_middle();
  EXPECT_EQ(connect_with(opportunistic(), {}), ok);
  for (const auto use : all_usages) {
    SCOPED_TRACE(use);
    EXPECT_EQ(connect_with(opportunistic(), {{use, names_authority(use) ? middle_ : below_}}), ok);
    if (is_constraint(use)) {
      EXPECT_EQ(connect_with(opportunistic(), {{use, stranger_}}), ok);
    } else {
      EXPECT_TRUE(is_refused_with(bad_certificate, opportunistic(), {{use, stranger_}}));
      EXPECT_TRUE(
          is_refused_with(bad_certificate, opportunistic(), {{ca_constraint, middle_}, {use, stranger_}}));
    }
  }
}

TEST_P(avs_net_dane, takes_as_many_records_as_a_profile_has_room_for) {
  constexpr std::size_t most = 16;
  serve_below_middle();
  const record right(domain_issued_certificate, below_);
  for (const std::size_t count : {std::size_t{5}, most}) {
    // Whole certificates, so that they need a command line each.
    std::vector<record> records(count - 1, {domain_issued_certificate, stranger_,
                                            AVS_NET_SOCKET_DANE_CERTIFICATE, AVS_NET_SOCKET_DANE_MATCH_FULL});
    auto none_right = records;
    none_right.push_back(records.front());
    EXPECT_TRUE(is_refused_with(bad_certificate, with_dane(false), none_right)) << count;
    records.push_back(right);
    EXPECT_EQ(connect_with(with_dane(false), records), ok) << count;
    records.insert(records.begin(), most + 1 - count, records.front());
    EXPECT_EQ(connect_with(with_dane(false), records), outcome(AVS_ENOMEM)) << "one too many";
  }
}

// Also of a socket that was connected, and of a session that could be resumed.
TEST_P(avs_net_dane, records_are_those_of_the_last_call) {
  serve_below_middle();
  std::array<char, 1024> resumption{};
  auto settings = with_dane(true);
  settings.more.session_resumption_buffer = resumption.data();
  settings.more.session_resumption_buffer_size = resumption.size();
  const avs_socket socket(settings);
  const auto connect_again = [&] {
    EXPECT_EQ(socket.close(), ok);
    return reach(socket);
  };
  ASSERT_EQ(set(socket, {{domain_issued_certificate, below_}}), ok);
  EXPECT_EQ(connect_again(), ok);
  EXPECT_EQ(set(socket, {{domain_issued_certificate, stranger_}}), ok);
  EXPECT_EQ(connect_again(), library_error(verification_failed));
  EXPECT_EQ(set(socket, {{domain_issued_certificate, stranger_}, {service_certificate_constraint, below_}}),
            ok);
  EXPECT_EQ(connect_again(), ok);
  EXPECT_EQ(set(socket, {{ca_constraint, stranger_}}), ok);
  EXPECT_EQ(connect_again(), library_error(verification_failed));
  EXPECT_EQ(set(socket, {}), ok);
  EXPECT_EQ(connect_again(), ok) << "of no record nothing is asked";
}

}  // namespace
}  // namespace tlsmodem::test
