// A blocking channel to tlsmodemd: one Unix socket, one at_client, calls with deadlines, no thread.
//
// Theory of operation: write() sends command lines and payloads as they are; read_item() waits for the next
// thing that the modem says. finish_command() reads up to the final result code and keeps events for
// next_event(). An answer that did not come in time is skipped when it comes, so that it is not taken for
// that of the next command. The socket is close-on-exec; fd() may be polled, but look at has_buffered()
// first.
#pragma once

#include "protocol/at_client.hpp"
#include "protocol/result.hpp"
#include "protocol/wiped.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::client {

using time_point = std::chrono::steady_clock::time_point;

// How long a modem that is not there is looked for: systemd starts it again within two seconds.
inline constexpr std::chrono::seconds restart_limit{5};
// Waits a moment, until it is worth looking for the modem again. False when the deadline has passed.
bool pause_before_next_attempt(time_point deadline);

// What a command answered: its lines, and how it ended.
struct answer {
  bool is_ok = false;
  at::error code = at::error::unknown;  // when it is not
  std::vector<at::item> lines;
};

class channel {
 public:
  // Errors: 801 nobody listens on `path`, 816 not permitted, 804 the deadline passed.
  static at::result<channel> open(const std::string& path, time_point deadline);
  // Takes over a connected stream socket.
  explicit channel(int fd) : fd_(fd) {}
  channel(channel&& other) noexcept;
  channel& operator=(channel&& other) noexcept;
  ~channel();

  // All of `data`, or an error: 804 deadline, 803 the daemon is gone. While it waits to write it reads, so
  // that a daemon that waits for us to read is not waited for. When the deadline passes in the middle of
  // `data`, its rest goes out in front of what is written next, since nothing else can follow it.
  std::optional<at::failure> write(std::string_view data, time_point deadline);
  // The next item. Errors: 804 deadline, 803 the daemon is gone, 820 the channel is out of step.
  at::result<at::item> read_item(time_point deadline);
  // One command line (terminator included), with a payload behind it if it takes one, and its answer.
  at::result<answer> command(std::string_view line, time_point deadline);
  at::result<answer> finish_command(time_point deadline);
  // The next event, kept ones first.
  at::result<at::item> next_event(time_point deadline);

  int fd() const { return fd_; }
  bool has_buffered() const { return !events_.empty() || !items_.empty(); }

 private:
  std::optional<at::failure> wait(short events, time_point deadline) const;
  std::optional<at::failure> push(std::string_view& data, time_point deadline);
  std::optional<at::failure> fill(time_point deadline);
  std::optional<at::failure> receive_some();
  bool ends_late_answer(const at::item& last);

  int fd_ = -1;
  wiped_string rest_;      // of what was written last
  bool is_begun_ = false;  // what was written last: some of it is out
  int late_answers_ = 0;   // whose commands did not wait any longer
  at::at_client machine_;
  std::deque<at::item> items_;
  std::deque<at::item> events_;
};

}  // namespace tlsmodem::client
