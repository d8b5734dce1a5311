// Real processes for tests: started with an argument list, killed with their test, their output kept in a
// file.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::test {

using namespace std::chrono_literals;

// How long a test waits for what must happen before it calls it a failure; never how long it waits in good
// order.
inline constexpr auto patience = std::chrono::seconds(60);
std::chrono::steady_clock::time_point deadline();

// Asks `condition` again and again until it is true. False when patience ran out.
bool eventually(const std::function<bool()>& condition);

// A directory of its own, removed with all in it.
class temporary_directory {
 public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  std::string path(const std::string& name = {}) const { return name.empty() ? path_ : path_ + "/" + name; }

 private:
  std::string path_;
};

// From a byte of it, counted from 0, to its end.
std::string read_file(const std::string& path, std::size_t from = 0);
void write_file(const std::string& path, std::string_view content);

struct process_options {
  std::string output;                    // file for stdout and stderr; "" for /dev/null
  std::string input;                     // what stdin delivers before it stays open (a pipe held by the test)
  std::vector<std::string> environment;  // "NAME=value", added
};

class process {
 public:
  // The program is found by PATH. Dies with its parent.
  process(std::vector<std::string> arguments, const process_options& options = {});
  ~process();  // SIGKILL, if it still runs
  process(process&& other) noexcept;
  process& operator=(process&& other) noexcept;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  void pause() const;  // SIGSTOP; returns when it stands still
  void resume() const { signal(SIGCONT); }
  void write_input(std::string_view data) const;
  void close_input();
  // The wait status' exit code, 128 + signal when killed; nothing when patience ran out.
  std::optional<int> wait();
  bool is_running();

 private:
  pid_t pid_ = -1;
  int input_fd_ = -1;
};

// A network namespace for this test process (loopback up), so that every port is free and no other test or
// machine is met. As root directly, otherwise in a user namespace of its own. False if the kernel allows
// neither.
bool enter_private_network();

// Something is bound to the port, in this network namespace.
bool is_udp_port_bound(int port);
bool is_tcp_port_listening(int port);
// What has arrived on established connections of this local port and was not read yet.
std::size_t unread_tcp_bytes(int port);
int count_open_fds(pid_t pid);
// Resident memory in KiB.
long resident_kib(pid_t pid);

}  // namespace tlsmodem::test
