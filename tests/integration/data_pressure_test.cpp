// Readers and peers that are slow: the pressure goes back to whoever makes it, and everybody else is served.
#include "data_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

namespace tlsmodem::test {
namespace {

constexpr std::size_t offer = std::size_t{64} * 1024 * 1024;
// Queues, buffers and what the allocator keeps; a sixth of what is offered.
constexpr long bound_kib = 10 * 1024;

class data_pressure : public data_test {
 protected:
  long resident() { return resident_kib(daemon_.daemon().pid()); }
  void expect_small(long before) { expect_growth_below(bound_kib, before, resident()); }
};

TEST_F(data_pressure, a_reader_that_pauses_holds_up_its_tls_peer_and_nobody_else) {
  const auto server = self_sign({.common_name = "source"});
  const temporary_directory files;
  write_file(files.path("pem"), to_pem(server.certificate.get()) + to_pem(server.key.get()));
  const process source({"socat",
                        "OPENSSL-LISTEN:7010,bind=127.0.0.1,reuseaddr,verify=0,cert=" + files.path("pem"),
                        "SYSTEM:head -c " + std::to_string(offer) + " /dev/zero"});
  ASSERT_TRUE(eventually([] { return is_tcp_port_listening(7010); }));
  const tls_echo echo(port);
  test_channel other(daemon_);
  configure(other, tls_echo::profile());
  const int busy = other.open();
  other.connect_up(busy, "127.0.0.1", port);
  const long before = resident();
  configure(channel_, tls_echo::profile());
  channel_.connect_up(channel_.open(), "127.0.0.1", 7010);

  const auto data = random_bytes(1024 * 1024, 1);  // the channel that is not read does not slow this down
  for (int round = 0; round < 4; ++round) {
    send_in_chunks(other, busy, data, 2);
    EXPECT_TRUE(receive_exactly(other, data.size()) == data);
    expect_small(before);
  }
  std::size_t received = 0;
  while (received < offer) {
    const auto piece = channel_.receive();
    ASSERT_EQ(piece.find_first_not_of('\0'), std::string::npos);
    received += piece.size();
  }
  EXPECT_EQ(received, offer);
  EXPECT_TRUE(channel_.event("#TDOWN").line.starts_with("#TDOWN: 1,0,"));
  expect_small(before);
}

TEST_F(data_pressure, a_tcp_peer_cannot_send_more_than_the_buffers_hold_until_the_client_reads) {
  const tcp_listener listener(port);
  const int id = connected("tcp");
  const auto peer = listener.accept();
  const auto piece = random_bytes(65536, 3);
  std::size_t offered = 0;
  int refusals = 0;
  EXPECT_TRUE(eventually([&] {
    const auto size = peer.write_some(std::string_view(piece).substr(offered % piece.size()));
    offered += size;
    refusals = size == 0 ? refusals + 1 : 0;
    return refusals == 50;
  }));
  EXPECT_LT(offered, offer);
  const auto received = receive_exactly(channel_, offered);
  EXPECT_EQ(received.size(), offered);
  EXPECT_TRUE(received.substr(0, piece.size()) == piece);
  peer.write("more");
  EXPECT_EQ(channel_.receive(), "more");
  EXPECT_EQ(channel_.info(id, "buffered"), "0");
}

TEST_F(data_pressure, a_peer_that_sends_crumbs_costs_no_more_than_their_bytes) {
  const tcp_listener listener(port);
  const int id = connected("tcp", {R"("delivery","pull")"});
  const auto peer = listener.accept();
  const long before = resident();
  constexpr int crumbs = 20'000;
  for (int i = 0; i < crumbs; ++i) peer.write("x");
  ASSERT_TRUE(eventually([&] { return channel_.info(id, "buffered") == std::to_string(crumbs); }));
  expect_growth_below(1024, before, resident());
  EXPECT_EQ(take(channel_, id).data, std::string(crumbs, 'x'));
}

// The peer takes its time; the pending send waits, its result comes, and other sockets of the channel go on.
TEST_F(data_pressure, a_send_waits_for_a_slow_peer_and_loses_nothing) {
  const tcp_listener listener(port);
  const int id = connected("tcp");
  const auto peer = listener.accept();
  const auto sent = random_bytes(12 * 1024 * 1024, 4);
  std::string arrived;
  std::thread reader([&] {
    std::mt19937 random(5);
    while (arrived.size() < sent.size())
      arrived += peer.read(std::min<std::size_t>(1 + random() % 100'000, sent.size() - arrived.size()));
  });
  for (std::size_t at = 0; at < sent.size(); at += 65536)
    channel_.send(id, std::string_view(sent).substr(at, 65536));
  reader.join();
  EXPECT_TRUE(arrived == sent);
}

TEST_F(data_pressure, a_stopped_daemon_goes_on_where_it_was) {
  const tls_echo echo(port);
  const int id = connected("tls");
  daemon_.daemon().pause();
  ASSERT_FALSE(channel_.raw().write("AT#TSEND=" + std::to_string(id) + ",5,1\rhello", deadline()));
  daemon_.daemon().resume();
  EXPECT_EQ(channel_.receive(), "hello");
}

}  // namespace
}  // namespace tlsmodem::test
