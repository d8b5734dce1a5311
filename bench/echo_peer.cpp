#include "echo_peer.hpp"

#include "tests/support/pki.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace tlsmodem::bench {
namespace {

constexpr int buffer_bytes = 64 * 1024;

unsigned client_psk(SSL*, const char*, char* identity, unsigned, unsigned char* key, unsigned) {
  std::strcpy(identity, psk_identity);
  std::memcpy(key, psk_key, std::strlen(psk_key));
  return static_cast<unsigned>(std::strlen(psk_key));
}

unsigned server_psk(SSL*, const char*, unsigned char* key, unsigned) {
  std::memcpy(key, psk_key, std::strlen(psk_key));
  return static_cast<unsigned>(std::strlen(psk_key));
}

int bound_socket(int type, int port) {
  const int fd = ::socket(AF_INET, type, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("bind");
  return fd;
}

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void echo(SSL* ssl) {
  std::vector<char> buffer(buffer_bytes);
  for (;;) {
    const int got = SSL_read(ssl, buffer.data(), buffer_bytes);
    if (got <= 0 || SSL_write(ssl, buffer.data(), got) <= 0) break;
  }
  SSL_shutdown(ssl);
}

[[noreturn]] void serve_tls(int listener, SSL_CTX* context) {
  std::signal(SIGCHLD, SIG_IGN);
  for (;;) {
    const int fd = ::accept(listener, nullptr, nullptr);
    if (fd < 0) continue;
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      SSL* ssl = SSL_new(context);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) == 1) echo(ssl);
      ::_exit(0);
    }
    ::close(fd);
  }
}

// One association at a time: the socket is connected to whoever comes first, and made anew behind it.
[[noreturn]] void serve_dtls(int fd, SSL_CTX* context) {
  const int port = port_of(fd);
  for (;;) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    char first;
    ::recvfrom(fd, &first, 1, MSG_PEEK, reinterpret_cast<sockaddr*>(&peer), &size);
    ::connect(fd, reinterpret_cast<const sockaddr*>(&peer), size);
    const int next = bound_socket(SOCK_DGRAM, port);  // now: the next client must not find the port closed
    SSL* ssl = SSL_new(context);
    BIO* bio = BIO_new_dgram(fd, BIO_NOCLOSE);
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
    SSL_set_bio(ssl, bio, bio);
    if (SSL_accept(ssl) == 1) echo(ssl);
    SSL_free(ssl);
    ::close(fd);
    fd = next;
  }
}

}  // namespace

SSL_CTX* make_server_context(peer_protocol protocol, tickets sent) {
  SSL_CTX* context = SSL_CTX_new(is_datagram(protocol) ? DTLS_server_method() : TLS_server_method());
  if (protocol == peer_protocol::dtls_psk) {
    SSL_CTX_set_cipher_list(context, psk_suite_name);
    SSL_CTX_set_psk_server_callback(context, server_psk);
  } else {
    if (protocol == peer_protocol::tls) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    if (protocol == peer_protocol::tls1_2) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    if (sent == tickets::off) SSL_CTX_set_num_tickets(context, 0);
    const auto identity = test::self_sign({"bench", {"localhost"}});
    SSL_CTX_use_certificate(context, identity.certificate.get());
    SSL_CTX_use_PrivateKey(context, identity.key.get());
  }
  return context;
}

SSL_CTX* make_client_context(peer_protocol protocol) {
  SSL_CTX* context = SSL_CTX_new(is_datagram(protocol) ? DTLS_client_method() : TLS_client_method());
  if (protocol == peer_protocol::dtls_psk) {
    SSL_CTX_set_cipher_list(context, psk_suite_name);
    SSL_CTX_set_psk_client_callback(context, client_psk);
  }
  if (protocol == peer_protocol::tls) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  return context;
}

echo_peer::echo_peer(peer_protocol protocol, tickets sent) {
  const bool is_dtls = is_datagram(protocol);
  const int fd = bound_socket(is_dtls ? SOCK_DGRAM : SOCK_STREAM, 0);
  if (!is_dtls) ::listen(fd, 64);
  port_ = port_of(fd);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    SSL_CTX* context = make_server_context(protocol, sent);
    if (is_dtls) serve_dtls(fd, context);
    serve_tls(fd, context);
  }
  ::close(fd);
}

echo_peer::~echo_peer() {
  if (pid_ <= 0) return;  // kill(-1) would end everybody
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

direct_client::direct_client(peer_protocol protocol, int port, SSL_SESSION* session)
    : context_(make_client_context(protocol)), ssl_(SSL_new(context_)) {
  const bool is_dtls = is_datagram(protocol);
  if (session != nullptr) SSL_set_session(ssl_, session);
  fd_ = ::socket(AF_INET, is_dtls ? SOCK_DGRAM : SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect");
  if (is_dtls) {
    BIO* bio = BIO_new_dgram(fd_, BIO_NOCLOSE);
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &address);
    SSL_set_bio(ssl_, bio, bio);
  } else {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL_set_fd(ssl_, fd_);
  }
  if (SSL_connect(ssl_) != 1) throw std::runtime_error("SSL_connect");
}

direct_client::~direct_client() {
  SSL_shutdown(ssl_);
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  ::close(fd_);
}

void direct_client::send(const std::string& data) {
  if (SSL_write(ssl_, data.data(), static_cast<int>(data.size())) <= 0) throw std::runtime_error("SSL_write");
}

void direct_client::receive(std::size_t size) {
  static thread_local std::vector<char> buffer(buffer_bytes);
  while (size > 0) {
    const int got = SSL_read(ssl_, buffer.data(), buffer_bytes);
    if (got <= 0) throw std::runtime_error("SSL_read");
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace tlsmodem::bench
