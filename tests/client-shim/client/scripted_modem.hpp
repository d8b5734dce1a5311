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
#include <optional>
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

// How far it comes with a command line before it dies.
enum class last_words : std::uint8_t {
  unread,  // none: the channel was still in the queue of the listening socket, and is reset
  none,
  half_answer,  // an answer without its end
  answer,       // and none of what follows
  half_event
};
// The nth line of a channel, both counted from 0.
struct death {
  std::size_t channel = 0;
  std::size_t line = 0;
  last_words after = last_words::none;
};

class scripted_modem {
 public:
  // `path`: where it listens, "" for a directory of its own.
  explicit scripted_modem(std::vector<table> tables, std::string path = {});
  ~scripted_modem();
  scripted_modem(const scripted_modem&) = delete;
  scripted_modem& operator=(const scripted_modem&) = delete;

  std::string path() const { return path_; }

  // On the open channel, now.
  void say(std::string_view text);
  // Ends the open channel: when it returns, the client finds it ended. Opened are only new ones.
  void hang_up();
  // From now on nothing is said until a command that begins so has come.
  void hold_answers_until(std::string command);
  // Dies there, before the first channel is opened; the next channel is the next modem's.
  void die(const death& where) { death_ = where; }
  bool has_died() const;
  // The next so many channels are refused, as by a modem that has too many.
  void refuse_channels(std::size_t how_many);

  // Channels that were opened, and what came over one of them (0 is the first): every command by itself, its
  // payload behind a bar.
  std::size_t channels() const;
  std::vector<std::string> commands(std::size_t channel) const;
  // Waits for one that begins so; false when patience ran out.
  bool hears(std::size_t channel, std::string_view command) const;

 private:
  void run();
  bool refuses(int fd);
  bool dies_unread(int fd);
  void serve(int fd);
  void say_last_words(const std::string& answer, const std::string& then);
  bool take(std::string& input);
  void obey(std::string_view text, const std::string& payload);
  void write(std::string_view text);

  temporary_directory directory_;
  const std::string path_;
  const std::vector<table> tables_;
  std::optional<death> death_;
  int listener_ = -1;
  bool is_channel_over_ = false;  // of the thread
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // All below belongs to the mutex.
  std::vector<std::vector<std::string>> commands_;
  std::string held_until_;
  std::string held_;
  std::size_t lines_ = 0;     // of the open channel
  std::size_t refusals_ = 0;  // to come
  bool has_died_ = false;
  int fd_ = -1;
  bool is_over_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace tlsmodem::test
