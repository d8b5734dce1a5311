#include "dtls_handshake.hpp"

#include "alerts.hpp"
#include "association_engine.hpp"
#include "cipher_suites.hpp"
#include "connection_id.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace tlsmodem::tls {
namespace {

// The smallest that SSL_set_mtu() takes, and the size of the buffer in which libssl collects a flight: a
// larger datagram would be cut at its end.
constexpr std::size_t min_handshake_datagram_bytes = 208;
constexpr std::size_t max_handshake_datagram_bytes = 4096;
// libssl repeats a flight this often (DTLS1_TMO_ALERT_COUNT) and then fails the handshake. With the default
// timer it takes six; where a short first wait asks for more, the remaining waits are only waits.
constexpr unsigned max_repeats_of_flight = DTLS1_TMO_ALERT_COUNT;

std::size_t clamp_limit(std::size_t datagram_limit) {
  return std::clamp(datagram_limit, min_handshake_datagram_bytes, max_handshake_datagram_bytes);
}

bytes choose_own_cid(const std::optional<cid_choice>& choice) {
  if (!choice) return {};
  if (!choice->is_random) return choice->value;
  bytes random(random_cid_bytes);
  // Without random numbers libssl makes no ClientHello either.
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return {};
  return random;
}

}  // namespace

dtls_handshake::dtls_handshake(std::shared_ptr<const context> context, const peer_name& peer,
                               std::size_t datagram_limit)
    : ssl_engine(std::move(context), peer),
      transcoder_({choose_own_cid(tls_context().cid), clamp_limit(datagram_limit), tls_context().cid_padding},
                  [this] { return find_keys(); }),
      timer_(tls_context().hs_min, tls_context().hs_max) {
  if (ssl() == nullptr) return;
  if (tls_context().cid) offer_connection_id(notes_, transcoder_.own_cid());
  SSL_set_mtu(ssl(), static_cast<long>(clamp_limit(datagram_limit)));
}

void dtls_handshake::start(time_point now) {
  if (!begin()) return;
  advance({});
  follow_libssl_timer(now);
  send_out();
}

bool dtls_handshake::is_dtls1_0() const { return notes_.server_hello && SSL_version(ssl()) == DTLS1_VERSION; }

void dtls_handshake::feed(bytes_view ciphertext, time_point now) {
  if (state() == engine_state::idle || state() == engine_state::failed) return;
  if (is_dtls1_0()) return feed_dtls1_0(ciphertext, now);
  const std::size_t already_out = outgoing_.packets();
  feed_handshake(ciphertext);
  follow_libssl_timer(now);
  send_out();
  if (is_dtls1_0()) {
    // Protected records wait from before the version was known.
    for (const bytes& record : transcoder_.take_waiting()) feed_dtls1_0(record, now);
    return;
  }
  if (state() == engine_state::established) keep_last_flight(already_out);
  if (state() == engine_state::handshaking) heed_early_alerts();
}

void dtls_handshake::feed_handshake(bytes_view datagram) {
  unprotected_.clear();
  transcoder_.receive(datagram, unprotected_);
  feed_unprotected(unprotected_);
  // Which records can be opened changes with every one that libssl has seen.
  while (state() == engine_state::handshaking) {
    send_out();
    const bool keys_are_right = notes_.server_hello && SSL_session_reused(ssl()) != 0;
    if (is_dtls1_0() || !transcoder_.next_for_libssl(keys_are_right, scratch_)) break;
    advance(scratch_);
  }
}

// They are as authentic as behind the handshake, and behind a fatal one no Finished comes.
void dtls_handshake::heed_early_alerts() {
  const auto& early = transcoder_.early();
  for (; heeded_ < early.size(); ++heeded_) {
    const auto& record = early[heeded_];
    const auto seen = record.type == dtls12::alert ? parse_alert(record.content) : std::nullopt;
    if (!seen) continue;
    notes_.alert_received = seen;
    note_alerts();
    if (is_fatal(*seen)) return fail(explain_fatal(*seen));
  }
}

void dtls_handshake::note_filtered(const filtered_datagram& filtered) {
  mutable_info().ignored_client_hellos += filtered.client_hellos;
  if (!filtered.warning || state() != engine_state::handshaking) return;
  notes_.alert_received = filtered.warning;
  note_alerts();
}

void dtls_handshake::feed_unprotected(bytes_view records) {
  if (records.empty()) return;
  const auto filtered = filter_records(records, association_phase::handshaking, 0, scratch_);
  note_filtered(filtered);
  if (!filtered.records.empty()) advance(filtered.records);
}

void dtls_handshake::feed_dtls1_0(bytes_view datagram, time_point now) {
  const auto phase =
      state() == engine_state::handshaking ? association_phase::handshaking : association_phase::established;
  const auto filtered = filter_records(datagram, phase, least_protected_bytes(), scratch_);
  note_filtered(filtered);
  if (filtered.repeats_handshake) repeat_last_flight(now);
  if (filtered.records.empty()) return;
  const std::size_t already_out = outgoing_.packets();
  advance(filtered.records);
  follow_libssl_timer(now);
  send_out();
  if (phase == association_phase::handshaking && state() == engine_state::established) {
    keep_last_flight(already_out);
  }
}

std::size_t dtls_handshake::least_protected_bytes() const {
  const SSL_CIPHER* const pending = SSL_get_pending_cipher(ssl());
  return min_protected_bytes(pending != nullptr ? pending : SSL_get_current_cipher(ssl()),
                             SSL_version(ssl()));
}

