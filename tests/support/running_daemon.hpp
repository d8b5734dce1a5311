// A real tlsmodemd in a directory of its own, and channels to it.
#pragma once

#include "client-shim/client/channel.hpp"
#include "process.hpp"
#include "protocol/event.hpp"
#include "protocol/value.hpp"

#include <string>
#include <vector>

namespace tlsmodem::test {

// Somebody listens there. The path alone says less: it is there a moment before.
bool can_be_connected(const std::string& socket_path);

class running_daemon {
 public:
  // Starts the daemon and returns when it has told READY=1. `config` is the content of its configuration
  // file; unless it names a log-level, everything is logged.
  // `socket_path`: where it listens, "" for its own directory.
  explicit running_daemon(const std::string& config = {}, std::vector<std::string> more_arguments = {},
                          const std::string& socket_path = {});

  static std::string program();  // the path of tlsmodemd
  std::string socket_path() const { return socket_path_; }
  std::string log() const { return read_file(directory_.path("log")); }
  process& daemon() { return process_; }
  const temporary_directory& directory() const { return directory_; }
  void write_config(std::string_view content) const { write_file(directory_.path("config"), content); }
  // Ends the daemon by this signal and waits for it; nothing if it has ended.
  void stop(int signal);
  // Ends the daemon, if it runs, by this signal, starts it again in the same directory, and returns when it
  // is ready.
  void restart(int signal, std::vector<std::string> more_arguments = {});
  std::string state_path(const std::string& name = {}) const {
    return directory_.path(name.empty() ? "state" : "state/" + name);
  }
  // Until the daemon says the next READY=1 (after SIGHUP). False when patience ran out.
  bool await_ready();

 private:
  process start(bool has_log_level, const std::vector<std::string>& more_arguments) const;

  temporary_directory directory_;
  std::string socket_path_;
  int notify_fd_ = -1;
  process process_;
};

// A channel that speaks in lines, for tests: every wait has a deadline, and every surprise throws.
class test_channel {
 public:
  explicit test_channel(const running_daemon& daemon);
  explicit test_channel(const std::string& path);

  // Sends the line (terminated by CR) and its payload, and returns the answer.
  client::answer command(const std::string& line, std::string_view payload = {});
  // The same, and throws unless the answer is OK. Returns the information lines' texts.
  std::vector<std::string> ok(const std::string& line, std::string_view payload = {});
  // The error number of a command that must fail; -1 for a plain ERROR, 0 when it did not fail.
  int error_of(const std::string& line, std::string_view payload = {});
  at::item event();
  // The next event; throws unless it is of this name.
  at::item event(std::string_view name);

  void tcred(int tag, int type, std::string_view content);
  int open(int profile = 0);
  // AT#TCONN, and the event that ends it.
  at::item connect(int id, const std::string& host, int port);
  at::up_event connect_up(int id, const std::string& host, int port);
  at::fail_event connect_fail(int id, const std::string& host, int port);
  void send(int id, std::string_view payload);
  // The payload of the next #TRX.
  std::string receive();
  // Of AT#TINFO: the value of one key, unformatted.
  std::string info(int id, const std::string& key);
  std::string failure_sentence();

  client::channel& raw() { return channel_; }

 private:
  client::channel channel_;
};

}  // namespace tlsmodem::test
