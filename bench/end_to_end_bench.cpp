// Through the daemon, next to the same thing done by OpenSSL in this process. Both go to the same peer and
// take turns within one run; the counter "ratio" is the daemon's time over OpenSSL's. Absolute times depend
// on the machine and on where the scheduler puts the three processes (pin them with taskset to compare
// versions).
#include "echo_peer.hpp"
#include "tests/support/running_daemon.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

namespace tlsmodem::bench {
namespace {

using clock = std::chrono::steady_clock;

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

// A socket of the daemon, used as the shim uses it: quiet sends, pushed data.
class modem_client {
 public:
  modem_client(const test::running_daemon& daemon, peer_protocol protocol, int port) : channel_(daemon) {
    if (protocol == peer_protocol::dtls_psk) {
      channel_.tcred(1, 3, psk_key);
      channel_.tcred(1, 4, psk_identity);
      channel_.ok("AT#TCFG=0,\"psk\",\"1\"");
      channel_.ok("AT#TCFG=0,\"ciphers\",\"" + std::string(psk_suite_id) + "\"");
    } else {
      channel_.ok("AT#TCFG=0,\"proto\",\"tls\"");
      channel_.ok("AT#TCFG=0,\"version\",\"1.3\"");
      channel_.ok("AT#TCFG=0,\"verify\",0");
    }
    id_ = channel_.open();
    channel_.connect_up(id_, "127.0.0.1", port);
  }

  void send(const std::string& data) {
    line_ = "AT#TSEND=" + std::to_string(id_) + "," + std::to_string(data.size()) + ",1\r";
    line_ += data;
    channel_.raw().write(line_, test::deadline());
  }

  // A frame of a stream may hold more than was asked for.
  void receive(std::size_t size) {
    while (surplus_ < size) surplus_ += channel_.event("#TRX").payload.size();
    surplus_ -= size;
  }

 private:
  test::test_channel channel_;
  int id_ = 0;
  std::string line_;
  std::size_t surplus_ = 0;
};

void echo_round_trip(benchmark::State& state) {
  const auto protocol = static_cast<peer_protocol>(state.range(0));
  const std::string payload(64, 'x');
  const echo_peer peer_of_daemon(protocol);
  const echo_peer peer_of_openssl(protocol);
  const test::running_daemon daemon("log-level = error\n");
  modem_client modem(daemon, protocol, peer_of_daemon.port());
  direct_client direct(protocol, peer_of_openssl.port());
  double ours = 0;
  double bare = 0;
  for (auto _ : state) {
    const auto start = clock::now();
    modem.send(payload);
    modem.receive(payload.size());
    const auto middle = clock::now();
    direct.send(payload);
    direct.receive(payload.size());
    bare += seconds(clock::now() - middle);
    ours += seconds(middle - start);
    state.SetIterationTime(seconds(middle - start));
  }
  state.counters["openssl_us"] = benchmark::Counter(bare * 1e6, benchmark::Counter::kAvgIterations);
  state.counters["ratio"] = ours / bare;
}
BENCHMARK(echo_round_trip)->ArgName("tls")->Arg(0)->Arg(1)->UseManualTime()->Unit(benchmark::kMicrosecond);

// 1 MiB there and back in pieces that the peer echoes; what is in flight never exceeds what every buffer
// holds.
void echo_bulk(benchmark::State& state) {
  const auto piece_bytes = static_cast<std::size_t>(state.range(0));
  const std::size_t pieces = 1024 * 1024 / piece_bytes;
  const std::string piece(piece_bytes, 'x');
  const echo_peer peer(peer_protocol::tls);
  const test::running_daemon daemon("log-level = error\n");
  modem_client modem(daemon, peer_protocol::tls, peer.port());
  direct_client direct(peer_protocol::tls, peer.port());
  const auto run = [&](auto& client) {
    const auto start = clock::now();
    constexpr std::size_t window = 4;
    for (std::size_t i = 0; i < pieces + window; ++i) {
      if (i < pieces) client.send(piece);
      if (i >= window) client.receive(piece_bytes);
    }
    return seconds(clock::now() - start);
  };
  double ours = 0;
  double bare = 0;
  for (auto _ : state) {
    const double took = run(modem);
    bare += run(direct);
    ours += took;
    state.SetIterationTime(took);
  }
  state.counters["openssl_us"] = benchmark::Counter(bare * 1e6, benchmark::Counter::kAvgIterations);
  state.counters["ratio"] = ours / bare;
  state.SetBytesProcessed(state.iterations() * 2 * 1024 * 1024);
}
BENCHMARK(echo_bulk)->ArgName("piece")->Arg(1024)->Arg(16384)->UseManualTime()->Unit(benchmark::kMicrosecond);

void connect_and_close(benchmark::State& state) {
  const auto protocol = static_cast<peer_protocol>(state.range(0));
  const echo_peer peer_of_daemon(protocol);
  const echo_peer peer_of_openssl(protocol);
  const test::running_daemon daemon("log-level = error\n");
  double ours = 0;
  double bare = 0;
  for (auto _ : state) {
    const auto start = clock::now();
    { modem_client modem(daemon, protocol, peer_of_daemon.port()); }
    const auto middle = clock::now();
    { direct_client direct(protocol, peer_of_openssl.port()); }
    bare += seconds(clock::now() - middle);
    ours += seconds(middle - start);
    state.SetIterationTime(seconds(middle - start));
  }
  state.counters["openssl_us"] = benchmark::Counter(bare * 1e6, benchmark::Counter::kAvgIterations);
  state.counters["ratio"] = ours / bare;
}
BENCHMARK(connect_and_close)->ArgName("tls")->Arg(0)->Arg(1)->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tlsmodem::bench
