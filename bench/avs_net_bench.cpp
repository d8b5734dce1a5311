// Through the avs_net adapter and the daemon, as an application of avs_net does it, next to the same thing
// done by OpenSSL in this process. Both go to the same kind of peer and take turns within one run; the
// counter "ratio" is the adapter's time over OpenSSL's. The library behind the interface is the tests' double
// of it, so what is measured is the adapter's.
#include "echo_peer.hpp"
#include "tests/support/running_daemon.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <avsystem/commons/avs_net.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

namespace tlsmodem::bench {
namespace {

using clock = std::chrono::steady_clock;

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

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

// One iteration is `ours`, then `bare`; both return seconds.
template <typename Ours, typename Bare>
void take_turns(benchmark::State& state, Ours&& ours, Bare&& bare) {
  double our_time = 0;
  double bare_time = 0;
  for (auto _ : state) {
    const double took = ours();
    bare_time += bare();
    our_time += took;
    state.SetIterationTime(took);
  }
  state.counters["openssl_us"] = benchmark::Counter(bare_time * 1e6, benchmark::Counter::kAvgIterations);
  state.counters["ratio"] = our_time / bare_time;
}

peer_protocol protocol_of(const benchmark::State& state) {
  return state.range(0) == 0 ? peer_protocol::dtls_psk : peer_protocol::tls;
}

// With a peer each, the two ways do not wait for each other.
struct two_peers {
  explicit two_peers(peer_protocol protocol) : of_modem(protocol), of_openssl(protocol) {}
  echo_peer of_modem;
  echo_peer of_openssl;
};

// A DTLS peer for each connect: the adapter goes without a close_notify, and a peer that serves one
// association would wait for it for ever.
class fresh_peers {
 public:
  explicit fresh_peers(peer_protocol protocol) : protocol_(protocol) {}

  int next_port() {
    if (unused_ == 0) refill();
    return peers_[--unused_]->port();
  }

 private:
  // The newest answers last, and is used up for that: then all are ready. The kernel gives a port that may be
  // reused (SO_REUSEADDR) to two peers now and then.
  void refill() {
    constexpr std::size_t count = 32;
    peers_.clear();
    std::set<int> ports;
    while (peers_.size() <= count) {
      auto made = std::make_unique<echo_peer>(protocol_);
      if (ports.insert(made->port()).second) peers_.push_back(std::move(made));
    }
    const direct_client first(protocol_, peers_.back()->port());
    unused_ = count;
  }

  const peer_protocol protocol_;
  std::vector<std::unique_ptr<echo_peer>> peers_;
  std::size_t unused_ = 0;
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
  const auto run = [&](auto& client) {
    const auto start = clock::now();
    client.send(payload);
    client.receive(payload.size());
    return seconds(clock::now() - start);
  };
  take_turns(
      state, [&] { return run(modem); }, [&] { return run(direct); });
}
BENCHMARK(avs_echo_round_trip)
    ->ArgName("tls")
    ->Arg(0)
    ->Arg(1)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// 1 MiB there and back in pieces that the peer echoes; what is in flight never exceeds what every buffer
// holds, so no datagram is lost.
void avs_echo_bulk(benchmark::State& state) {
  const auto protocol = protocol_of(state);
  const auto piece_bytes = static_cast<std::size_t>(state.range(1));
  const std::size_t pieces = 1024 * 1024 / piece_bytes;
  const std::string piece(piece_bytes, 'x');
  const two_peers peers(protocol);
  const found_daemon daemon;
  avs_client modem(protocol, peers.of_modem.port());
  direct_client direct(protocol, peers.of_openssl.port());
  const auto run = [&](auto& client) {
    const auto start = clock::now();
    constexpr std::size_t window = 4;
    for (std::size_t i = 0; i < pieces + window; ++i) {
      if (i < pieces) client.send(piece);
      if (i >= window) client.receive(piece_bytes);
    }
    return seconds(clock::now() - start);
  };
  take_turns(
      state, [&] { return run(modem); }, [&] { return run(direct); });
  state.SetBytesProcessed(state.iterations() * 2 * 1024 * 1024);
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
