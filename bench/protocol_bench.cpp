// What a command costs before anybody does anything: framing, parsing, answering.
#include "protocol/at_client.hpp"
#include "protocol/at_server.hpp"
#include "protocol/command_line.hpp"
#include "protocol/framer.hpp"
#include "protocol/value.hpp"

#include <benchmark/benchmark.h>

namespace tlsmodem::at {
namespace {

class idle_handler final : public command_handler {
 public:
  outcome execute(const request&, response&) override { return outcome::done(); }
  void reset() override {}
};

void framer_line(benchmark::State& state) {
  framer lines;
  for (auto _ : state) {
    lines.feed("AT#TCONN=1,\"coap.example.com\",5684\r");
    benchmark::DoNotOptimize(lines.next_line(nullptr));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(framer_line);

void framer_payload(benchmark::State& state) {
  framer lines;
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    lines.expect_payload(payload.size(), payload.size());
    lines.feed(payload);
    benchmark::DoNotOptimize(lines.next_payload());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(framer_payload)->Arg(64)->Arg(1024)->Arg(65536);

void parse_line(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_command_line("#TCFG=0,\"version\",\"1.2\",\"1.3\";+CMEE=1"));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parse_line);

void parse_arguments(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(parse_values("1,\"coap.example.com\",5684,\"192.0.2.1\""));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parse_arguments);

// A whole AT#TSEND with its payload, as the shim sends it: one line, no prompt, no answer wanted.
void server_quiet_send(benchmark::State& state) {
  idle_handler handler;
  at_server server(handler);
  const std::string input = "AT#TSEND=1," + std::to_string(state.range(0)) + ",1\r" +
                            std::string(static_cast<std::size_t>(state.range(0)), 'x');
  std::string output;
  for (auto _ : state) {
    server.receive(input);
    server.take_output(output);
    output.clear();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(server_quiet_send)->Arg(64)->Arg(1024)->Arg(16384);

void server_deliver_and_client_read(benchmark::State& state) {
  idle_handler handler;
  at_server server(handler);
  at_client client;
  const bytes payload(static_cast<std::size_t>(state.range(0)), 'x');
  const std::string line = "#TRX: 1," + std::to_string(payload.size());
  std::string output;
  for (auto _ : state) {
    server.deliver(line, payload);
    server.take_output(output);
    client.feed(output);
    output.clear();
    benchmark::DoNotOptimize(client.next());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(server_deliver_and_client_read)->Arg(64)->Arg(1024)->Arg(16384);

}  // namespace
}  // namespace tlsmodem::at
