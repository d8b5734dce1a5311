// Every field of avs_net's TLS configuration has its option of the modem, or an error.
#include "client-shim/avs_net/configuration.hpp"

#include "client-shim/avs_net/errors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <avsystem/commons/avs_net.h>
#include <cstring>
#include <functional>

namespace tlsmodem::test {
namespace {

using avs::configuration;
using avs::transport;
using words = std::vector<std::string>;
using from = avs_net_ssl_configuration_t;
using edit = std::function<void(from&)>;

// "name:value", "name:value,value"; a question mark behind one that the modem may lack.
std::string word_of(const client::option& option) {
  std::string word = option.name;
  char separator = ':';
  for (const auto& value : option.values) {
    word += separator;
    word += value.is == at::value::kind::number ? std::to_string(value.number) : value.text;
    separator = ',';
  }
  return word + (option.is_optional ? "?" : "");
}

words words_of(const configuration& config) {
  words all;
  for (const auto& option : options_of(config)) all.push_back(word_of(option));
  return all;
}

bool contains(const words& all, const std::string& word) { return std::ranges::count(all, word) == 1; }
bool has_option(const words& all, const std::string& name) {
  return std::ranges::any_of(all, [&](const auto& word) { return word.starts_with(name + ":"); });
}

avs_error_t read(const edit& change, configuration& into, transport over = transport::datagram) {
  from config{};
  if (change) change(config);
  return read_configuration(config, over, into);
}

words options(const edit& change, transport over = transport::datagram) {
  configuration config;
  if (const auto wrong = read(change, config, over); avs_is_err(wrong))
    return {"error:" + std::to_string(wrong.code)};
  return words_of(config);
}

avs_errno_t error(const edit& change, transport over = transport::datagram) {
  configuration config;
  const auto wrong = read(change, config, over);
  return wrong.category == AVS_ERRNO_CATEGORY || avs_is_ok(wrong) ? static_cast<avs_errno_t>(wrong.code)
                                                                  : AVS_UNKNOWN_ERROR;
}

avs_net_psk_info_t psk_of(std::string_view key, std::string_view identity) {
  return {avs_crypto_psk_key_info_from_buffer(key.data(), key.size()),
          avs_crypto_psk_identity_info_from_buffer(identity.data(), identity.size())};
}

constexpr avs_time_duration_t seconds(std::int64_t count) { return {count, 0}; }
constexpr avs_time_duration_t milliseconds(std::int32_t count) {
  return {count / 1000, count % 1000 * 1'000'000};
}

TEST(avs_configuration, of_zeros_is_what_the_modem_is_told_in_full) {
  EXPECT_EQ(options({}),
            (words{"proto:dtls", "verify:0", "resume:0", "family:any", "hs_min:1000", "hs_max:60000"}));
  EXPECT_EQ(options({}, transport::stream), (words{"proto:tls", "verify:0", "resume:0", "family:any"}));
}

TEST(avs_configuration, each_field_adds_its_option) {
  static std::array<std::uint8_t, 64> buffer;
  static std::uint32_t suites[] = {0xC0A8, 0x00AE, 0xFFFF};
  const struct {
    const char* field;
    edit change;
    words added;
  } rows[] = {
      {"version", [](from& c) { c.version = AVS_NET_SSL_VERSION_TLSv1_2; }, {"version:1.2"}},
      {"suites",
       [](from& c) {
         c.ciphersuites = {suites, 3};
       },
       {"ciphers:C0A8,00AE,FFFF"}},
      {"server name", [](from& c) { c.server_name_indication = "name.example"; }, {"sni:name.example"}},
      {"empty server name", [](from& c) { c.server_name_indication = ""; }, {"sni:"}},
      {"connection id", [](from& c) { c.use_connection_id = true; }, {"cid:?"}},
      {"dscp", [](from& c) { c.backend_configuration.dscp = 46; }, {"dscp:46"}},
      {"reuse", [](from& c) { c.backend_configuration.reuse_addr = 255; }, {"reuse:1"}},
      {"interface",
       [](from& c) { std::strcpy(c.backend_configuration.interface_name, "wwan0"); },
       {"iface:wwan0"}},
      {"longest interface",
       [](from& c) { std::memset(c.backend_configuration.interface_name, 'i', IF_NAMESIZE); },
       {"iface:" + std::string(IF_NAMESIZE, 'i')}},
      {"mtu", [](from& c) { c.backend_configuration.forced_mtu = 1280; }, {"mtu:1252"}},
      {"mtu below its headers", [](from& c) { c.backend_configuration.forced_mtu = 20; }, {"mtu:0"}},
      {"negative mtu", [](from& c) { c.backend_configuration.forced_mtu = -1; }, {}},
  };
  const auto plain = options({});
  for (const auto& row : rows) {
    const auto all = options(row.change);
    EXPECT_EQ(all.size(), plain.size() + row.added.size()) << row.field;
    for (const auto& word : plain) EXPECT_TRUE(contains(all, word)) << row.field << ": " << word;
    for (const auto& word : row.added) EXPECT_TRUE(contains(all, word)) << row.field << ": " << word;
  }
  const auto resuming = options([](from& c) {
    c.session_resumption_buffer = buffer.data();
    c.session_resumption_buffer_size = buffer.size();
  });
  EXPECT_TRUE(contains(resuming, "resume:2"));
  EXPECT_EQ(resuming.size(), plain.size());
}

TEST(avs_configuration, what_only_datagrams_have_is_not_asked_of_a_stream) {
  const avs_net_dtls_handshake_timeouts_t no_times = {AVS_TIME_DURATION_INVALID, AVS_TIME_DURATION_INVALID};
  const auto all = options(
      [&](from& c) {
        c.use_connection_id = true;
        c.dtls_handshake_timeouts = &no_times;
        c.backend_configuration.forced_mtu = 1280;
      },
      transport::stream);
  EXPECT_EQ(all, options({}, transport::stream));
}

TEST(avs_configuration, versions_of_tls_and_dtls) {
  const struct {
    avs_net_ssl_version_t version;
    const char* datagram;  // nullptr: not to be had
    const char* stream;
  } rows[] = {
      {AVS_NET_SSL_VERSION_SSLv2_OR_3, nullptr, nullptr}, {AVS_NET_SSL_VERSION_SSLv2, nullptr, nullptr},
      {AVS_NET_SSL_VERSION_SSLv3, nullptr, nullptr},      {AVS_NET_SSL_VERSION_TLSv1, "1.1", "1.0"},
      {AVS_NET_SSL_VERSION_TLSv1_1, "1.1", "1.1"},        {AVS_NET_SSL_VERSION_TLSv1_2, "1.2", "1.2"},
      {AVS_NET_SSL_VERSION_TLSv1_3, nullptr, "1.3"},
  };
  for (const auto& row : rows) {
    const auto set = [&](from& c) { c.version = row.version; };
    for (const auto over : {transport::datagram, transport::stream}) {
      const char* const word = over == transport::datagram ? row.datagram : row.stream;
      if (word == nullptr) {
        EXPECT_EQ(error(set, over), AVS_ENOTSUP) << row.version;
      } else {
        EXPECT_TRUE(contains(options(set, over), std::string("version:") + word)) << row.version;
      }
    }
  }
  EXPECT_FALSE(has_option(options({}), "version"));
}

TEST(avs_configuration, suites_that_tls_cannot_name_are_left_out) {
  const struct {
    std::vector<std::uint32_t> ids;
    std::string word;
  } rows[] = {
      {{0x10000, 0xC0A8, 0xFFFFFFFF, 0x1301}, "ciphers:C0A8,1301"},
      {{0x10000}, "ciphers:FFFF"},  // none that exists: it has to fail, not to mean all
      {{0xFFFFFFFF, 0x10000}, "ciphers:FFFF"},
      {{0}, "ciphers:0000"},
  };
  for (auto row : rows) {
    const auto all = options([&](from& c) { c.ciphersuites = {row.ids.data(), row.ids.size()}; });
    EXPECT_TRUE(contains(all, row.word)) << row.word;
  }
  EXPECT_FALSE(has_option(options({}), "ciphers"));
}

TEST(avs_configuration, handshake_timers) {
  const struct {
    avs_net_dtls_handshake_timeouts_t times;
    std::int64_t first;  // milliseconds, 0 for EINVAL
    std::int64_t last;
  } rows[] = {
      {{seconds(1), seconds(60)}, 1000, 60000},
      {{milliseconds(1), milliseconds(1)}, 1, 1},
      {{milliseconds(2500), seconds(12)}, 2500, 12000},
      {{{0, 1'999'999}, seconds(1)}, 1, 1000},
      {{seconds(1), milliseconds(999)}, 0, 0},
      {{seconds(0), seconds(60)}, 0, 0},
      {{{0, 999'999}, seconds(60)}, 0, 0},  // less than a millisecond
      {{seconds(-1), seconds(60)}, 0, 0},
      {{AVS_TIME_DURATION_INVALID, seconds(60)}, 0, 0},
      {{seconds(1), AVS_TIME_DURATION_INVALID}, 0, 0},
      {{seconds(1), milliseconds(2'147'483'647)}, 1000, 2'147'483'647},
      {{seconds(1), seconds(2'147'484)}, 0, 0},
      {{seconds(1), seconds(INT64_MAX)}, 0, 0},
  };
  for (const auto& row : rows) {
    const auto set = [&](from& c) { c.dtls_handshake_timeouts = &row.times; };
    const auto what = std::to_string(row.times.min.seconds) + " " + std::to_string(row.times.max.seconds);
    EXPECT_EQ(avs::timer_of(row.times).has_value(), row.first != 0) << what;
    if (row.first == 0) {
      EXPECT_EQ(error(set), AVS_EINVAL) << what;
      continue;
    }
    EXPECT_TRUE(contains(options(set), "hs_min:" + std::to_string(row.first))) << what;
    EXPECT_TRUE(contains(options(set), "hs_max:" + std::to_string(row.last))) << what;
  }
}

TEST(avs_configuration, families) {
  const auto none = AVS_NET_AF_UNSPEC;
  const auto v4 = AVS_NET_AF_INET4;
  const auto v6 = AVS_NET_AF_INET6;
  const struct {
    avs_net_af_t only;
    avs_net_af_t preferred;
    const char* word;
  } rows[] = {
      {none, none, "family:any"}, {none, v4, "family:any,v4"}, {none, v6, "family:any,v6"},
      {v4, none, "family:v4"},    {v4, v6, "family:v4"},       {v4, v4, "family:v4"},
      {v6, none, "family:v6"},    {v6, v4, "family:v6"},       {v6, v6, "family:v6"},
  };
  for (const auto& row : rows) {
    const auto all = options([&](from& c) {
      c.backend_configuration.address_family = row.only;
      c.backend_configuration.preferred_family = row.preferred;
    });
    EXPECT_TRUE(contains(all, row.word)) << row.word;
  }
}

TEST(avs_configuration, the_resumption_buffer_is_the_applications) {
  std::array<std::uint8_t, 64> buffer{};
  configuration config;
  ASSERT_TRUE(avs_is_ok(read(
      [&](from& c) {
        c.session_resumption_buffer = buffer.data();
        c.session_resumption_buffer_size = buffer.size();
      },
      config)));
  EXPECT_EQ(config.resumption_buffer.data(), buffer.data());
  EXPECT_EQ(config.resumption_buffer.size(), buffer.size());
  const auto without_size = [&](from& c) { c.session_resumption_buffer = buffer.data(); };
  EXPECT_TRUE(contains(options(without_size), "resume:0"));
}

TEST(avs_configuration, the_preferred_endpoint_is_the_applications) {
  avs_net_resolved_endpoint_t endpoint{};
  configuration config;
  ASSERT_TRUE(
      avs_is_ok(read([&](from& c) { c.backend_configuration.preferred_endpoint = &endpoint; }, config)));
  EXPECT_EQ(config.preferred_endpoint, &endpoint);
}

TEST(avs_configuration, what_the_modem_cannot_have_is_refused) {
  const struct {
    const char* what;
    edit change;
    avs_errno_t expected;
  } rows[] = {
      {"library object", [](from& c) { c.additional_configuration_clb = [](void*) { return 0; }; },
       AVS_ENOTSUP},
      {"priority", [](from& c) { c.backend_configuration.priority = 1; }, AVS_ENOTSUP},
      {"transparent", [](from& c) { c.backend_configuration.transparent = 1; }, AVS_ENOTSUP},
      {"size of no buffer", [](from& c) { c.session_resumption_buffer_size = 1; }, AVS_EINVAL},
      {"pre-shared key of zeros", [](from& c) { c.security.mode = AVS_NET_SECURITY_PSK; }, AVS_EINVAL},
      {"certificate without a key",
       [](from& c) {
         c.security.data.cert.client_cert = avs_crypto_certificate_chain_info_from_buffer("chain", 5);
       },
       AVS_EINVAL},
      {"missing file",
       [](from& c) {
         c.security.data.cert.server_cert_validation = true;
         c.security.data.cert.trusted_certs = avs_crypto_certificate_chain_info_from_file("/nonexistent");
       },
       AVS_EIO},
  };
  for (const auto& row : rows)
    for (const auto over : {transport::datagram, transport::stream})
      EXPECT_EQ(error(row.change, over), row.expected) << row.what;
}

TEST(avs_configuration, certificates) {
  const auto with = [](avs_net_certificate_info_t& info) {
    return [&info](from& c) { c.security = avs_net_security_info_from_certificates(info); };
  };
  avs_net_certificate_info_t info{};
  info.trusted_certs = avs_crypto_certificate_chain_info_from_buffer("trusted", 7);
  info.cert_revocation_lists = avs_crypto_cert_revocation_list_info_from_buffer("list", 4);
  EXPECT_EQ(options(with(info)), options({})) << "nothing to verify with when nothing is verified";

  info.server_cert_validation = true;
  auto all = options(with(info));
  for (const auto* word : {"verify:2", "system_ca:1", "ca:2000000000", "crl:2000000001"})
    EXPECT_TRUE(contains(all, word)) << word;

  info.ignore_system_trust_store = true;
  EXPECT_FALSE(has_option(options(with(info)), "system_ca"));

  info.client_key = avs_crypto_private_key_info_from_buffer("key", 3, "password");
  all = options(with(info));
  EXPECT_FALSE(has_option(all, "key")) << "a key of no certificate is of no use";

  info.client_cert = avs_crypto_certificate_chain_info_from_buffer("chain", 5);
  configuration config;
  ASSERT_TRUE(avs_is_ok(read(with(info), config)));
  all = words_of(config);
  EXPECT_TRUE(contains(all, "cert:2000000002"));
  EXPECT_TRUE(contains(all, "key:2000000003"));
  EXPECT_FALSE(has_option(all, "rebuild_chain"));
  ASSERT_EQ(config.credentials.size(), 4U);
  EXPECT_EQ(config.credentials[3].content, "key");
  EXPECT_EQ(config.credentials[3].password, "password");

  info.rebuild_client_cert_chain = true;
  EXPECT_TRUE(contains(options(with(info)), "rebuild_chain:1"));
  info.server_cert_validation = false;
  all = options(with(info));
  EXPECT_TRUE(contains(all, "ca:2000000000")) << "the chain is made of them";
  EXPECT_TRUE(contains(all, "verify:0"));
  EXPECT_FALSE(has_option(all, "crl"));
}

TEST(avs_configuration, pre_shared_key) {
  configuration config;
  const auto psk = psk_of("secret", "device");
  ASSERT_TRUE(avs_is_ok(read([&](from& c) { c.security = avs_net_security_info_from_psk(psk); }, config)));
  const auto all = words_of(config);
  EXPECT_TRUE(contains(all, "psk:2000000000"));
  EXPECT_FALSE(has_option(all, "verify"));
  EXPECT_EQ(config.credentials.size(), 2U);
}

TEST(avs_configuration, tlsa_records_count_only_when_dane_is_asked_for) {
  const std::uint8_t data[] = {0x00, 0x9F, 0xFF};
  const avs_net_socket_dane_tlsa_record_t records[] = {
      {AVS_NET_SOCKET_DANE_DOMAIN_ISSUED_CERTIFICATE, AVS_NET_SOCKET_DANE_PUBLIC_KEY,
       AVS_NET_SOCKET_DANE_MATCH_SHA256, data, sizeof data},
      {AVS_NET_SOCKET_DANE_CA_CONSTRAINT, AVS_NET_SOCKET_DANE_CERTIFICATE, AVS_NET_SOCKET_DANE_MATCH_FULL,
       nullptr, 0},
      {AVS_NET_SOCKET_DANE_CA_CONSTRAINT, AVS_NET_SOCKET_DANE_PUBLIC_KEY, AVS_NET_SOCKET_DANE_MATCH_SHA512,
       "\x0F", 1},
  };
  for (const bool is_asked_for : {false, true}) {
    configuration config;
    ASSERT_TRUE(avs_is_ok(read([&](from& c) { c.security.data.cert.dane = is_asked_for; }, config)));
    EXPECT_FALSE(has_option(words_of(config), "dane"));
    ASSERT_TRUE(avs_is_ok(avs::read_tlsa({records, 3}, config.tlsa_records)));
    const auto all = words_of(config);
    EXPECT_EQ(contains(all, "dane:3 1 1 009FFF"), is_asked_for);
    EXPECT_EQ(contains(all, "dane:0 1 2 0F"), is_asked_for);
    EXPECT_EQ(config.tlsa_records.size(), 2U) << "an empty one matches nothing";
  }
}

TEST(avs_configuration, tlsa_records_without_their_data_leave_the_old_ones) {
  std::vector<std::string> records = {"3 1 1 00"};
  const avs_net_socket_dane_tlsa_record_t broken = {AVS_NET_SOCKET_DANE_CA_CONSTRAINT,
                                                    AVS_NET_SOCKET_DANE_CERTIFICATE,
                                                    AVS_NET_SOCKET_DANE_MATCH_FULL, nullptr, 1};
  EXPECT_EQ(avs::read_tlsa({&broken, 1}, records).code, AVS_EINVAL);
  EXPECT_EQ(records, (std::vector<std::string>{"3 1 1 00"}));
  EXPECT_TRUE(avs_is_ok(avs::read_tlsa({nullptr, 0}, records)));
  EXPECT_TRUE(records.empty());
}

TEST(avs_configuration, survives_that_the_application_overwrites_its_memory) {
  std::string key = "secret";
  std::string identity = "device";
  std::string name = "name.example";
  std::vector<std::uint32_t> suites = {0xC0A8};
  avs_net_dtls_handshake_timeouts_t times = {seconds(2), seconds(3)};
  from made{};
  made.security = avs_net_security_info_from_psk(psk_of(key, identity));
  made.server_name_indication = name.c_str();
  made.ciphersuites = {suites.data(), suites.size()};
  made.dtls_handshake_timeouts = &times;
  std::strcpy(made.backend_configuration.interface_name, "wwan0");
  configuration config;
  ASSERT_TRUE(avs_is_ok(read_configuration(made, transport::datagram, config)));
  const auto before = words_of(config);

  for (auto* text : {&key, &identity, &name}) std::ranges::fill(*text, 'X');
  suites[0] = 0;
  std::memset(&times, 0xFF, sizeof times);
  std::memset(static_cast<void*>(&made), 0xFF, sizeof made);
  EXPECT_EQ(words_of(config), before);
  ASSERT_EQ(config.credentials.size(), 2U);
  EXPECT_EQ(config.credentials[0].content, "secret");
  EXPECT_EQ(config.credentials[1].content, "device");
  EXPECT_EQ(config.interface_name, "wwan0");
}

}  // namespace
}  // namespace tlsmodem::test
