#include "association_engine.hpp"

#include "alerts.hpp"

#include <utility>

namespace tlsmodem::tls {
namespace {

using dtls12::seal_outcome;
using dtls12::verdict;

constexpr std::uint8_t warning = 1;
constexpr std::uint8_t fatal = 2;
constexpr std::uint8_t close_notify = 0;
constexpr std::uint8_t bad_record_mac = 20;
constexpr std::uint8_t client_hello = 1;
constexpr std::uint8_t finished = 20;
constexpr std::size_t handshake_header_bytes = 12;
// Records are short, and a datagram is wide: whoever guesses at the keys pays for each few guesses with one.
constexpr unsigned max_forgeries_of_datagram = 4;
// While the disk is slow. More is lost, as datagrams are.
constexpr std::size_t max_held = 64;

}  // namespace

association_engine::association_engine(std::unique_ptr<dtls12::association> association, engine_info info,
                                       last_flight unconfirmed)
    : association_(std::move(association)), info_(std::move(info)), unconfirmed_(std::move(unconfirmed)) {
  info_.cost = association_->cost();
  info_.cid_in = association_->parameters().own_cid;
  info_.cid_out = association_->parameters().peer_cid;
}

// ---- receiving

void association_engine::take_early(std::uint8_t type, bytes_view content, time_point now) {
  if (!is_over()) take_content(type, content, now);
}

// True when one of its records was authentic and newer than all before it.
bool association_engine::take_datagram(bytes_view datagram, time_point now) {
  bool is_newest = false;
  dtls12::record_view record;
  const auto last_forgery = association_->count(verdict::not_authentic) + max_forgeries_of_datagram;
  while (!is_over() && association_->count(verdict::not_authentic) < last_forgery &&
         association_->next_record(datagram, record))
    is_newest = take_record(record, now) || is_newest;
  return is_newest;
}

bool association_engine::take_record(const dtls12::record_view& record, time_point now) {
  const auto opened = association_->open(record);
  if (opened.is == verdict::not_reserved && held_.size() < max_held) {
    held_.emplace_back(record.whole.begin(), record.whole.end());
    return false;
  }
  // A server that mistakes us for one.
  if (opened.is == verdict::wrong_epoch && record.type == dtls12::handshake && !record.payload.empty() &&
      record.payload[0] == client_hello)
    ++info_.ignored_client_hellos;
  if (opened.is != verdict::accepted) {
    ++info_.ignored_records;
    if (association_->is_worn_out()) give_up_worn_out_keys();
    return false;
  }
  take_content(opened.type, opened.content, now);
  return opened.is_newest;
}

void association_engine::take_content(std::uint8_t type, bytes_view content, time_point now) {
  switch (type) {
    case dtls12::application_data:
      confirm();
      if (!content.empty()) incoming_.push(content);
      break;
    case dtls12::alert:
      take_alert(content);
      break;
    case dtls12::handshake:
      take_handshake(content, now);
      break;
    default:
      break;
  }
}

// A server that sends data has our Finished.
void association_engine::confirm() {
  if (!unconfirmed_.is_kept()) return;
  unconfirmed_.forget();
  is_changed_ = true;
}

void association_engine::take_alert(bytes_view content) {
  const auto seen = parse_alert(content);
  if (!seen) return;
  info_.alert_received = seen;
  if (seen->description == close_notify) {
    state_ = engine_state::peer_closed;
  } else if (is_fatal(*seen)) {
    failure_ = explain_fatal(*seen);
    state_ = engine_state::failed;
  }
}

void association_engine::take_handshake(bytes_view content, time_point now) {
  if (content.size() < handshake_header_bytes) return;
  if (content[0] == finished && unconfirmed_.repeat(outgoing_, now)) ++info_.retransmissions;
  // RFC 5246 7.4.1.1 lets us ignore a HelloRequest; over no_renegotiation, OpenSSL's server gives up.
}

void association_engine::on_numbers_reserved(time_point now) {
  for (const bytes& record : std::exchange(held_, {})) take_datagram(record, now);
}

// ---- sending

seal_outcome association_engine::seal(std::uint8_t type, bytes_view content) {
  scratch_.clear();
  const auto outcome = association_->seal(type, content, scratch_);
  if (outcome == seal_outcome::sealed) outgoing_.push(scratch_);
  return outcome;
}

send_outcome association_engine::send(bytes_view plaintext, time_point now) {
  if (is_shut_ || state_ == engine_state::failed) return send_outcome::not_connected;
  if (plaintext.empty()) return send_outcome::not_supported;
  if (plaintext.size() > dtls12::max_plaintext_bytes) return send_outcome::too_long;
  // All repeats of the server's last flight can be lost, and it gives up while we go on: what is sent again
  // takes ours along.
  if (has_sent_ && unconfirmed_.repeat(outgoing_, now)) ++info_.retransmissions;
  switch (seal(dtls12::application_data, plaintext)) {
    case seal_outcome::sealed:
      has_sent_ = true;
      return send_outcome::ok;
    case seal_outcome::not_reserved:
      return send_outcome::not_now;
    case seal_outcome::used_up:
      return send_outcome::needs_handshake;
    case seal_outcome::failed:
      break;
  }
  failure_ = {{at::error::internal, "libcrypto cannot protect a record"}, -1, false};
  state_ = engine_state::failed;
  return send_outcome::failed;
}

void association_engine::send_alert(alert what) {
  const std::uint8_t content[] = {what.level, what.description};
  if (seal(dtls12::alert, content) == seal_outcome::sealed) info_.alert_sent = what;
}

// RFC 6347 4.1.2.7: who does not drop them in silence any more says bad_record_mac, and it is over.
void association_engine::give_up_worn_out_keys() {
  if (!is_shut_) send_alert({fatal, bad_record_mac});
  failure_ = {
      {at::error::integrity_failure, "too many forged records came for these keys"}, bad_record_mac, false};
  state_ = engine_state::failed;
}

void association_engine::shut(time_point) {
  if (is_shut_ || state_ == engine_state::failed) return;
  is_shut_ = true;
  send_alert({warning, close_notify});
}

}  // namespace tlsmodem::tls
