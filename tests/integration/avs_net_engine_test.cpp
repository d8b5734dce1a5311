// An application that holds no secret: its key, certificate and pre-shared key are the modem's, under a tag.
#include "avs_net_fixture.hpp"
#include "client-shim/avs_net/engine.h"

#include <avsystem/commons/avs_crypto_psk.h>
#include <csignal>
#include <filesystem>

namespace tlsmodem::test {
namespace {

constexpr const char* query = "tag:7";
constexpr std::uint16_t nobody_to_trust = 0x7680;
constexpr std::uint16_t key_does_not_fit = 0x4E00;

template <typename Info>
Info from_text(Info (*make)(const void*, std::size_t), std::string_view content) {
  return make(content.data(), content.size());
}

outcome store_psk(std::string_view key) {
  const auto info = from_text(avs_crypto_psk_key_info_from_buffer, key);
  return avs_crypto_psk_engine_key_store(query, &info);
}
outcome store_psk_identity(std::string_view name) {
  const auto info = from_text(avs_crypto_psk_identity_info_from_buffer, name);
  return avs_crypto_psk_engine_identity_store(query, &info);
}
outcome store_certificate(const std::string& pem) {
  const auto info = from_text(avs_crypto_certificate_chain_info_from_buffer, pem);
  return avs_crypto_pki_engine_certificate_store(query, &info);
}
outcome store_key(const std::string& pem, const char* password = nullptr) {
  const auto info = avs_crypto_private_key_info_from_buffer(pem.data(), pem.size(), password);
  return avs_crypto_pki_engine_key_store(query, &info, nullptr);
}

class avs_net_engine : public avs_net_test {
 protected:
  static tls_settings with_psk_of_modem() {
    auto made = with_psk();
    avs_net_psk_info_t psk{};
    psk.key = avs_crypto_psk_key_info_from_engine(query);
    psk.identity = avs_crypto_psk_identity_info_from_engine(query);
    made.security = avs_net_security_info_from_psk(psk);
    return made;
  }
  tls_settings with_certificate_of_modem(over transport) const {
    auto made = with_certificates(transport);
    made.adjust = [](avs_net_certificate_info_t& info) {
      info.client_cert = avs_crypto_certificate_chain_info_from_engine(query);
      info.client_key = avs_crypto_private_key_info_from_engine(query);
    };
    return made;
  }

  peer server_of_known_clients(s_server_version version) const {
    return certificate_server(version, {"-Verify", "2", "-verify_return_error"});
  }

  void expect_psk_works() {
    const auto server = psk_server();
    const avs_socket socket(with_psk_of_modem());
    ASSERT_EQ(socket.connect(), ok);
    EXPECT_TRUE(talks(socket, server));
  }
  void expect_certificate_works() {
    using enum s_server_version;
    for (const auto version : {dtls1_2, tls1_2, tls1_3}) {
      const auto server = server_of_known_clients(version);
      const avs_socket socket(with_certificate_of_modem(version == dtls1_2 ? over::udp : over::tcp));
      ASSERT_EQ(socket.connect(), ok);
      EXPECT_TRUE(talks(socket, server));
      EXPECT_TRUE(server.prints("client.test"));
    }
  }
};

// What a person at a terminal writes for good.
void provision(const running_daemon& modem, int type, std::string_view content) {
  test_channel(modem).ok("AT#TCRED=0,7," + std::to_string(type) + "," + std::to_string(content.size()),
                         content);
}

TEST_F(avs_net_engine, is_provisioned_by_a_person_and_survives_the_daemon) {
  provision(daemon_, 0, to_pem(root_.certificate.get()));
  provision(daemon_, 1, to_pem(client_.certificate.get()));
  provision(daemon_, 2, to_pem(client_.key.get()));
  provision(daemon_, 3, psk_key);
  provision(daemon_, 4, psk_identity);
  for (const int signal : {SIGTERM, SIGKILL}) {
    daemon_.restart(signal);
    expect_psk_works();
    expect_certificate_works();
  }
  // Whom to trust can be the modem's to know, too.
  const auto server = server_of_known_clients(s_server_version::tls1_3);
  auto settings = with_certificate_of_modem(over::tcp);
  settings.adjust = [before = settings.adjust](avs_net_certificate_info_t& info) {
    before(info);
    info.trusted_certs = avs_crypto_certificate_chain_info_from_engine(query);
  };
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), ok);
}

TEST_F(avs_net_engine, is_provisioned_by_a_program_and_survives_the_daemon) {
  ASSERT_EQ(store_psk(psk_key), ok);
  ASSERT_EQ(store_psk_identity(psk_identity), ok);
  ASSERT_EQ(store_certificate(to_pem(client_.certificate.get())), ok);
  ASSERT_EQ(store_key(to_pem(client_.key.get(), "open sesame"), "open sesame"), ok);
  for (const int signal : {SIGTERM, SIGKILL}) {
    daemon_.restart(signal);
    expect_psk_works();
    expect_certificate_works();
  }
  EXPECT_EQ(test_channel(daemon_).ok("AT#TCRED=1,7").size(), 4U);
}

// The request comes from AT#TCRED=4, and whoever provisions the device writes the certificate.
TEST_F(avs_net_engine, makes_a_key_that_nobody_has_seen) {
  ASSERT_EQ(avs_crypto_pki_engine_key_gen(query), ok);
  EXPECT_EQ(avs_crypto_pki_engine_key_gen(query), ok) << "there is one, and it stays";
  test_channel channel(daemon_);
  const auto answer = channel.command("AT#TCRED=4,7,2");
  ASSERT_TRUE(answer.is_ok);
  const auto key = issue_on(root_, std::string(as_text(answer.lines.front().payload))).key;
  ASSERT_NE(key, nullptr);
  const auto issued = issue_for(root_, {.common_name = "client.test", .role = certificate_role::client}, key);
  ASSERT_EQ(store_certificate(to_pem(issued.certificate.get())), ok);
  expect_certificate_works();
}

