// Datagrams: one send is one datagram is one frame, whatever is in it, or it is counted.
#include "data_fixture.hpp"
#include "tests/support/peers.hpp"

namespace tlsmodem::test {
namespace {

constexpr std::size_t sizes[] = {1, 2, 255, 256, 1000, 1472, 1473, 4096, 9000, 16383, 16384};

class data_udp : public data_test {
 protected:
  udp_echo echo_{port};
};

TEST_F(data_udp, datagrams_of_every_size_keep_their_boundaries) {
  const int id = connected("udp");
  for (const auto size : sizes) {
    const auto sent = random_bytes(size, static_cast<unsigned>(size));
    channel_.send(id, sent);
    EXPECT_TRUE(channel_.receive() == sent) << size;
  }
}

TEST_F(data_udp, an_empty_datagram_is_a_datagram) {
  const int id = connected("udp");
  channel_.send(id, "");
  channel_.send(id, "behind it");
  EXPECT_EQ(channel_.event("#TRX").line, "#TRX: " + std::to_string(id) + ",0");
  EXPECT_EQ(channel_.receive(), "behind it");
}

TEST_F(data_udp, a_payload_of_16385_bytes_is_refused_and_never_split) {
  const int id = connected("udp");
  EXPECT_EQ(channel_.error_of("AT#TSEND=" + std::to_string(id) + ",16385", random_bytes(16385, 1)), 813);
  channel_.send(id, "next");
  EXPECT_EQ(channel_.receive(), "next");
}

TEST_F(data_udp, the_option_mtu_limits_what_is_sent) {
  const int id = connected("udp", {R"("mtu",500)"});
  EXPECT_EQ(channel_.error_of("AT#TSEND=" + std::to_string(id) + ",501", random_bytes(501, 1)), 813);
  const auto longest = random_bytes(500, 2);
  channel_.send(id, longest);
  EXPECT_TRUE(channel_.receive() == longest);
}

TEST_F(data_udp, awkward_payloads_pass_in_both_directions) {
  const int id = connected("udp");
  for (const auto& payload : awkward_payloads()) {
    channel_.send(id, payload);
    EXPECT_EQ(channel_.receive(), payload);
  }
}

TEST_F(data_udp, pulling_less_than_a_datagram_cuts_it_and_says_so) {
  const int id = connected("udp", {R"("delivery","pull")"});
  channel_.send(id, "0123456789");
  channel_.event("#TRDY");
  channel_.send(id, "next");
  ASSERT_TRUE(eventually([&] { return channel_.info(id, "buffered") == "14"; }));

  const auto cut = take(channel_, id, 4);
  EXPECT_EQ(cut.data, "0123");
  EXPECT_TRUE(cut.is_truncated);
  EXPECT_EQ(cut.unread_bytes, 4U);
  const auto whole = take(channel_, id, 4);
  EXPECT_EQ(whole.data, "next");
  EXPECT_FALSE(whole.is_truncated);
  EXPECT_EQ(whole.unread_bytes, 0U);
}

TEST_F(data_udp, a_client_that_does_not_pull_loses_the_newest_datagrams_and_can_count_them) {
  const int id = connected("udp", {R"("delivery","pull")"});
  const auto number = std::to_string(id);
  constexpr int fit = 256 * 1024 / 16384;
  constexpr int sent = fit + 4;
  for (int i = 0; i < sent; ++i) {
    channel_.send(id, std::string(16384, static_cast<char>('a' + i)));
    // Each is awaited: the kernel's buffers hold fewer of them than the daemon's, and lose them unseen.
    const std::string key = i < fit ? "buffered" : "dropped";
    const auto expected = std::to_string(i < fit ? (i + 1) * 16384 : i + 1 - fit);
    ASSERT_TRUE(eventually([&] { return channel_.info(id, key) == expected; })) << key << " after " << i;
  }
  for (int i = 0; i < fit; ++i) {
    const auto frame = take(channel_, id);
    EXPECT_TRUE(frame.data == std::string(16384, static_cast<char>('a' + i))) << i;
    EXPECT_EQ(frame.unread_bytes, static_cast<std::size_t>(fit - 1 - i) * 16384);
  }
  channel_.send(id, "there is room again");
  ASSERT_TRUE(eventually([&] { return channel_.info(id, "buffered") == "19"; }));
}

TEST_F(data_udp, a_flood_of_quiet_sends_is_told_apart_datagram_by_datagram) {
  const int id = connected("udp");
  constexpr int count = 100;  // which the kernel's buffers hold
  std::string lines;
  for (int i = 0; i < count; ++i) {
    const auto text = std::to_string(i);
    lines += "AT#TSEND=" + std::to_string(id) + "," + std::to_string(text.size()) + ",1\r" + text;
  }
  ASSERT_FALSE(channel_.raw().write(lines, deadline()));
  for (int i = 0; i < count; ++i) EXPECT_EQ(channel_.receive(), std::to_string(i));
}

TEST(data_udp_alone, a_port_that_nobody_has_is_told_and_the_socket_lives_on) {
  const running_daemon daemon;
  test_channel channel(daemon);
  configure(channel, {R"("proto","udp")"});
  const int id = channel.open();
  channel.connect_up(id, "127.0.0.1", 7000);
  channel.send(id, "anybody there?");
  EXPECT_EQ(channel.event("#TERR").line, "#TERR: " + std::to_string(id) + ",802");
  const udp_echo late(7000);
  channel.send(id, "now?");
  EXPECT_EQ(channel.receive(), "now?");
}

// What gnutls-serv sends back in one record; of more it makes several.
constexpr std::size_t one_echo = 254;

class data_dtls : public ::testing::Test {
 protected:
  data_dtls() {
    channel_.tcred(1, 3, "0123456789abcdef");
    channel_.tcred(1, 4, "device");
    configure(channel_, {R"("psk","1")"});
  }
  int connected() {
    const int id = channel_.open();
    channel_.connect_up(id, "127.0.0.1", 7001);
    return id;
  }

