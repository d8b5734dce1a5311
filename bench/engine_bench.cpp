// The engine against OpenSSL alone: a handshake and a record, client and server in one thread, in memory. The
// counter "ratio" is the engine's time over that of the same exchange on two bare SSL objects, taken in the
// same run.
#include "daemon/tls/context.hpp"
#include "echo_peer.hpp"

#include <benchmark/benchmark.h>
#include <openssl/bio.h>

#include <chrono>
#include <memory>
#include <vector>

namespace tlsmodem::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr int big_buffer_bytes = 64 * 1024;

// A server on memory BIOs. Datagram borders are lost in them, which DTLS records survive when nothing gets
// lost.
struct memory_end {
  memory_end(SSL_CTX* context, bool is_server)
      : ssl(SSL_new(context)), in(BIO_new(BIO_s_mem())), out(BIO_new(BIO_s_mem())) {
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(ssl, 1400);
    if (is_server) {
      SSL_set_accept_state(ssl);
    } else {
      SSL_set_connect_state(ssl);
    }
  }
  ~memory_end() { SSL_free(ssl); }
  memory_end(const memory_end&) = delete;
  memory_end& operator=(const memory_end&) = delete;

  SSL* ssl;
  BIO* in;
  BIO* out;
};

std::vector<char>& scratch() {
  static std::vector<char> buffer(big_buffer_bytes);
  return buffer;
}

bool move_bytes(BIO* from, BIO* to) {
  const int got = BIO_read(from, scratch().data(), big_buffer_bytes);
  if (got <= 0) return false;
  BIO_write(to, scratch().data(), got);
  return true;
}

void shake_hands(memory_end& client, memory_end& server) {
  while (SSL_is_init_finished(client.ssl) == 0 || SSL_is_init_finished(server.ssl) == 0) {
    SSL_do_handshake(client.ssl);
    move_bytes(client.out, server.in);
    SSL_do_handshake(server.ssl);
    move_bytes(server.out, client.in);
  }
}

tls::context_options options_for(peer_protocol protocol) {
  tls::context_options options;
  if (protocol == peer_protocol::dtls_psk) {
    options.ciphers = {0x00A8};
    options.psk = tls::pre_shared_key{secret(as_bytes(psk_key)), to_bytes(psk_identity)};
  } else {
    options.transport = tls::transport_kind::stream;
    options.min_version = tls::tls_version::tls1_3;
    options.verify = tls::verification::none;
  }
  return options;
}

void feed_engine(memory_end& server, tls::engine& engine) {
  const int got = BIO_read(server.out, scratch().data(), big_buffer_bytes);
  if (got > 0) engine.feed(as_bytes({scratch().data(), static_cast<std::size_t>(got)}), clock::now());
}

void feed_server(tls::engine& engine, memory_end& server) {
  for (auto& queue = engine.outgoing(); !queue.empty(); queue.pop())
    BIO_write(server.in, queue.front().data(), static_cast<int>(queue.front().size()));
}

void shake_hands(tls::engine& engine, memory_end& server) {
  engine.start(clock::now());
  while (engine.state() == tls::engine_state::handshaking || SSL_is_init_finished(server.ssl) == 0) {
    feed_server(engine, server);
    SSL_do_handshake(server.ssl);
    feed_engine(server, engine);
  }
}

struct context_owner {
  explicit context_owner(SSL_CTX* made) : context(made) {}
  ~context_owner() { SSL_CTX_free(context); }
  context_owner(const context_owner&) = delete;
  context_owner& operator=(const context_owner&) = delete;
  SSL_CTX* context;
};

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

void handshake(benchmark::State& state) {
  const auto protocol = static_cast<peer_protocol>(state.range(0));
  const context_owner server_context(make_server_context(protocol));
  const context_owner client_context(make_client_context(protocol));
  const auto context = tls::build_context(options_for(protocol));
  double ours = 0;
  double bare = 0;
  for (auto _ : state) {
    const auto start = clock::now();
    {
      memory_end server(server_context.context, true);
      const auto engine = tls::make_engine(*context, {"localhost", {}}, 1400);
      shake_hands(*engine, server);
    }
    const auto middle = clock::now();
    {
      memory_end server(server_context.context, true);
      memory_end client(client_context.context, false);
      shake_hands(client, server);
    }
    ours += seconds(middle - start);
    bare += seconds(clock::now() - middle);
    state.SetIterationTime(seconds(middle - start));
  }
  state.counters["openssl_us"] = benchmark::Counter(bare * 1e6, benchmark::Counter::kAvgIterations);
  state.counters["ratio"] = ours / bare;
}
BENCHMARK(handshake)->ArgName("tls")->Arg(0)->Arg(1)->UseManualTime()->Unit(benchmark::kMicrosecond);

void record(benchmark::State& state) {
  const auto protocol = static_cast<peer_protocol>(state.range(0));
  const std::string payload(static_cast<std::size_t>(state.range(1)), 'x');
  const context_owner server_context(make_server_context(protocol));
  const context_owner client_context(make_client_context(protocol));
  const auto context = tls::build_context(options_for(protocol));
  memory_end server(server_context.context, true);
  const auto engine = tls::make_engine(*context, {"localhost", {}}, 1400);
  shake_hands(*engine, server);
  memory_end bare_server(server_context.context, true);
  memory_end bare_client(client_context.context, false);
  shake_hands(bare_client, bare_server);

  const auto size = static_cast<int>(payload.size());
  double ours = 0;
  double bare = 0;
  for (auto _ : state) {
    const auto start = clock::now();
    engine->send(as_bytes(payload), start);
    feed_server(*engine, server);
    SSL_read(server.ssl, scratch().data(), big_buffer_bytes);
    SSL_write(server.ssl, payload.data(), size);
    feed_engine(server, *engine);
    while (!engine->incoming().empty()) engine->incoming().pop();
    const auto middle = clock::now();
    SSL_write(bare_client.ssl, payload.data(), size);
    move_bytes(bare_client.out, bare_server.in);
    SSL_read(bare_server.ssl, scratch().data(), big_buffer_bytes);
    SSL_write(bare_server.ssl, payload.data(), size);
    move_bytes(bare_server.out, bare_client.in);
    SSL_read(bare_client.ssl, scratch().data(), big_buffer_bytes);
    bare += seconds(clock::now() - middle);
    ours += seconds(middle - start);
    state.SetIterationTime(seconds(middle - start));
  }
  state.counters["openssl_us"] = benchmark::Counter(bare * 1e6, benchmark::Counter::kAvgIterations);
  state.counters["ratio"] = ours / bare;
  state.SetBytesProcessed(state.iterations() * state.range(1) * 2);
}
BENCHMARK(record)
    ->ArgNames({"tls", "bytes"})
    ->ArgsProduct({{0, 1}, {64, 1024, 16384}})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tlsmodem::bench
