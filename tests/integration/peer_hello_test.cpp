// What the ClientHello offers: suites, versions and names, as the options say.
#include "peer_fixture.hpp"
#include "tests/support/client_hello.hpp"
#include "tests/support/datagrams.hpp"
#include "tests/support/sockets.hpp"

#include <algorithm>

namespace tlsmodem::test {
namespace {

constexpr std::uint16_t renegotiation_scsv = 0x00ff;  // RFC 5746 3.3: no suite

// The IANA registry "TLS Cipher Suites", rows with _PSK_ in their names.
bool is_psk_suite(std::uint16_t id) {
  const auto is_between = [id](int first, int last) { return id >= first && id <= last; };
  return is_between(0x002c, 0x002e) || is_between(0x008a, 0x0095) || is_between(0x00a8, 0x00b9) ||
         is_between(0xc033, 0xc03b) || is_between(0xc064, 0xc071) || is_between(0xc094, 0xc09b) ||
         is_between(0xc0a4, 0xc0ab) || is_between(0xccab, 0xccae) || is_between(0xd001, 0xd005);
}

class hello : public peer_test {
 protected:
  client_hello of_dtls(const std::vector<std::string>& options, const std::string& host = "127.0.0.1") {
    const silent_port server(peer_port);
    start(options, host);
    auto sent = parse_dtls_hello(server.next().data);
    channel_.ok("AT#TCLOSE=1");
    return sent;
  }

  client_hello of_tls(const std::vector<std::string>& options, const std::string& host = "127.0.0.1") {
    const tcp_listener server(peer_port);
    start(options, host);
    channel_.ok("AT#TOPEN?");
    const auto connection = server.accept();
    auto record = connection.read(5);
    const auto size = static_cast<std::uint8_t>(record[3]) << 8 | static_cast<std::uint8_t>(record[4]);
    record += connection.read(static_cast<std::size_t>(size));
    channel_.ok("AT#TCLOSE=1");
    return parse_tls_hello(as_bytes(record));
  }

  static std::vector<std::uint16_t> suites(client_hello of) {
    std::erase(of.suites, renegotiation_scsv);
    return of.suites;
  }

  static std::string text(const client_hello& of, std::uint16_t type) {
    const auto found = of.extensions.find(type);
    return found == of.extensions.end() ? "absent" : std::string(as_text(found->second));
  }

 private:
  void start(const std::vector<std::string>& options, const std::string& host) {
    channel_.ok("AT#TCFG=0,\"reset\"");
    configure(options);
    channel_.open();
    channel_.ok("AT#TCONN=1,\"" + host + "\"," + std::to_string(peer_port));
  }
};

using ids = std::vector<std::uint16_t>;

TEST_F(hello, offers_nothing_but_psk_suites_in_psk_mode) {
  const auto offered = suites(of_dtls({R"("psk","3")"}));
  EXPECT_FALSE(offered.empty());
  for (const auto id : offered) EXPECT_TRUE(is_psk_suite(id)) << std::hex << id;
  EXPECT_NE(std::find(offered.begin(), offered.end(), 0xc0a8), offered.end());  // RFC 7925 4.4
}

TEST_F(hello, offers_no_psk_suite_with_certificates) {
  const auto offered = suites(of_dtls({R"("ca","1")"}));
  EXPECT_FALSE(offered.empty());
  for (const auto id : offered) EXPECT_FALSE(is_psk_suite(id)) << std::hex << id;
  EXPECT_NE(std::find(offered.begin(), offered.end(), 0xc0ae), offered.end());  // RFC 7925 4.4
}

TEST_F(hello, has_the_suites_of_the_option_ciphers_in_its_order) {
  EXPECT_EQ(suites(of_dtls({R"("psk","3")", R"("ciphers","00AE,C0A8,1301,FFFE")"})), (ids{0x00ae, 0xc0a8}));
  EXPECT_EQ(suites(of_dtls({R"("psk","3")", R"("ciphers","C0A8,00AE")"})), (ids{0xc0a8, 0x00ae}));
  const std::vector<std::string> tls = {R"("proto","tls")", R"("ca","1")"};
  EXPECT_EQ(suites(of_tls({tls[0], tls[1], R"("ciphers","1303,1301,C02B")"})), (ids{0x1303, 0x1301, 0xc02b}));
  EXPECT_EQ(suites(of_tls({tls[0], tls[1], R"("ciphers","1302")"})), (ids{0x1302}));
}

TEST_F(hello, of_dtls_says_1_2_in_every_place) {
  const auto sent = of_dtls({R"("psk","3")"});
  EXPECT_EQ(sent.record_version, 0xfefd);
  EXPECT_EQ(sent.version, 0xfefd);
  EXPECT_EQ(sent.cookie_bytes, 0U);
}

TEST_F(hello, of_tls_offers_the_versions_between_minimum_and_maximum) {
  using namespace std::string_literals;
  const std::vector<std::string> tls = {R"("proto","tls")", R"("ca","1")"};
  const auto versions = [&](const std::string& option) {
    return text(of_tls({tls[0], tls[1], option}), extension::supported_versions);
  };
  EXPECT_EQ(versions(R"("version","1.2")"), "\x04\x03\x04\x03\x03");
  EXPECT_EQ(versions(R"("version","1.3")"), "\x02\x03\x04");
  EXPECT_EQ(versions(R"("version","1.2","1.3")"), "\x04\x03\x04\x03\x03");
  const auto only_1_2 = of_tls({tls[0], tls[1], R"("version","1.2","1.2")"});
  EXPECT_EQ(text(only_1_2, extension::supported_versions), "absent");
  EXPECT_EQ(only_1_2.version, 0x0303);
}

TEST_F(hello, names_the_server_as_the_option_sni_says) {
  using namespace std::string_literals;
  const auto name = [&](const std::vector<std::string>& more, const std::string& host) {
    std::vector<std::string> options = {R"("psk","3")"};
    options.insert(options.end(), more.begin(), more.end());
    return text(of_dtls(options, host), extension::server_name);
  };
  const auto entry = [](const std::string& of) {  // RFC 6066 3
    const auto size = static_cast<char>(of.size());
    return "\0"s + static_cast<char>(size + 3) + "\0\0"s + size + of;
  };
  EXPECT_EQ(name({}, "127.0.0.1"), "absent");
  EXPECT_EQ(name({}, "localhost"), entry("localhost"));
  EXPECT_EQ(name({R"("sni","server.test")"}, "127.0.0.1"), entry("server.test"));
  EXPECT_EQ(name({R"("sni","")"}, "localhost"), "absent");
}

TEST_F(hello, offers_the_application_protocols_of_the_option_alpn) {
  EXPECT_EQ(text(of_dtls({R"("psk","3")", R"("alpn","coap,http/1.1")"}), extension::alpn),
            std::string("\0\x0e\x04"
                        "coap\x08http/1.1",
                        16));
  EXPECT_EQ(text(of_dtls({R"("psk","3")"}), extension::alpn), "absent");
}

}  // namespace
}  // namespace tlsmodem::test
