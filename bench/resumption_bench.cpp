// Full against abbreviated handshakes, through the daemon and in this process on OpenSSL, with the same peer
// in one run. Time is from the first byte of the connect to #TUP, or to the return of SSL_connect().
// Counters: "openssl_us", "ratio" (the daemon's time over OpenSSL's for the same kind of handshake),
// "handshakes" a second through the daemon.
#include "echo_peer.hpp"
#include "tests/support/running_daemon.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <stdexcept>

namespace tlsmodem::bench {
namespace {

using clock = std::chrono::steady_clock;

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

void configure(test::test_channel& channel, peer_protocol protocol, bool resumes) {
  if (protocol == peer_protocol::dtls_psk) {
    channel.tcred(1, 3, psk_key);
    channel.tcred(1, 4, psk_identity);
    channel.ok("AT#TCFG=0,\"psk\",\"1\"");
    channel.ok("AT#TCFG=0,\"ciphers\",\"" + std::string(psk_suite_id) + "\"");
  } else {
    channel.ok("AT#TCFG=0,\"verify\",0");
  }
  if (!is_datagram(protocol)) channel.ok("AT#TCFG=0,\"proto\",\"tls\"");
  channel.ok(std::string("AT#TCFG=0,\"resume\",") + (resumes ? "3" : "0"));
}

// One connect, with an echo behind it, which brings the tickets of TLS 1.3. Returns the handshake's time.
clock::duration through_daemon(test::test_channel& channel, int port, bool is_to_resume) {
  const int id = channel.open();
  const auto start = clock::now();
  const auto up = channel.connect_up(id, "127.0.0.1", port);
  const auto took = clock::now() - start;
  if (up.how != (is_to_resume ? 1 : 0)) throw std::runtime_error("the wrong kind of handshake");
  channel.send(id, "x");
  channel.event("#TRX");
  channel.ok("AT#TCLOSE=" + std::to_string(id));
  return took;
}

struct session_owner {
  SSL_SESSION* session = nullptr;
  ~session_owner() { SSL_SESSION_free(session); }
};

clock::duration in_process(peer_protocol protocol, int port, session_owner& last, bool is_to_resume) {
  const auto start = clock::now();
  direct_client client(protocol, port, last.session);
  const auto took = clock::now() - start;
  if ((SSL_session_reused(client.ssl()) != 0) != is_to_resume)
    throw std::runtime_error("the wrong kind of handshake");
  client.send("x");
  client.receive(1);
  SSL_SESSION_free(last.session);
  last.session = SSL_get1_session(client.ssl());
  return took;
}

void handshake(benchmark::State& state) {
  const auto protocol = static_cast<peer_protocol>(state.range(0));
  const bool resumes = state.range(1) == 1;
  const echo_peer peer_of_daemon(protocol, tickets::on);
  const echo_peer peer_of_openssl(protocol, tickets::on);
  const test::running_daemon daemon("log-level = error\n");
  test::test_channel channel(daemon);
  configure(channel, protocol, resumes);
  session_owner last;
  if (resumes) {
    through_daemon(channel, peer_of_daemon.port(), false);
    in_process(protocol, peer_of_openssl.port(), last, false);
  }
  double ours = 0;
  double bare = 0;
  for (auto _ : state) {
    const double took = seconds(through_daemon(channel, peer_of_daemon.port(), resumes));
    session_owner none;
    bare += seconds(in_process(protocol, peer_of_openssl.port(), resumes ? last : none, resumes));
    ours += took;
    state.SetIterationTime(took);
  }
  state.counters["openssl_us"] = benchmark::Counter(bare * 1e6, benchmark::Counter::kAvgIterations);
  state.counters["ratio"] = ours / bare;
  state.counters["handshakes"] = static_cast<double>(state.iterations()) / ours;
}
BENCHMARK(handshake)
    ->ArgNames({"protocol", "resumed"})
    ->ArgsProduct({{static_cast<int>(peer_protocol::dtls_psk),
                    static_cast<int>(peer_protocol::dtls_certificate),
                    static_cast<int>(peer_protocol::tls1_2), static_cast<int>(peer_protocol::tls)},
                   {0, 1}})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tlsmodem::bench
