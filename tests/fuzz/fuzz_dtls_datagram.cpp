// Datagrams from the network to a DTLS engine in the middle of its handshake. The input is a list of
// datagrams: two bytes of length, then as many bytes. Whatever they hold, the engine keeps its contract.
#include "daemon/tls/context.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace tlsmodem;

std::shared_ptr<const tls::context> fuzz_context() {
  tls::context_options options;
  options.psk = tls::pre_shared_key{secret(as_bytes("key")), to_bytes("device")};
  auto built = tls::build_context(options);
  if (!built) std::abort();
  return *built;
}

void check_contract(tls::engine& engine, tls::time_point now) {
  while (!engine.outgoing().empty()) engine.outgoing().pop();
  if (!engine.incoming().empty()) std::abort();  // nobody has keys
  if (engine.state() == tls::engine_state::established) std::abort();
  const bool failed = engine.state() == tls::engine_state::failed;
  if (failed == engine.failure().why.text.empty()) std::abort();
  if (failed && engine.deadline()) std::abort();
  if (!failed && (!engine.deadline() || *engine.deadline() < now)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto context = fuzz_context();
  const auto engine = tls::make_engine(context, {"server.example", {}}, 1200);
  tls::time_point now{};
  engine->start(now);
  bytes_view rest{data, size};
  while (rest.size() >= 2) {
    const std::size_t length = std::min(std::size_t{rest[0]} << 8 | rest[1], rest.size() - 2);
    const bytes_view datagram = rest.subspan(2, length);
    rest = rest.subspan(2 + length);
    engine->feed(datagram, now);
    check_contract(*engine, now);
    now += tls::milliseconds{10};
    // The driver's duty; without effect before the deadline.
    engine->on_deadline(now);
    check_contract(*engine, now);
  }
  if (const auto due = engine->deadline()) {
    engine->on_deadline(*due);
    check_contract(*engine, *due);
  }
  return 0;
}
