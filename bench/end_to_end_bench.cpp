// Through the daemon, next to the same thing done by OpenSSL in this process. Both go to the same peer and
// take turns within one run; the counter "ratio" is the daemon's time over OpenSSL's. Absolute times depend
// on the machine and on where the scheduler puts the three processes (pin them with taskset to compare
// versions).
#include "fresh_peers.hpp"
#include "tests/support/running_daemon.hpp"
#include "turns.hpp"

namespace tlsmodem::bench {
namespace {

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
  take_turns(
      state, [&] { return echo_once(modem, payload); }, [&] { return echo_once(direct, payload); });
}
BENCHMARK(echo_round_trip)->ArgName("tls")->Arg(0)->Arg(1)->UseManualTime()->Unit(benchmark::kMicrosecond);

void echo_bulk(benchmark::State& state) {
  const std::string piece(static_cast<std::size_t>(state.range(0)), 'x');
  const echo_peer peer(peer_protocol::tls);
  const test::running_daemon daemon("log-level = error\n");
  modem_client modem(daemon, peer_protocol::tls, peer.port());
  direct_client direct(peer_protocol::tls, peer.port());
  take_turns(
      state, [&] { return echo_bulk_once(modem, piece); }, [&] { return echo_bulk_once(direct, piece); });
  state.SetBytesProcessed(state.iterations() * 2 * static_cast<std::int64_t>(bulk_bytes));
}
BENCHMARK(echo_bulk)->ArgName("piece")->Arg(1024)->Arg(16384)->UseManualTime()->Unit(benchmark::kMicrosecond);

void connect_and_close(benchmark::State& state) {
  const auto protocol = static_cast<peer_protocol>(state.range(0));
  const test::running_daemon daemon("log-level = error\n");
  fresh_peers peers(protocol);
  const auto connected = [&](auto&& connect) {
    const int port = peers.next_port();
    const auto start = clock::now();
    connect(port);
    return seconds(clock::now() - start);
  };
  take_turns(
      state, [&] { return connected([&](int port) { const modem_client modem(daemon, protocol, port); }); },
      [&] { return connected([&](int port) { const direct_client direct(protocol, port); }); });
}
BENCHMARK(connect_and_close)->ArgName("tls")->Arg(0)->Arg(1)->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tlsmodem::bench
