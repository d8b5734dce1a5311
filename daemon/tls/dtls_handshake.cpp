#include "dtls_handshake.hpp"

#include "alerts.hpp"
#include "association_engine.hpp"
#include "cipher_suites.hpp"
#include "connection_id.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <limits>

namespace tlsmodem::tls {
namespace {

using dtls12::handshake_records;

// A datagram has room for the header of a fragment and something of it; more than the largest flight has
// there is no use for.
constexpr std::size_t min_handshake_datagram_bytes = 208;
constexpr std::size_t max_handshake_datagram_bytes = 4096;
// RFC 6347 4.1.1.1: when repeats bring no answer, the path may be the reason. Every IPv4 host takes 576 bytes
// with all headers, of which 60 and 8 are the most that IP and UDP take.
constexpr unsigned repeats_before_smaller_records = 2;
constexpr std::size_t small_datagram_bytes = 508;

// libssl cuts its messages to this size; they are joined again before they leave. Its buffer for a flight
// has no more.
constexpr long libssl_mtu_bytes = 4096;

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

handshake_records::configuration configuration_of(const context& context, std::size_t datagram_limit) {
  return {choose_own_cid(context.cid), clamp_limit(datagram_limit), context.cid_padding,
          context.allows_dtls1_0 ? dtls12::dtls1_0 : dtls12::dtls1_2};
}

// 71 minutes: libssl never finds its own timer expired (docs/decisions/0003-flights.md).
unsigned wait_for_ever(SSL*, unsigned) { return std::numeric_limits<unsigned>::max(); }

}  // namespace

dtls_handshake::dtls_handshake(std::shared_ptr<const context> context, const peer_name& peer,
                               std::size_t datagram_limit)
    : ssl_engine(std::move(context), peer),
      records_(configuration_of(tls_context(), datagram_limit), [this] { return find_keys(); }),
      timer_(tls_context().hs_min, tls_context().hs_max) {
  if (ssl() == nullptr) return;
  if (tls_context().cid) offer_connection_id(notes_, records_.own_cid());
  DTLS_set_timer_cb(ssl(), wait_for_ever);
  SSL_set_mtu(ssl(), libssl_mtu_bytes);
}

void dtls_handshake::start(time_point now) {
  if (!begin()) return;
  advance({});
  send_out(now);
}

void dtls_handshake::feed(bytes_view ciphertext, time_point now) {
  if (state() == engine_state::idle || state() == engine_state::failed) return;
  for_libssl_.clear();
  if (!notes_.server_answered) note_stray(ciphertext);
  note_received(records_.receive(ciphertext, for_libssl_, outgoing_));
  if (!for_libssl_.empty()) advance(for_libssl_);
  send_out(now);
  // Which records can be opened changes with every one that libssl has seen.
  while (state() == engine_state::handshaking) {
    const bool keys_are_right = notes_.server_hello && SSL_session_reused(ssl()) != 0;
    if (!records_.next_for_libssl(keys_are_right, for_libssl_)) break;
    advance(for_libssl_);
    send_out(now);
  }
  if (state() == engine_state::established) keep_last_flight();
  if (state() == engine_state::handshaking) heed_early_alerts();
}

// For the text of a time-out: who sends something else may speak something else.
void dtls_handshake::note_stray(bytes_view datagram) {
  dtls12::record_view first;
  notes_.strays = dtls12::next_record(datagram, records_.own_cid().size(), first)
                      ? stray_datagrams::other_records
                      : stray_datagrams::no_dtls;
}

// They are as authentic as after the handshake, and after a fatal one no Finished comes.
void dtls_handshake::heed_early_alerts() {
  const auto& early = records_.early();
  for (; heeded_ < early.size(); ++heeded_) {
    const auto& record = early[heeded_];
    const auto seen = record.type == dtls12::alert ? parse_alert(record.content) : std::nullopt;
    if (!seen) continue;
    notes_.alert_received = seen;
    note_alerts();
    if (is_fatal(*seen)) return fail(explain_fatal(*seen));
  }
}

void dtls_handshake::note_received(const handshake_records::received& seen) {
  mutable_info().ignored_client_hellos += seen.client_hellos;
  notes_.server_answered = notes_.server_answered || seen.is_verify_request;
  if (seen.long_chain != 0 && notes_.server_hello && !tls_context().psk_mode())
    return fail(explain_long_chain(seen.long_chain));
  if (!seen.warning) return;
  notes_.alert_received = parse_alert(*seen.warning);
  note_alerts();
}

// What libssl has written goes to the network; a new flight starts the timer.
void dtls_handshake::send_out(time_point now) {
  const bool is_sent = records_.take(wire_.output, outgoing_);
  if (!is_sent && state() != engine_state::failed)
    fail({{at::error::internal, "the records of the handshake cannot be sent"}, -1, false});
  count_flights(now);
}

void dtls_handshake::count_flights(time_point now) {
  if (mutable_info().flights == records_.flights()) return;
  mutable_info().flights = records_.flights();
  timer_.flight_sent(now);
}

// The session that libssl has is the one that it offers until the ServerHello, and without a master secret
// until the ClientKeyExchange.
std::optional<handshake_records::handshake_keys> dtls_handshake::find_keys() {
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
  const int version = SSL_version(ssl());
  std::optional<dtls12::connection_keys> keys;
  if (size == master.size())
    keys = dtls12::derive_keys(*suite, prf_digest_of(cipher, version), master, client, server);
  wipe(master.data(), master.size());
  if (!keys) return std::nullopt;
  // A server can answer the extension and choose a version that has no connection ID.
  if (version == DTLS1_VERSION)
    return handshake_records::handshake_keys{*suite, std::move(*keys), std::nullopt, dtls12::dtls1_0};
  return handshake_records::handshake_keys{*suite, std::move(*keys), notes_.peer_cid, dtls12::dtls1_2};
}

void dtls_handshake::keep_last_flight() {
  if (info().resumed) last_flight_.keep(records_.datagrams());
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
  if (timer_.repeats() > repeats_before_smaller_records) records_.lower_limit(small_datagram_bytes);
  repeat();
}

// One error comes for each datagram of a flight: only what is new sends it again, and the timer does the
// rest.
bool dtls_handshake::lower_datagram_limit(std::size_t limit, time_point) {
  if (state() != engine_state::handshaking) return false;
  if (records_.lower_limit(clamp_limit(limit))) repeat();
  return true;
}

void dtls_handshake::repeat() {
  if (!records_.repeat(outgoing_)) {
    return fail({{at::error::internal, "the flight cannot be protected"}, -1, false});
  }
  ++mutable_info().retransmissions;
}

std::unique_ptr<engine> dtls_handshake::succeed(time_point now) {
  if (state() != engine_state::established || !records_.has_keys()) return nullptr;
  const auto early = records_.take_early();
  const auto waiting = records_.take_waiting();
  auto association = records_.finish();
  auto made = std::make_unique<association_engine>(std::move(association), info());
  for (; !outgoing_.empty(); outgoing_.pop()) made->outgoing().push(outgoing_.front());
  for (const auto& record : early) made->take_early(record.type, record.content, now);
  for (const bytes& record : waiting) made->feed(record, now);
  // What came so far left a server in a hurry, before our last flight could be there.
  made->await_confirmation(std::move(last_flight_));
  return made;
}

}  // namespace tlsmodem::tls
