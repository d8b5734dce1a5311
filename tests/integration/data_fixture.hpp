// What the data tests share: channels with ready sockets, bulk in both directions, payloads that hurt.
#pragma once

#include "tests/support/pki.hpp"
#include "tests/support/running_daemon.hpp"
#include "tests/support/sockets.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

// Every run sees the same bytes.
std::string random_bytes(std::size_t count, unsigned seed);

// What a careless framer would take for something of its own, each as a whole payload.
std::vector<std::string> awkward_payloads();

// AT#TCFG=0,<each>
void configure(test_channel& channel, const std::vector<std::string>& options);

// Writes `data` to the socket in quiet sends of random sizes (seeded), reading what comes meanwhile.
void send_in_chunks(test_channel& channel, int id, std::string_view data, unsigned seed);

// The payloads of the #TRX that come until there are `count` bytes.
std::string receive_exactly(test_channel& channel, std::size_t count);

// The resident memory has grown by less than `limit_kib`. With AddressSanitizer, which keeps freed memory on
// purpose, this says nothing.
void expect_growth_below(long limit_kib, long before_kib, long now_kib);

// AT#TRECV once.
struct received_frame {
  std::string data;
  std::size_t unread_bytes = 0;
  bool is_truncated = false;
};
received_frame take(test_channel& channel, int id, std::optional<std::size_t> max_bytes = std::nullopt);

// A TLS server that sends everything back, for any number of clients: socat.
class tls_echo {
 public:
  explicit tls_echo(int port);
  // The options of a profile that connects to it.
  static std::vector<std::string> profile() { return {R"("proto","tls")", R"("verify",0)"}; }

 private:
  temporary_directory directory_;
  process process_;
};

class data_test : public ::testing::Test {
 protected:
  static constexpr int port = 7000;

  // A socket of this protocol ("tls", "tcp" or "udp"), connected to the echo on `port`.
  int connected(const std::string& protocol, const std::vector<std::string>& more_options = {});

  running_daemon daemon_;
  test_channel channel_{daemon_};
};

}  // namespace tlsmodem::test
