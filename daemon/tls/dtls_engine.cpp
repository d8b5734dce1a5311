#include "dtls_engine.hpp"

#include <utility>

namespace tlsmodem::tls {

void dtls_engine::move_on(time_point now) {
  if (!handshake_) return;
  association_ = handshake_->succeed(now);
  if (!association_) return;
  sessions_ = handshake_->take_sessions();
  handshake_.reset();
}

std::vector<resumable_session> dtls_engine::take_sessions() {
  return handshake_ ? handshake_->take_sessions() : std::exchange(sessions_, {});
}

}  // namespace tlsmodem::tls