  key_files files_;
  peer server_ = gnutls_udp_server(
      7001, {"--pskpasswd", files_.write_text("psk", "device:" + hex_of("0123456789abcdef") + "\n"),
             "--priority", "NORMAL:-KX-ALL:+PSK"});
  running_daemon daemon_;
  test_channel channel_{daemon_};
};

TEST_F(data_dtls, records_of_every_size_keep_their_boundaries) {
  const int id = connected();
  for (const auto size : sizes) {
    if (size > one_echo) continue;
    const auto sent = random_bytes(size, static_cast<unsigned>(size));
    channel_.send(id, sent);
    EXPECT_TRUE(channel_.receive() == sent) << size;
  }
}

TEST_F(data_dtls, a_record_takes_up_to_16384_bytes) {
  const int id = connected();
  for (const auto size : sizes) {
    const auto sent = random_bytes(size, static_cast<unsigned>(size));
    channel_.send(id, sent);
    EXPECT_TRUE(receive_exactly(channel_, size) == sent) << size;
  }
  EXPECT_EQ(channel_.error_of("AT#TSEND=" + std::to_string(id) + ",16385", random_bytes(16385, 1)), 813);
}

TEST_F(data_dtls, an_empty_record_is_not_supported) {
  const int id = connected();
  EXPECT_EQ(channel_.error_of("AT#TSEND=" + std::to_string(id) + ",0"), 4);
  channel_.send(id, "alive");
  EXPECT_EQ(channel_.receive(), "alive");
}

TEST_F(data_dtls, awkward_payloads_pass_in_both_directions) {
  const int id = connected();
  for (const auto& payload : awkward_payloads()) {
    channel_.send(id, payload);
    EXPECT_EQ(receive_exactly(channel_, payload.size()), payload);
  }
}

}  // namespace
}  // namespace tlsmodem::test
