// The modem's end of a channel: command lines in, responses and events out, as V.250 and 3GPP TS 27.007 frame
// them.
//
// Theory of operation: the driver feeds what the client wrote (receive()), writes what take_output() gives,
// and asks has_room_for_input() before it reads on. A complete command with its payload goes to the
// command_handler. If the handler answers `pending`, nothing further of the channel is executed until
// complete() is called. Events come in through post() and deliver(); they leave as whole frames, never
// between a command line and its final result code, nor inside an echo, a response or a payload. The handler
// is only called from within receive(), complete() and take_output(), and may call post().
#pragma once

#include "bytes.hpp"
#include "command_set.hpp"
#include "framer.hpp"
#include "result.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::at {

// One command, ready to be executed. Everything is valid during execute() only.
struct request {
  const command_info& command;
  form is;
  std::span<const value> values;  // of a set; of a basic command its number, if one was given
  bytes_view payload;
  int s_register = -1;  // of ATS<n>
};

struct outcome {
  enum class kind : std::uint8_t { done, failed, pending, pending_silently, silent };
  kind is = kind::done;
  failure why;  // of a failed one

  static outcome done() { return {}; }
  static outcome failed(failure why) { return {kind::failed, std::move(why)}; }
  // complete() will tell.
  static outcome pending() { return {kind::pending, {}}; }
  // complete() will tell, with silent(): events may pass meanwhile, as there is no result code they could
  // overtake.
  static outcome pending_silently() { return {kind::pending_silently, {}}; }
  // Done, and no final result code is wanted (the quiet flag).
  static outcome silent() { return {kind::silent, {}}; }
};

// Where a handler writes its information text.
class response {
 public:
  virtual ~response() = default;
  virtual void line(std::string_view text) = 0;
  // A line, raw bytes, and a line end behind them.
  virtual void frame(std::string_view text, bytes_view payload) = 0;
};

class command_handler {
 public:
  virtual ~command_handler() = default;
  virtual outcome execute(const request& what, response& answer) = 0;
  // ATZ and AT&F: everything but the channel's own settings goes back to its default.
  virtual void reset() = 0;
};

enum class initial_echo : std::uint8_t { off, on };

class at_server {
 public:
  explicit at_server(command_handler& handler, initial_echo echo = initial_echo::off);
  ~at_server();
  at_server(const at_server&) = delete;
  at_server& operator=(const at_server&) = delete;

  void receive(std::string_view input);
  bool has_room_for_input() const;

  // Asked behind each command that is done: true stops those that follow, so that other channels have their
  // turn, until resume(). Without it they do not stop.
  void limit_turn(std::function<bool()> is_over) { is_turn_over_ = std::move(is_over); }
  bool is_paused() const { return is_paused_; }
  void resume();

  // A frame of a pending command's answer, right before complete(). Precondition: one is pending.
  void answer_pending(std::string_view text, bytes_view payload) { write_frame(text, payload); }
  // The result of a pending command. Precondition: one is pending.
  void complete(outcome result);
  bool is_command_pending() const { return pending_; }

  // An event line, without its line ends. Held until it may go out; counted as lost when the queue is full.
  void post(std::string event);
  // An event with payload. Precondition: can_deliver().
  void deliver(std::string_view event, bytes_view payload);
  // True when an event frame may go out right now and the client keeps up with reading.
  bool can_deliver() const;

  // What AT+CEER answers, for failures that no command told (a connect that failed later).
  void remember_failure(std::string sentence) { last_failure_ = std::move(sentence); }

  // Appends to `out` what is to be written, and goes on with what waited for room.
  void take_output(std::string& out);
  bool has_output() const { return !output_.empty(); }

 private:
  struct settings {
    bool echo = false;
    bool quiet = false;
    bool verbose = true;
    int error_format = 1;  // +CMEE
    bool prompt = true;    // #TPROMPT
    char s3 = '\r';
    char s4 = '\n';
    char s5 = '\b';
  };
  struct running_line;
  class response_writer;

  void pump();
  void on_line(framer::line line);
  void start(std::string body);
  void step();
  void prepare_current();
  void run_current(bytes_view payload);
  outcome refused_outcome();
  void on_outcome(outcome result);
  void finish_line();
  outcome execute(const request& what);
  std::optional<outcome> execute_own(const request& what, response& answer);
  outcome set_flag(const request& what, bool& flag);
  outcome s_register(const request& what, response& answer);
  outcome error_format(const request& what, response& answer);
  outcome prompt(const request& what, response& answer);
  outcome answer_test(const request& what, response& answer);
  void list_commands(response& answer);
  void reset();

  bool is_held() const;
  void flush_events();
  void write_line(std::string_view text);
  void write_frame(std::string_view text, bytes_view payload);
  void write_result(std::string_view verbose, int numeric);
  void write_failure(const failure& why);

  command_handler& handler_;
  const initial_echo initial_echo_;
  settings settings_;
  framer framer_;
  std::string output_;
  std::deque<std::string> events_;
  std::uint64_t lost_events_ = 0;
  std::string last_failure_ = "No failure on this channel.";
  std::optional<std::string> last_body_ = std::string{};  // for A/; V.250 5.2.4: empty at first
  std::unique_ptr<running_line> running_;
  std::function<bool()> is_turn_over_;
  bool is_paused_ = false;
  bool pending_ = false;
  bool events_may_pass_ = false;  // a silent command is pending
  bool pumping_ = false;
};

}  // namespace tlsmodem::at
