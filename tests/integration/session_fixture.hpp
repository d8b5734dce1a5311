// The world of the tests of resumption: a daemon that can be restarted, one server behind a relay that keeps
// all that passes, and clients that come and go.
#pragma once

#include "peer_fixture.hpp"
#include "session_servers.hpp"
#include "tests/support/handshake_trace.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::test {

// A connect that came through.
struct link_up {
  int id = 0;
  std::string handle;
  at::up_event up;
};

class session_test : public ::testing::Test {
 protected:
  static constexpr int relay_port = 7000;
  static constexpr int other_identity = 8;  // a tag: the same PSK under another identity

  explicit session_test(const std::string& daemon_config = {});

  void start_server(const server_row& row);
  // Ends the server and starts it again: it remembers nothing.
  void restart_server();

  // A new client: a channel with the credentials of peer_test under the same tags, and a profile for the
  // server with `more` options.
  test_channel client(const std::vector<std::string>& more = {}) const;
  // Connects through the relay, and takes the tickets that follow. Throws when it fails.
  link_up connect(test_channel& channel, int id, const std::string& host = "127.0.0.1");
  // Open, AT#TRESUME, connect.
  link_up resume(test_channel& channel, const std::string& handle, const std::string& host = "127.0.0.1");
  // The next event that tells no handle.
  static at::item next_event(test_channel& channel);
  static at::up_event next_up(test_channel& channel);
  // Ends the association, and keeps the socket if the server answers.
  void part(test_channel& channel, int id) const;
  // A first client connects and closes; returns its handle.
  std::string make_session(const std::vector<std::string>& more = {});
  // What is in memory is on the disk too.
  void flush_store() const;

  // The last connection through the relay, once the client's last flight is there.
  handshake_trace last_trace() const;
  std::size_t connections() const { return relay_->conversations().size(); }
  // The wire shows what <how> says, and so does the server.
  void expect_on_wire(int how);

  identity root_ = make_root("test root");
  identity other_root_ = make_root("other root");
  key_files files_;
  std::string server_file_;
  std::string root_file_;
  running_daemon daemon_;
  const server_row* row_ = nullptr;
  running_server server_;
  std::unique_ptr<relay> relay_;

 private:
  void take_ticket(test_channel& channel, const link_up& from) const;
  void expect_abbreviated(const handshake_trace& trace) const;
  void expect_full(const handshake_trace& trace) const;
  std::size_t times_reused() const;
  handshake_trace trace_of(const conversation& passed) const;

  std::string psk_file_;
  std::size_t reused_before_ = 0;
  std::optional<std::size_t> full_bytes_;  // of a certificate handshake with this server
  std::optional<std::size_t> full_second_flight_bytes_;
};

// Flights of a handshake, without the two of a cookie exchange.
std::size_t flights_of(const server_row& row, bool is_full);

}  // namespace tlsmodem::test
