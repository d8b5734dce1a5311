#include "socket_sessions.hpp"

#include "daemon/tls/fingerprint.hpp"

#include <utility>

namespace tlsmodem {

socket_sessions::~socket_sessions() { drop_attempt(); }

void socket_sessions::drop_attempt() {
  if (attempt_ && attempt_->loan) store_.give_back(config_.user, attempt_->handle, *attempt_->loan);
  attempt_.reset();
}

std::string socket_sessions::candidate(const tls::fingerprint& binding, handshake_wish wish) const {
  if (wish != handshake_wish::as_configured) return handle_;
  if (requested_) return *requested_;
  if (config_.mode == resume_mode::own) return handle_;
  if (config_.mode == resume_mode::automatic) return store_.find(config_.user, binding).value_or("");
  return {};
}

secret socket_sessions::begin(const tls::peer_name& peer, std::uint16_t port, handshake_wish wish) {
  drop_attempt();
  const auto binding = tls::bind_to_peer(config_.context, peer, port);
  auto handle = candidate(binding, wish);
  const bool is_own = !handle.empty() && handle == handle_ && where_.binding == binding;
  if (!is_own && !store_.knows(config_.user, handle, binding)) handle = session_store::make_handle();
  attempt_ = attempt{handle, {binding, peer.host, port, config_.is_kept}};
  auto& offers = attempt_->where.offers = store_.offers_of(config_.user, handle, binding);
  if (wish == handshake_wish::full) return {};
  if (offers.pause > 0) {
    --offers.pause;
    attempt_->is_pausing = true;
    return {};
  }
  auto lent = store_.lend(config_.user, handle, binding);
  if (!lent) return {};
  attempt_->loan = lent->number;
  return std::move(lent->state);
}

void socket_sessions::withdraw(offer_end how, bool server_answered, bool has_fatal_alert) {
  if (!attempt_) return;
  withdrawn_ = {attempt_->handle, attempt_->where.offers, how};
  failed(server_answered, has_fatal_alert);
}

void socket_sessions::begin_without(const tls::peer_name& peer, std::uint16_t port) {
  drop_attempt();
  const auto binding = tls::bind_to_peer(config_.context, peer, port);
  attempt_ = attempt{withdrawn_.handle, {binding, peer.host, port, config_.is_kept}};
  attempt_->where.offers = withdrawn_.offers;
  attempt_->withdrawn = withdrawn_.how;
}

namespace {

// Twice in a row is no accident any more, and a ClientHello in fragments that nobody answered is none at
// all: a device with long tickets would wait at each of its connects.
void note_failure(offer_record& offers, offer_end how) {
  if (offers.failed_before || how == offer_end::silence_to_fragments)
    offers.pause = offer_record::longest_pause;
  offers.failed_before = true;
}

}  // namespace

void socket_sessions::unanswered() {
  if (!attempt_ || !attempt_->loan) return;
  auto offers = attempt_->where.offers;
  offers.pause = offers.failed_before ? offer_record::longest_pause : 1;
  offers.failed_before = true;
  store_.set_offers(config_.user, attempt_->handle, offers);
}

void socket_sessions::established(bool was_resumed, bool at_once) {
  if (!attempt_) return;
  if (was_resumed) attempt_->where.offers = {};
  // That the session was at fault shows when the handshake without it needs no luck.
  if (const auto how = attempt_->withdrawn; how && (*how == offer_end::refused || at_once))
    note_failure(attempt_->where.offers, *how);
  if (was_resumed && attempt_->loan) {
    store_.spend(config_.user, attempt_->handle, *attempt_->loan);
  } else if (!was_resumed) {
    // The server does not know the session any more, or a new one takes its place.
    store_.forget(config_.user, attempt_->handle);
  }
  handle_ = attempt_->handle;
  // What another socket is using under this name would be over with what comes to stand there.
  const bool is_used =
      associations_ != nullptr && associations_->is_held(config_.user, handle_, lease_.get());
  shares_session_ = is_used && was_resumed;
  if (is_used) handle_ = session_store::make_handle();
  where_ = attempt_->where;
  attempt_.reset();
  requested_.reset();
}

void socket_sessions::failed(bool server_answered, bool has_fatal_alert) {
  if (!attempt_) return;
  if (attempt_->loan && has_fatal_alert) {
    store_.forget(config_.user, attempt_->handle);
  } else if (attempt_->loan && server_answered) {
    store_.spend(config_.user, attempt_->handle, *attempt_->loan);
  } else {
    drop_attempt();
  }
  attempt_.reset();
}

bool socket_sessions::keep(std::vector<tls::resumable_session> sessions) {
  bool any = false;
  for (auto& session : sessions) any = store_.put(config_.user, handle_, where_, std::move(session)) || any;
  return any;
}

socket_sessions::prospect socket_sessions::next_handshake() const {
  if (!store_.has_session(config_.user, handle_, where_.binding)) return prospect::nothing_kept;
  return store_.offers_of(config_.user, handle_, where_.binding).pause > 0 ? prospect::pausing
                                                                           : prospect::abbreviated;
}

void socket_sessions::broken() { store_.forget(config_.user, handle_); }

}  // namespace tlsmodem
