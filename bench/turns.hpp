// Two ways to do the same thing, taking turns within one run: ours, and OpenSSL's in this process.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

namespace tlsmodem::bench {

using clock = std::chrono::steady_clock;

inline double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

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

template <typename Client>
double echo_once(Client& client, const std::string& payload) {
  const auto start = clock::now();
  client.send(payload);
  client.receive(payload.size());
  return seconds(clock::now() - start);
}

inline constexpr std::size_t bulk_bytes = std::size_t{1024} * 1024;

// bulk_bytes there and back in pieces that the peer echoes; what is in flight never exceeds what every buffer
// holds, so no datagram is lost.
template <typename Client>
double echo_bulk_once(Client& client, const std::string& piece) {
  constexpr std::size_t window = 4;
  const std::size_t pieces = bulk_bytes / piece.size();
  const auto start = clock::now();
  for (std::size_t i = 0; i < pieces + window; ++i) {
    if (i < pieces) client.send(piece);
    if (i >= window) client.receive(piece.size());
  }
  return seconds(clock::now() - start);
}

}  // namespace tlsmodem::bench
