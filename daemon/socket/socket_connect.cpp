// The way of a socket from AT#TCONN to its association, or to #TFAIL.
#include "socket_machine.hpp"
#include "time_limits.hpp"

#include <algorithm>

namespace tlsmodem {
namespace {

using namespace std::chrono_literals;

// Handshake fragments fit an Ethernet path even where the first hop (loopback, jumbo frames) would take more.
constexpr std::size_t handshake_datagram_limit_bytes = 1472;

bool is_v6(const std::string& address) { return address.find(':') != std::string::npos; }

// RFC 6724's order as the resolver gave it, but the preferred family first and the preferred address before
// all.
void put_preferred_first(std::vector<std::string>& addresses, const profile& options,
                         const std::string& preferred) {
  if (options.preferred_family != net::address_family::any) {
    const bool want_v6 = options.preferred_family == net::address_family::v6;
    std::stable_partition(addresses.begin(), addresses.end(),
                          [&](const std::string& a) { return is_v6(a) == want_v6; });
  }
  const auto found = std::find(addresses.begin(), addresses.end(), preferred);
  if (found != addresses.end()) std::rotate(addresses.begin(), found, found + 1);
}

}  // namespace

void socket_machine::connect(const at::connect_request& request, time_point now) {
  request_ = request;
  end_association();
  engine_.reset();  // of an earlier connect
  received_.clear();
  is_ready_told_ = false;
  is_silent_ = false;
  is_rebinding_ = false;
  failed_for_send_.reset();
  is_fresh_ = false;
  wish_ = handshake_wish::as_configured;
  offer_ = {};
  if (profile_.hs_timeout > 0ms) connect_deadline_ = now + profile_.hs_timeout;
  if (!begin_to_continue()) resolve();
}

void socket_machine::resolve() {
  continues_.reset();
  remote_ = {};
  enter(phase::resolving);
  actions_.emplace_back(resolve_name{request_.host, profile_.family});
}

void socket_machine::on_resolved(at::result<std::vector<std::string>> addresses, time_point now) {
  if (phase_ != phase::resolving) return;
  if (!addresses) {
    fail(addresses.why(), -1);
    return;
  }
  if (addresses->empty()) {
    fail({at::error::name_not_resolved, "The name has no address."}, -1);
    return;
  }
  candidates_ = std::move(*addresses);
  put_preferred_first(candidates_, profile_, request_.preferred_address);
  std::reverse(candidates_.begin(), candidates_.end());
  reach_next(now);
}

// Precondition: there is a candidate.
void socket_machine::reach_next(time_point now) {
  engine_.reset();
  remote_ = {std::move(candidates_.back()), request_.port};
  candidates_.pop_back();
  if (!profile_.is_datagram()) reach_deadline_ = now + tcp_connect_limit;
  enter(phase::reaching);
  actions_.emplace_back(open_transport{remote_});
}

void socket_machine::on_connect_failed(const at::failure& why, time_point now) {
  if (std::exchange(is_rebinding_, false)) return fail_rebind(why);
  if (phase_ != phase::reaching && phase_ != phase::handshaking) return;
  reach_deadline_.reset();
  if (continues_) {  // its local port is taken, its address gone: a handshake finds another way
    actions_.emplace_back(close_transport{});
    resolve();
    return;
  }
  if (candidates_.empty()) {
    fail(why, -1);
    return;
  }
  if (sessions_) sessions_->failed(has_answered(engine_), false);
  actions_.emplace_back(close_transport{});
  reach_next(now);
}

void socket_machine::on_transport_up(const net::endpoint& local, const net::endpoint& remote,
                                     std::size_t path_limit_bytes, time_point now) {
  if (phase_ == phase::connected && std::exchange(is_rebinding_, false))
    return on_rebound(local, path_limit_bytes);
  if (phase_ != phase::reaching) return;
  local_ = local;
  remote_ = remote;
  path_limit_bytes_ = path_limit_bytes;
  reach_deadline_.reset();
  if (continues_) return continue_association(now);
  if (profile_.protocol == socket_protocol::tls && !connect_deadline_)
    connect_deadline_ = now + stream_handshake_limit;
  engine_ = new_engine(path_limit_bytes, wish_, offer_);
  handshake_started_ = now;
  enter(phase::handshaking);
  engine_->start(now);
  offer_.begin(*engine_, profile_, connect_deadline_, now);
  inspect(now);
}

std::unique_ptr<tls::engine> socket_machine::new_engine(std::size_t path_limit_bytes, handshake_wish wish,
                                                        session_offer& offer) {
  const std::size_t limit = profile_.mtu_bytes != 0 ? profile_.mtu_bytes : handshake_datagram_limit_bytes;
  auto made = make_engine_(peer(), std::min(limit, std::max<std::size_t>(path_limit_bytes, 256)));
  if (!sessions_) return made;
  if (offer.is_withdrawn()) {
    sessions_->begin_without(peer(), request_.port);
    return made;
  }
  const secret session = sessions_->begin(peer(), request_.port, wish);
  if (!session.empty()) made->offer(session.view());
  if (sessions_->is_pausing()) offer.set_fallback("the server did not take the last ones");
  return made;
}

bool socket_machine::abort(std::string_view why, time_point) {
  const at::failure aborted{at::error::aborted, std::string(why)};
  if (is_connecting()) {
    fail(aborted, -1);
  } else if (next_) {
    drop_next(aborted, -1);
  } else {
    return false;
  }
  return true;
}

bool socket_machine::use_handle(std::string handle) {
  if (!sessions_) return false;
  sessions_->request(std::move(handle));
  return true;
}

void socket_machine::reopen() {
  if (phase_ == phase::closed) enter(phase::open);
}

void socket_machine::fail(const at::failure& why, int alert) {
  connect_deadline_.reset();
  reach_deadline_.reset();
  candidates_.clear();
  note_failed_handshake(engine_, alert);
  actions_.emplace_back(close_transport{});
  tell_failure(why, alert);
  enter(phase::closed);
}

// "server.example (192.0.2.1) port 5684". What is told of a failure is about it, and names it here only.
std::string socket_machine::peer_place() const {
  const bool is_reached = !remote_.address.empty();
  std::string place = request_.host;
  if (is_reached && remote_.address != place) place += " (" + remote_.address + ")";
  return place + " port " + std::to_string(is_reached ? remote_.port : request_.port);
}

at::failure socket_machine::at_peer(const at::failure& why) const {
  return {why.code, peer_place() + ": " + why.text};
}

void socket_machine::tell_failure(const at::failure& why, int alert) {
  emit(at::format(at::fail_event{id_, why.code, alert, at_peer(why).text}),
       "The connect to " + peer_place() + " failed: " + why.text);
}

}  // namespace tlsmodem
