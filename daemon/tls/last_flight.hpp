// The last flight of an abbreviated handshake is ours, and no timer of ours repeats it: when it is lost, the
// server repeats its own (RFC 6347 4.2.4), and that asks for ours.
// The same bytes go out again: a server that has them already drops them as replayed, and nothing is
// encrypted twice.
#pragma once

#include "engine.hpp"

#include <optional>
#include <vector>

namespace tlsmodem::tls {

class last_flight {
 public:
  void keep(std::vector<bytes> datagrams) { datagrams_ = std::move(datagrams); }
  // The server is known to have it.
  void forget() { datagrams_.clear(); }
  bool is_kept() const { return !datagrams_.empty(); }
  const std::vector<bytes>& datagrams() const { return datagrams_; }

  // Appends it to `to`, unless it went out too often or just now. True when it did.
  bool repeat(packet_queue& to, time_point now) {
    if (datagrams_.empty() || repeats_ == max_repeats) return false;
    if (last_repeat_ && now < *last_repeat_ + min_interval) return false;
    last_repeat_ = now;
    ++repeats_;
    for (const bytes& datagram : datagrams_) to.push(datagram);
    return true;
  }

 private:
  // Whoever can send us datagrams can ask for our last flight; what he gets out of it has to stay small. A
  // server of RFC 6347 asks seven times in two minutes.
  static constexpr unsigned max_repeats = 12;
  static constexpr milliseconds min_interval{100};

  std::vector<bytes> datagrams_;
  unsigned repeats_ = 0;
  std::optional<time_point> last_repeat_;
};

}  // namespace tlsmodem::tls
