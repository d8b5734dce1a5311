#include "dtls_engine.hpp"

#include "alerts.hpp"
#include "cipher_suites.hpp"
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
// Whoever can send us datagrams can ask for our last flight; what he gets out of it has to stay small. A
// server of RFC 6347 asks seven times in two minutes.
constexpr unsigned max_repeats_of_last_flight = 12;
constexpr milliseconds min_repeat_interval{100};

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
  const filtered_datagram filtered = filter_records(ciphertext, phase, least_protected_bytes(), scratch_);
  mutable_info().ignored_client_hellos += filtered.client_hellos;
  if (filtered.repeats_handshake) repeat_last_flight(now);
  if (filtered.records.empty()) return;
  const std::size_t already_out = outgoing().packets();
  advance(filtered.records);
  follow_libssl_timer(now);
  if (phase == association_phase::handshaking && state() == engine_state::established) {
    keep_last_flight(already_out);
  }
}

std::size_t dtls_engine::least_protected_bytes() const {
  const SSL_CIPHER* const pending = SSL_get_pending_cipher(ssl());
  return min_protected_bytes(pending != nullptr ? pending : SSL_get_current_cipher(ssl()),
                             SSL_version(ssl()));
}

// The last flight of an abbreviated handshake is ours, and no timer of ours repeats it: when it is lost, the
// server repeats its own (RFC 6347 4.2.4), and that asks for ours.
void dtls_engine::keep_last_flight(std::size_t already_out) {
  if (!info().resumed) return;
  for (std::size_t i = already_out; i < outgoing().packets(); ++i) {
    const bytes_view packet = outgoing().at(i);
    last_flight_.emplace_back(packet.begin(), packet.end());
  }
  mutable_info().flights = ++notes_.flights;  // no timer started for it
}

// The same bytes again: a server that has them already drops them as replayed, and nothing is encrypted
// twice.
void dtls_engine::repeat_last_flight(time_point now) {
  if (last_flight_.empty() || repeats_of_last_flight_ == max_repeats_of_last_flight) return;
  if (last_repeat_ && now < *last_repeat_ + min_repeat_interval) return;
  last_repeat_ = now;
  ++repeats_of_last_flight_;
  for (const bytes& packet : last_flight_) outgoing().push(packet);
  mutable_info().retransmissions += 1;
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

// A server that sends data has our Finished.
void dtls_engine::deliver(bytes_view plaintext) {
  last_flight_.clear();
  incoming().push(plaintext);
}

}  // namespace tlsmodem::tls
