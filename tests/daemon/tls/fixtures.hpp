// What most tests of this directory begin with.
#pragma once

#include "daemon/tls/context.hpp"
#include "simulation.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {

inline tls::pre_shared_key make_psk(std::string_view key = "0123456789abcdef",
                                    std::string_view identity = "device") {
  return {secret(as_bytes(key)), to_bytes(identity)};
}

inline server_options psk_server(tls::transport_kind transport = tls::transport_kind::datagram) {
  server_options options;
  options.transport = transport;
  options.psk["device"] = to_bytes("0123456789abcdef");
  return options;
}

inline tls::context_options psk_client(tls::transport_kind transport = tls::transport_kind::datagram) {
  tls::context_options options;
  options.transport = transport;
  options.psk = make_psk();
  return options;
}

// One authority and a server certificate of it for "server.example", for the whole program.
struct example_pki {
  identity root = make_root("Test Root");
  identity server = issue(root, {.common_name = "server.example", .dns = {"server.example"}});
};

inline const example_pki& pki() {
  static const example_pki made;
  return made;
}

inline tls::context_options certificate_client(tls::transport_kind transport,
                                               const identity& root = pki().root) {
  tls::context_options options;
  options.transport = transport;
  options.trusted = {{root.certificate}};
  return options;
}

inline server_options certificate_server(tls::transport_kind transport, const identity& own = pki().server) {
  server_options options;
  options.transport = transport;
  options.own = own;
  return options;
}

inline std::unique_ptr<tls::engine> engine_for(const tls::context_options& options,
                                               const tls::peer_name& peer = {"server.example", {}},
                                               std::size_t datagram_limit = 1400) {
  auto context = tls::build_context(options);
  if (!context) {
    ADD_FAILURE() << "no context: " << context.why().text;
    std::abort();
  }
  return tls::make_engine(*context, peer, datagram_limit);
}

inline void expect_failure(const tls::engine& engine, at::error code, int alert, std::string_view text) {
  ASSERT_EQ(engine.state(), tls::engine_state::failed);
  EXPECT_EQ(engine.failure().why.code, code) << engine.failure().why.text;
  EXPECT_EQ(engine.failure().alert, alert) << engine.failure().why.text;
  EXPECT_NE(engine.failure().why.text.find(text), std::string::npos) << engine.failure().why.text;
  EXPECT_FALSE(engine.failure().truncated);
}

// Everything that came in, packets joined.
inline bytes drain(packet_queue& queue) {
  bytes all;
  while (!queue.empty()) {
    const bytes_view front = queue.front();
    all.insert(all.end(), front.begin(), front.end());
    queue.pop();
  }
  return all;
}

// A client and a server that are connected, or have failed to.
struct pair {
  pair(const tls::context_options& client_options, const server_options& server_options,
       const tls::peer_name& peer = {"server.example", {}}, const network_conditions& conditions = {})
      : client(engine_for(client_options, peer)),
        server(server_options),
        network(*client, server, conditions) {
    network.connect();
  }
  // The next connection to the server of an earlier pair, which is offered `session`.
  pair(const tls::context_options& client_options, const pair& before, bytes_view session,
       const network_conditions& conditions = {})
      : client(engine_for(client_options)), server(before.server), network(*client, server, conditions) {
    client->offer(session);
    network.connect();
  }

  bool up() const { return client->state() == tls::engine_state::established; }
  std::string why() const { return client->failure().why.text; }

  std::unique_ptr<tls::engine> client;
  test_server server;
  simulation network;
};

}  // namespace tlsmodem::test
