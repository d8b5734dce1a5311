// Owns the parts of the daemon, and the order in which they start and stop.
//
//   start: store (state directory, lock, key, rows) ▶ listeners (inherited, or our own) ▶ READY
//   SIGHUP: load the settings again; a mistake keeps the old ones
//   SIGTERM, SIGINT: no new channels ▶ close_notify to every peer, #TDOWN to every client ▶ at most
//   stop-timeout ▶ what was written is on the disk ▶ exit
#pragma once

#include "channel/acceptor.hpp"
#include "channel/channel.hpp"
#include "commands/services.hpp"
#include "net/resolver.hpp"
#include "settings/settings.hpp"
#include "store/credential_store.hpp"
#include "store/row_writer.hpp"
#include "store/store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <vector>

namespace tlsmodem {

class server {
 public:
  server(command_line invocation, const settings& config, credential_set configured);

  // Runs until a signal ends it. Returns the exit status.
  int run();

 private:
  std::optional<at::failure> start_store();
  void hand_over(const store::opening& opened);
  std::string status() const;
  void tell_status();
  std::optional<at::failure> open_listeners();
  void on_accept(acceptor::protocol::socket connection);
  bool may_open_channel(const peer_identity& peer) const;
  void await_signal();
  void reload_soon();
  void reload();
  void refuse_reload(const std::string& reason);
  void stop();
  void finish_stopping();
  void feed_watchdog();

  const command_line invocation_;
  boost::asio::io_context io_;
  net::resolver resolver_;
  store::store store_;
  credential_store credentials_;
  session_store sessions_;
  row_writer session_writer_;
  services services_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer reload_timer_;
  boost::asio::steady_timer watchdog_timer_;
  std::vector<std::unique_ptr<acceptor>> listeners_;
  std::map<std::uint64_t, std::shared_ptr<channel>> channels_;
  std::uint64_t channels_so_far_ = 0;
  std::string told_status_;  // to systemd
  bool is_reload_due_ = false;
  bool is_stopping_ = false;
  std::chrono::steady_clock::time_point stop_limit_;  // once it is stopping
};

}  // namespace tlsmodem
