// Certificate messages as no decent server sends them, and what becomes of dates and lengths.
#include "fixtures.hpp"

#include <algorithm>
#include <ctime>

namespace tlsmodem::test {
namespace {

using at::error;
constexpr auto stream = tls::transport_kind::stream;
constexpr auto datagram = tls::transport_kind::datagram;

void append(bytes& to, std::initializer_list<bytes> parts) {
  for (const bytes& part : parts) to.insert(to.end(), part.begin(), part.end());
}

bytes sized(std::size_t length_bytes, const bytes& content) {
  bytes made;
  for (std::size_t i = length_bytes; i-- > 0;)
    made.push_back(static_cast<std::uint8_t>(content.size() >> (8 * i)));
  append(made, {content});
  return made;
}

bytes server_hello() {
  bytes body{3, 3};
  append(body, {bytes(32, 0x5a), {0}, {0xc0, 0x2b}, {0}, sized(2, {0xff, 1, 0, 1, 0, 0, 0x17, 0, 0})});
  return body;
}

// The first two messages of a server, each in a record of its own, by hand: ServerHello and Certificate.
bytes flight(tls::transport_kind transport, const bytes& certificates) {
  const bool is_datagram = transport == datagram;
  const std::pair<std::uint8_t, bytes> messages[] = {{2, server_hello()}, {11, sized(3, certificates)}};
  bytes made;
  std::uint8_t number = 0;
  for (auto [type, body] : messages) {
    if (is_datagram && type == 2) body[0] = 0xfe, body[1] = 0xfd;
    bytes message{type};
    const bytes with_size = sized(3, body);
    if (is_datagram) {
      append(message, {{with_size.begin(), with_size.begin() + 3},
                       {0, number, 0, 0, 0},
                       {with_size.begin(), with_size.begin() + 3},
                       body});
    } else {
      append(message, {with_size});
    }
    append(made, {{22},
                  is_datagram ? bytes{0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, number} : bytes{3, 3},
                  sized(2, message)});
    ++number;
  }
  return made;
}

class odd_certificates : public testing::TestWithParam<tls::transport_kind> {};
INSTANTIATE_TEST_SUITE_P(transports, odd_certificates, testing::Values(stream, datagram),
                         [](const auto& transport) {
                           return transport.param == stream ? "stream" : "datagram";
                         });

struct odd_case {
  const char* name;
  bytes certificates;
  error code;
  int alert;
  const char* text;
};

std::vector<odd_case> odd_cases() {
  const bytes good = to_der(pki().server.certificate.get());
  bytes cut = good;
  cut.resize(100);
  bytes lying = sized(3, good);
  lying[2] = static_cast<std::uint8_t>(lying[2] + 1);
  const char* const unreadable = "the server's certificate cannot be read";
  using enum error;
  return {
      {"none", {}, certificate_refused, 50, "the server showed no certificate"},
      {"one of no bytes", sized(3, {}), certificate_refused, 42, unreadable},
      {"rubbish", sized(3, bytes(100, 0x55)), certificate_refused, 42, unreadable},
      {"half of one", sized(3, cut), certificate_refused, 42, unreadable},
      {"a wrong length", lying, integrity_failure, 50, "cert length mismatch"},
  };
}

tls::context_options client(tls::transport_kind transport, tls::verification verify) {
  auto options = certificate_client(transport);
  options.verify = verify;
  options.ciphers = {0xc02b};
  options.max_version = tls::tls_version::tls1_2;
  return options;
}

TEST_P(odd_certificates, are_refused_in_words_whatever_is_verified) {
  for (const auto& row : odd_cases()) {
    SCOPED_TRACE(row.name);
    for (const auto verify :
         {tls::verification::required, tls::verification::optional, tls::verification::none}) {
      const auto engine = engine_for(client(GetParam(), verify));
      engine->start({});
      engine->feed(flight(GetParam(), row.certificates), {});
      expect_failure(*engine, row.code, row.alert, row.text);
    }
  }
}

TEST_P(odd_certificates, with_a_key_of_an_unknown_kind_are_refused_in_words) {
  bytes unknown = to_der(pki().server.certificate.get());
  const bytes ec_public_key{0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
  const auto at = std::search(unknown.begin(), unknown.end(), ec_public_key.begin(), ec_public_key.end());
  ASSERT_NE(at, unknown.end());
  at[8] = 0x7f;
  const auto engine = engine_for(client(GetParam(), tls::verification::none));
  engine->start({});
  engine->feed(flight(GetParam(), sized(3, unknown)), {});
  expect_failure(*engine, error::certificate_refused, engine->failure().alert,
                 "of no kind that this modem knows");
}

TEST_P(odd_certificates, of_chains_that_are_too_long_are_refused_and_of_long_ones_not) {
  for (const int length : {20, 102}) {
    identity issuer = pki().root;
    auto server = certificate_server(GetParam());
    for (int i = 0; i < length; ++i) {
      issuer =
          issue(issuer, {.common_name = "Middle " + std::to_string(i), .role = certificate_role::authority});
      server.intermediates.insert(server.intermediates.begin(), issuer);
    }
    server.own = issue(issuer, {.dns = {"server.example"}});
    pair peers(certificate_client(GetParam()), server);
    if (length == 20) {
      EXPECT_TRUE(peers.up()) << peers.why();
    } else {
      expect_failure(*peers.client, error::certificate_refused, 48, "certificate chain too long");
    }
  }
}

// The date is said, and of the future that the clock may be wrong: devices without a battery begin in 1970.
TEST_P(odd_certificates, with_other_dates_say_which) {
  const auto date = [](int days) {
    const std::time_t when = std::time(nullptr) + days * 86400;
    std::tm fields{};
    gmtime_r(&when, &fields);
    char text[16];
    return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d", &fields));
  };
  const identity middle =
      issue(pki().root, {.common_name = "Middle", .role = certificate_role::authority, .not_before_days = 5});
  const auto with_middle = [&] {
    auto server = certificate_server(GetParam(), issue(middle, {.dns = {"server.example"}}));
    server.intermediates = {middle};
    return server;
  };
  const auto of = [&](int from, int until) {
    return certificate_server(
        GetParam(),
        issue(pki().root, {.dns = {"server.example"}, .not_before_days = from, .not_after_days = until}));
  };
  const std::string future = "certificate is not yet valid, but from ";
  const std::string clock = " on; the clock of this device may be wrong";
  struct row {
    server_options server;
    int alert;
    std::string text;
    int days;
    std::string rest;
  };
  const std::string yesterday = date(-2);
  const std::string soon = date(5);
  for (const auto& each : {row{of(5, 10), 42, future, 5, clock}, row{with_middle(), 42, future, 5, clock},
                           row{of(-9, -2), 45, "certificate has expired, on ", -2, ""}}) {
    pair peers(certificate_client(GetParam()), each.server);
    expect_failure(*peers.client, error::certificate_refused, each.alert, each.text);
    const auto said = peers.why();
    const auto& first = each.days < 0 ? yesterday : soon;  // midnight may have passed since
    EXPECT_TRUE(said.ends_with(each.text + first + each.rest) ||
                said.ends_with(each.text + date(each.days) + each.rest))
        << said;
  }
}

}  // namespace
}  // namespace tlsmodem::test
