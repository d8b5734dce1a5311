// The end of a DTLS association as its peer sees it: the peer's close_notify finds an open port, and no ICMP
// error comes back. On the loopback, an ICMP error is there when send() returns.
#include "daemon/support/unique_fd.hpp"
#include "peer_fixture.hpp"
#include "tests/support/datagrams.hpp"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace tlsmodem::test {
namespace {

// A UDP port under the test's hands, connected to whoever speaks first.
class udp_peer {
 public:
  explicit udp_peer(int port) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const auto address = loopback(port);
    if (::bind(fd_.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("the port is taken");
  }

  int fd() const { return fd_.value(); }
  // Waits for the first datagram, which stays to be read.
  int connect() const {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    pollfd entry{fd(), POLLIN, 0};
    char byte = 0;
    if (::poll(&entry, 1, 10'000) != 1 ||
        ::recvfrom(fd(), &byte, 1, MSG_PEEK, reinterpret_cast<sockaddr*>(&from), &size) < 0 ||
        ::connect(fd(), reinterpret_cast<const sockaddr*>(&from), size) != 0)
      throw std::runtime_error("nobody comes");
    return ntohs(from.sin_port);
  }
  void send() const { static_cast<void>(::send(fd(), "x", 1, 0)); }
  // Whether an ICMP error has come since the last call.
  bool is_refused() const {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == ECONNREFUSED;
  }
  bool sees_the_port_close() const {
    return eventually([&] {
      send();
      return is_refused();
    });
  }

 private:
  unique_fd fd_;
};

unsigned give_psk(SSL*, const char*, unsigned char* key, unsigned room) {
  if (psk_key.size() > room) return 0;
  std::memcpy(key, psk_key.data(), psk_key.size());
  return static_cast<unsigned>(psk_key.size());
}

// A DTLS server of one association, each step of which the test takes.
class dtls_peer : public udp_peer {
 public:
  using udp_peer::udp_peer;

  // Returns the client's port.
  int accept() {
    const int client = connect();
    SSL_CTX_set_psk_server_callback(context_.get(), &give_psk);
    SSL_CTX_set_cipher_list(context_.get(), "PSK-AES128-GCM-SHA256");
    ssl_.reset(SSL_new(context_.get()));
    BIO* const bio = BIO_new_dgram(fd(), BIO_NOCLOSE);
    auto address = loopback(client);
    BIO_ctrl_set_connected(bio, &address);
    SSL_set_bio(ssl_.get(), bio, bio);
    if (SSL_accept(ssl_.get()) != 1) throw std::runtime_error("no handshake");
    return client;
  }
  void await_goodbye() {
    char byte = 0;
    const int got = SSL_read(ssl_.get(), &byte, 1);
    if (SSL_get_error(ssl_.get(), got) != SSL_ERROR_ZERO_RETURN) throw std::runtime_error("no goodbye");
  }
  void say_goodbye() { SSL_shutdown(ssl_.get()); }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(DTLS_server_method()),
                                                             &SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
};

// The ICMP errors of this network namespace.
class icmp_errors {
 public:
  icmp_errors() : fd_(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP)) {
    if (!fd_) throw std::runtime_error("no raw socket");
  }
  std::size_t port_unreachable() const {
    std::size_t count = 0;
    std::array<unsigned char, 2048> packet{};
    for (ssize_t size = 0; (size = ::recv(fd_.value(), packet.data(), packet.size(), 0)) > 0;) {
      const auto header = static_cast<std::size_t>(packet[0] & 15) * 4;
      if (static_cast<std::size_t>(size) > header + 1 && packet[header] == ICMP_DEST_UNREACH &&
          packet[header + 1] == ICMP_PORT_UNREACH)
        ++count;
    }
    return count;
  }

 private:
  unique_fd fd_;
};

class goodbye : public peer_test {
 protected:
  goodbye() { configure({R"("psk","3")", R"("hs_min",9000)"}); }

