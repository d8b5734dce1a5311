// An engine and a server with a network between them, in virtual time: nothing sleeps, a seed repeats a run.
#pragma once

#include "daemon/tls/engine.hpp"
#include "test_server.hpp"

#include <functional>
#include <random>
#include <vector>

namespace tlsmodem::test {

enum class direction { to_server, to_client };

struct network_conditions {
  unsigned loss_percent = 0;
  unsigned duplicate_percent = 0;
  unsigned reorder_percent = 0;  // delivered up to 50 ms later than the rest
  unsigned seed = 1;
  // Datagrams for which this is true get lost; called once for each, with its number in its direction.
  std::function<bool(direction, unsigned, bytes_view)> loses;
};

class simulation {
 public:
  simulation(tls::engine& client, test_server& server, network_conditions conditions = {});

  // Starts the client and runs until it is established or failed.
  void connect();
  // Runs until nothing is under way and no timer of the client is pending, at most `limit`.
  void settle(tls::milliseconds limit = tls::milliseconds{200'000});
  // Runs until `done`; false when nothing happens any more or `limit` has passed.
  bool run_until(const std::function<bool()>& done, tls::milliseconds limit = tls::milliseconds{200'000});

  tls::time_point now() const { return now_; }
  tls::milliseconds elapsed() const {
    return std::chrono::duration_cast<tls::milliseconds>(now_ - tls::time_point{});
  }
  // Payload sizes and times of what the client sent, lost or not.
  struct sent_datagram {
    tls::milliseconds at;
    bytes data;
  };
  const std::vector<sent_datagram>& sent_by_client() const { return sent_by_client_; }

 private:
  struct packet {
    tls::time_point at;
    direction to;
    bytes data;
  };

  void collect();
  void take(direction to, bytes_view data);
  void schedule(direction to, bytes_view data);
  std::optional<tls::time_point> next_event() const;
  void handle_events();
  bool percent(unsigned chance);

  tls::engine& client_;
  test_server& server_;
  network_conditions conditions_;
  std::minstd_rand random_;
  tls::time_point now_{};
  std::vector<packet> under_way_;  // sorted by time, stable
  std::vector<sent_datagram> sent_by_client_;
  unsigned count_[2] = {0, 0};
};

}  // namespace tlsmodem::test
