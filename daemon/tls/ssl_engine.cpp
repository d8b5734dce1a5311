#include "ssl_engine.hpp"

#include "alerts.hpp"
#include "cipher_suites.hpp"
#include "key_failure.hpp"
#include "protocol/hex.hpp"
#include "verify.hpp"

#include <array>
#include <climits>

namespace tlsmodem::tls {
namespace {

// Plaintext of one record.
constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;
// A line that tells it stays below the longest of the protocol, escaped as it is.
constexpr std::size_t max_subject_bytes = 1024;
// A bound on records that libssl throws away in one go behind our close_notify.
constexpr unsigned max_discarded_records = 1000;

// Takes libssl's own complaint out of the queue; below it may lie what libcrypto said first.
unsigned long take_error() {
  unsigned long taken = 0;
  while (const unsigned long next = ERR_get_error()) {
    if (taken == 0 || ERR_GET_LIB(taken) != ERR_LIB_SSL) taken = next;
  }
  return taken;
}

std::string subject_of(X509* certificate) {
  const bio_ptr text(BIO_new(BIO_s_mem()));
  if (!text) return {};
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* start = nullptr;
  const long size = BIO_get_mem_data(text.get(), &start);
  if (size <= 0) return {};
  std::string subject(start, static_cast<std::size_t>(size));
  if (subject.size() > max_subject_bytes) subject.replace(max_subject_bytes, std::string::npos, "...");
  return subject;
}

std::string sha256_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return lower_hex({digest.data(), size});
}

std::string alpn_of(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  return name == nullptr ? std::string{} : std::string(as_text({name, size}));
}

}  // namespace

ssl_engine::ssl_engine(std::shared_ptr<const context> context, const peer_name& peer)
    : context_(std::move(context)) {
  const error_queue_scope scope;
  wire_.transport = context_->transport;
  ssl_.reset(SSL_new(context_->ssl_ctx.get()));
  bio_ptr bio = make_wire_bio(wire_);
  if (!ssl_ || !bio) {
    ssl_.reset();
    setup_failure_ = {at::error::memory_failure, "no memory for a TLS object"};
    return;
  }
  BIO* const both = bio.release();
  SSL_set_bio(ssl_.get(), both, both);
  SSL_set_connect_state(ssl_.get());
  take_notes(ssl_.get(), notes_);
  setup_failure_ = apply_peer_name(ssl_.get(), peer);
}

void ssl_engine::offer(bytes_view session) {
  if (state_ != engine_state::idle || !ssl_ || !context_->resumes) return;
  const error_queue_scope scope;
  ssl_session_ptr parsed = parse_session(session);
  info_.session_offered = parsed && SSL_set_session(ssl(), parsed.get()) == 1;
  if (info_.session_offered) offered_ = std::move(parsed);
}

// libssl goes on with another session when it cannot offer this one, and when the server does not take it.
void ssl_engine::note_offer() {
  if (!offered_ || SSL_get_session(ssl()) == offered_.get()) return;
  if (notes_.server_hello) {
    info_.session_declined = true;
  } else {
    info_.session_offered = false;
  }
  offered_.reset();
}

std::vector<resumable_session> ssl_engine::take_sessions() {
  auto taken = std::exchange(sessions_, {});
  for (auto& ticket : std::exchange(notes_.tickets, {})) taken.push_back(std::move(ticket));
  return taken;
}

bool ssl_engine::begin() {
  if (state_ != engine_state::idle) return false;
  if (setup_failure_) {
    fail({*setup_failure_, -1, false});
    return false;
  }
  state_ = engine_state::handshaking;
  return true;
}

void ssl_engine::advance(bytes_view input) {
  if (state_ == engine_state::idle || state_ == engine_state::failed) return;
  const error_queue_scope scope;
  wire_.input = input;
  if (state_ == engine_state::handshaking) handshake();
  if (state_ == engine_state::established) read_all();
  wire_.input = {};
  if (state_ == engine_state::established || state_ == engine_state::peer_closed) {
    if (SSL_in_init(ssl()) == 0) caught_up();
    if (close_notify_due_) send_close_notify();
  }
  note_alerts();
}

void ssl_engine::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl());
  if (done == 1) return establish();
  if (SSL_get_error(ssl(), done) == SSL_ERROR_WANT_READ) return;
  fail_as_libssl_says();
}

// libssl enforces both; a mistake in a callback shall not be what opens the door.
bool ssl_engine::used_what_it_should() const {
  if (SSL_get0_peer_certificate(ssl()) == nullptr) return context_->psk_mode();
  if (context_->psk_mode()) return false;
  return context_->verify != verification::required || SSL_get_verify_result(ssl()) == X509_V_OK;
}

