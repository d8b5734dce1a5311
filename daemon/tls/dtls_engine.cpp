#include "dtls_engine.hpp"

#include "alerts.hpp"
#include "record_filter.hpp"

#include <algorithm>

namespace tlsmodem::tls {
namespace {

// One record holds this much, RFC 5246 6.2.1.
constexpr std::size_t max_payload_bytes = SSL3_RT_MAX_PLAIN_LENGTH;
// The smallest that SSL_set_mtu() takes, and the size of the buffer in which libssl collects a flight: a
// larger datagram would be cut at its end.
constexpr std::size_t min_handshake_datagram_bytes = 208;
constexpr std::size_t max_handshake_datagram_bytes = 4096;
// libssl repeats a flight this often (DTLS1_TMO_ALERT_COUNT) and then fails the handshake. With the default
// timer it takes six; where a short first wait asks for more, the remaining waits are only waits.
constexpr unsigned max_repeats_of_flight = DTLS1_TMO_ALERT_COUNT;

}  // namespace

dtls_engine::dtls_engine(std::shared_ptr<const context> context, const peer_name& peer,
                         std::size_t datagram_limit)
    : ssl_engine(std::move(context), peer), timer_(tls_context().hs_min, tls_context().hs_max) {
  if (ssl() == nullptr) return;
  const auto mtu = std::clamp(datagram_limit, min_handshake_datagram_bytes, max_handshake_datagram_bytes);
  SSL_set_mtu(ssl(), static_cast<long>(mtu));
}

void dtls_engine::start(time_point now) {
  if (!begin()) return;
  advance({});
  follow_libssl_timer(now);
}

void dtls_engine::feed(bytes_view ciphertext, time_point now) {
  if (state() == engine_state::idle || state() == engine_state::failed) return;
  const auto phase =
      state() == engine_state::handshaking ? association_phase::handshaking : association_phase::established;
  const filtered_datagram filtered = filter_records(ciphertext, phase, scratch_);
  mutable_info().ignored_client_hellos += filtered.client_hellos;
  if (filtered.records.empty()) return;
  advance(filtered.records);
  follow_libssl_timer(now);
}

// libssl starts its timer with a flight and stops it when the answer is complete; only we know the time.
void dtls_engine::follow_libssl_timer(time_point now) {
  mutable_info().flights = notes_.flights;
  if (notes_.flight_started) {
    notes_.flight_started = false;
    repeats_of_flight_ = 0;
    timer_.flight_sent(now);
  }
  if (!wire_.timer_running) timer_.stop();
}

std::optional<time_point> dtls_engine::deadline() const {
  return state() == engine_state::handshaking ? timer_.deadline() : std::nullopt;
}

void dtls_engine::on_deadline(time_point now) {
  const auto due = deadline();
  if (!due || now < *due) return;
  if (timer_.expired(now) == retransmission_timer::verdict::give_up) {
    return fail(explain_timeout(notes_, tls_context().psk_mode()));
  }
  if (repeats_of_flight_ < max_repeats_of_flight) retransmit();
}

void dtls_engine::retransmit() {
  const error_queue_scope scope;
  ++repeats_of_flight_;
  expire_libssl_timer(wire_);
  if (DTLSv1_handle_timeout(ssl()) < 0) {
    return fail({{at::error::internal, reason_text(ERR_peek_error())}, -1, false});
  }
  ++mutable_info().retransmissions;
}

send_outcome dtls_engine::send(bytes_view plaintext, time_point) {
  if (!may_send()) return send_outcome::not_connected;
  if (plaintext.empty()) return send_outcome::not_supported;  // OpenSSL 3.0 sends nothing and says it did
  if (plaintext.size() > max_payload_bytes) return send_outcome::too_long;
  return write(plaintext) == write_outcome::written ? send_outcome::ok : send_outcome::failed;
}

void dtls_engine::deliver(bytes_view plaintext) { incoming().push(plaintext); }

}  // namespace tlsmodem::tls