  // Returns the client's port.
  int connect(dtls_peer& server, const std::string& bound = {}) {
    id_ = channel_.open();
    if (!bound.empty()) channel_.ok("AT#TBIND=" + std::to_string(id_) + "," + bound);
    channel_.ok("AT#TCONN=" + std::to_string(id_) + ",\"127.0.0.1\"," + std::to_string(peer_port));
    const int port = server.accept();
    while (channel_.event().line.starts_with("#TKEY")) {
    }
    return port;
  }
  void close() { channel_.ok("AT#TCLOSE=" + std::to_string(id_)); }

  int id_ = 0;
};

TEST_F(goodbye, of_the_peer_finds_an_open_port_which_then_closes) {
  for (const bool is_shut_before : {false, true}) {
    dtls_peer server(peer_port);
    connect(server);
    if (is_shut_before) channel_.ok("AT#TSHUT=" + std::to_string(id_));
    close();
    server.await_goodbye();
    server.send();  // data that was on its way
    EXPECT_FALSE(server.is_refused());
    server.say_goodbye();
    EXPECT_FALSE(server.is_refused());
    EXPECT_TRUE(server.sees_the_port_close());
  }
}

TEST_F(goodbye, that_never_comes_is_not_waited_for_for_long) {
  dtls_peer server(peer_port);
  connect(server);
  close();
  server.await_goodbye();
  server.send();
  EXPECT_FALSE(server.is_refused());
  EXPECT_TRUE(server.sees_the_port_close());
}

TEST_F(goodbye, does_not_keep_a_port_from_who_binds_it) {
  dtls_peer server(peer_port);
  const int port = connect(server);
  const auto same_port = "\"127.0.0.1\"," + std::to_string(port);
  for (int round = 0; round < 3; ++round) {
    close();
    server.await_goodbye();
    // With the next one at once.
    id_ = channel_.open();
    channel_.ok("AT#TBIND=" + std::to_string(id_) + "," + same_port);
    channel_.ok("AT#TCLOSE=" + std::to_string(id_));
    EXPECT_EQ(connect(server, same_port), port);
  }
}

TEST_F(goodbye, of_a_daemon_that_stops_is_answered_too) {
  configure({R"("keep",0)"});
  dtls_peer server(peer_port);
  connect(server);
  daemon_.daemon().signal(SIGTERM);
  server.await_goodbye();
  EXPECT_EQ(channel_.event("#TDOWN").line.substr(0, 11), "#TDOWN: 1,5");
  server.say_goodbye();
  EXPECT_FALSE(server.is_refused());
  EXPECT_TRUE(daemon_.daemon().wait());
}

TEST_F(goodbye, is_not_waited_for_where_there_is_none) {
  configure({R"("proto","udp")"});
  const udp_peer server(peer_port);
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);
  channel_.send(id, "hello");
  server.connect();
  channel_.ok("AT#TCLOSE=" + std::to_string(id));
  server.send();
  EXPECT_TRUE(server.is_refused());
}

TEST_F(goodbye, of_servers_of_openssl_and_gnutls_meets_no_icmp_error) {
  const auto by_openssl = s_server(s_server_version::dtls1_2, peer_port, psk_server());
  const auto by_gnutls = gnutls_udp_server(
      second_port,
      {"--pskpasswd", files_.write_text("passwd", std::string(psk_identity) + ":" + hex_of(psk_key)),
       "--priority", "NORMAL:-KX-ALL:+PSK"});
  const icmp_errors icmp;
  for (const int port : {peer_port, second_port})
    // They serve one client after the other: with the second one, they are done with the first.
    for (int round = 0; round < 3; ++round) {
      const int id = channel_.open();
      channel_.connect_up(id, "127.0.0.1", port);
      EXPECT_EQ(icmp.port_unreachable(), 0U) << port;
      channel_.ok("AT#TCLOSE=" + std::to_string(id));
    }
}

}  // namespace
}  // namespace tlsmodem::test
