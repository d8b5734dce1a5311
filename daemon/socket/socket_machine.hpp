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
#include "session_offer.hpp"
#include "socket_sessions.hpp"

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
// A socket has one transport, and a second one while a new handshake is on its way beside the association.
enum class transport_slot : std::uint8_t { current, next };
struct open_transport {
  net::endpoint remote;
  transport_slot in = transport_slot::current;
  net::endpoint local = {};  // that it has to come from, when the client did not bind one; {}: any
};
// The peer may be anywhere: a connection ID tells which datagrams are its (RFC 9146 6).
struct receive_from_anywhere {};
// The peer is there now.
struct move_transport {
  net::endpoint remote;
};
// The same peer, from another local port.
struct rebind_transport {
  net::endpoint remote;
};
// Behind the last byte of outgoing(), FIN (streams).
struct end_sending {};
// Behind the last byte of outgoing(), everything. The machine hears nothing of this transport any more.
struct close_transport {
  transport_slot in = transport_slot::current;
  packet_queue unsent;  // of the next one, and of an engine that is gone; else it is outgoing()
  std::chrono::milliseconds awaits_goodbye{0};  // the port waits so long for the peer's close_notify
};
// The next transport becomes the current one, which ends behind its last bytes.
struct replace_transport {
  packet_queue unsent;
  std::chrono::milliseconds awaits_goodbye{0};
};
struct emit_event {
  std::string line;
  std::string sentence;  // what AT+CEER tells of it; empty: nothing failed
};
// For the log of the daemon: what no event tells.
struct note_in_log {
  std::string message;
  std::string host;
  std::string reason;
};
using socket_action =
    std::variant<resolve_name, open_transport, receive_from_anywhere, move_transport, rebind_transport,
                 end_sending, close_transport, replace_transport, emit_event, note_in_log>;

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

  // `sessions`: null when nothing is ever resumed.
  socket_machine(int id, profile options, engine_factory make_engine,
                 std::unique_ptr<socket_sessions> sessions = nullptr);
  ~socket_machine();

  // Commands. The caller has checked that they are legal in state().
  void connect(const at::connect_request& request, time_point now);
  // False when there is nothing to abort.
  bool abort(std::string_view why, time_point now);
  // AT#TRESUME. False when this socket never resumes anything.
  bool use_handle(std::string handle);
  // A new handshake with the same peer, on a transport of its own, or on the same one when the port is bound.
  // Errors: 812 one is on its way already; 4 there is nothing to shake hands about.
  std::optional<at::failure> rehandshake(handshake_wish wish, time_point now);
  // AT#TNET="rebind": as if a NAT had given the association another port. False: there is none to move.
  bool rebind();
  // The peer finds the association by its connection ID, wherever it comes from.
  bool can_move() const;
  // The local port was bound by the client: every handshake has to use it.
  void keep_port(bool is_bound) { keeps_port_ = is_bound; }
  // Taken by the client before a connect, with the port that the kernel chose; {} when given up.
  void on_bound(const net::endpoint& local) { local_ = bound_ = local; }
  void reopen();
  send_result send(bytes_view payload, bool is_last, time_point now);
  void shut(farewell how, time_point now);
  void close(farewell how, time_point now);
  // The daemon stops: says farewell to the peer, unless the association is kept, and tells the client.
  void stop(time_point now);

  // Events from the network.
  void on_resolved(at::result<std::vector<std::string>> addresses, time_point now);
  void on_transport_up(const net::endpoint& local, const net::endpoint& remote, std::size_t path_limit_bytes,
                       time_point now);
  void on_connect_failed(const at::failure& why, time_point now);
  void on_received(bytes_view data, bool is_truncated, time_point now);
  // From another address than the peer's.
  void on_received_from_elsewhere(const net::endpoint& from, bytes_view data, time_point now);
  void on_end(time_point now);
  void on_error(const at::failure& why, time_point now);
  // A datagram was too long for the path, which takes so many bytes of payload.
  void on_path_limit(transport_slot slot, std::size_t path_limit_bytes, const at::failure& why,
                     time_point now);
  void on_deadline(time_point now);
  // The same of the transport in the slot `next`.
  void on_next_up(const net::endpoint& local, const net::endpoint& remote, std::size_t path_limit_bytes,
                  time_point now);
  void on_next_received(bytes_view data, time_point now);
  void on_next_end(time_point now);
  void on_next_failed(at::failure why, time_point now);
  // `handler` is called when sequence numbers have become available; it leads to on_numbers_reserved().
  void when_reserved(std::function<void()> handler);
  void on_numbers_reserved(time_point now);
  void on_sent(std::size_t count) { bytes_sent_ += count; }
  // The client took something out of received().
  void on_taken(time_point now);

  // What the driver and the channel look at.
  std::vector<socket_action> take_actions() { return std::exchange(actions_, {}); }
  packet_queue* outgoing();
  // Of the handshake beside the association; `slot` tells which transport takes it.
  struct next_output {
    packet_queue* queue = nullptr;
    transport_slot slot = transport_slot::next;
  };
  next_output next_outgoing();
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
  static bool has_answered(const std::unique_ptr<tls::engine>& engine) {
    return engine && engine->info().server_answered;
  }
  static at::failure with_stage(at::failure why, const std::unique_ptr<tls::engine>& engine);
  // Its handshake came to its end, even if an alert came in with that.
  static bool is_up(const tls::engine& engine) {
    const auto state = engine.state();
    return state == tls::engine_state::established || state == tls::engine_state::peer_closed ||
           engine.info().handshake_done;
  }
  bool has_live_engine() const;
  tls::peer_name peer() const { return {request_.host, profile_.sni}; }
  bool begin_to_continue();
  bool can_come_from(const net::endpoint& local) const;
  void fail_rebind(const at::failure& why);
  void on_rebound(const net::endpoint& local, std::size_t path_limit_bytes);
  void continue_association(time_point now);
  void resolve();
  void end_association();
  std::chrono::milliseconds patience_for_goodbye() const;
  bool is_asleep() const { return phase_ == phase::shut && is_silent_; }
  void reach_next(time_point now);
  void inspect(time_point now);
  void take_plaintext();
  void on_established(time_point now);
  void tell_up();
  void fail(const at::failure& why, int alert);
  void go_down(at::down_cause cause, int alert, std::string text, time_point now);
  void finish_down();
  void emit(std::string line, std::string sentence = {});
  std::string peer_place() const;
  at::failure at_peer(const at::failure& why) const;
  void tell_failure(const at::failure& why, int alert);
  void tell_sessions();
  void tell_handle();
  std::size_t datagram_limit() const;
  std::string resumable() const;
  std::unique_ptr<tls::engine> new_engine(std::size_t path_limit_bytes, handshake_wish wish,
                                          session_offer& offer);
  void note_failed_handshake(const std::unique_ptr<tls::engine>& engine, int alert);
  void withdraw(session_offer& offer, const std::unique_ptr<tls::engine>& engine, std::string why,
                offer_end how);
  void fall_back(std::string why, offer_end how, time_point now);
  void fall_back_next(std::string why, offer_end how, time_point now);
  bool check_offer(time_point now);
  bool check_next_offer(time_point now);
  bool was_silent_for_long(time_point now) const;
  void hold_sends(time_point now);
  void begin_rehandshake(handshake_wish wish, bool holds_sends, time_point now);
  void open_next(time_point now);
  void start_next_engine(time_point now);
  void inspect_next(time_point now);
  void check_next_deadline(time_point now);
  std::optional<time_point> next_deadline() const;
  void use_next(time_point now);
  void wait_for_next(time_point now);
  void drop_next(const at::failure& why, int alert);

  // A handshake beside the association, until it takes its place.
  struct second_handshake {
    handshake_wish wish = handshake_wish::abbreviated;
    bool shares_transport = false;
    bool holds_sends = false;  // AT#TSEND waits for it
    session_offer offer;
    std::unique_ptr<tls::engine> engine;
    net::endpoint local;
    net::endpoint remote;
    std::size_t path_limit_bytes = 0;
    time_point started{};
    std::optional<time_point> deadline;        // of all of it
    std::optional<time_point> reach_deadline;  // of the TCP connect
  };

  void adopt(second_handshake next, time_point now);

  const int id_;
  const profile profile_;
  const engine_factory make_engine_;
  const std::unique_ptr<socket_sessions> sessions_;
  phase phase_ = phase::open;
  std::vector<socket_action> actions_;

  at::connect_request request_;
  std::vector<std::string> candidates_;  // addresses not tried yet, the next one last
  net::endpoint bound_;                  // by the client; {}: it left that to us
  net::endpoint local_;
  net::endpoint remote_;
  std::size_t path_limit_bytes_ = 0;
  std::unique_ptr<tls::engine> engine_;
  std::optional<time_point> connect_deadline_;  // of the whole connect
  std::optional<time_point> reach_deadline_;    // of the TCP connect to one address
  time_point handshake_started_{};
  std::chrono::milliseconds handshake_took_{0};

  std::optional<socket_sessions::live_place> continues_;  // the association that this connect takes up
  bool is_rebinding_ = false;
  handshake_wish wish_ = handshake_wish::as_configured;
  session_offer offer_;  // of the handshake of engine_
  std::string handle_;   // the last one that was told
  bool keeps_port_ = false;
  std::optional<second_handshake> next_;
  time_point last_traffic_{};                   // data of the association, either way
  bool is_fresh_ = false;                       // a new handshake is up for a send that has not come yet
  std::optional<at::failure> failed_for_send_;  // why the handshake that a send waited for did not come about

  receive_queue received_;
  bool is_silent_ = false;      // shut without a word: nothing goes out any more, and nothing comes in
  bool is_ready_told_ = false;  // #TRDY is out and the client has not emptied the queue
  std::optional<at::down_event> pending_down_;
  std::optional<std::string> pending_up_;  // #TUP of a stream, behind what is pushed of the connection before
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
};

}  // namespace tlsmodem