void ssl_engine::establish() {
  note_offer();
  if (!used_what_it_should()) {
    return fail({{at::error::certificate_refused, "the server did not prove who it is"}, -1, false});
  }
  const SSL_CIPHER* const suite = SSL_get_current_cipher(ssl());
  info_.version = SSL_get_version(ssl());
  info_.suite = SSL_CIPHER_standard_name(suite);
  info_.suite_id = SSL_CIPHER_get_protocol_id(suite);
  info_.cost = record_cost_of(suite, SSL_version(ssl()), notes_.encrypts_then_macs);
  // A server can answer the extension and choose a version that has no connection ID.
  info_.has_cid = notes_.peer_cid.has_value() && SSL_version(ssl()) == DTLS1_2_VERSION;
  info_.alpn = alpn_of(ssl());
  info_.resumed = was_resumed();
  info_.may_leave_tickets = context_->resumes && SSL_version(ssl()) == TLS1_3_VERSION;
  info_.extended_master_secret = SSL_version(ssl()) == TLS1_3_VERSION || SSL_get_extms_support(ssl()) == 1;
  if (X509* const leaf = SSL_get0_peer_certificate(ssl())) {
    info_.peer_subject = subject_of(leaf);
    info_.peer_sha256 = sha256_of(leaf);
    if (context_->verify != verification::none) info_.verify_result = verify_result();
  }
  // TLS 1.3 brings its tickets later, and they come by a callback.
  if (context_->resumes && SSL_version(ssl()) != TLS1_3_VERSION) {
    if (auto session = make_resumable(ssl(), SSL_get0_session(ssl())))
      sessions_.push_back(std::move(*session));
  }
  info_.handshake_done = true;
  offered_.reset();
  state_ = engine_state::established;
}

// libssl calls the use of an external PSK in TLS 1.3 a reused session too; that one has no ticket.
bool ssl_engine::was_resumed() const {
  if (SSL_session_reused(ssl()) == 0) return false;
  return SSL_version(ssl()) != TLS1_3_VERSION || SSL_SESSION_has_ticket(SSL_get0_session(ssl())) != 0;
}

// A resumed handshake shows no certificate; what was found when it was shown is in the session.
std::string ssl_engine::verify_result() const {
  const long found = info_.resumed ? SSL_get_verify_result(ssl()) : notes_.verify_error;
  return found == X509_V_OK ? "ok" : X509_verify_cert_error_string(found);
}

void ssl_engine::read_all() {
  std::array<std::uint8_t, record_bytes> buffer;
  unsigned discarded = 0;
  for (;;) {
    ERR_clear_error();
    std::size_t size = 0;
    if (SSL_read_ex(ssl(), buffer.data(), buffer.size(), &size) == 1) {
      deliver({buffer.data(), size});
      continue;
    }
    switch (SSL_get_error(ssl(), 0)) {
      case SSL_ERROR_WANT_READ:
        return;
      case SSL_ERROR_ZERO_RETURN:
        state_ = engine_state::peer_closed;
        return;
      case SSL_ERROR_SYSCALL:
        // After our close_notify libssl drops a handshake record with a return instead of going on.
        if (shut_ && ERR_peek_error() == 0 && ++discarded < max_discarded_records) continue;
        [[fallthrough]];
      default:
        return fail_as_libssl_says();
    }
  }
}

ssl_engine::write_outcome ssl_engine::write(bytes_view plaintext) {
  const error_queue_scope scope;
  std::size_t written = 0;
  if (SSL_write_ex(ssl(), plaintext.data(), plaintext.size(), &written) == 1) return write_outcome::written;
  if (SSL_get_error(ssl(), 0) == SSL_ERROR_WANT_READ) return write_outcome::not_now;
  fail_as_libssl_says();
  return write_outcome::failed;
}

bool ssl_engine::may_send() const {
  return !shut_ && (state_ == engine_state::established || state_ == engine_state::peer_closed);
}

void ssl_engine::shut(time_point) {
  if (!may_send()) return;
  const error_queue_scope scope;
  shut_ = true;
  close_notify_due_ = true;
  send_close_notify();
  note_alerts();
}

void ssl_engine::send_close_notify() {
  if (SSL_in_init(ssl()) != 0) return;  // a message of the peer is half here: caught_up() comes first
  close_notify_due_ = false;
  if (SSL_shutdown(ssl()) < 0) fail_as_libssl_says();
}

std::string ssl_engine::explain_silence() const { return tls::explain_silence(notes_, context_->psk_mode()); }

std::string ssl_engine::explain_end() const { return tls::explain_end(notes_, context_->psk_mode()); }

void ssl_engine::fail_as_libssl_says() {
  note_alerts();
  // close_notify in the middle of a handshake is an end without an error.
  if (ERR_peek_error() == 0 && (SSL_get_shutdown(ssl()) & SSL_RECEIVED_SHUTDOWN) != 0) {
    return fail({{at::error::alert_received,
                  "the server closed during the handshake, with " + describe_alert(0) + explain_end()},
                 0,
                 false});
  }
  auto key_failure = raised_key_failure();
  fail(explain_failure(
      {notes_, context_->psk_mode(), take_error(), context_->tlsa_unusable, std::move(key_failure)}));
}

void ssl_engine::fail(engine_failure why) {
  note_alerts();
  failure_ = std::move(why);
  state_ = engine_state::failed;
}

void ssl_engine::note_alerts() {
  info_.alert_received = notes_.alert_received;
  info_.alert_sent = notes_.alert_sent;
  info_.server_answered = notes_.server_hello;
  note_offer();
}

}  // namespace tlsmodem::tls
