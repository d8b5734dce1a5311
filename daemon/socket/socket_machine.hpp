// The life of one socket, without I/O: commands and network events in, actions out.
//
// Theory of operation: the driver calls a command (connect, send, ...) or tells an event (on_...), and
// afterwards always: performs take_actions() in order, writes outgoing() to the transport, arms its timer for
// deadline(), and lets the channel take received(). Nothing here blocks, throws or looks at a clock.
//
//   open ──connect──▶ resolving ▶ reaching ▶ handshaking ▶ connected ──peer closed──▶ draining ▶ closed
//                         └───────────┴───────────┴─ #TFAIL ─▶ closed        └─shut─▶ shut ─────────┘
//
// "draining": the peer is gone, but the client has not taken all the data; #TDOWN comes behind the last of
// it.
#pragma once

#include "daemon/net/endpoint.hpp"
#include "daemon/tls/context.hpp"
#include "daemon/tls/engine.hpp"
#include "profile.hpp"
#include "protocol/commands/connect.hpp"
#include "protocol/event.hpp"
#include "protocol/socket_state.hpp"
#include "receive_queue.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tlsmodem {

// What next? The driver does it, in order.
struct resolve_name {
  std::string host;
  net::address_family family;
};
struct open_transport {
  net::endpoint remote;
};
// Behind the last byte of outgoing(), FIN (streams).
struct end_sending {};
// Behind the last byte of outgoing(), everything. The machine hears nothing of this transport any more.
struct close_transport {};
struct emit_event {
  std::string line;
  std::string sentence;  // what AT+CEER tells of it; empty: nothing failed
};
using socket_action = std::variant<resolve_name, open_transport, end_sending, close_transport, emit_event>;

enum class send_status : std::uint8_t { accepted, must_wait, failed };
struct send_result {
  send_status is = send_status::accepted;
  at::failure why;  // of a failed one
};

enum class farewell : std::uint8_t { spoken, silent };

class socket_machine {
 public:
  // `path_limit_bytes`: the largest datagram of the path; 0 for streams.
  using engine_factory =
      std::function<std::unique_ptr<tls::engine>(const tls::peer_name& peer, std::size_t path_limit_bytes)>;
  using time_point = tls::time_point;

  socket_machine(int id, profile options, engine_factory make_engine);
  ~socket_machine();

  // Commands. The caller has checked that they are legal in state().
  void connect(const at::connect_request& request, time_point now);
  void abort(std::string_view why, time_point now);
  void reopen();
  send_result send(bytes_view payload, bool is_last, time_point now);
  void shut(farewell how, time_point now);
  void close(farewell how, time_point now);
  // The daemon stops: says farewell to the peer and tells the client.
  void stop(time_point now);

  // Events from the network.
  void on_resolved(at::result<std::vector<std::string>> addresses, time_point now);
  void on_transport_up(const net::endpoint& local, const net::endpoint& remote, std::size_t path_limit_bytes,
                       time_point now);
  void on_connect_failed(const at::failure& why, time_point now);
  void on_received(bytes_view data, bool is_truncated, time_point now);
  void on_end(time_point now);
  void on_error(at::failure why, time_point now);
  void on_deadline(time_point now);
  void on_sent(std::size_t count) { bytes_sent_ += count; }
  // The client took something out of received().
  void on_taken(time_point now);

  // What the driver and the channel look at.
  std::vector<socket_action> take_actions() { return std::exchange(actions_, {}); }
  tls::packet_queue* outgoing();
  std::optional<time_point> deadline() const;
  bool wants_input() const;
  bool can_send() const;
  receive_queue& received() { return received_; }
  const receive_queue& received() const { return received_; }
  at::socket_state state() const;
  int id() const { return id_; }
  const profile& options() const { return profile_; }
  // The keys and formatted values of AT#TINFO.
  std::vector<std::pair<std::string, std::string>> info() const;

 private:
  enum class phase : std::uint8_t {
    open,
    resolving,
    reaching,
    handshaking,
    connected,
    shut,
    draining,
    closed
  };

  void enter(phase next) { phase_ = next; }
  bool is_connecting() const;
  bool has_live_engine() const;
  void reach_next(time_point now);
  void inspect(time_point now);
  void take_plaintext();
  void on_established(time_point now);
  void fail(const at::failure& why, int alert);
  void go_down(at::down_cause cause, int alert, std::string text, time_point now);
  void finish_down();
  void emit(std::string line, std::string sentence = {});
  std::size_t datagram_limit() const;

  const int id_;
  const profile profile_;
  const engine_factory make_engine_;
  phase phase_ = phase::open;
  std::vector<socket_action> actions_;

  at::connect_request request_;
  std::vector<std::string> candidates_;  // addresses not tried yet, the next one last
  net::endpoint local_;
  net::endpoint remote_;
  std::size_t path_limit_bytes_ = 0;
  std::unique_ptr<tls::engine> engine_;
  std::optional<time_point> connect_deadline_;  // of the whole connect
  std::optional<time_point> reach_deadline_;    // of the TCP connect to one address
  time_point handshake_started_{};
  std::chrono::milliseconds handshake_took_{0};

  receive_queue received_;
  bool is_silent_ = false;      // shut without a word: nothing more goes out, not even an answer
  bool is_ready_told_ = false;  // #TRDY is out and the client has not emptied the queue
  std::optional<at::down_event> pending_down_;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
};

}  // namespace tlsmodem
