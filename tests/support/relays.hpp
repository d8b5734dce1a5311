// Relays between a daemon and real servers on 127.0.0.1, which keep a copy of all that passes: one for
// datagrams that behaves as a NAT does, one for streams. Several clients at a time.
#pragma once

#include "protocol/bytes.hpp"

#include <netinet/in.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tlsmodem::test {

// A datagram, or what one read of a stream gave.
struct passage {
  bool is_from_client = false;
  bytes data;
};

// All that passed between the server and one client address, or over one connection, in order.
using conversation = std::vector<passage>;

class recording {
 public:
  // Oldest first.
  std::vector<conversation> all() const;
  std::size_t begin();
  void add(std::size_t which, const passage& what);

 private:
  mutable std::mutex mutex_;
  std::vector<conversation> conversations_;
};

class relay {
 public:
  relay() = default;
  virtual ~relay() = default;
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;
  // What passed to the server and back is in it before it is passed on.
  std::vector<conversation> conversations() const { return recording_.all(); }

 protected:
  recording recording_;
  std::atomic<bool> is_over_ = false;
};

// What becomes of a datagram.
enum class fate : std::uint8_t {
  passes,
  is_lost,
  comes_twice,
  is_overtaken  // by the next one in its direction
};

// Every client address has a port of its own towards the server.
class udp_nat : public relay {
 public:
  udp_nat(int port, int server_port);
  ~udp_nat() override;

  // From now on the server sees all clients at new ports, and what it sends to the old ones is lost.
  void rebind() { is_rebind_due_ = true; }
  // What it is true for is recorded, but lost. Called in the relay's thread.
  void lose(std::function<bool(const passage&)> rule);
  void impair(std::function<fate(const passage&)> rule);
  // An address that begins a DTLS association after it had one begins another conversation: it is another
  // client, whose port happens to be the same.
  void tell_associations_apart() { tells_apart_ = true; }

 private:
  struct mapping {
    sockaddr_in client{};
    int server_fd = -1;
    std::size_t number = 0;
    bool had_keys = false;  // it has sent a protected record
    bytes overtaken_to_server;
    bytes overtaken_to_client;
  };
  void run();
  void pass_from_clients();
  void pass_from_server(mapping& from);
  void pass(mapping& through, const passage& what);
  void send(const mapping& through, const passage& what) const;
  mapping& mapping_of(const sockaddr_in& client);
  fate fate_of(const passage& what) const;
  int socket_to_server() const;

  const int server_port_;
  int fd_ = -1;
  std::vector<mapping> mappings_;  // of the thread
  std::atomic<bool> is_rebind_due_ = false;
  std::atomic<bool> tells_apart_ = false;
  mutable std::mutex rule_mutex_;
  std::function<fate(const passage&)> rule_;
  std::thread thread_;  // last: it uses all of the above
};

class tcp_relay : public relay {
 public:
  tcp_relay(int port, int server_port);
  ~tcp_relay() override;

  // The next bytes of this side arrive with a wrong end.
  void damage_next_from_client() { damages_client_ = true; }
  void damage_next_from_server() { damages_server_ = true; }

 private:
  struct pair {
    int client_fd = -1;
    int server_fd = -1;
    std::size_t number = 0;
  };
  void run();
  void accept();
  // False when one side is gone.
  bool pass(const pair& through, bool is_from_client);
  static bool write(int fd, bytes_view data);

  const int server_port_;
  int fd_ = -1;
  std::vector<pair> pairs_;  // of the thread
  std::atomic<bool> damages_client_ = false;
  std::atomic<bool> damages_server_ = false;
  std::thread thread_;  // last
};

}  // namespace tlsmodem::test
