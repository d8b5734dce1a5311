// A relay in front of one DTLS server on 127.0.0.1 that knows records: it keeps all that passes, and impairs
// it by what is in it, never by time or chance.
#pragma once

#include "wire_records.hpp"

#include <netinet/in.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace tlsmodem::test {

// Finds one flight of a handshake by its number, counted from 1, and has it lost once: all its datagrams up
// to its repetition. Flights end where the direction turns; other records do not count.
class flight_loss {
 public:
  explicit flight_loss(int number) : number_(number) {}
  bool is_lost(const std::vector<wire_record>& datagram);
  bool has_lost() const { return !first_of_lost_.empty(); }

 private:
  const int number_;
  int current_ = 0;
  bool is_from_client_ = false;
  bool is_over_ = false;
  bool awaits_finished_ = false;  // its ChangeCipherSpec was lost, and ended its datagram
  bytes first_of_lost_;           // what identifies the flight's first message
};

enum class delivery {
  as_sent,
  reversed,  // each datagram of several records becomes one datagram for each record, the last first
  doubled    // each datagram twice
};

class record_relay {
 public:
  explicit record_relay(int server_port);
  ~record_relay();
  record_relay(const record_relay&) = delete;
  record_relay& operator=(const record_relay&) = delete;

  // What clients connect to. The server sees all of them at one address: it answers whoever spoke last.
  int port() const { return port_; }
  // From now on what the server sends comes to the client from another port; both ports take what the client
  // sends.
  void speak_from_elsewhere(bool does);
  int port_elsewhere() const { return port_elsewhere_; }
  // Datagrams that the client has sent there.
  std::size_t heard_elsewhere() const;
  void deliver(delivery how);
  // The flight of the next handshake, counted from 1.
  void lose_flight(int number);
  bool has_lost_flight() const;
  // The client gets once more what the server has sent, in these datagrams.
  void replay_to_client(std::size_t from_datagram, std::size_t to_datagram);

  wire_log log() const;
  // What such a function says of the log, without a copy of it.
  std::size_t look(std::size_t (*at)(const wire_log& log, std::size_t from_datagram), std::size_t from) const;
  std::size_t datagrams() const;
  // Of all that clients have sent up to now, whether it was passed on yet or not.
  std::size_t client_records();
  // All sockets of the client are closed, and one that is opened now may have any port of theirs.
  void forget_clients();
  // Of epochs that have keys.
  std::size_t protected_records(bool is_from_client) const;

 private:
  void run();
  void pass_from_client(int fd);
  void pass_from_server();
  std::vector<bytes> noted(bool is_from_client, bytes_view datagram);
  void send_to_client(bytes_view datagram) const;
  int socket_to_server() const;

  const int server_port_;
  int port_ = 0;
  int port_elsewhere_ = 0;
  int client_fd_ = -1;
  int elsewhere_fd_ = -1;
  int server_fd_ = -1;
  sockaddr_in client_{};
  mutable std::mutex mutex_;  // guards all that follows, and server_fd_ and client_
  wire_log log_;
  bool speaks_from_elsewhere_ = false;
  std::size_t heard_elsewhere_ = 0;
  std::size_t client_records_ = 0;
  std::size_t protected_from_client_ = 0;
  std::size_t protected_from_server_ = 0;
  delivery how_ = delivery::as_sent;
  std::optional<flight_loss> loss_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;  // last: it uses all of the above
};

// A UDP port of 127.0.0.1 that is free now.
int free_udp_port();

}  // namespace tlsmodem::test
