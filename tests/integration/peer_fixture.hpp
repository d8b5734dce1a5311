// The world of the peer tests: a certification authority, a daemon, and a channel with credentials under
// fixed tags.
#pragma once

#include "tests/support/peers.hpp"
#include "tests/support/running_daemon.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

// Tags of credentials on the channel.
namespace tag {
inline constexpr int root = 1;        // trusted: who signed the server's certificate
inline constexpr int client = 2;      // chain and key that servers accept
inline constexpr int device = 3;      // PSK and identity that servers know
inline constexpr int wrong_key = 4;   // the same identity with another PSK
inline constexpr int stranger = 5;    // an identity that servers do not know
inline constexpr int other_root = 6;  // trusted: somebody else
inline constexpr int outsider = 7;    // chain and key that no server accepts
}  // namespace tag

inline constexpr std::string_view psk_key = "0123456789abcdef";
inline constexpr std::string_view wrong_psk_key = "fedcba9876543210";
inline constexpr std::string_view psk_identity = "device";
inline constexpr const char* server_name = "server.test";
inline constexpr int peer_port = 5684;
inline constexpr int second_port = 6000;

// What ended a connection, and all that came before.
struct ending {
  std::string data;
  at::down_event down;
};

class peer_test : public ::testing::Test {
 protected:
  explicit peer_test(const std::string& daemon_config = {});

  // AT#TCFG=0,<each>
  void configure(const std::vector<std::string>& options);
  ending until_down();
  at::down_event down();
  // Of a stream: payloads of #TRX until there are this many bytes.
  std::string receive_exactly(std::size_t count);
  std::string state_of(int id);
  // The +CEER sentence, unquoted.
  std::string sentence();

  // Arguments of s_server: a server that every good profile can connect to, by certificate or PSK.
  std::vector<std::string> good_server() const;
  std::vector<std::string> certificate_server() const;
  static std::vector<std::string> psk_server();
  // CN=server.test, valid for server.test, 127.0.0.1 and ::1.
  std::string server_file() const { return server_file_; }
  std::string root_file() const { return root_file_; }

  identity root_ = make_root("test root");
  identity server_;
  identity client_;
  key_files files_;
  running_daemon daemon_;
  test_channel channel_;

 private:
  std::string server_file_;
  std::string root_file_;
};

}  // namespace tlsmodem::test
