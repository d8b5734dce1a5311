// The main job, once through: the dialogue of the demonstration against a real CoAP server.
#include "tests/support/running_daemon.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

TEST(spine, coap_get_over_dtls_psk_is_answered) {
  const process server({"coap-server-openssl", "-A", "127.0.0.1", "-p", "5683", "-k", "secretPSK"});
  ASSERT_TRUE(eventually([] { return is_udp_port_bound(5684); }));
  const running_daemon daemon;
  test_channel channel(daemon);
  channel.tcred(1, 3, "secretPSK");
  channel.tcred(1, 4, "device");
  channel.ok("AT#TCFG=0,\"psk\",\"1\"");
  const int id = channel.open();

  const auto up = channel.connect_up(id, "127.0.0.1", 5684);
  channel.send(id, std::string("\x40\x01\x12\x34\xb4time"));
  const auto answer = channel.receive();
  channel.ok("AT#TCLOSE=" + std::to_string(id));

  EXPECT_EQ(up.how, 0);
  EXPECT_EQ(up.version, "DTLSv1.2");
  EXPECT_EQ(up.remote_port, 5684);
  ASSERT_GT(answer.size(), 4U);
  EXPECT_EQ(answer.substr(0, 4), "\x60\x45\x12\x34");  // ACK, 2.05 Content, the same message id
}

}  // namespace
}  // namespace tlsmodem::test
