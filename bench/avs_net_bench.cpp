// Through the avs_net adapter and the daemon, as an application of avs_net does it, next to the same thing
// done by OpenSSL in this process. Both go to the same kind of peer and take turns within one run; the
// counter "ratio" is the adapter's time over OpenSSL's. The library behind the interface is the tests' double
// of it, so what is measured is the adapter's.
#include "fresh_peers.hpp"
#include "tests/support/running_daemon.hpp"
#include "turns.hpp"

#include <algorithm>
#include <array>
#include <avsystem/commons/avs_net.h>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace tlsmodem::bench {
namespace {

void require(avs_error_t outcome, const char* what) {
  if (avs_is_err(outcome)) throw std::runtime_error(what + (": " + std::to_string(outcome.code)));
}

// A daemon that sockets of this process find.
class found_daemon {
 public:
  found_daemon() : daemon_("log-level = error\n") {
    ::setenv("TLSMODEM_SOCKET", daemon_.socket_path().c_str(), 1);
  }

 private:
  test::running_daemon daemon_;
};

// The same calls as direct_client has.
class avs_client {
 public:
  avs_client(peer_protocol protocol, int port) {
    avs_net_ssl_configuration_t config{};
    config.prng_ctx = random_;
    std::uint32_t suite = static_cast<std::uint32_t>(std::stoul(psk_suite_id, nullptr, 16));
    if (is_datagram(protocol)) {
      config.security = avs_net_security_info_from_psk(
          {avs_crypto_psk_key_info_from_buffer(psk_key, std::strlen(psk_key)),
           avs_crypto_psk_identity_info_from_buffer(psk_identity, std::strlen(psk_identity))});
      config.ciphersuites = {&suite, 1};
      require(avs_net_dtls_socket_create(&socket_, &config), "create");
    } else {
      config.version = AVS_NET_SSL_VERSION_TLSv1_3;  // all zeros otherwise: nothing is verified
      require(avs_net_ssl_socket_create(&socket_, &config), "create");
    }
    require(avs_net_socket_connect(socket_, "127.0.0.1", std::to_string(port).c_str()), "connect");
  }
  ~avs_client() {
    avs_net_socket_cleanup(&socket_);
    avs_crypto_prng_free(&random_);
  }
  avs_client(const avs_client&) = delete;
  avs_client& operator=(const avs_client&) = delete;

  void send(const std::string& data) {
    require(avs_net_socket_send(socket_, data.data(), data.size()), "send");
  }
  // Reads until `size` bytes have come. A stream may hold more than that.
  void receive(std::size_t size) {
    while (size > 0) {
      std::size_t got = 0;
      require(avs_net_socket_receive(socket_, &got, buffer_.data(), std::min(size, buffer_.size())),
              "receive");
      if (got == 0) throw std::runtime_error("the peer ended the connection");
      size -= got;
    }
  }

 private:
  avs_crypto_prng_ctx_t* random_ = avs_crypto_prng_new(nullptr, nullptr);
  avs_net_socket_t* socket_ = nullptr;
  std::array<char, 16384> buffer_{};
};

peer_protocol protocol_of(const benchmark::State& state) {
  return state.range(0) == 0 ? peer_protocol::dtls_psk : peer_protocol::tls;
}

// With a peer each, the two ways do not wait for each other.
struct two_peers {
  explicit two_peers(peer_protocol protocol) : of_modem(protocol), of_openssl(protocol) {}
  echo_peer of_modem;
  echo_peer of_openssl;
};

template <typename Client>
double connect_once(peer_protocol protocol, fresh_peers& peers) {
  const int port = peers.next_port();
  const auto start = clock::now();
  { const Client client(protocol, port); }
  return seconds(clock::now() - start);
}

void avs_connect_and_close(benchmark::State& state) {
  const auto protocol = protocol_of(state);
  const found_daemon daemon;
  fresh_peers peers(protocol);
  take_turns(
      state, [&] { return connect_once<avs_client>(protocol, peers); },
      [&] { return connect_once<direct_client>(protocol, peers); });
}
BENCHMARK(avs_connect_and_close)
    ->ArgName("tls")
    ->Arg(0)
    ->Arg(1)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

void avs_echo_round_trip(benchmark::State& state) {
  const auto protocol = protocol_of(state);
  const two_peers peers(protocol);
  const found_daemon daemon;
  avs_client modem(protocol, peers.of_modem.port());
  direct_client direct(protocol, peers.of_openssl.port());
  const std::string payload(64, 'x');
  take_turns(
      state, [&] { return echo_once(modem, payload); }, [&] { return echo_once(direct, payload); });
}
BENCHMARK(avs_echo_round_trip)
    ->ArgName("tls")
    ->Arg(0)
    ->Arg(1)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

void avs_echo_bulk(benchmark::State& state) {
  const auto protocol = protocol_of(state);
  const std::string piece(static_cast<std::size_t>(state.range(1)), 'x');
  const two_peers peers(protocol);
  const found_daemon daemon;
  avs_client modem(protocol, peers.of_modem.port());
  direct_client direct(protocol, peers.of_openssl.port());
  take_turns(
      state, [&] { return echo_bulk_once(modem, piece); }, [&] { return echo_bulk_once(direct, piece); });
  state.SetBytesProcessed(state.iterations() * 2 * static_cast<std::int64_t>(bulk_bytes));
}
BENCHMARK(avs_echo_bulk)
    ->ArgNames({"tls", "piece"})
    ->Args({0, 1024})
    ->Args({1, 1024})
    ->Args({1, 16384})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tlsmodem::bench
