// Names with several addresses: each gets its chance, whenever and however the one before fails.
#include "data_fixture.hpp"
#include "tests/support/datagrams.hpp"
#include "tests/support/hosts_file.hpp"

namespace tlsmodem::test {
namespace {

class connect_addresses : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    static const temporary_directory directory;
    use_hosts(directory, "::1 both.test\n127.0.0.1 both.test\n");
  }
};

// The ClientHello takes several datagrams. The first one is answered by ICMP at once, so sending the second
// one fails, in the middle of the flight.
TEST_F(connect_addresses, a_flight_that_is_refused_half_way_ends_this_address_and_not_the_daemon) {
  const running_daemon daemon;
  test_channel channel(daemon);
  channel.tcred(1, 3, "0123456789abcdef");
  channel.tcred(1, 4, "device");
  configure(channel, {R"("psk","1")", R"("mtu",256)", R"("family","any","v6")",
                      "\"sni\",\"" + std::string(200, 'a') + "\""});
  const int id = channel.open();
  for (int round = 0; round < 5; ++round)
    EXPECT_EQ(channel.connect_fail(id, "both.test", 7800).code, at::error::connection_refused);
  EXPECT_NE(channel.failure_sentence().find("127.0.0.1"), std::string::npos);  // the last one that was tried
}

// Several errors come in the flight to the first address. None of them is one of the second.
TEST_F(connect_addresses, what_a_flight_meets_is_nothing_to_the_next_address) {
  const silent_port second(7802);  // on 127.0.0.1
  const running_daemon daemon;
  test_channel channel(daemon);
  channel.tcred(1, 3, "0123456789abcdef");
  channel.tcred(1, 4, "device");
  configure(channel,
            {R"("psk","1")", R"("mtu",256)", R"("family","any","v6")", R"("hs_min",100)", R"("hs_max",100)",
             "\"sni\",\"" + std::string(250, 'a') + "\"", "\"alpn\",\"" + std::string(250, 'a') + "\""});
  EXPECT_EQ(channel.connect_fail(channel.open(), "both.test", 7802).code, at::error::handshake_timeout);
}

TEST_F(connect_addresses, the_address_that_answers_is_the_one_that_is_used) {
  const tcp_listener listener(7801);  // on 127.0.0.1
  const running_daemon daemon;
  test_channel channel(daemon);
  configure(channel, {R"("proto","tcp")", R"("family","any","v6")"});
  const auto up = channel.connect_up(channel.open(), "both.test", 7801);
  EXPECT_EQ(up.remote_address, "127.0.0.1");
}

TEST_F(connect_addresses, the_option_family_leaves_only_its_own) {
  const tcp_listener listener(7801);
  const running_daemon daemon;
  test_channel channel(daemon);
  configure(channel, {R"("proto","tcp")", R"("family","v6")"});
  EXPECT_EQ(channel.connect_fail(channel.open(), "both.test", 7801).code, at::error::connection_refused);
  const int id = channel.open();
  EXPECT_EQ(channel.connect_fail(id, "127.0.0.1", 7801).code, at::error::name_not_resolved);
}

}  // namespace
}  // namespace tlsmodem::test
