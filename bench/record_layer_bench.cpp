// One record, sealed and opened by an association, against SSL_write() and SSL_read() over the same suite on
// datagrams in memory. The counter "ratio" is the association's time over that of libssl, taken in the same
// run, of the fastest batch of each; libssl knows no CID, so that with one it is still compared with libssl's
// plain record.
#include "daemon/tls/wire.hpp"
#include "echo_peer.hpp"
#include "tests/daemon/dtls12/fixtures.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

namespace tlsmodem::bench {
namespace {

using clock = std::chrono::steady_clock;

// So many at a time that reading the clock costs nothing.
constexpr std::size_t batch = 64;

struct measured_suite {
  const char* id;
  const char* openssl_name;
  dtls12::protection_suite suite;
};

using enum dtls12::bulk_cipher;
using dtls12::mac_digest;
// libssl negotiates encrypt-then-MAC whenever both ends can.
constexpr std::array suites = {
    measured_suite{"C0A8", "PSK-AES128-CCM8", {aes_128_ccm_8, mac_digest::none, false}},
    measured_suite{"00A8", "PSK-AES128-GCM-SHA256", {aes_128_gcm, mac_digest::none, false}},
    measured_suite{"00A9", "PSK-AES256-GCM-SHA384", {aes_256_gcm, mac_digest::none, false}},
    measured_suite{"CCAB", "PSK-CHACHA20-POLY1305", {chacha20_poly1305, mac_digest::none, false}},
    measured_suite{"00AE", "PSK-AES128-CBC-SHA256", {aes_128_cbc, mac_digest::sha256, true}},
};

struct bare_end {
  bare_end(SSL_CTX* made, const char* cipher) : context(made) {
    const std::string list = std::string(cipher) + ":@SECLEVEL=0";
    SSL_CTX_set_cipher_list(context.get(), list.c_str());
    ssl.reset(SSL_new(context.get()));
    BIO* const bio = tls::make_wire_bio(wire).release();
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_options(ssl.get(), SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(ssl.get(), 1400);
  }
  tls::wire wire;
  tls::ssl_ctx_ptr context;
  tls::ssl_ptr ssl;
};

void hand_over(bare_end& from, bare_end& to) {
  for (; !from.wire.output.empty(); from.wire.output.pop()) {
    to.wire.input = from.wire.output.front();
    SSL_do_handshake(to.ssl.get());
  }
}

// A client and a server of libssl, and both ends of an association.
struct contest {
  contest(const measured_suite& with, std::size_t cid_bytes)
      : ours({with.suite, {}, test::count_up(cid_bytes), 0}),
        client(make_client_context(peer_protocol::dtls_psk), with.openssl_name),
        server(make_server_context(peer_protocol::dtls_psk), with.openssl_name) {
    SSL_set_connect_state(client.ssl.get());
    SSL_set_accept_state(server.ssl.get());
    SSL_do_handshake(client.ssl.get());
    for (int flight = 0; flight < 4; ++flight) {
      hand_over(client, server);
      hand_over(server, client);
    }
    if (SSL_is_init_finished(client.ssl.get()) == 0) throw std::runtime_error("no handshake");
  }

  void seal_ours() {
    for (bytes& record : records) {
      record.clear();
      ours.client.seal(dtls12::application_data, payload, record);
    }
  }
  void seal_theirs() {
    for (std::size_t i = 0; i < batch; ++i)
      SSL_write(client.ssl.get(), payload.data(), static_cast<int>(payload.size()));
  }
  bool open_ours() {
    bool is_good = true;
    for (const bytes& record : records)
      is_good = is_good && test::verdict_on(ours.server, record) == dtls12::verdict::accepted;
    return is_good;
  }
  bool open_theirs() {
    bool is_good = true;
    for (; !client.wire.output.empty(); client.wire.output.pop()) {
      server.wire.input = client.wire.output.front();
      is_good = is_good && SSL_read(server.ssl.get(), scratch.data(), static_cast<int>(scratch.size())) ==
                               static_cast<int>(payload.size());
    }
    return is_good;
  }

  test::both_ends ours;
  bare_end client;
  bare_end server;
  bytes payload;
  bytes scratch = bytes(16384);
  std::array<bytes, batch> records;
};

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count() / batch; }

void record_layer(benchmark::State& state, bool opens) {
  const auto& suite = suites[static_cast<std::size_t>(state.range(0))];
  contest both(suite, static_cast<std::size_t>(state.range(2)));
  both.payload.assign(static_cast<std::size_t>(state.range(1)), 'x');
  state.SetLabel(suite.id);
  // The fastest batch of each: what another process did to the others is not theirs.
  double ours = 1;
  double bare = 1;
  bool is_good = true;
  for (auto _ : state) {
    const std::array times = [&] {
      std::array<clock::time_point, 5> now;
      now[0] = clock::now();
      both.seal_ours();
      now[1] = clock::now();
      both.seal_theirs();
      now[2] = clock::now();
      is_good = both.open_ours() && is_good;
      now[3] = clock::now();
      is_good = both.open_theirs() && is_good;
      now[4] = clock::now();
      return now;
    }();
    const std::size_t first = opens ? 2 : 0;
    ours = std::min(ours, seconds(times[first + 1] - times[first]));
    bare = std::min(bare, seconds(times[first + 2] - times[first + 1]));
    state.SetIterationTime(seconds(times[first + 1] - times[first]));
  }
  if (!is_good) state.SkipWithError("a record cannot be opened");
  state.counters["ours_us"] = ours * 1e6;
  state.counters["openssl_us"] = bare * 1e6;
  state.counters["ratio"] = ours / bare;
}

void seal(benchmark::State& state) { record_layer(state, false); }
void open(benchmark::State& state) { record_layer(state, true); }

void all_cases(benchmark::internal::Benchmark* one) {
  one->ArgNames({"suite", "bytes", "cid"})
      ->ArgsProduct({{0, 1, 2, 3, 4}, {64, 256, 1024}, {0, 8}})
      ->UseManualTime()
      ->Iterations(1000)  // of a batch each
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK(seal)->Apply(all_cases);
BENCHMARK(open)->Apply(all_cases);

}  // namespace
}  // namespace tlsmodem::bench
