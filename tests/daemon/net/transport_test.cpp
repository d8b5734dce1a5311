// UDP and TCP transports against sockets of the test, on the loopback.
#include "daemon/net/transport.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace tlsmodem::net {
namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;

const auto loopback = boost::asio::ip::address_v4::loopback();

class noting_observer final : public transport_observer {
 public:
  void on_up(const endpoint&, const endpoint&, std::size_t) override { is_up = true; }
  void on_connect_failed(at::failure why) override { failed = why.text; }
  void on_received(bytes_view data, bool) override {
    received.emplace_back(as_text(data));
    if (while_reading) while_reading(data);
  }
  void on_received_from(const endpoint&, bytes_view) override {}
  void on_turn_end() override { ++turns; }
  void on_end() override {}
  void on_error(at::failure why) override { failed = why.text; }
  void on_path_limit(std::size_t, at::failure why) override { failed = why.text; }
  bool on_address_gone() override { return false; }
  void on_writable() override {}
  bool wants_input() const override { return true; }

  bool is_up = false;
  int turns = 0;
  std::string failed;
  std::vector<std::string> received;
  std::function<void(bytes_view)> while_reading;
};

class transports : public testing::Test {
 protected:
  boost::asio::io_context io_;
  noting_observer seen_;
};

TEST_F(transports, bound_before_they_are_connected_hear_only_their_peer) {
  const auto transport = make_udp(io_, {}, seen_);
  ASSERT_FALSE(transport->bind({"127.0.0.1", 0}));
  const udp::endpoint ours(loopback, transport->local().port);
  udp::socket peer(io_, udp::endpoint(loopback, 0));
  udp::socket stranger(io_, udp::endpoint(loopback, 0));
  for (const auto* text : {"1", "2"}) {
    stranger.send_to(boost::asio::buffer("evil", 4), ours);
    peer.send_to(boost::asio::buffer(text, 1), ours);
  }
  stranger.send_to(boost::asio::buffer("evil", 4), ours);

  transport->connect({"127.0.0.1", peer.local_endpoint().port()});
  io_.poll();
  stranger.send_to(boost::asio::buffer("evil", 4), ours);
  peer.send_to(boost::asio::buffer("3", 1), ours);
  io_.poll();

  EXPECT_TRUE(seen_.is_up);
  EXPECT_EQ(seen_.received, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(seen_.failed, "");
  transport->close({}, {});
}

packet_queue queue_of(std::string_view first, std::string_view second) {
  packet_queue queue;
  for (const auto text : {first, second}) queue.push(as_bytes(text));
  return queue;
}

TEST_F(transports, that_close_tell_what_went_out) {
  udp::socket peer(io_, udp::endpoint(loopback, 0));
  const auto connected = make_udp(io_, {}, seen_);
  connected->connect({"127.0.0.1", peer.local_endpoint().port()});
  EXPECT_EQ(connected->close(queue_of("four", "fifty"), {}), 9U);
  const auto too_long = make_udp(io_, {}, seen_);
  too_long->connect({"127.0.0.1", peer.local_endpoint().port()});
  EXPECT_EQ(too_long->close(queue_of(std::string(70'000, 'x'), "four"), {}), 4U);
  EXPECT_EQ(make_udp(io_, {}, seen_)->close(queue_of("never", "connected"), {}), 0U);

  tcp::acceptor listener(io_, {loopback, 0});
  const endpoint to{"127.0.0.1", listener.local_endpoint().port()};
  const auto stream = make_tcp(io_, {}, seen_);
  stream->connect(to);
  const tcp::socket accepted = listener.accept();
  io_.poll();
  EXPECT_EQ(stream->close(queue_of("four", "fifty"), {}), 9U);
  const auto waiting = make_tcp(io_, {}, seen_);
  waiting->connect(to);
  EXPECT_EQ(waiting->close(queue_of("not", "yet"), {}), 0U) << "it does not know that it is connected";
}

// More than one read takes in, so that there is something to drop.
TEST_F(transports, closed_while_they_hand_over_what_they_read_leave_it_as_it_is) {
  tcp::acceptor listener(io_, {loopback, 0});
  const auto transport = make_tcp(io_, {}, seen_);
  transport->connect({"127.0.0.1", listener.local_endpoint().port()});
  tcp::socket peer = listener.accept();
  io_.poll();
  ASSERT_TRUE(seen_.is_up) << seen_.failed;
  peer.non_blocking(true);
  boost::system::error_code error;
  std::size_t sent = 0;
  // The second half differs from the first.
  for (const char letter : {'a', 'b'}) {
    const std::string piece(256 * 1024, letter);
    for (std::size_t at = 0; at < piece.size() && !error;) {
      const auto count = peer.send(boost::asio::buffer(piece.data() + at, piece.size() - at), 0, error);
      at += error ? 0 : count;
      sent += error ? 0 : count;
    }
  }
  ASSERT_GT(sent, 256U * 1024) << "the kernel has no room for this test";
  std::string after;
  seen_.while_reading = [&](bytes_view data) {
    if (seen_.received.size() < 2) return;
    transport->close({}, {});
    after = as_text(data);
  };
  while (after.empty() && io_.run_one() > 0) {
  }
  EXPECT_EQ(after, seen_.received.back());
}

}  // namespace
}  // namespace tlsmodem::net