// What libssl has written goes to the network.
void dtls_handshake::send_out() {
  for (; !wire_.output.empty(); wire_.output.pop()) {
    if (is_dtls1_0()) {
      outgoing_.push(wire_.output.front());
    } else if (!transcoder_.send(wire_.output.front(), outgoing_) && state() != engine_state::failed) {
      fail({{at::error::internal, "the records of the handshake cannot be protected"}, -1, false});
    }
  }
}

// The session that libssl has is the one that it offers until the ServerHello, and without a master secret
// until the ClientKeyExchange.
std::optional<dtls12::cid_transcoder::handshake_keys> dtls_handshake::find_keys() {
  const SSL_SESSION* const session = SSL_get_session(ssl());
  const SSL_CIPHER* cipher = SSL_get_pending_cipher(ssl());
  if (cipher == nullptr && session != nullptr) cipher = SSL_SESSION_get0_cipher(session);
  if (session == nullptr || cipher == nullptr) return std::nullopt;
  const auto suite = protection_of(cipher, notes_.encrypts_then_macs);
  if (!suite) return std::nullopt;
  std::array<std::uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master{};
  std::array<std::uint8_t, SSL3_RANDOM_SIZE> client{};
  std::array<std::uint8_t, SSL3_RANDOM_SIZE> server{};
  const auto size = SSL_SESSION_get_master_key(session, master.data(), master.size());
  SSL_get_client_random(ssl(), client.data(), client.size());
  SSL_get_server_random(ssl(), server.data(), server.size());
  std::optional<dtls12::connection_keys> keys;
  if (size == master.size())
    keys = dtls12::derive_keys(*suite, prf_digest_of(cipher), master, client, server);
  wipe(master.data(), master.size());
  if (!keys) return std::nullopt;
  return dtls12::cid_transcoder::handshake_keys{*suite, std::move(*keys), notes_.peer_cid};
}

void dtls_handshake::keep_last_flight(std::size_t already_out) {
  if (!info().resumed) return;
  std::vector<bytes> flight;
  for (std::size_t i = already_out; i < outgoing_.packets(); ++i) {
    const bytes_view packet = outgoing_.at(i);
    flight.emplace_back(packet.begin(), packet.end());
  }
  last_flight_.keep(std::move(flight));
  mutable_info().flights = ++notes_.flights;  // no timer started for it
}

void dtls_handshake::repeat_last_flight(time_point now) {
  if (last_flight_.repeat(outgoing_, now)) ++mutable_info().retransmissions;
}

// libssl starts its timer with a flight and stops it when the answer is complete; only we know the time.
void dtls_handshake::follow_libssl_timer(time_point now) {
  mutable_info().flights = notes_.flights;
  if (notes_.flight_started) {
    notes_.flight_started = false;
    repeats_of_flight_ = 0;
    timer_.flight_sent(now);
  }
  if (!wire_.timer_running) timer_.stop();
}

std::optional<time_point> dtls_handshake::deadline() const {
  return state() == engine_state::handshaking ? timer_.deadline() : std::nullopt;
}

void dtls_handshake::on_deadline(time_point now) {
  const auto due = deadline();
  if (!due || now < *due) return;
  if (timer_.expired(now) == retransmission_timer::verdict::give_up) {
    return fail(explain_timeout(notes_, tls_context().psk_mode()));
  }
  if (repeats_of_flight_ < max_repeats_of_flight) retransmit();
}

void dtls_handshake::retransmit() {
  const error_queue_scope scope;
  ++repeats_of_flight_;
  expire_libssl_timer(wire_);
  if (DTLSv1_handle_timeout(ssl()) < 0) {
    return fail({{at::error::internal, reason_text(ERR_peek_error())}, -1, false});
  }
  ++mutable_info().retransmissions;
  send_out();
}

// ---- behind the handshake

std::unique_ptr<engine> dtls_handshake::succeed(time_point now) {
  if (is_dtls1_0() || state() != engine_state::established || !transcoder_.has_keys()) return nullptr;
  const auto early = transcoder_.take_early();
  const auto waiting = transcoder_.take_waiting();
  auto association = transcoder_.finish();
  auto made = std::make_unique<association_engine>(std::move(association), info());
  for (; !outgoing_.empty(); outgoing_.pop()) made->outgoing().push(outgoing_.front());
  for (const auto& record : early) made->take_early(record.type, record.content, now);
  for (const bytes& record : waiting) made->feed(record, now);
  // What came so far left a server in a hurry, before our last flight could be there.
  made->await_confirmation(std::move(last_flight_));
  return made;
}

send_outcome dtls_handshake::send(bytes_view plaintext, time_point) {
  if (!may_send()) return send_outcome::not_connected;
  if (plaintext.empty()) return send_outcome::not_supported;  // OpenSSL 3.0 sends nothing and says it did
  if (plaintext.size() > dtls12::max_plaintext_bytes) return send_outcome::too_long;
  const auto outcome = write(plaintext);
  send_out();
  return outcome == write_outcome::written ? send_outcome::ok : send_outcome::failed;
}

void dtls_handshake::shut(time_point now) {
  ssl_engine::shut(now);
  send_out();
}

// A server that sends data has our Finished.
void dtls_handshake::deliver(bytes_view plaintext) {
  last_flight_.forget();
  incoming().push(plaintext);
}

}  // namespace tlsmodem::tls
