// An engine behind its handshake, without one, and the server's end of its association.
#pragma once

#include "daemon/tls/association_engine.hpp"
#include "tests/daemon/dtls12/fixtures.hpp"

#include <memory>

namespace tlsmodem::test {

inline bytes copy_of(bytes_view data) { return {data.begin(), data.end()}; }

// All packets, one by one.
inline std::vector<bytes> take_packets(packet_queue& queue) {
  std::vector<bytes> all;
  for (; !queue.empty(); queue.pop()) all.push_back(copy_of(queue.front()));
  return all;
}

struct live_pair {
  explicit live_pair(const agreed& what = {}, std::vector<bytes> unconfirmed = {})
      : server(server_side(what), {}), client(make(what, std::move(unconfirmed))) {}

  void feed(bytes_view content, std::uint8_t type = dtls12::application_data) {
    client->feed(seal(server, content, type), now);
  }
  // The types and contents of what the client has sent, joined.
  std::vector<bytes> sent() {
    std::vector<bytes> all;
    for (const bytes& datagram : take_packets(client->outgoing())) {
      const auto opened = open(server, datagram);
      if (opened.is != dtls12::verdict::accepted) continue;
      all.push_back({opened.type});
      all.back().insert(all.back().end(), opened.content.begin(), opened.content.end());
    }
    return all;
  }
  // Another process, which has what was kept.
  void restart() {
    const secret kept = client->association()->encode();
    const auto counters = client->association()->counters();
    client.reset();
    client = tls::continue_association(kept.view(), counters);
  }

  dtls12::association server;
  std::unique_ptr<tls::engine> client;
  tls::time_point now{};

 private:
  static std::unique_ptr<tls::engine> make(const agreed& what, std::vector<bytes> unconfirmed) {
    tls::engine_info info;
    info.version = "DTLSv1.2";
    info.suite = "TLS_PSK_WITH_AES_128_GCM_SHA256";
    info.suite_id = 0x00a8;
    info.verify_result = "ok";
    info.peer_subject = "CN=server.example";
    info.peer_sha256 = "0123";
    info.alpn = "coap";
    info.has_cid = !what.client_cid.empty() || !what.server_cid.empty();
    tls::last_flight flight;
    flight.keep(std::move(unconfirmed));
    return std::make_unique<tls::association_engine>(
        std::make_unique<dtls12::association>(client_side(what), dtls12::sequence_counters{}),
        std::move(info), std::move(flight));
  }
};

}  // namespace tlsmodem::test
