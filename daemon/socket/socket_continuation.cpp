// A live association outlives its socket: taken up without a handshake, moved to another port, ended.
#include "socket_machine.hpp"

namespace tlsmodem {
namespace {

bool is_wildcard(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

}  // namespace

// Without a connection ID the peer knows the association by our address and port: a client that bound others
// cannot have it.
bool socket_machine::can_come_from(const net::endpoint& local) const {
  if (local.port == 0 || bound_.port == 0) return true;
  return bound_.port == local.port && (is_wildcard(bound_.address) || bound_.address == local.address);
}

bool socket_machine::begin_to_continue() {
  if (!sessions_ || profile_.protocol != socket_protocol::dtls) return false;
  auto found = sessions_->find_live(peer(), request_.port);
  if (!found || !can_come_from(found->local)) return false;
  const auto family = found->remote.is_v6() ? net::address_family::v6 : net::address_family::v4;
  if (profile_.family != net::address_family::any && profile_.family != family) return false;
  remote_ = found->remote;
  continues_ = std::move(found);
  enter(phase::reaching);
  actions_.emplace_back(open_transport{remote_, transport_slot::current, continues_->local});
  return true;
}

void socket_machine::continue_association(time_point now) {
  continues_.reset();
  engine_ = sessions_->continue_live(peer(), request_.port);
  if (!engine_) {  // somebody was quicker
    actions_.emplace_back(close_transport{});
    resolve();
    return;
  }
  handshake_started_ = now;
  enter(phase::handshaking);
  engine_->start(now);
  sessions_->moved_live(*engine_, {remote_, local_});
  inspect(now);
}

void socket_machine::end_association() {
  if (sessions_) sessions_->end_live(engine_.get());
}

void socket_machine::when_reserved(std::function<void()> handler) {
  if (sessions_) sessions_->on_reserved(std::move(handler));
}

void socket_machine::on_numbers_reserved(time_point now) {
  if (!engine_ || is_asleep()) return;
  engine_->on_numbers_reserved(now);
  inspect(now);
}

bool socket_machine::rebind() {
  if (phase_ != phase::connected || !profile_.is_datagram() || is_rebinding_) return false;
  is_rebinding_ = true;
  actions_.emplace_back(rebind_transport{remote_});
  return true;
}

bool socket_machine::can_move() const {
  const auto* const live = engine_ ? engine_->association() : nullptr;
  return phase_ == phase::connected && !is_rebinding_ && live != nullptr && live->has_peer_cid();
}

// There is no way to the peer now; the association is as good as before, and another attempt may find one.
// What was to be sent is lost, as datagrams are.
void socket_machine::fail_rebind(const at::failure& why) {
  engine_->outgoing().clear();
  if (next_ && next_->engine && next_->shares_transport) next_->engine->outgoing().clear();
  emit(at::format(at::error_event{id_, why.code}), at_peer(why).text);
}

void socket_machine::on_rebound(const net::endpoint& local, std::size_t path_limit_bytes) {
  local_ = local;
  path_limit_bytes_ = path_limit_bytes;
  if (next_ && next_->shares_transport) next_->local = local;
  const auto* const live = engine_->association();
  if (live != nullptr && live->has_own_cid()) actions_.emplace_back(receive_from_anywhere{});
  // Without a CID the peer would not know it from here: it stays where it was known.
  if (live != nullptr && live->has_peer_cid() && sessions_)
    sessions_->moved_live(*engine_, {remote_, local_});
}

}  // namespace tlsmodem
