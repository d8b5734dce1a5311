// A modem that a table plays: it listens on a Unix socket in a directory of its own, reads command lines up
// to their CR and payloads by their length, and answers from the table. Each channel that is opened has the
// next table, the last one serves all that follow.
//
// One thread, one channel at a time. The test may say things in between, end the channel, and look at what
// came; what it asks about has either happened or is waited for.
#pragma once

#include "protocol/event.hpp"
#include "tests/support/process.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tlsmodem::test {

// What is answered to a command that begins so; a command without a rule is answered with OK.
struct rule {
  std::string command;     // "#TCONN"
  std::string lines = {};  // information, as line() makes it
  int error = 0;           // instead of OK; what follows in the same line is not done
  std::string then = {};   // behind the final result code
  bool hangs_up = false;
};
using table = std::vector<rule>;

// A line as the modem writes it.
inline std::string line(std::string_view text) { return "\r\n" + std::string(text) + "\r\n"; }
// #TRX with its payload.
std::string received(std::string_view payload);

class scripted_modem {
 public:
  explicit scripted_modem(std::vector<table> tables);
  ~scripted_modem();
  scripted_modem(const scripted_modem&) = delete;
  scripted_modem& operator=(const scripted_modem&) = delete;

  std::string path() const { return directory_.path("at.sock"); }

  // On the open channel, now.
  void say(std::string_view text);
  // Ends the open channel: when it returns, the client finds it ended. Opened are only new ones.
  void hang_up();
  // From now on nothing is said until a command that begins so has come. Before the first channel only.
  void hold_answers_until(std::string command) { held_until_ = std::move(command); }

  // Channels that were opened, and what came over one of them (0 is the first): every command by itself, its
  // payload behind a bar.
  std::size_t channels() const;
  std::vector<std::string> commands(std::size_t channel) const;
  // Waits for one that begins so; false when patience ran out.
  bool hears(std::size_t channel, std::string_view command) const;

 private:
  void run();
  void serve(int fd);
  bool take(std::string& input);
  void obey(std::string_view text, const std::string& payload);
  void write(std::string_view text);

  temporary_directory directory_;
  const std::vector<table> tables_;
  std::string held_until_;
  int listener_ = -1;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // All below belongs to the mutex.
  std::vector<std::vector<std::string>> commands_;
  std::string held_;
  int fd_ = -1;
  bool is_over_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace tlsmodem::test
