// How a socket takes up a live association, and leaves one.
#include "daemon/support/log.hpp"
#include "daemon/tls/association_engine.hpp"
#include "daemon/tls/fingerprint.hpp"
#include "socket_sessions.hpp"

#include <utility>

namespace tlsmodem {
namespace {

// Under a CID of its own the peer finds it from anywhere.
net::endpoint required_local(const tls::live_association& live, const net::endpoint& local) {
  return live.has_peer_cid() ? net::endpoint{} : local;
}

}  // namespace

std::string socket_sessions::live_candidate(const tls::fingerprint& binding) const {
  if (requested_) return *requested_;
  if (config_.mode == resume_mode::own) return handle_;
  if (config_.mode == resume_mode::automatic) return associations_->find(config_.user, binding).value_or("");
  return {};
}

std::optional<socket_sessions::live_place> socket_sessions::find_live(const tls::peer_name& peer,
                                                                      std::uint16_t port) const {
  if (associations_ == nullptr) return std::nullopt;
  const auto binding = tls::bind_to_peer(config_.context, peer, port);
  auto found = associations_->peek(config_.user, live_candidate(binding), binding);
  if (!found) return std::nullopt;
  return live_place{std::move(found->remote), std::move(found->local)};
}

std::unique_ptr<tls::engine> socket_sessions::continue_live(const tls::peer_name& peer, std::uint16_t port) {
  const auto binding = tls::bind_to_peer(config_.context, peer, port);
  const auto handle = live_candidate(binding);
  auto taken = associations_->take(config_.user, handle, binding);
  if (!taken) return nullptr;
  auto engine = tls::continue_association(taken->constant.view(), taken->counters);
  if (!engine) {  // the lease goes, and with it what cannot be read
    log(level::warning, "a live association cannot be read and is not used",
        {{"table", store::name_of(store::table::associations)}, {"uid", config_.user}});
    return nullptr;
  }
  drop_attempt();
  shares_session_ = false;
  handle_ = handle;
  where_ = {binding, peer.host, port, config_.is_kept};
  requested_.reset();
  hold(std::move(taken->lease), *engine);
  return engine;
}

void socket_sessions::hold(std::unique_ptr<association_lease> lease, tls::engine& engine) {
  engine.association()->use_journal(lease.get());
  lease->on_reserved([this] {
    if (on_reserved_) on_reserved_();
  });
  lease_ = std::move(lease);
}

// Its keys are new: nothing of what the handle named before may be used with it.
void socket_sessions::keep_live(tls::engine& engine, const live_place& where) {
  auto* const live = engine.association();
  end_live(nullptr);  // of the connection before
  if (associations_ == nullptr || live == nullptr) return;
  association_store::place place;
  place.binding = where_.binding;
  place.host = where_.host;
  place.port = where_.port;
  place.remote = where.remote;
  place.local = required_local(*live, where.local);
  place.version = engine.info().version;
  place.suite = engine.info().suite;
  place.is_kept = config_.is_kept;
  hold(associations_->keep(config_.user, handle_, std::move(place), live->encode(), live->counters()),
       engine);
}

void socket_sessions::moved_live(tls::engine& engine, const live_place& where) {
  auto* const live = engine.association();
  if (lease_ && live != nullptr) lease_->moved(where.remote, required_local(*live, where.local));
}

void socket_sessions::refresh_live(tls::engine& engine) {
  auto* const live = engine.association();
  if (lease_ && live != nullptr && live->take_change()) lease_->update(live->encode());
}

bool socket_sessions::release_live(tls::engine& engine) {
  auto* const live = engine.association();
  if (!lease_ || live == nullptr) return false;
  live->use_journal(nullptr);
  lease_->update(live->encode());
  std::exchange(lease_, nullptr)->release(live->counters());
  return true;
}

void socket_sessions::end_live(tls::engine* engine) {
  if (!lease_) return;
  if (engine != nullptr && engine->association() != nullptr) engine->association()->use_journal(nullptr);
  std::exchange(lease_, nullptr)->erase();
}

}  // namespace tlsmodem
