// Ports that stay open for the peer's last datagram. The peer is a socket of the test, on the loopback: what
// it sends is there when send() returns, and so is the ICMP error.
#include "daemon/net/lingering_sockets.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cerrno>
#include <string_view>
#include <vector>

namespace tlsmodem::net {
namespace {

using boost::asio::ip::udp;
using namespace std::chrono_literals;

bool is_bye(bytes_view datagram) { return as_text(datagram) == "bye"; }

class lingering : public testing::Test {
 protected:
  // A connected socket of ours; what its peer sends goes there.
  udp::socket connected_to(udp::socket& peer) {
    udp::socket socket(io_);
    socket.open(udp::v4());
    socket.bind({boost::asio::ip::address_v4::loopback(), 0});
    peer.open(udp::v4());
    peer.bind({boost::asio::ip::address_v4::loopback(), 0});
    peer.connect(socket.local_endpoint());
    socket.connect(peer.local_endpoint());
    socket.non_blocking(true);
    return socket;
  }
  // False when an ICMP error has come for an earlier one.
  static bool send(udp::socket& from, std::string_view text) {
    boost::system::error_code error;
    from.send(boost::asio::buffer(text), 0, error);
    return !error;
  }
  static bool is_refused(udp::socket& by) { return !send(by, "x") || !send(by, "x"); }

  boost::asio::io_context io_;
  lingering_sockets& all_ = boost::asio::use_service<lingering_sockets>(io_);
};

TEST_F(lingering, takes_what_comes_up_to_the_last_word) {
  udp::socket peer(io_);
  all_.add(connected_to(peer), {1h, &is_bye});
  for (const auto* text : {"data", "", "bye?"}) {
    EXPECT_TRUE(send(peer, text));
    io_.poll();
  }
  EXPECT_EQ(all_.size(), 1U);
  EXPECT_TRUE(send(peer, "bye"));
  io_.poll();
  EXPECT_EQ(all_.size(), 0U);
  EXPECT_TRUE(is_refused(peer));
  EXPECT_EQ(io_.poll(), 0U);
}

TEST_F(lingering, takes_the_last_word_that_was_there_already) {
  udp::socket peer(io_);
  auto socket = connected_to(peer);
  EXPECT_TRUE(send(peer, "data"));
  EXPECT_TRUE(send(peer, "bye"));
  all_.add(std::move(socket), {1h, &is_bye});
  io_.poll();
  EXPECT_EQ(all_.size(), 0U);
}

TEST_F(lingering, ends_when_patience_does) {
  udp::socket peer(io_);
  all_.add(connected_to(peer), {1ms, &is_bye});
  io_.run();  // until nothing is waited for
  EXPECT_EQ(all_.size(), 0U);
  EXPECT_TRUE(is_refused(peer));
}

TEST_F(lingering, ends_when_the_peer_is_gone) {
  udp::socket peer(io_);
  auto socket = connected_to(peer);
  peer.close();
  EXPECT_TRUE(send(socket, "our last word"));
  all_.add(std::move(socket), {1h, &is_bye});
  io_.poll();
  EXPECT_EQ(all_.size(), 0U);
}

TEST_F(lingering, gives_its_port_up_and_no_other) {
  udp::socket peer(io_);
  udp::socket other(io_);
  auto socket = connected_to(peer);
  const auto local = socket.local_endpoint();
  all_.add(std::move(socket), {1h, &is_bye});
  all_.add(connected_to(other), {1h, &is_bye});
  udp::socket anew(io_);
  anew.open(udp::v4());
  boost::system::error_code error;
  anew.bind(local, error);
  EXPECT_EQ(error, boost::asio::error::address_in_use);
  EXPECT_TRUE(all_.give_up(local.port()));
  EXPECT_FALSE(all_.give_up(local.port()));
  anew.bind(local);
  io_.poll();
  EXPECT_EQ(all_.size(), 1U);
}

TEST_F(lingering, is_for_so_many_at_a_time) {
  std::vector<udp::socket> peers;
  for (std::size_t i = 0; i < lingering_sockets::most + 10; ++i) {
    all_.add(connected_to(peers.emplace_back(io_)), {1h, &is_bye});
    io_.poll();
  }
  EXPECT_EQ(all_.size(), lingering_sockets::most);
  EXPECT_TRUE(is_refused(peers[9])) << "the oldest make room";
  EXPECT_FALSE(is_refused(peers[10]));
}

TEST(lingering_sockets, may_outlive_their_peers_and_end_with_the_event_loop) {
  boost::asio::io_context peers;
  udp::socket peer(peers);
  {
    boost::asio::io_context io;
    udp::socket socket(io, udp::v4());
    socket.bind({boost::asio::ip::address_v4::loopback(), 0});
    peer.open(udp::v4());
    peer.connect(socket.local_endpoint());
    socket.non_blocking(true);
    boost::asio::use_service<lingering_sockets>(io).add(std::move(socket), {1h, &is_bye});
    io.poll();
  }
  boost::system::error_code error;
  peer.send(boost::asio::buffer("x", 1), 0, error);
  peer.send(boost::asio::buffer("x", 1), 0, error);
  EXPECT_EQ(error, boost::asio::error::connection_refused);
}

}  // namespace
}  // namespace tlsmodem::net
