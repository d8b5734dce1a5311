// Peers for connects that are measured one after the other.
#pragma once

#include "echo_peer.hpp"

#include <memory>
#include <set>
#include <vector>

namespace tlsmodem::bench {

// A DTLS peer for each connect: the daemon goes without a close_notify, and a peer that serves one
// association would wait for it for ever.
class fresh_peers {
 public:
  explicit fresh_peers(peer_protocol protocol) : protocol_(protocol) {}

  int next_port() {
    if (unused_ == 0) refill();
    return peers_[--unused_]->port();
  }

 private:
  // The newest answers last, and is used up for that: then all are ready. The kernel gives a port that may be
  // reused (SO_REUSEADDR) to two peers now and then.
  void refill() {
    constexpr std::size_t count = 32;
    peers_.clear();
    std::set<int> ports;
    while (peers_.size() <= count) {
      auto made = std::make_unique<echo_peer>(protocol_);
      if (ports.insert(made->port()).second) peers_.push_back(std::move(made));
    }
    const direct_client first(protocol_, peers_.back()->port());
    unused_ = count;
  }

  const peer_protocol protocol_;
  std::vector<std::unique_ptr<echo_peer>> peers_;
  std::size_t unused_ = 0;
};

}  // namespace tlsmodem::bench
