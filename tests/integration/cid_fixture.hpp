// The world of the tests of connection IDs and of associations that outlive the daemon: ssl_server2 of Mbed
// TLS, a relay in front of it that reads every record, and a daemon that is ended in every way there is.
#pragma once

#include "peer_fixture.hpp"
#include "tests/support/mbedtls_peer.hpp"
#include "tests/support/record_relay.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

struct cid_suite {
  const char* name;
  const char* id;            // of IANA, as AT#TCFG takes it
  const char* mbedtls_name;  // as force_ciphersuite takes it
  bool is_psk;
  // CBC: whether the server lets the client have RFC 7366.
  bool is_encrypt_then_mac = true;
};
const std::vector<cid_suite>& cid_suites();
const cid_suite& cid_suite_called(std::string_view name);

struct cid_server {
  std::optional<std::string> cid = "51525354";  // hex; nothing: it does not know the extension
  bool has_tickets = true;
  std::vector<std::string> more = {};  // options of ssl_server2
};

// A connect that came through.
struct cid_link {
  int id = 0;
  std::string handle;
  at::up_event up;
};

enum class daemon_end {
  stopped,  // SIGTERM
  killed,
  reboot  // killed, and what the machine had in memory only is lost
};

class cid_test : public ::testing::Test {
 protected:
  static constexpr const char* own_cid = "c1c2c3c4c5";

  explicit cid_test(const std::string& daemon_config = {});
  void SetUp() override;
  // Whatever the test did: no rule of the wire was broken.
  void TearDown() override;

  void start_server(const cid_suite& suite, const cid_server& options = {});
  // Any other server that listens on `port`: the relay goes in front of it.
  void start_relay(int port);

  // A new client: a channel with credentials, and profile 0 for the suite.
  test_channel client(const std::string& cid = own_cid, const std::vector<std::string>& more = {}) const;
  // Open, AT#TRESUME if there is a handle, and connect through the relay. Throws when it fails.
  cid_link connect(test_channel& channel, const std::string& handle = {}) const;
  cid_link connect_to(int port, test_channel& channel, const std::string& handle = {}) const;
  // One message there, one back; the server prints what it gets.
  void exchange(test_channel& channel, int id, std::string_view message) const;
  // The same on a network that loses: the message is repeated until an answer comes.
  void exchange_with_loss(test_channel& channel, int id, std::string_view message) const;
  // AT#TCLOSE, and the server heard it.
  void close(test_channel& channel, int id) const;

  // What is in memory is on the disk too.
  void flush_store() const;
  // Ends the daemon and starts it again. To the client's channel it says no more than #TDOWN, and nothing at
  // all on the wire. Before it is killed, what it has to store is stored.
  void restart(test_channel& channel, daemon_end how);
  // By a new client: <how> is 2, and messages pass both ways without a byte of a handshake.
  cid_link continue_association(test_channel& channel, const cid_link& before, daemon_end after) const;
  // After a reboot the daemon refuses what it may have received before: the server gets beyond that.
  void exchange_after(daemon_end how, test_channel& channel, int id, std::string_view message) const;

  // Stopped and continued, killed and continued.
  cid_link survive(test_channel& channel, cid_link link, const std::string& cid = own_cid);
  // By the last handshake.
  wire_association agreed() const { return relay_->log().associations().back(); }

  void lose_counters() const;

  const peer& server() const { return *server_; }
  // By the server, since the last forget_printed().
  std::size_t times_printed(std::string_view text) const;
  void forget_printed();
  // Of associations that ended other than by goodbye.
  std::size_t broken_associations() const { return times_printed("mbedtls_ssl_read returned"); }
  void await_printed(std::string_view text, std::size_t times) const;

  identity root_ = make_root("test root");
  key_files files_;
  std::string server_file_;
  running_daemon daemon_;
  const cid_suite* suite_ = nullptr;
  int server_port_ = 0;
  std::unique_ptr<peer> server_;
  std::unique_ptr<record_relay> relay_;

 private:
  std::size_t printed_from_ = 0;
};

}  // namespace tlsmodem::test
