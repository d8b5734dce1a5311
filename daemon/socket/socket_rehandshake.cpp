// A new handshake beside a living association: AT#TREHS, and what the option auto_resume asks for. The
// association is used until the new one is up.
#include "socket_machine.hpp"
#include "time_limits.hpp"

#include <algorithm>

namespace tlsmodem {

using namespace std::chrono_literals;

bool socket_machine::was_silent_for_long(time_point now) const {
  // A connection ID is what a NAT cannot take away.
  if (engine_ && engine_->association() != nullptr && engine_->association()->has_peer_cid()) return false;
  return profile_.auto_resume > 0ms && profile_.protocol == socket_protocol::dtls &&
         phase_ == phase::connected && !is_fresh_ && now - last_traffic_ >= profile_.auto_resume;
}

// Sends wait for a new handshake, which may be on its way already. When it cannot even begin,
// failed_for_send_ says so.
void socket_machine::hold_sends(time_point now) {
  if (next_) {
    next_->holds_sends = true;
    return;
  }
  begin_rehandshake(handshake_wish::abbreviated, true, now);
}

std::optional<at::failure> socket_machine::rehandshake(handshake_wish wish, time_point now) {
  if (!profile_.is_secure())
    return at::failure{at::error::not_supported, "A socket without TLS has no handshake."};
  if (next_) return at::failure{at::error::busy, "A new handshake is on its way already."};
  begin_rehandshake(wish, false, now);
  return std::nullopt;
}

void socket_machine::begin_rehandshake(handshake_wish wish, bool holds_sends, time_point now) {
  next_ = second_handshake{};
  next_->wish = wish;
  next_->holds_sends = holds_sends;
  next_->remote = remote_;
  next_->shares_transport = keeps_port_ && profile_.is_datagram();
  if (profile_.hs_timeout > 0ms) next_->deadline = now + profile_.hs_timeout;
  if (next_->shares_transport) {
    next_->local = local_;
    next_->path_limit_bytes = path_limit_bytes_;
    start_next_engine(now);
    return;
  }
  open_next(now);
}

void socket_machine::open_next(time_point now) {
  if (!profile_.is_datagram()) next_->reach_deadline = now + tcp_connect_limit;
  actions_.emplace_back(open_transport{next_->remote, transport_slot::next});
}

void socket_machine::on_next_up(const net::endpoint& local, const net::endpoint& remote,
                                std::size_t path_limit_bytes, time_point now) {
  if (!next_ || next_->engine) return;
  next_->local = local;
  next_->remote = remote;
  next_->path_limit_bytes = path_limit_bytes;
  next_->reach_deadline.reset();
  if (!profile_.is_datagram() && !next_->deadline) next_->deadline = now + stream_handshake_limit;
  start_next_engine(now);
}

void socket_machine::start_next_engine(time_point now) {
  next_->engine = new_engine(next_->path_limit_bytes, next_->wish, next_->offer);
  next_->started = now;
  next_->engine->start(now);
  next_->offer.begin(*next_->engine, profile_, next_->deadline, now);
  inspect_next(now);
}

void socket_machine::on_next_received(bytes_view data, time_point now) {
  if (!next_ || !next_->engine) return;
  next_->engine->feed(data, now);
  inspect_next(now);
}

void socket_machine::on_next_end(time_point now) {
  if (!next_ || !next_->engine) return;
  next_->engine->feed_end(now);
  inspect_next(now);
}

void socket_machine::on_next_failed(at::failure why, time_point now) {
  if (!next_) return;
  if (!profile_.is_datagram() && next_->engine && session_offer::is_at_stake(*next_->engine))
    return fall_back_next(why.text, offer_end::refused, now);
  if (next_->engine && next_->offer.forgives_error(*next_->engine)) return;
  drop_next(with_stage(std::move(why), next_->engine), -1);
}

socket_machine::next_output socket_machine::next_outgoing() {
  if (!next_ || !next_->engine) return {};
  return {&next_->engine->outgoing(),
          next_->shares_transport ? transport_slot::current : transport_slot::next};
}

std::optional<socket_machine::time_point> socket_machine::next_deadline() const {
  if (!next_) return std::nullopt;
  std::optional<time_point> first = next_->deadline;
  const auto earlier = [&](std::optional<time_point> other) {
    if (other && (!first || *other < *first)) first = other;
  };
  earlier(next_->reach_deadline);
  earlier(next_->offer.deadline());
  if (next_->engine) earlier(next_->engine->deadline());
  return first;
}

void socket_machine::check_next_deadline(time_point now) {
  if (!next_) return;
  const bool is_late = (next_->deadline && *next_->deadline <= now) ||
                       (next_->reach_deadline && *next_->reach_deadline <= now);
  if (is_late) {
    const std::string why = next_->engine ? next_->engine->explain_silence() : std::string();
    drop_next({at::error::handshake_timeout,
               "It did not answer the new handshake in time" + (why.empty() ? "." : ": " + why)},
              -1);
    return;
  }
  if (check_next_offer(now)) return;
  if (!next_->engine || !next_->engine->deadline() || *next_->engine->deadline() > now) return;
  next_->engine->on_deadline(now);
  inspect_next(now);
}

void socket_machine::inspect_next(time_point now) {
  next_->offer.follow(*next_->engine, now);
  if (is_up(*next_->engine)) return use_next(now);
  if (next_->engine->state() != tls::engine_state::failed) return;
  const auto failure = next_->engine->failure();
  if (session_offer::is_at_fault(*next_->engine))
    return fall_back_next(failure.why.text, offer_end::refused, now);
  drop_next(failure.why, failure.alert);
}

// The server may forget the old association now, if it still knows it.
void socket_machine::adopt(second_handshake next, time_point now) {
  if (!next.shares_transport) {
    engine_->shut(now);
    actions_.emplace_back(replace_transport{std::move(engine_->outgoing()), patience_for_goodbye()});
  }
  engine_ = std::move(next.engine);
  local_ = next.local;
  remote_ = next.remote;
  path_limit_bytes_ = next.path_limit_bytes;
  handshake_started_ = next.started;
  offer_ = std::move(next.offer);
}

void socket_machine::use_next(time_point now) {
  auto next = *std::exchange(next_, std::nullopt);
  is_fresh_ = next.holds_sends;
  adopt(std::move(next), now);
  on_established(now);
  inspect(now);
}

// The association ended before the new one was up: from here on it is a connect like any other.
void socket_machine::wait_for_next(time_point now) {
  auto next = *std::exchange(next_, std::nullopt);
  connect_deadline_ = next.deadline;
  reach_deadline_ = next.reach_deadline;
  wish_ = next.wish;
  candidates_.clear();
  adopt(std::move(next), now);
  enter(engine_ ? phase::handshaking : phase::reaching);
}

void socket_machine::drop_next(const at::failure& why, int alert) {
  auto dropped = std::move(*std::exchange(next_, std::nullopt));
  note_failed_handshake(dropped.engine, alert);
  // A last alert belongs to the peer.
  packet_queue unsent;
  if (dropped.engine) unsent = std::move(dropped.engine->outgoing());
  if (dropped.shares_transport) {
    for (; !unsent.empty(); unsent.pop()) engine_->outgoing().push(unsent.front());
  } else {
    actions_.emplace_back(close_transport{transport_slot::next, std::move(unsent)});
  }
  tell_failure(why, alert);
  if (dropped.holds_sends) failed_for_send_ = at_peer(why);
}

}  // namespace tlsmodem