TEST_F(avs_net_engine, may_have_the_key_only) {
  ASSERT_EQ(store_key(to_pem(client_.key.get())), ok);
  const auto server = server_of_known_clients(s_server_version::dtls1_2);
  const auto certificate = to_pem(client_.certificate.get());
  auto settings = with_certificates(over::udp);
  settings.adjust = [&](avs_net_certificate_info_t& info) {
    info.client_cert = from_text(avs_crypto_certificate_chain_info_from_buffer, certificate);
    info.client_key = avs_crypto_private_key_info_from_engine(query);
  };
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_TRUE(server.prints("client.test"));
}

// Anjay creates its socket anew for each attempt, and what is not there yet may come.
TEST_F(avs_net_engine, that_does_not_have_it_fails_the_connect) {
  const auto server = psk_server();
  const avs_socket socket(with_psk_of_modem());
  EXPECT_EQ(socket.connect(), library_error(nobody_to_trust));
  ASSERT_EQ(store_psk(psk_key), ok);
  EXPECT_EQ(socket.connect(), library_error(nobody_to_trust)) << "a key needs its identity";
  ASSERT_EQ(store_psk_identity(psk_identity), ok);
  EXPECT_EQ(socket.connect(), ok);
  EXPECT_TRUE(talks(socket, server));
  const avs_socket other(with_certificate_of_modem(over::tcp));
  EXPECT_EQ(other.connect(), library_error(nobody_to_trust));
}

TEST_F(avs_net_engine, takes_what_it_understands_and_keeps_what_it_has) {
  ASSERT_EQ(store_key(to_pem(client_.key.get())), ok);
  ASSERT_EQ(store_certificate(to_pem(client_.certificate.get())), ok);
  EXPECT_EQ(store_key("no key"), outcome(AVS_EPROTO));
  EXPECT_EQ(store_key(to_pem(client_.key.get(), "open sesame"), "wrong password"), outcome(AVS_EPROTO));
  EXPECT_EQ(store_certificate("no certificate"), outcome(AVS_EPROTO));
  EXPECT_EQ(store_psk(std::string(100'000, 'x')), outcome(AVS_EMSGSIZE));
  expect_certificate_works();
  // Another key replaces the first, and does not fit the certificate.
  ASSERT_EQ(store_key(to_pem(make_key(key_kind::ec_p256).get())), ok);
  avs_net_socket_t* socket = nullptr;
  EXPECT_EQ(with_certificate_of_modem(over::udp).create(socket), library_error(key_does_not_fit));
  EXPECT_EQ(socket, nullptr);
}

TEST_F(avs_net_engine, forgets_what_is_removed_and_nothing_else) {
  ASSERT_EQ(store_psk(psk_key), ok);
  ASSERT_EQ(store_psk_identity(psk_identity), ok);
  ASSERT_EQ(store_certificate(to_pem(client_.certificate.get())), ok);
  ASSERT_EQ(store_key(to_pem(client_.key.get())), ok);
  std::size_t left = 4;
  for (const auto remove : {avs_crypto_psk_engine_key_rm, avs_crypto_psk_engine_identity_rm,
                            avs_crypto_pki_engine_certificate_rm, avs_crypto_pki_engine_key_rm}) {
    EXPECT_EQ(outcome(remove("tag:8")), outcome(AVS_ENOENT));
    EXPECT_EQ(outcome(remove(query)), ok);
    EXPECT_EQ(test_channel(daemon_).ok("AT#TCRED=1").size(), --left);
    EXPECT_EQ(outcome(remove(query)), outcome(AVS_ENOENT));
  }
  daemon_.stop(SIGTERM);
  EXPECT_EQ(outcome(avs_crypto_psk_engine_key_rm(query)), outcome(AVS_EHOSTUNREACH));
  EXPECT_EQ(store_psk(psk_key), outcome(AVS_EHOSTUNREACH));
}

// Sockets of the application that have volatile credentials of the same tag are of other channels.
TEST_F(avs_net_engine, is_not_mistaken_for_what_lives_with_a_channel) {
  test_channel channel(daemon_);
  channel.tcred(7, 3, psk_key);
  EXPECT_EQ(outcome(avs_crypto_psk_engine_key_rm(query)), outcome(AVS_ENOENT));
  EXPECT_EQ(channel.ok("AT#TCRED=1,7,3").size(), 1U);
}

TEST_F(avs_net_engine, of_the_configuration_is_used_and_not_removed) {
  const auto key = files_.write_text("key", psk_key);
  const auto name = files_.write_text("name", psk_identity);
  std::filesystem::permissions(key, std::filesystem::perms(0600));
  daemon_.write_config("[credential 7]\npsk = " + key + "\nidentity = " + name + "\n");
  daemon_.restart(SIGTERM);
  expect_psk_works();
  EXPECT_EQ(outcome(avs_crypto_psk_engine_key_rm(query)), outcome(AVS_EACCES));
  EXPECT_EQ(outcome(avs_crypto_psk_engine_identity_rm(query)), outcome(AVS_EACCES));
  expect_psk_works();
}

}  // namespace
}  // namespace tlsmodem::test
