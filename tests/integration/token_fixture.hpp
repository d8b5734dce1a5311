// The world of the tests of keys that no client sees: a daemon with a PKCS #11 token, an authority, and
// servers that want a certificate of that authority.
#pragma once

#include "tests/support/peers.hpp"
#include "tests/support/running_daemon.hpp"
#include "tests/support/soft_token.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

inline constexpr const char* device_name = "device-4711";

class token_test : public ::testing::Test {
 protected:
  static constexpr int tag = 7;
  static constexpr int port = 7900;

  explicit token_test(const std::string& more_config = {});

  // Persistent credentials under `tag`.
  void keep(int type, std::string_view content);
  int error_of_keeping(int type, std::string_view content);
  void keep_uri(const std::string& object) { keep(6, uri(object)); }
  // Of the test's token.
  static std::string uri(const std::string& object) { return std::string(soft_token::uri) + ";" + object; }
  // AT#TCRED=4: the request, PEM.
  std::string request(int type, const std::string& more = {});
  // Request, certificate, and the certificate written under the tag.
  void enrol(int type);
  // AT#TOPEN with the tag's certificate and key.
  int open(s_server_version version);
  int error_of_opening() { return prepare(s_server_version::tls1_3), channel_->error_of("AT#TOPEN=0"); }
  // A server that takes clients of the authority only.
  peer server(s_server_version version) const;
  // A new socket comes up with the server, data goes there and back, and the server tells the client's name.
  void expect_accepted(s_server_version version);
  std::string sentence();
  void new_channel() { channel_.emplace(daemon_); }

  soft_token token_;  // the daemon sees it
  const identity root_ = make_root("root");
  const identity server_ = issue(root_, {.common_name = "server", .ip = {"127.0.0.1"}});
  key_files files_;
  running_daemon daemon_;
  std::optional<test_channel> channel_;

 private:
  void prepare(s_server_version version);
};

// s_server's versions that have client certificates, by name.
inline const std::vector<s_server_version> versions = {s_server_version::dtls1_2, s_server_version::tls1_2,
                                                       s_server_version::tls1_3};
std::string name_of(s_server_version version);

}  // namespace tlsmodem::test
