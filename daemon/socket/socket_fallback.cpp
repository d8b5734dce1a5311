// A handshake that offered a session has failed, or nobody answers it: the same connect goes on without the
// session. docs/decisions/0024-session-fallback.md
#include "socket_machine.hpp"

#include <algorithm>

namespace tlsmodem {

void socket_machine::withdraw(session_offer& offer, const std::unique_ptr<tls::engine>& engine,
                              std::string why, offer_end how) {
  actions_.emplace_back(
      note_in_log{"a session was not taken, the handshake is made again without it", request_.host, why});
  if (sessions_) sessions_->withdraw(how, has_answered(engine), engine->failure().alert > 0);
  offer.withdraw(std::move(why), how);
}

void socket_machine::note_failed_handshake(const std::unique_ptr<tls::engine>& engine, int alert) {
  if (!sessions_) return;
  if (engine && session_offer::is_unanswered(*engine)) sessions_->unanswered();
  sessions_->failed(has_answered(engine), alert > 0);
}

// To the same address, over a new transport: a stream has no other way, and a datagram server may hold what
// was begun under the old port. A port that the client has bound is taken again.
void socket_machine::fall_back(std::string why, offer_end how, time_point now) {
  withdraw(offer_, engine_, std::move(why), how);
  actions_.emplace_back(close_transport{transport_slot::current, std::move(engine_->outgoing())});
  candidates_.push_back(remote_.address);
  reach_next(now);
}

void socket_machine::fall_back_next(std::string why, offer_end how, time_point now) {
  withdraw(next_->offer, next_->engine, std::move(why), how);
  auto unsent = std::move(next_->engine->outgoing());  // a last alert, perhaps
  next_->engine.reset();
  if (next_->shares_transport) {
    for (; !unsent.empty(); unsent.pop()) engine_->outgoing().push(unsent.front());
    start_next_engine(now);
    return;
  }
  actions_.emplace_back(close_transport{transport_slot::next, std::move(unsent)});
  open_next(now);
}

namespace {

at::failure silence() {
  return {at::error::handshake_timeout, "It did not answer, with a session and without one."};
}

}  // namespace

bool socket_machine::check_offer(time_point now) {
  if (phase_ != phase::handshaking) return false;
  if (offer_.is_in_vain(now)) {
    fall_back(offer_.why_in_vain(), offer_.end_in_vain(), now);
    return true;
  }
  if (!offer_.is_too_late(now)) return false;
  fail(silence(), -1);
  return true;
}

// Precondition: there is a next one.
bool socket_machine::check_next_offer(time_point now) {
  if (!next_->engine) return false;
  if (next_->offer.is_in_vain(now)) {
    fall_back_next(next_->offer.why_in_vain(), next_->offer.end_in_vain(), now);
    return true;
  }
  if (!next_->offer.is_too_late(now)) return false;
  drop_next(silence(), -1);
  return true;
}

}  // namespace tlsmodem
