// Bytes through TLS and TCP sockets: all of them, in order, none invented, with readers and writers of every
// speed.
#include "data_fixture.hpp"
#include "protocol/commands/send.hpp"

namespace tlsmodem::test {
namespace {

class data_stream : public data_test {
 protected:
  tls_echo echo_{port};
};

constexpr std::size_t one_mebibyte = 1024 * 1024;

TEST_F(data_stream, a_mebibyte_up_and_down_is_the_same_mebibyte) {
  const int id = connected("tls");
  const auto sent = random_bytes(one_mebibyte, 1);
  send_in_chunks(channel_, id, sent, 2);
  EXPECT_TRUE(receive_exactly(channel_, sent.size()) == sent);
  EXPECT_EQ(channel_.info(id, "bytes_received").empty(), false);
}

TEST_F(data_stream, a_mebibyte_comes_in_as_it_is_pulled) {
  const int id = connected("tls", {R"("delivery","pull")"});
  const auto sent = random_bytes(one_mebibyte, 3);
  std::string received;
  std::mt19937 random(4);
  std::uniform_int_distribution<std::size_t> sizes(1, 65536);
  for (std::size_t at = 0; received.size() < sent.size();) {
    // Never more ahead than the receive queue holds: this client does not read by itself.
    const auto ahead = std::min<std::size_t>(30'000, sent.size() - at);
    if (ahead > 0 && at - received.size() < 100'000) {
      channel_.send(id, std::string_view(sent).substr(at, ahead));
      at += ahead;
    }
    received += take(channel_, id, sizes(random)).data;
  }
  EXPECT_TRUE(received == sent);
  EXPECT_EQ(take(channel_, id).unread_bytes, 0U);
}

TEST_F(data_stream, awkward_payloads_pass_in_both_directions) {
  const int id = connected("tls");
  for (const auto& payload : awkward_payloads()) {
    channel_.send(id, payload);
    EXPECT_EQ(receive_exactly(channel_, payload.size()), payload);
  }
}

TEST_F(data_stream, an_empty_send_to_a_stream_sends_nothing_and_is_ok) {
  const int id = connected("tls");
  channel_.send(id, "");
  channel_.send(id, "x");
  EXPECT_EQ(channel_.receive(), "x");
}

TEST_F(data_stream, the_longest_payload_is_65536_bytes) {
  const int id = connected("tls");
  const auto longest = random_bytes(65536, 5);
  channel_.send(id, longest);
  EXPECT_TRUE(receive_exactly(channel_, longest.size()) == longest);
  EXPECT_EQ(channel_.error_of("AT#TSEND=" + std::to_string(id) + ",65537", random_bytes(65537, 6)), 813);
  channel_.send(id, "still in step");
  EXPECT_EQ(channel_.receive(), "still in step");
}

TEST_F(data_stream, pull_tells_when_the_unread_bytes_go_from_none_to_some) {
  const int id = connected("tls", {R"("delivery","pull")"});
  const std::string ready = "#TRDY: " + std::to_string(id) + ",";
  channel_.send(id, "0123456789");
  EXPECT_EQ(channel_.event("#TRDY").line, ready + "10");

  const auto first = take(channel_, id, 4);
  EXPECT_EQ(first.data, "0123");
  EXPECT_EQ(first.unread_bytes, 6U);
  EXPECT_FALSE(first.is_truncated);  // of a stream nothing is cut: the rest stays
  const auto rest = take(channel_, id);
  EXPECT_EQ(rest.data, "456789");
  EXPECT_EQ(take(channel_, id).data, "");

  channel_.send(id, "again");
  EXPECT_EQ(channel_.event("#TRDY").line, ready + "5");
}

TEST_F(data_stream, flag_2_says_goodbye_behind_the_last_byte) {
  const int id = connected("tls");
  channel_.ok("AT#TSEND=" + std::to_string(id) + ",4,2", "last");
  EXPECT_EQ(channel_.receive(), "last");
  EXPECT_EQ(channel_.event("#TDOWN").line.substr(0, 11), "#TDOWN: " + std::to_string(id) + ",0");
  EXPECT_EQ(channel_.error_of("AT#TSEND=" + std::to_string(id) + ",1", "x"), 811);
}

TEST_F(data_stream, a_quiet_send_says_nothing_unless_it_fails) {
  const int id = connected("tls");
  const auto number = std::to_string(id);
  ASSERT_FALSE(channel_.raw().write("AT#TSEND=" + number + ",5,1\rquiet", deadline()));
  EXPECT_EQ(channel_.receive(), "quiet");  // and no OK before it: an item of another kind would have thrown
  channel_.ok("AT#TSHUT=" + number);
  ASSERT_FALSE(channel_.raw().write("AT#TSEND=" + number + ",4,1\rlate", deadline()));
  EXPECT_TRUE(channel_.event().line.starts_with("#T"));  // #TERR or #TDOWN, whichever comes first
}

// The client sends, and never looks at what the peer sends back: it is told, not left hanging.
TEST_F(data_stream, a_client_that_does_not_pull_the_echo_is_told_that_it_would_overflow) {
  const int id = connected("tls", {R"("delivery","pull")"});
  const auto piece = random_bytes(65536, 7);
  const auto line = at::format(at::send_request{id, piece.size(), false, false});
  std::size_t accepted = 0;
  int code = 0;
  // The kernel's buffers and those of socat take some; 64 MiB is more than all of them.
  while (code == 0 && accepted < 1024) {
    code = channel_.error_of(line, piece);
    accepted += code == 0 ? 1 : 0;
  }
  ASSERT_EQ(code, 814);
  std::string received;
  while (received.size() < accepted * piece.size()) received += take(channel_, id).data;
  EXPECT_TRUE(received.substr(received.size() - piece.size()) == piece);  // what was refused was not sent
  channel_.send(id, "go on");
}

// A client that only writes: everything stands still, and goes on where it stood when the client reads.
TEST_F(data_stream, a_client_that_writes_four_mebibytes_before_it_reads_gets_them_back) {
  const int id = connected("tls");
  const auto sent = random_bytes(4 * one_mebibyte, 8);
  std::string lines;
  for (std::size_t at = 0; at < sent.size(); at += 32768)
    lines += at::format(at::send_request{id, 32768, true, false}) + "\r" + sent.substr(at, 32768);
  const tcp_connection writer(::dup(channel_.raw().fd()));
  std::size_t written = 0;
  int refusals = 0;
  eventually([&] {
    const auto size = writer.write_some(std::string_view(lines).substr(written));
    written += size;
    refusals = size == 0 ? refusals + 1 : 0;
    return written == lines.size() || refusals == 50;
  });
  ASSERT_FALSE(channel_.raw().write(std::string_view(lines).substr(written), deadline()));
  EXPECT_TRUE(receive_exactly(channel_, sent.size()) == sent);
}

}  // namespace
}  // namespace tlsmodem::test
