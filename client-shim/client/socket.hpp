// A socket of the modem for a program that blocks: one channel, one socket on it, calls with deadlines, no
// thread.
//
//   socket(configuration) ▶ [open()] ▶ [bind()] ▶ connect() ▶ send(), receive() … ▶ close() ▶ [bind()] ▶ …
//
// The channel is opened by the first call that needs it. What the configuration says, the open and the
// connect go out in one write, without waiting in between; send() waits for nothing. One thread at a time may
// use a socket, several may use several.
//
// A modem that restarts is waited for, as long as restart_limit. bind() and connect() say again to the new
// one what the old one has not answered; a handshake that has begun is not repeated. On a connected socket
// the next call asks the new one to go on with the association. If it can, no one notices; if not, the
// connection is over: error 803.
#pragma once

#include "channel.hpp"
#include "credential.hpp"
#include "protocol/commands/bind.hpp"
#include "protocol/commands/cfg.hpp"
#include "protocol/event.hpp"
#include "protocol/wiped.hpp"
#include "readiness.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace tlsmodem::client {

// $TLSMODEM_SOCKET, else /run/tlsmodemd/at.sock.
std::string default_socket_path();

struct option {
  std::string name;
  std::vector<at::value> values;
  // What the peer may decline anyway; that the modem cannot offer it is no error then.
  bool is_optional = false;

  bool operator==(const option&) const = default;
};

struct configuration {
  std::vector<option> options;
  std::vector<credential> credentials;  // live on the socket's channel only; wiped at the end
};

struct target {
  std::string host;
  std::uint16_t port = 0;
  std::string preferred_address;  // "" for none
  std::string handle;             // of an earlier connection, "" for none
};

struct received {
  std::size_t size = 0;
  bool is_truncated = false;  // a datagram whose rest is lost; an end without close_notify
  bool is_end = false;        // of a stream, or of a DTLS association that the peer closed
};

// What the modem refused last.
enum class refused : std::uint8_t { nothing, settings, credential, socket };

class socket {
 public:
  socket(configuration config, std::string path);

  // Other options, from the next open on.
  void set_options(std::vector<option> options);
  const std::vector<option>& options() const { return options_; }
  // Has the modem check everything that needs no network; one that is not there is not waited for. Errors:
  // those of AT#TCFG, #TCRED, #TOPEN, of channel::open(); refused_part() tells which part it was.
  std::optional<at::failure> open(time_point deadline);
  refused refused_part() const { return refused_; }
  // Takes a local address now. Errors: those of AT#TBIND, of AT#TOPEN, of channel::open().
  std::optional<at::failure> bind(const std::string& address, std::uint16_t port, time_point deadline);
  // Errors: those of AT#TOPEN and #TFAIL, of channel::open(); 804 the deadline passed. alert() tells more.
  // After an error the socket can connect again.
  at::result<at::up_event> connect(const target& to, time_point deadline);
  // A new handshake with the same peer, abbreviated if possible. Errors: those of AT#TREHS and #TFAIL (the
  // connection before it goes on then, as after 803 if is_connected()), 811 not connected, 804 the deadline
  // passed.
  at::result<at::up_event> rehandshake(time_point deadline);
  // One datagram, or all of the bytes. What goes wrong later comes from receive(). Errors: 811 not connected,
  // 803 the modem is gone, 804 it does not read: a datagram is lost then, a stream is over.
  std::optional<at::failure> send(bytes_view data, time_point deadline);
  // The next datagram, or some bytes of the stream. Errors: 804 nothing came; 811 not connected; what #TDOWN
  // and #TERR told, once.
  at::result<received> receive(std::span<std::uint8_t> into, time_point deadline);
  // Ends the connection (its port is free then) and keeps the configuration. Silent: nothing goes to the
  // peer.
  void close(bool is_silent, time_point deadline);

  bool is_connected() const { return is_connected_; }
  // Data that can be received without the modem saying more.
  bool has_buffered_data() const;
  // To poll for input; -1 before the first bind() or connect(). Stays the same.
  int fd() const { return readiness_.fd(); }
  // The newest handle of the connection, or of the last one; "" for none.
  const std::string& handle() const { return handle_; }
  // Alert that came with the last failed connect() or receive(), else -1.
  int alert() const { return alert_; }
  // What AT#TINFO tells, value texts as they are.
  at::result<std::map<std::string, std::string>> info(time_point deadline);

 private:
  struct arrival {
    bytes data;
    std::size_t taken = 0;
    bool is_truncated = false;
    bool is_end = false;
    std::optional<at::failure> failure;
    int alert = -1;
  };
  struct script_line {
    refused part = refused::nothing;
    bool may_fail = false;
  };
  struct script {
    wiped_string text;
    std::vector<script_line> steps;  // what each line is for
    bool is_too_long = false;
  };

  // Commands without "AT", joined by semicolons.
  struct commands {
    std::string when_opened;  // for a socket that is opened by this
    std::string then;
  };
  // What is needed to go on with an association on another channel.
  struct continuation {
    target to;
    std::optional<at::bind_request> local;  // unset: from wherever the modem likes
  };
  // How an attempt ended. Unanswered: the modem is not there yet, or not any more, or it is too busy.
  enum class attempt : std::uint8_t { continued, refused, without_address, unanswered };

  std::optional<at::failure> open_channel(time_point deadline);
  script prepare(const commands& what) const;
  std::optional<at::failure> configure_one_by_one(time_point deadline);
  std::optional<at::failure> run(const commands& what, time_point deadline);
  std::optional<at::failure> run_once(const commands& what, time_point deadline);
  std::optional<at::failure> go_through(const script& all, time_point deadline);
  at::failure lost(at::failure why);
  void forget_channel();
  void make_way(time_point deadline);
  commands connect_commands(const target& to) const;
  at::result<at::up_event> wait_for_outcome(time_point deadline);
  at::result<answer> ask(std::string_view line, time_point deadline);
  bool is_stream() const;
  bool can_continue() const;
  bool asks_for_connection_id() const;
  std::optional<bool> is_association_there(const std::string& handle, time_point deadline);
  attempt attempt_to_continue(const continuation& what, time_point deadline);
  bool reattach();
  static std::map<std::string, std::string> read_info(const answer& told);
  std::optional<at::failure> make_up_for_lost_events();
  void compare_with(const std::map<std::string, std::string>& info);
  std::optional<at::failure> await_event(time_point deadline);
  void tell_readiness();
  at::result<received> take_first(std::span<std::uint8_t> into);
  void collect();
  bool drain_channel();
  void note(at::item event);

  std::vector<option> options_;
  const std::vector<credential> credentials_;
  const std::string path_;
  std::optional<channel> channel_;
  readiness readiness_;
  bool has_credentials_ = false;  // the channel
  bool has_options_ = false;      // the channel, and they are the current ones
  bool is_open_ = false;          // the modem has the socket
  bool is_fresh_ = false;         // and has done nothing with it yet
  bool is_connected_ = false;
  bool is_unanswered_ = false;             // what was run last: the modem went away before it had answered
  bool has_lost_events_ = false;           // the channel has said so, and the modem was not asked yet
  bool awaits_outcome_ = false;            // of a connect or of a new handshake
  std::optional<at::bind_request> bound_;  // and not connected yet
  refused refused_ = refused::nothing;
  std::string protocol_ = "dtls";
  target target_;                                    // of the last connect
  at::up_event up_;                                  // of the connection
  std::optional<at::result<at::up_event>> outcome_;  // of the connect on its way
  std::deque<arrival> arrived_;
  std::string handle_;
  int alert_ = -1;
};

}  // namespace tlsmodem::client
