// One client connection: moves bytes between its Unix socket and at_server, and nothing else.
//
// Bounded on both sides: input is not read while at_server has no room for it, and output waits in at_server,
// which then stops taking input and data from sockets. Nothing is sent on connect.
#pragma once

#include "daemon/commands/modem.hpp"
#include "peer_identity.hpp"
#include "protocol/at_server.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tlsmodem {

class channel : public std::enable_shared_from_this<channel> {
 public:
  using socket = boost::asio::local::stream_protocol::socket;
  using ended_handler = std::function<void(std::uint64_t number)>;

  channel(std::uint64_t number, socket connection, peer_identity peer, services& shared,
          ended_handler on_ended);

  void start();
  // Tells every peer and the client that it is over, writes that out, and ends.
  void stop();
  // Ends at once.
  void end();

  const peer_identity& peer() const { return peer_; }

 private:
  using clock = std::chrono::steady_clock;

  void wait_readable();
  void watch_hang_up();
  void on_readable();
  bool read_once();
  void pump();
  bool write();
  void wait_writable();
  void resume_in_next_turn();
  void end_if_finished();

  const std::uint64_t number_;
  socket connection_;
  const peer_identity peer_;
  ended_handler on_ended_;
  modem modem_;
  at::at_server server_;
  std::string output_;  // taken from the server; [sent_, size) is not written yet
  std::size_t sent_ = 0;
  bool is_waiting_readable_ = false;
  bool is_waiting_writable_ = false;
  bool is_pumping_ = false;
  bool is_pump_due_ = false;
  bool is_resume_due_ = false;
  clock::time_point turn_began_ = clock::now();
  bool is_input_ended_ = false;  // EOF came, or stop() was called: end once everything is written
  bool is_client_gone_ = false;  // nobody will read an answer; what was written before may still be there
  bool is_ended_ = false;
};

}  // namespace tlsmodem
