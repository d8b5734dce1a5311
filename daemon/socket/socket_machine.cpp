#include "socket_machine.hpp"

#include "protocol/limits.hpp"
#include "time_limits.hpp"

#include <algorithm>

namespace tlsmodem {
namespace {

using namespace std::chrono_literals;

// More than this behind the transport, and the socket takes no further AT#TSEND. Small datagrams count too.
constexpr std::size_t send_high_water_bytes = std::size_t{256} * 1024;
constexpr std::size_t send_high_water_packets = 1024;
constexpr std::uint8_t close_notify = 0;

receive_queue::kind queue_kind(const profile& p) {
  return p.is_datagram() ? receive_queue::kind::datagrams : receive_queue::kind::stream;
}

}  // namespace

socket_machine::socket_machine(int id, profile options, engine_factory make_engine,
                               std::unique_ptr<socket_sessions> sessions)
    : id_(id),
      profile_(std::move(options)),
      make_engine_(std::move(make_engine)),
      sessions_(std::move(sessions)),
      received_(queue_kind(profile_)) {}

socket_machine::~socket_machine() = default;

bool socket_machine::is_connecting() const {
  return phase_ == phase::resolving || phase_ == phase::reaching || phase_ == phase::handshaking;
}

at::socket_state socket_machine::state() const {
  switch (phase_) {
    case phase::open:
      return at::socket_state::open;
    case phase::resolving:
    case phase::reaching:
    case phase::handshaking:
      return at::socket_state::connecting;
    case phase::connected:
      return at::socket_state::connected;
    case phase::shut:
    case phase::draining:
      return at::socket_state::closing;
    case phase::closed:
      break;
  }
  return at::socket_state::closed;
}

// After a failure the engine is only kept for what it tells and for its last alert.
bool socket_machine::has_live_engine() const {
  return phase_ == phase::handshaking || phase_ == phase::connected || phase_ == phase::shut;
}

packet_queue* socket_machine::outgoing() { return engine_ ? &engine_->outgoing() : nullptr; }

std::optional<socket_machine::time_point> socket_machine::deadline() const {
  std::optional<time_point> first = connect_deadline_;
  const auto earlier = [&](std::optional<time_point> other) {
    if (other && (!first || *other < *first)) first = other;
  };
  earlier(reach_deadline_);
  if (phase_ == phase::handshaking) earlier(offer_.deadline());
  if (has_live_engine()) earlier(engine_->deadline());
  earlier(next_deadline());
  return first;
}

bool socket_machine::wants_input() const {
  return profile_.is_datagram() || (!received_.is_full() && phase_ != phase::draining && !pending_up_);
}

bool socket_machine::can_send() const {
  return engine_ && !(next_ && next_->holds_sends) && engine_->outgoing().bytes() < send_high_water_bytes &&
         engine_->outgoing().packets() < send_high_water_packets;
}

void socket_machine::emit(std::string line, std::string sentence) {
  actions_.emplace_back(emit_event{std::move(line), std::move(sentence)});
}

// ---- the association

void socket_machine::on_received(bytes_view data, bool is_truncated, time_point now) {
  if (!has_live_engine() || is_asleep()) return;
  bytes_received_ += data.size();
  if (is_truncated || (profile_.protocol == socket_protocol::udp && data.size() > at::max_datagram_bytes)) {
    received_.push(data.first(std::min(data.size(), at::max_datagram_bytes)), true);
    inspect(now);
    return;
  }
  // On a shared transport nobody knows whose a datagram is before it is opened.
  if (next_ && next_->shares_transport) {
    on_next_received(data, now);
    return;
  }
  engine_->feed(data, now);
  if (!engine_->incoming().empty()) last_traffic_ = now;
  inspect(now);
}

// On a shared transport a new handshake is on its way with the peer where it was.
void socket_machine::on_received_from_elsewhere(const net::endpoint& from, bytes_view data, time_point now) {
  if (from == remote_) return on_received(data, false, now);
  if (phase_ != phase::connected || (next_ && next_->shares_transport)) return;
  const bool has_moved = engine_->feed_from_elsewhere(data, now);
  if (!engine_->incoming().empty()) last_traffic_ = now;
  if (has_moved) {
    bytes_received_ += data.size();
    remote_ = from;
    actions_.emplace_back(move_transport{from});
    emit(at::format(at::moved_event{id_, from.address, from.port}));
    if (sessions_) sessions_->moved_live(*engine_, {remote_, local_});
  }
  inspect(now);
}

void socket_machine::on_end(time_point now) {
  if (!has_live_engine()) return;
  engine_->feed_end(now);
  inspect(now);
}

// `why` came from the transport; a handshake that it breaks off says how far it was.
at::failure socket_machine::with_stage(at::failure why, const std::unique_ptr<tls::engine>& engine) {
  const std::string stage = engine ? engine->explain_end() : std::string();
  if (!stage.empty() && why.text.ends_with('.')) why.text.pop_back();
  why.text += stage;
  return why;
}

void socket_machine::on_error(const at::failure& why, time_point now) {
  // An alert that was under way is lost with a stream that is reset.
  if (phase_ == phase::handshaking && !profile_.is_datagram() && session_offer::is_at_stake(*engine_))
    return fall_back(why.text, offer_end::refused, now);
  if (phase_ == phase::handshaking && offer_.forgives_error(*engine_)) return;
  if (phase_ == phase::reaching || phase_ == phase::handshaking) {
    on_connect_failed(with_stage(why, engine_), now);
    return;
  }
  if (phase_ != phase::connected && phase_ != phase::shut) return;
  if (next_ && next_->shares_transport) {  // it asks for the new handshake's first flight, as on a connect
    on_next_failed(why, now);
    return;
  }
  if (profile_.is_datagram()) {
    // ICMP is not authenticated and often passes (a server that restarts): tell it, and go on.
    emit(at::format(at::error_event{id_, why.code}), at_peer(why).text);
    return;
  }
  go_down(at::down_cause::transport_error, -1, at_peer(why).text, now);
}

// A handshake goes on in smaller datagrams, RFC 6347 4.1.1.1. Data of the client are not cut: it is told.
void socket_machine::on_path_limit(transport_slot slot, std::size_t path_limit_bytes, const at::failure& why,
                                   time_point now) {
  const bool is_of_next = next_ && next_->engine && (slot == transport_slot::next || next_->shares_transport);
  if (is_of_next) next_->path_limit_bytes = path_limit_bytes;
  if (slot == transport_slot::current) path_limit_bytes_ = path_limit_bytes;
  if (is_of_next && next_->engine->lower_datagram_limit(path_limit_bytes, now)) return inspect_next(now);
  if (slot == transport_slot::next) return;
  if (phase_ == phase::handshaking && engine_->lower_datagram_limit(path_limit_bytes, now))
    return inspect(now);
  on_error(why, now);
}

void socket_machine::on_deadline(time_point now) {
  if (connect_deadline_ && *connect_deadline_ <= now) {
    const char* stage = phase_ == phase::resolving  ? "the name server"
                        : phase_ == phase::reaching ? "the TCP connect"
                                                    : "the handshake";
    const std::string why = phase_ == phase::handshaking ? engine_->explain_silence() : std::string();
    fail({at::error::handshake_timeout,
          "The connect took too long, waiting for " + std::string(stage) + (why.empty() ? "." : ": " + why)},
         -1);
    return;
  }
  if (reach_deadline_ && *reach_deadline_ <= now) {
    on_connect_failed({at::error::handshake_timeout, "It did not answer the TCP connect."}, now);
    return;
  }
  check_next_deadline(now);
  if (check_offer(now)) return;
  if (has_live_engine() && engine_->deadline() && *engine_->deadline() <= now) {
    engine_->on_deadline(now);
    inspect(now);
  }
}

// Looks at what the engine has become, after every call of it.
void socket_machine::inspect(time_point now) {
  const auto state = engine_->state();
  if (phase_ == phase::handshaking) offer_.follow(*engine_, now);
  if (phase_ == phase::handshaking && is_up(*engine_)) on_established(now);
  if (pending_up_) return;
  take_plaintext();
  if (phase_ != phase::handshaking) tell_sessions();
  if (sessions_) sessions_->refresh_live(*engine_);
  if (state == tls::engine_state::failed) {
    const auto& failure = engine_->failure();
    if (phase_ == phase::handshaking && session_offer::is_at_fault(*engine_)) {
      fall_back(failure.why.text, offer_end::refused, now);
    } else if (phase_ == phase::handshaking) {
      handshake_took_ = std::chrono::duration_cast<std::chrono::milliseconds>(now - handshake_started_);
      fail(failure.why, failure.alert);
    } else {
      const auto cause = failure.alert >= 0  ? at::down_cause::alert
                         : failure.truncated ? at::down_cause::truncated
                                             : at::down_cause::transport_error;
      if (sessions_ && cause == at::down_cause::alert) sessions_->broken();
      go_down(cause, failure.alert, failure.why.text, now);
    }
  } else if (state == tls::engine_state::peer_closed) {
    go_down(at::down_cause::peer_closed, engine_->info().alert_received ? 0 : -1, "The peer closed.", now);
  }
}

void socket_machine::on_established(time_point now) {
  connect_deadline_.reset();
  candidates_.clear();
  handshake_took_ = std::chrono::duration_cast<std::chrono::milliseconds>(now - handshake_started_);
  last_traffic_ = now;
  enter(phase::connected);
  const auto& info = engine_->info();
  if (sessions_) {
    bool is_named = info.is_continued || info.may_leave_tickets;
    if (!info.is_continued) {
      sessions_->established(info.resumed, info.retransmissions == 0);
      if (sessions_->shares_session())
        actions_.emplace_back(
            note_in_log{"two associations have the same session, and the server may drop one of them",
                        request_.host, "resumed with the handle of a socket that is connected"});
      if (info.session_offered && !info.resumed) offer_.set_fallback("the server made a full handshake");
      sessions_->keep(engine_->take_sessions());
      sessions_->keep_live(*engine_, {remote_, local_});
      is_named = is_named || sessions_->names_something();
    }
    if (is_named) tell_handle();
  }
  if (engine_->association() != nullptr && engine_->association()->has_own_cid())
    actions_.emplace_back(receive_from_anywhere{});
  const int how = info.is_continued ? 2 : info.resumed ? 1 : 0;
  tell_up();
  pending_up_ = at::format(at::up_event{id_, how, info.version, info.suite, remote_.address, remote_.port,
                                        local_.address, local_.port});
  const bool is_behind_data =
      !profile_.is_datagram() && profile_.delivery == delivery_mode::push && !received_.empty();
  if (!is_behind_data) tell_up();
}

void socket_machine::tell_up() {
  if (pending_up_) emit(*std::exchange(pending_up_, std::nullopt));
}

// Tickets of TLS 1.3 come when the server likes.
void socket_machine::tell_sessions() {
  auto left = engine_->take_sessions();
  if (left.empty() || !sessions_ || !sessions_->keep(std::move(left))) return;
  tell_handle();
}

void socket_machine::tell_handle() {
  handle_ = sessions_->handle();
  emit(at::format(at::key_event{id_, handle_}));
}

void socket_machine::take_plaintext() {
  auto& plaintext = engine_->incoming();
  while (!plaintext.empty()) {
    received_.push(plaintext.front());
    plaintext.pop();
  }
  if (profile_.delivery != delivery_mode::pull || is_ready_told_ || received_.empty()) return;
  is_ready_told_ = true;
  emit(at::format_ready(id_, received_.unread_bytes()));
}

void socket_machine::on_taken(time_point now) {
  if (!received_.empty()) return;
  is_ready_told_ = false;
  if (pending_up_) {
    tell_up();
    inspect(now);
  }
  if (pending_down_ && received_.empty()) finish_down();
}

// The peer is gone. The client hears of it behind the last byte that came before.
void socket_machine::go_down(at::down_cause cause, int alert, std::string text, time_point now) {
  if (phase_ != phase::connected && phase_ != phase::shut) return;
  if (pending_up_) {
    tell_up();
    take_plaintext();
  }
  if (next_) {
    end_association();
    wait_for_next(now);
    return;
  }
  // RFC 5246 7.2.1: a close_notify is answered with one.
  const bool is_kept = cause == at::down_cause::stopping && sessions_ && sessions_->is_live_kept() &&
                       sessions_->release_live(*engine_);
  if (!is_kept && !is_asleep()) engine_->shut(now);
  end_association();
  actions_.emplace_back(close_transport{transport_slot::current, {}, patience_for_goodbye()});
  pending_down_ = at::down_event{id_, cause, alert, std::move(text)};
  enter(phase::draining);
  if (received_.empty()) finish_down();
}

void socket_machine::finish_down() {
  const bool is_failure = pending_down_->cause != at::down_cause::peer_closed;
  emit(at::format(*pending_down_), is_failure ? "The connection ended: " + pending_down_->text : "");
  pending_down_.reset();
  enter(phase::closed);
}

// ---- sending and closing

send_result socket_machine::send(bytes_view payload, bool is_last, time_point now) {
  using enum at::error;
  if (profile_.is_datagram() && payload.size() > at::max_datagram_bytes)
    return {send_status::failed, {message_too_long, "A datagram carries at most 16384 bytes."}};
  if (profile_.mtu_bytes != 0 && profile_.is_datagram() &&
      payload.size() > engine_->info().cost.largest_content(profile_.mtu_bytes))
    return {send_status::failed,
            {message_too_long, "The datagram would be longer than the option mtu allows."}};
  if (!failed_for_send_ && was_silent_for_long(now)) hold_sends(now);
  if (failed_for_send_) return {send_status::failed, *std::exchange(failed_for_send_, std::nullopt)};
  if (!can_send()) return {send_status::must_wait, {}};
  const auto outcome = engine_->send(payload, now);
  if (outcome == tls::send_outcome::not_now && !sessions_->is_live_refused())
    return {send_status::must_wait, {}};
  if (outcome == tls::send_outcome::not_now || outcome == tls::send_outcome::needs_handshake) {
    hold_sends(now);
    if (failed_for_send_) return {send_status::failed, *std::exchange(failed_for_send_, std::nullopt)};
    return {send_status::must_wait, {}};
  }
  if (outcome == tls::send_outcome::ok) last_traffic_ = now;
  is_fresh_ = false;
  at::failure why;
  if (outcome == tls::send_outcome::failed)
    why = engine_->failure().why;  // inspect() may bring another engine
  inspect(now);
  switch (outcome) {
    case tls::send_outcome::ok:
    case tls::send_outcome::not_now:
    case tls::send_outcome::needs_handshake:
      break;
    case tls::send_outcome::too_long:
      return {send_status::failed, {message_too_long, "A record carries at most 16384 bytes."}};
    case tls::send_outcome::not_supported:
      return {send_status::failed, {not_supported, "An empty datagram cannot be sent over DTLS."}};
    case tls::send_outcome::not_connected:
      return {send_status::failed, {not_connected, "The socket is not connected."}};
    case tls::send_outcome::failed:
      return {send_status::failed, why};
  }
  if (is_last) shut(farewell::spoken, now);
  return {};
}

void socket_machine::shut(farewell how, time_point now) {
  if (phase_ != phase::connected) return;
  if (next_) drop_next({at::error::aborted, "The socket was shut."}, -1);
  enter(phase::shut);
  is_silent_ = how == farewell::silent && profile_.is_datagram();
  if (is_silent_) {
    if (sessions_) sessions_->release_live(*engine_);
    return;
  }
  engine_->shut(now);
  end_association();
  actions_.emplace_back(end_sending{});
}

void socket_machine::close(farewell how, time_point now) {
  if (next_ && !next_->shares_transport) actions_.emplace_back(close_transport{transport_slot::next, {}});
  if (sessions_) sessions_->failed(has_answered(next_ ? next_->engine : engine_), false);
  next_.reset();
  const bool speaks = how == farewell::spoken || !profile_.is_datagram();
  if (speaks && phase_ == phase::connected) engine_->shut(now);
  if (!speaks && engine_) engine_->outgoing().clear();
  if (!speaks && sessions_ && phase_ == phase::connected) sessions_->release_live(*engine_);
  end_association();
  connect_deadline_.reset();
  reach_deadline_.reset();
  pending_up_.reset();
  pending_down_.reset();
  actions_.emplace_back(close_transport{transport_slot::current, {}, patience_for_goodbye()});
  enter(phase::closed);
}

// RFC 5246 7.2.1: our close_notify is answered with one, while the peer has not said its own. Where it finds
// the port closed, the kernel answers with an ICMP error.
std::chrono::milliseconds socket_machine::patience_for_goodbye() const {
  if (profile_.protocol != socket_protocol::dtls || !engine_) return 0ms;
  const auto& sent = engine_->info().alert_sent;
  const bool is_awaited =
      engine_->state() == tls::engine_state::established && sent && sent->description == close_notify;
  return is_awaited ? std::min<std::chrono::milliseconds>(profile_.hs_min, goodbye_limit) : 0ms;
}

void socket_machine::stop(time_point now) {
  abort("The daemon is stopping.", now);
  go_down(at::down_cause::stopping, -1, "The daemon is stopping.", now);
  // What is pushed still goes out before #TDOWN; but nobody will ask any more for what is pulled.
  if (phase_ != phase::draining || profile_.delivery != delivery_mode::pull) return;
  received_.clear();
  finish_down();
}

}  // namespace tlsmodem
